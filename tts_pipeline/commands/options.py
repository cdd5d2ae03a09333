"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_voice_options(parser: argparse.ArgumentParser) -> None:
    """Add what decides how a text sounds; see :func:`tts_pipeline.synthesize`."""
    group = parser.add_argument_group("voice")
    group.add_argument("--voice", type=Path, metavar="FOLDER", help="default: the one that ships")
    group.add_argument(
        "--vocoder", default="parallel", metavar="NAME", help="parallel (default) or griffin-lim"
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
    group.add_argument(
        "--rate", type=float, default=1.0, metavar="X", help="speed, 0.25 to 4 (default 1)"
    )
    group.add_argument(
        "--pitch", type=float, default=1.0, metavar="X", help="factor on pitch, 0.5 to 2"
    )
    group.add_argument(
        "--energy", type=float, default=1.0, metavar="X", help="factor on loudness, 0.25 to 4"
    )
    group.add_argument(
        "--lexicon", type=Path, metavar="FILE", help="your own words: lines of word<TAB>phones"
    )
    group.add_argument(
        "--strict", action="store_true", help="refuse text of which something cannot be spoken"
    )


def voice_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of :func:`tts_pipeline.synthesize` among the arguments."""
    names = ("voice", "vocoder", "seed", "rate", "pitch", "energy", "lexicon", "strict")
    return {name: getattr(arguments, name) for name in names}
