"""Options of the commands that make sounds with several strategies."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.sounds import BUDGET_S


def add_options(parser: argparse.ArgumentParser) -> None:
    """What commands that make sounds have in common."""
    parser.add_argument("--voice", type=Path, metavar="FOLDER", help="default: the one that ships")
    parser.add_argument("--seed", type=int, default=0, help="of the first text (0)")
    parser.add_argument("--strategies", metavar="A,B", help="only these, with commas between")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="STRATEGY=N",
        help="make N texts at most with this one; may be repeated. Default: as many as it makes "
        "in --seconds, but at least 3",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=BUDGET_S,
        help=f"that making may take for each strategy ({BUDGET_S:.0f}); the report says so",
    )


def limits_of(given: Sequence[str]) -> dict[str, int]:
    """By strategy the number of texts, from ``STRATEGY=N``.

    Raises:
        ConfigError: if one is of another form.
    """
    out = {}
    for item in given:
        name, _, amount = item.rpartition("=")
        if not name or not amount.isdecimal() or int(amount) < 1:
            raise ConfigError(f"--limit {item}: expected STRATEGY=N with N of at least 1")
        out[name] = int(amount)
    return out
