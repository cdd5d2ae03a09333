"""``tts-pipeline compare``: the same texts through every strategy, in figures and in sound."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.atomic import write_text
from tts_pipeline.commands.comparing import add_options, limits_of
from tts_pipeline.cores import usable_cores
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.run import compare
from tts_pipeline.evaluation.compare.tables import notes, short_table
from tts_pipeline.evaluation.metrics.registry import METRICS, checked_names
from tts_pipeline.evaluation.pages.comparison_page import report_html
from tts_pipeline.evaluation.pages.strategies_page import strategies_html
from tts_pipeline.voice.voice import Voice

_ABOUT = """\
Speaks the texts with every strategy that the voice holds, and measures cost and sound of each:
the recordings, their mels through each vocoder, and from text through each acoustic model. FILE
has lines name<TAB>text or name<TAB>text<TAB>recording; without recordings only strategies from
text take part, and scores that need none. Several lines with recordings of the same text are takes
of it. DIR gets report.html, report.md, comparison.json, scores.csv and the sounds. What is there
already is kept, so an interrupted run goes on where it stopped; to measure anew take a new
folder."""


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
        help="import this Python module first; it registers more strategies or metrics",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        metavar="K",
        help="speak each text with K seeds (1); from 2 on the diversity between them is measured",
    )
    parser.add_argument(
        "--workers", type=int, default=usable_cores(), help="processes that score (all cores)"
    )
    parser.add_argument(
        "--public",
        type=Path,
        metavar="FILE",
        help="also write the report without recordings and copies of them, to be published",
    )
    parser.add_argument(
        "--public-texts",
        type=int,
        metavar="N",
        help="of which so many texts can be heard (all), as the page holds its sounds",
    )
    parser.add_argument(
        "--explain",
        type=Path,
        metavar="FILE",
        help="also write a page that explains the strategies, with a sentence through each",
    )
    parser.add_argument(
        "--explain-text", metavar="NAME", help="the sentence of that page (one that all spoke)"
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
    parser = _parser()
    options = parser.parse_args(argv)
    if options.seeds < 1:
        parser.error(f"--seeds {options.seeds}: expected at least 1")
    for name in options.use:
        _import(name)
    metrics = checked_names(options.metrics.split(",")) if options.metrics else None
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
        n_seeds=options.seeds,
        n_workers=options.workers,
    )
    page = options.out / "report.html"
    write_text(page, report_html(comparison, page, options.out))
    if options.public:
        options.public.parent.mkdir(parents=True, exist_ok=True)
        write_text(
            options.public,
            report_html(
                comparison,
                options.public,
                options.out,
                public=True,
                n_heard=options.public_texts,
            ),
        )
    if options.explain:
        options.explain.parent.mkdir(parents=True, exist_ok=True)
        explained = strategies_html(
            comparison, options.explain, options.out, text=options.explain_text
        )
        write_text(options.explain, explained)
    print(short_table(comparison))
    print()
    for line in (*comparison.findings, *notes(comparison)):
        print(f"- {line}")
    print(f"\n{page}: open it in a browser to listen")
    return int(any(row.failed for row in comparison.strategies))


def _import(name: str) -> None:
    # A module beside the caller is found, by the processes of the strategies as well.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(f"--use {name}: cannot be imported ({error})") from error
