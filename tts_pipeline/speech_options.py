"""How a text is to be spoken: one record behind every way of asking for speech."""

from __future__ import annotations

import dataclasses
import numbers
import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tts_pipeline.config import from_mapping
from tts_pipeline.errors import ConfigError
from tts_pipeline.style.words import Understood, understood
from tts_pipeline.voice.voice import Voice, cached_voice

LIMITS = {"rate": (0.25, 4.0), "pitch": (0.5, 2.0), "energy": (0.25, 4.0)}
N_SEEDS = 2**63
MOST_THREADS = 256


@dataclasses.dataclass(frozen=True)
class SpeechOptions:
    """Everything but the text.

    Attributes:
        voice: a voice, or the folder of one; None: the voice in the package.
        acoustic: name of one of its acoustic models, "acoustic+refiner" with a refiner behind it;
            None: the voice's default.
        vocoder: name of one of its vocoders; None: the voice's default.
        seed: from 0 to ``N_SEEDS - 1``.
        rate: factor on the speaking rate, the pauses between sentences included.
        pitch: factor on F0.
        energy: factor on the amplitude.
        lexicon: file of the user's own pronunciations.
        strict: refuse text of which something cannot be spoken.
        threads: sentences spoken at once, each on one core; None: two, if the process may use two
            cores and no model is on a device.
        more: settings of the chosen models, such as ``steps`` and ``temperature``.
        style: words for the way of speaking, such as "slow, low and sad"; see
            :mod:`tts_pipeline.style`.
        text_format: how the text is written: "plain" or "markdown".
        intonation: whether questions, exclamations and lists get their tunes by rule, and long
            phrases a pause; see :mod:`tts_pipeline.intonation`.

    Raises:
        ConfigError: if a number is out of its range, or with ``strict`` a word of the style means
            nothing.
    """

    voice: Voice | str | Path | None = None
    acoustic: str | None = None
    vocoder: str | None = None
    seed: int = 0
    rate: float = 1.0
    pitch: float = 1.0
    energy: float = 1.0
    lexicon: str | Path | None = None
    strict: bool = False
    threads: int | None = None
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    style: str = ""
    text_format: str = "plain"
    intonation: bool = True

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            real = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not real or not low <= value <= high:
                raise ConfigError(f"{name}={value!r}: expected a number from {low:g} to {high:g}")
        seed = self.seed
        whole = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
        if not whole or not 0 <= seed < N_SEEDS:
            raise ConfigError(f"seed={seed!r}: expected a whole number from 0 to 2 ** 63 - 1")
        object.__setattr__(self, "seed", operator.index(seed))
        threads = self.threads
        whole = isinstance(threads, int) and not isinstance(threads, bool)
        if threads is not None and (not whole or not 1 <= threads <= MOST_THREADS):
            raise ConfigError(
                f"threads={threads!r}: expected a whole number from 1 to {MOST_THREADS}, or None"
            )
        if not isinstance(self.intonation, bool):
            raise ConfigError(f"intonation={self.intonation!r}: expected True or False")
        self.understand(self.style)

    def understand(self, style: str) -> Understood:
        """What words for a way of speaking come to.

        Raises:
            ConfigError: with ``strict``, if one of them means nothing.
        """
        found = understood(style)
        if self.strict and found.unknown:
            raise ConfigError(
                f"style={style!r}: {not_understood(found.unknown)}; take it out, see "
                "tts_pipeline/style/words.tsv for the words that are known, or do not ask for "
                "strict=True"
            )
        return found

    def load_voice(self) -> Voice:
        """The voice, with the lexicon.

        Raises:
            VoiceError: if it cannot be loaded.
        """
        voice = self.voice if isinstance(self.voice, Voice) else cached_voice(self.voice)
        if self.text_format != "plain":
            voice = voice.with_text_format(self.text_format)
        return voice if self.lexicon is None else voice.with_lexicon(self.lexicon)


def not_understood(unknown: Sequence[str]) -> str:
    """How a report says that words of a style mean nothing."""
    return f"style: not understood: {', '.join(unknown)}"


def model_options(given: Mapping[str, Any], models: Mapping[str, Any]) -> list[Any]:
    """Settings per call for each of several models: to each what it declares.

    Args:
        given: by name.
        models: by what to call them in messages.

    Returns:
        an object of the type of each model's ``options``, or None where nothing is set.

    Raises:
        ConfigError: if no model declares one of them, or a value is out of its range.
    """
    known = {
        label: {field.name for field in dataclasses.fields(model.options)}
        for label, model in models.items()
    }
    unknown = sorted(given.keys() - set().union(*known.values()))
    if unknown:
        taken = "; ".join(
            f"{label} takes {', '.join(sorted(names)) or 'nothing'}"
            for label, names in known.items()
        )
        raise ConfigError(f"{unknown[0]}={given[unknown[0]]!r}: no such option; {taken}")
    made = []
    for label, model in models.items():
        mine = {name: value for name, value in given.items() if name in known[label]}
        made.append(from_mapping(model.options, mine, label) if mine else None)
    return made
