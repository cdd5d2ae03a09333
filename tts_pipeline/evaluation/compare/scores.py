"""Scores of all strategies, each kept as soon as it is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from tts_pipeline.atomic import write_json
from tts_pipeline.audio.files import read_audio
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.task import PARTS, Task
from tts_pipeline.evaluation.metrics.recogniser import Recogniser
from tts_pipeline.evaluation.metrics.registry import (
    GROUP,
    RECORDING,
    TEXT,
    TIMING,
    Scores,
    possible,
)
from tts_pipeline.evaluation.metrics.scoring import NATURAL, Job, Scored, score_each
from tts_pipeline.evaluation.tables import package_versions

_FOLDER = "scores"


def wanted_of(
    task: Task, material: Material, metrics: Sequence[str], n_takes: int, arrays: Collection[str]
) -> list[str]:
    """The metrics that mean something for a strategy on a text.

    Args:
        task: of the strategy.
        material: the text.
        metrics: names of those asked for.
        n_takes: renditions of the text, or recordings of it for the recordings themselves.
        arrays: names of what the strategy hands over.
    """
    given = {TEXT, *arrays}
    if n_takes > 1:
        given.add(GROUP)
    if not task.strategy.reference and material.recording is not None:
        given |= {RECORDING, TIMING} if task.strategy.aligned else {RECORDING}
    there = possible(given)
    return [name for name in metrics if name in there]


def score_strategies(
    tasks: Sequence[Task],
    materials: Sequence[Material],
    files: Mapping[tuple[str, str], Path],
    *,
    metrics: Sequence[str],
    recogniser: Recogniser,
    n_workers: int,
) -> list[Scored]:
    """Score every sound by the metrics whose scores of it are not kept already.

    Args:
        tasks: one a strategy.
        materials: the texts.
        files: the sounds by name of the strategy and of the text.
        metrics: names out of ``METRICS``.
        recogniser: for the word error rate.
        n_workers: processes.
    """
    context = json.dumps([package_versions(), recogniser.name])
    found: dict[tuple[str, str], _Kept] = {}
    jobs = []
    for material in materials:
        wanted: dict[str, list[str]] = {}
        groups: dict[str, list[Path]] = {}
        arrays: dict[str, dict[str, np.ndarray]] = {}
        for task in tasks:
            name = task.strategy.name
            place = name, material.name
            if place not in files:
                continue
            seed = next(seed for item, seed in task.materials if item is material)
            groups[name] = task.takes(material, seed)
            arrays[name] = _arrays(task.array_file(material.name))
            n_takes = len(material.takes) if task.strategy.reference else len(groups[name])
            asked = wanted_of(task, material, metrics, n_takes, arrays[name])
            content = [f"{context}{material.key}".encode(), files[place].read_bytes()]
            content += [path.read_bytes() for path in groups[name]]
            content += [arrays[name][key].tobytes() for key in sorted(arrays[name])]
            path = task.folder / PARTS / _FOLDER / name / f"{material.name}.json"
            kept = _Kept(path, hashlib.sha256(b"".join(content)).hexdigest(), tuple(asked))
            found[place] = kept
            if kept.missing:
                wanted[name] = kept.missing
        if wanted:
            jobs.append(_job(material, wanted, files, groups, arrays, recogniser))
    for part in score_each(jobs, n_workers=n_workers):
        for item in part:
            found[item.system, item.name].add(item.scores)
    return [
        Scored(material.name, task.strategy.name, found[task.strategy.name, material.name].scores)
        for material in materials
        for task in tasks
        if (task.strategy.name, material.name) in found
    ]


class _Kept:
    """Scores of a sound, kept in a file.

    Args:
        path: of the file.
        key: changes with whatever the scores depend on.
        asked: the metrics asked for; those of earlier runs stay in the file.
    """

    def __init__(self, path: Path, key: str, asked: tuple[str, ...]) -> None:
        self._path, self._key, self._asked = path, key, asked
        self._all = _read(path, key) or Scores({}, {})

    @property
    def missing(self) -> list[str]:
        """The metrics asked for of which nothing is known."""
        known = {*self._all.rows, *self._all.unavailable}
        return [name for name in self._asked if name not in known]

    @property
    def scores(self) -> Scores:
        """Those asked for."""
        rows, gaps = self._all.rows, self._all.unavailable
        return Scores(
            {name: rows[name] for name in self._asked if name in rows},
            {name: gaps[name] for name in self._asked if name in gaps},
            self._all.transcript,
        )

    def add(self, scores: Scores) -> None:
        """Keep more."""
        self._all = Scores(
            {**self._all.rows, **scores.rows},
            {**self._all.unavailable, **scores.unavailable},
            self._all.transcript if scores.transcript is None else scores.transcript,
        )
        _write(self._path, self._key, self._all)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _job(
    material: Material,
    wanted: dict[str, list[str]],
    files: Mapping[tuple[str, str], Path],
    groups: Mapping[str, Sequence[Path]],
    arrays: Mapping[str, Mapping[str, np.ndarray]],
    recogniser: Recogniser,
) -> Job:
    def read(path: Path) -> np.ndarray:
        return read_audio(path, sample_rate=material.audio.sample_rate).samples

    takes = {name: tuple(map(read, paths)) for name, paths in groups.items() if name in wanted}
    return Job(
        name=material.name,
        text=material.text,
        natural=material.recording,
        versions={name: read(files[name, material.name]) for name in wanted if name != NATURAL},
        wanted=wanted,
        recogniser=recogniser,
        groups={**takes, NATURAL: material.takes},
        arrays={name: own for name, own in arrays.items() if name in wanted},
    )


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
