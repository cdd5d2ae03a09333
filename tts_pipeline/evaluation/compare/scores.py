"""Scores of all strategies, each kept as soon as it is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tts_pipeline.atomic import write_json
from tts_pipeline.audio.files import read_audio
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategies import Strategy
from tts_pipeline.evaluation.compare.worker import PARTS
from tts_pipeline.evaluation.metrics.intelligibility import Recogniser
from tts_pipeline.evaluation.metrics.registry import ALIGNED, ALONE, METRICS, Scores
from tts_pipeline.evaluation.metrics.scoring import NATURAL, Job, Scored, score_each
from tts_pipeline.evaluation.tables import package_versions

_FOLDER = "scores"


def wanted_of(strategy: Strategy, material: Material, metrics: Sequence[str]) -> list[str]:
    """The metrics that mean something for a strategy on a text."""
    if strategy.reference or material.recording is None:
        possible = list(ALONE)
    else:
        possible = [name for name in METRICS if strategy.aligned or name not in ALIGNED]
    return [name for name in metrics if name in possible]


def score_strategies(
    materials: Sequence[Material],
    strategies: Sequence[Strategy],
    files: Mapping[tuple[str, str], Path],
    folder: Path,
    *,
    metrics: Sequence[str],
    recogniser: Recogniser,
    n_workers: int,
) -> list[Scored]:
    """Score every sound, those whose scores are kept already excepted.

    Args:
        materials: the texts.
        strategies: who made the sounds.
        files: the sounds by name of the strategy and of the text.
        folder: of the comparison.
        metrics: names out of ``METRICS``.
        recogniser: for the word error rate.
        n_workers: processes.
    """
    context = json.dumps([package_versions(), recogniser.name])
    found: dict[tuple[str, str], Scored] = {}
    keys: dict[tuple[str, str], str] = {}
    jobs = []
    for material in materials:
        wanted: dict[str, list[str]] = {}
        for strategy in strategies:
            place = strategy.name, material.name
            if place not in files:
                continue
            asked = wanted_of(strategy, material, metrics)
            told = files[place].read_bytes() + f"{context}{material.key}{asked}".encode()
            keys[place] = hashlib.sha256(told).hexdigest()
            kept = _read(_file(folder, *place), keys[place])
            if kept is None:
                wanted[strategy.name] = asked
            else:
                found[place] = Scored(material.name, strategy.name, kept)
        if wanted:
            jobs.append(_job(material, wanted, files, recogniser))
    for part in score_each(jobs, n_workers=n_workers):
        for item in part:
            place = item.system, item.name
            found[place] = item
            _write(_file(folder, *place), keys[place], item.scores)
    return [
        found[strategy.name, material.name]
        for material in materials
        for strategy in strategies
        if (strategy.name, material.name) in found
    ]


def _job(
    material: Material,
    wanted: dict[str, list[str]],
    files: Mapping[tuple[str, str], Path],
    recogniser: Recogniser,
) -> Job:
    rate = material.audio.sample_rate
    return Job(
        name=material.name,
        text=material.text,
        natural=material.recording,
        versions={
            name: read_audio(files[name, material.name], sample_rate=rate).samples
            for name in wanted
            if name != NATURAL
        },
        wanted=wanted,
        recogniser=recogniser,
    )


def _file(folder: Path, strategy: str, name: str) -> Path:
    return folder / PARTS / _FOLDER / strategy / f"{name}.json"


def _write(path: Path, key: str, scores: Scores) -> None:
    content = {
        "key": key,
        "rows": {name: list(row) for name, row in scores.rows.items()},
        "unavailable": dict(scores.unavailable),
        "transcript": scores.transcript,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, content)


def _read(path: Path, key: str) -> Scores | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if content.get("key") != key:
        return None
    rows = {name: tuple(row) for name, row in content["rows"].items()}
    return Scores(rows, content["unavailable"], content["transcript"])
