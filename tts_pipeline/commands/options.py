"""Options that several commands share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tts_pipeline.errors import ConfigError


def add_voice_options(parser: argparse.ArgumentParser) -> None:
    """Add what decides how a text sounds; see :func:`tts_pipeline.synthesize`."""
    group = parser.add_argument_group("voice")
    group.add_argument("--voice", type=Path, metavar="FOLDER", help="default: the one that ships")
    add_model_options(group)
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
        "--style", default="", metavar="WORDS", help='way of speaking, such as "slow, low and sad"'
    )
    group.add_argument(
        "--no-intonation",
        dest="intonation",
        action="store_false",
        help="no tunes and pauses by rule for questions, exclamations, lists, long phrases",
    )
    group.add_argument(
        "--lexicon", type=Path, metavar="FILE", help="your own words: lines of word<TAB>phones"
    )
    group.add_argument(
        "--strict", action="store_true", help="refuse text of which something cannot be spoken"
    )


def add_model_options(parser: argparse._ActionsContainer) -> None:
    """Add the choice of models and their settings."""
    parser.add_argument(
        "--acoustic",
        metavar="NAME",
        help="acoustic model of the voice, NAME+REFINER with a refiner behind it (the default of "
        "the one that ships: autoregressive+flow-refiner)",
    )
    parser.add_argument(
        "--vocoder",
        metavar="NAME",
        help="vocoder of the voice, griffin-lim among them (default: parallel)",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="of a model that works in steps")
    parser.add_argument(
        "--temperature", type=float, metavar="X", help="of a model that draws at random"
    )
    parser.add_argument(
        "--prosody-temperature",
        type=float,
        metavar="X",
        help="how much of durations, pitch and energy is drawn at random, 0 to 1",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another setting of the models; may be given several times",
    )


def model_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Choice and settings of models among the arguments, as keyword arguments.

    Raises:
        ConfigError: if an option is no ``NAME=VALUE``, or one of the command itself.
    """
    settings = ("steps", "temperature", "prosody_temperature")
    own = vars(arguments).keys() - set(settings)
    found = {
        name: getattr(arguments, name)
        for name in ("acoustic", "vocoder", *settings)
        if getattr(arguments, name) is not None
    }
    for given in arguments.option:
        name, equals, value = given.partition("=")
        if not equals or not name.isidentifier() or name in own:
            raise ConfigError(
                f"--option {given!r}: expected NAME=VALUE of a model, such as steps=4"
            )
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def voice_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of :func:`tts_pipeline.synthesize` among the arguments."""
    names = ("voice", "seed", "rate", "pitch", "energy", "lexicon", "strict", "style", "intonation")
    return {name: getattr(arguments, name) for name in names} | model_options(arguments)
