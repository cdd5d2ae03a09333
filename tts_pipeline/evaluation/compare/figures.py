"""From sounds, timings and scores to the figures of a comparison."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tts_pipeline import __version__
from tts_pipeline.evaluation.benchmark.timing import machine
from tts_pipeline.evaluation.compare.findings import statement
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategies import Strategy, parameters_of
from tts_pipeline.evaluation.compare.worker import Task
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.tables import missing, package_versions, summarise
from tts_pipeline.voice.voice import Voice

FORMAT = 1

# By strategy and text: what is known of the sound.
Records = Mapping[tuple[str, str], dict[str, Any]]


def assemble(
    voice: Voice,
    materials: Sequence[Material],
    tasks: Sequence[Task],
    records: Records,
    scored: Sequence[Scored],
    failures: Mapping[str, str],
    *,
    seed: int,
    recogniser: str,
) -> dict[str, Any]:
    """All figures, ready for :mod:`json`.

    Args:
        voice: the voice.
        materials: the texts.
        tasks: one a strategy.
        records: what is known of each sound.
        scored: all scores.
        failures: by strategy why it failed.
        seed: of the first text.
        recogniser: its name.
    """
    summaries, gaps = summarise(scored), missing(scored)
    found = []
    for task in tasks:
        own = [record for (name, _), record in records.items() if name == task.strategy.name]
        figures = {
            **_about(task, len(own), failures.get(task.strategy.name)),
            **_cost(task.strategy, voice, task, own),
            "metrics": {
                name: summary._asdict()
                for name, summary in summaries.get(task.strategy.name, {}).items()
            },
            "unavailable": gaps.get(task.strategy.name, {}),
        }
        found.append(figures)
    scores = {(item.system, item.name): item for item in scored}
    comparison: dict[str, Any] = {
        "format": FORMAT,
        "version": __version__,
        "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": {**machine(), "load": _load(records)},
        "packages": package_versions(),
        "recogniser": recogniser,
        "voice": {"name": voice.name, "fingerprint": voice.fingerprint},
        "seed": seed,
        "sample_rate": voice.audio.sample_rate,
        "texts": [
            {"id": item.name, "text": item.text, "recording": item.recording is not None}
            for item in materials
        ],
        "strategies": found,
        "items": [
            _item(material.name, task.strategy.name, records, scores)
            for material in materials
            for task in tasks
            if (task.strategy.name, material.name) in records
        ],
    }
    return {**comparison, "statement": statement(comparison, scored)}


def _load(records: Records) -> float | str:
    """Load of the machine while sounds were timed, which are to have a core for themselves."""
    loads = [
        record["load"] for record in records.values() if record["load"] and record["compute_s"]
    ]
    return round(statistics.median(loads), 2) if loads else "unknown"


def _about(task: Task, n_texts: int, failed: str | None) -> dict[str, Any]:
    strategy = task.strategy
    limited = None
    if n_texts < len(task.materials) and failed is None:
        limited = "limit" if task.limit is not None else "time"
    return {
        "name": strategy.name,
        "label": strategy.label,
        "reference": strategy.reference,
        "needs_recording": strategy.needs_recording,
        "n_texts": n_texts,
        "n_possible": len(task.materials),
        "limited_by": limited,
        "budget_s": task.budget_s,
        "failed": failed,
    }


def _cost(
    strategy: Strategy, voice: Voice, task: Task, records: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Cost of a strategy; all of it None for the recordings themselves."""
    timed = [record for record in records if record["compute_s"]]
    if not timed:
        names = ("xrt", "rtf", "first_audio_ms", "peak_memory_mb", "parameters", "gmac_per_s")
        return dict.fromkeys(names)
    rates = [record["seconds"] / record["compute_s"] for record in timed]
    firsts = [1e3 * record["first_audio_s"] for record in timed]
    memory = [record["peak_memory_mb"] for record in timed if record["peak_memory_mb"]]
    material, seed = task.materials[0]
    operations = strategy.operations(voice, material, seed)
    median = statistics.median(rates)
    return {
        "xrt": {"median": median, "least": min(rates), "most": max(rates)},
        "rtf": 1 / median,
        "first_audio_ms": {
            "p50": statistics.median(firsts),
            "p95": float(np.percentile(firsts, 95)),
        },
        "peak_memory_mb": max(memory, default=None),
        "parameters": parameters_of(strategy, voice),
        "gmac_per_s": None if operations is None else operations.gmac_per_s,
    }


def _item(
    text: str, strategy: str, records: Records, scores: Mapping[tuple[str, str], Scored]
) -> dict[str, Any]:
    record = records[strategy, text]
    own = scores.get((strategy, text))
    compute_s, first_s = record["compute_s"], record["first_audio_s"]
    return {
        "text": text,
        "strategy": strategy,
        "file": record["file"],
        "seconds": record["seconds"],
        "seed": record["seed"],
        "rtf": compute_s / record["seconds"] if compute_s else None,
        "first_audio_ms": 1e3 * first_s if first_s else None,
        "left_out": record["left_out"],
        "scores": {name: own.scores.value(name) for name in own.scores.rows} if own else {},
        "transcript": own.scores.transcript if own else None,
    }
