"""All strategies made to work on all texts, one after another."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategies import strategies_of
from tts_pipeline.evaluation.compare.strategy import Strategy
from tts_pipeline.evaluation.compare.task import SoundRecord, Task
from tts_pipeline.evaluation.compare.worker import run
from tts_pipeline.voice.voice import Voice

BUDGET_S = 240.0


def tasks_for(
    voice: Voice,
    materials: Sequence[Material],
    folder: Path,
    *,
    seed: int,
    only: Sequence[str] | None,
    limits: dict[str, int],
    budget_s: float,
    suffix: str = ".wav",
    n_seeds: int = 1,
    with_curves: bool = True,
) -> list[Task]:
    """One task a strategy, for the texts that it can do; see :class:`Task`.

    Args:
        voice: loaded from a folder.
        materials: the texts.
        folder: of all that is made.
        seed: of the first text; the others get the next ones, the same for all strategies.
        only: names of the strategies that take part, None: all.
        limits: by strategy the number of texts to make at most.
        budget_s: seconds that making may take for a strategy without a limit.
        suffix: of the sound files.
        n_seeds: how often strategies that need no recording speak each text.
        with_curves: whether the points of curves over steps take part without being named.

    Raises:
        ConfigError: if the voice was not loaded from a folder, or a strategy is unknown.
    """
    if voice.path is None:
        raise ConfigError(f"voice {voice.name!r}: expected one loaded from a folder; save it first")
    seeded = [(material, seed + index) for index, material in enumerate(materials)]
    tasks = []
    for strategy in _wanted(strategies_of(voice), only, limits, with_curves):
        possible = tuple(
            item for item in seeded if item[0].recording is not None or not strategy.needs_recording
        )
        for material, _ in possible:
            strategy.prepare(material)
        if possible:
            limit = limits.get(strategy.name, len(possible) if strategy.reference else None)
            tasks.append(
                Task(
                    strategy,
                    voice.path.resolve(),
                    voice.fingerprint,
                    possible,
                    folder.resolve(),
                    limit,
                    budget_s,
                    suffix,
                    n_seeds=1 if strategy.needs_recording else n_seeds,
                )
            )
    return tasks


def _wanted(
    strategies: list[Strategy],
    only: Sequence[str] | None,
    limits: dict[str, int],
    with_curves: bool,
) -> list[Strategy]:
    names = [strategy.name for strategy in strategies]
    unknown = sorted({*(only or ()), *limits} - set(names))
    if unknown:
        raise ConfigError(f"strategies {', '.join(unknown)}: this voice permits {', '.join(names)}")
    if only is not None:
        return [strategy for strategy in strategies if strategy.name in only]
    return [strategy for strategy in strategies if with_curves or not strategy.curve]


def make_sounds(
    tasks: Sequence[Task],
) -> tuple[dict[tuple[str, str], SoundRecord], dict[str, str]]:
    """Do the tasks.

    Returns:
        What is known of each sound, by strategy and text, and by strategy why it failed.
    """
    records, failures = {}, {}
    for task in tasks:
        reason = run(task)
        if reason is not None:
            failures[task.strategy.name] = reason
            print(f"{task.strategy.name} failed: {reason}", file=sys.stderr)
        for record, (material, _) in zip(task.chosen()[0], task.materials):
            records[task.strategy.name, material.name] = record
    return records, failures
