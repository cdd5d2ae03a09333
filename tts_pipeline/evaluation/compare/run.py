"""``tts-pipeline compare``: the same texts through every strategy, in figures and in sound."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.figures import assemble
from tts_pipeline.evaluation.compare.material import load_material, read_rows
from tts_pipeline.evaluation.compare.scores import score_strategies
from tts_pipeline.evaluation.compare.sounds import (
    BUDGET_S,
    add_options,
    limits_of,
    make_sounds,
    tasks_for,
)
from tts_pipeline.evaluation.compare.tables import notes, report_markdown, short_table
from tts_pipeline.evaluation.metrics.intelligibility import PocketsphinxRecogniser, Recogniser
from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE
from tts_pipeline.evaluation.pages.comparison_page import report_html
from tts_pipeline.evaluation.tables import write_csv, write_json, write_text
from tts_pipeline.voice.voice import Voice

_ABOUT = """\
Speaks the texts with every strategy that the voice holds, and measures cost and sound of each:
the recordings, their mels through each vocoder, and from text through both stages. FILE has lines
name<TAB>text or name<TAB>text<TAB>recording; without recordings only strategies from text take
part, and scores that need none. DIR gets report.html, report.md, comparison.json, scores.csv and
the sounds. What is there already is kept, so an interrupted run goes on where it stopped; to
measure anew take a new folder."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tts-pipeline compare", description=_ABOUT)
    parser.add_argument("--texts", type=Path, required=True, metavar="FILE", help="what is said")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the comparison")
    add_options(parser)
    parser.add_argument("--metrics", help=f"some of {','.join(METRICS)} (all)")
    parser.add_argument(
        "--use",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this Python module first; it registers more strategies",
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes that score (all cores)"
    )
    parser.add_argument(
        "--public",
        type=Path,
        metavar="FILE",
        help="also write the report without recordings and copies of them, to be published",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 1 if a strategy failed (the report says why).

    Raises:
        ConfigError: if options, texts or strategies do not fit together.
        AudioError, VoiceError: if a recording or the voice cannot be read.
    """
    options = _parser().parse_args(argv)
    for name in options.use:
        _import(name)
    metrics = options.metrics.split(",") if options.metrics else list(METRICS)
    unknown = sorted(set(metrics) - set(METRICS))
    if unknown:
        raise ConfigError(f"metrics {', '.join(unknown)}: expected some of {', '.join(METRICS)}")
    voice = Voice.load(options.voice)
    comparison = compare(
        voice,
        options.texts,
        options.out,
        seed=options.seed,
        only=options.strategies.split(",") if options.strategies else None,
        limits=limits_of(options.limit),
        budget_s=options.seconds,
        metrics=metrics,
        n_workers=options.workers,
    )
    if options.public:
        write_text(
            options.public, report_html(comparison, options.public, options.out, public=True)
        )
    print(short_table(comparison))
    print()
    for line in (*comparison["statement"], *notes(comparison)):
        print(f"- {line}")
    print(f"\n{options.out / 'report.html'}: open it in a browser to listen")
    return int(any(row["failed"] for row in comparison["strategies"]))


def compare(
    voice: Voice,
    texts: Path,
    folder: Path,
    *,
    seed: int = 0,
    only: Sequence[str] | None = None,
    limits: dict[str, int] | None = None,
    budget_s: float = BUDGET_S,
    metrics: Sequence[str] = tuple(METRICS),
    recogniser: Recogniser | None = None,
    n_workers: int = 1,
) -> dict[str, Any]:
    """Compare all strategies on the same texts and write the report.

    Args:
        voice: loaded from a folder, at 16 kHz.
        texts: see :func:`~tts_pipeline.evaluation.compare.material.read_rows`.
        folder: gets ``comparison.json``, ``report.html``, ``report.md``, ``scores.csv``,
            ``audio/STRATEGY/TEXT.wav`` and ``parts/``, what a later run goes on from.
        seed: of the first text; the others get the next ones, the same for all strategies.
        only: names of the strategies that take part, None: all.
        limits: by strategy the number of texts to make at most.
        budget_s: seconds that making may take for a strategy without a limit.
        metrics: names out of ``METRICS``.
        recogniser: default :class:`PocketsphinxRecogniser`.
        n_workers: processes that score.

    Returns:
        What ``comparison.json`` holds.

    Raises:
        ConfigError: if the voice was not loaded from a folder or has another sample rate, or a
            strategy is unknown.
    """
    if voice.audio.sample_rate != SAMPLE_RATE:
        raise ConfigError(
            f"voice {voice.name!r}: sample_rate={voice.audio.sample_rate}, the metrics are defined "
            f"at {SAMPLE_RATE}"
        )
    recogniser = recogniser or PocketsphinxRecogniser()
    materials = load_material(read_rows(texts), voice.audio)
    tasks = tasks_for(
        voice,
        materials,
        folder,
        seed=seed,
        only=only,
        limits=limits or {},
        budget_s=budget_s,
    )
    records, failures = make_sounds(tasks)
    scored = score_strategies(
        materials,
        [task.strategy for task in tasks],
        {place: folder / record["file"] for place, record in records.items()},
        folder,
        metrics=metrics,
        recogniser=recogniser,
        n_workers=n_workers,
    )
    comparison = assemble(
        voice,
        materials,
        tasks,
        records,
        scored,
        failures,
        seed=seed,
        recogniser=recogniser.name,
    )
    write_json(folder / "comparison.json", comparison)
    write_csv(folder / "scores.csv", scored)
    write_text(folder / "report.md", report_markdown(comparison))
    write_text(folder / "report.html", report_html(comparison, folder / "report.html", folder))
    return comparison


def _import(name: str) -> None:
    # A module beside the caller is found, by the processes of the strategies as well.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(f"--use {name}: cannot be imported ({error})") from error
