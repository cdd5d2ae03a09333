"""From sounds, timings and scores to the figures of a comparison."""

from __future__ import annotations

import dataclasses
import datetime
import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from tts_pipeline import __version__
from tts_pipeline.comparison import (
    ComparedSound,
    ComparedText,
    Comparison,
    Cost,
    Latency,
    Machine,
    Score,
    Speed,
    StrategyResult,
    VoiceMark,
)
from tts_pipeline.evaluation.benchmark.timing import machine
from tts_pipeline.evaluation.compare.findings import findings
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.task import SoundRecord, Task
from tts_pipeline.evaluation.metrics.scoring import Scored
from tts_pipeline.evaluation.statistics import Summary
from tts_pipeline.evaluation.tables import missing, package_versions, summarise
from tts_pipeline.voice.voice import Voice

# By strategy and text: what is known of the sound.
Records = Mapping[tuple[str, str], SoundRecord]


def assemble(
    voice: Voice,
    materials: Sequence[Material],
    tasks: Sequence[Task],
    records: Records,
    scored: Sequence[Scored],
    failures: Mapping[str, str],
    *,
    seed: int,
    n_seeds: int,
    recogniser: str,
) -> Comparison:
    """All figures.

    Args:
        voice: the voice.
        materials: the texts.
        tasks: one a strategy.
        records: what is known of each sound.
        scored: all scores.
        failures: by strategy why it failed.
        seed: of the first text.
        n_seeds: how often strategies from text spoke each text.
        recogniser: its name.
    """
    summaries, gaps = summarise(scored), missing(scored)
    results = []
    for task in tasks:
        name = task.strategy.name
        own = [record for (strategy, _), record in records.items() if strategy == name]
        results.append(
            _result(
                task,
                voice,
                own,
                failures.get(name),
                summaries.get(name, {}),
                gaps.get(name, {}),
            )
        )
    scores = {(item.system, item.name): item for item in scored}
    comparison = Comparison(
        version=__version__,
        made=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        machine=_machine(records),
        packages=package_versions(),
        recogniser=recogniser,
        voice=VoiceMark(voice.name, voice.fingerprint),
        seed=seed,
        n_seeds=n_seeds,
        sample_rate=voice.audio.sample_rate,
        texts=tuple(ComparedText(item.name, item.text, len(item.takes)) for item in materials),
        strategies=tuple(results),
        sounds=tuple(
            _sound(material.name, name, records[name, material.name], scores)
            for material in materials
            for name in (task.strategy.name for task in tasks)
            if (name, material.name) in records
        ),
    )
    return dataclasses.replace(comparison, findings=tuple(findings(comparison, scored)))


def _machine(records: Records) -> Machine:
    """The machine, with its load while sounds were timed, which are to have a core alone."""
    loads = [record.load for record in records.values() if record.load and record.compute_s]
    load = round(statistics.median(loads), 2) if loads else None
    return dataclasses.replace(machine(), load=load)


def _result(
    task: Task,
    voice: Voice,
    records: Sequence[SoundRecord],
    failed: str | None,
    summaries: Mapping[str, Summary],
    unavailable: dict[str, str],
) -> StrategyResult:
    strategy = task.strategy
    limited = None
    if len(records) < len(task.materials) and failed is None:
        limited = "limit" if task.limit is not None else "time"
    return StrategyResult(
        name=strategy.name,
        label=strategy.label,
        reference=strategy.reference,
        needs_recording=strategy.needs_recording,
        n_texts=len(records),
        n_possible=len(task.materials),
        limited_by=limited,
        budget_s=task.budget_s,
        failed=failed,
        cost=_cost(task, voice, records),
        metrics={name: Score(*summary) for name, summary in summaries.items()},
        unavailable=unavailable,
        kinds=strategy.kinds(voice),
        curve=strategy.curve,
        steps=strategy.steps,
    )


def _cost(task: Task, voice: Voice, records: Sequence[SoundRecord]) -> Cost | None:
    timed = [record for record in records if record.compute_s and record.first_audio_s]
    if not timed:
        return None
    rates = [record.seconds / record.compute_s for record in timed if record.compute_s]
    firsts = [1e3 * record.first_audio_s for record in timed if record.first_audio_s]
    memory = [record.peak_memory_mb for record in timed if record.peak_memory_mb]
    operations = task.strategy.operations(voice, *task.materials[0])
    return Cost(
        xrt=Speed(statistics.median(rates), min(rates), max(rates)),
        first_audio_ms=Latency(statistics.median(firsts), float(np.percentile(firsts, 95))),
        peak_memory_mb=max(memory, default=None),
        parameters=task.strategy.parameters(voice),
        gmac_per_s=operations.gmac_per_s if operations else None,
        steps_per_s=operations.steps_per_s if operations else None,
    )


def _sound(
    text: str,
    strategy: str,
    record: SoundRecord,
    scores: Mapping[tuple[str, str], Scored],
) -> ComparedSound:
    own = scores.get((strategy, text))
    return ComparedSound(
        text=text,
        strategy=strategy,
        file=record.file,
        seconds=record.seconds,
        seed=record.seed,
        rtf=record.rtf,
        first_audio_ms=1e3 * record.first_audio_s if record.first_audio_s else None,
        left_out=record.left_out,
        scores={name: own.scores.value(name) for name in own.scores.rows} if own else {},
        transcript=own.scores.transcript if own else None,
        problems=record.problems,
    )
