"""Attention checks: short spoken instructions that only somebody who listens can follow.

The way of ITU-T P.808's trapping questions: the sound itself says which answer to give. The
package's voice speaks them, so that they need no recording and nothing in the page or its data
tells them from other trials.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tts_pipeline.audio.files import Audio
from tts_pipeline.listening.trials import AB, ABX, MOS, TYPED

Speak = Callable[[str], Audio]

# Words in every dictionary, of two syllables, that sound unlike each other.
WORDS = ("apple", "river", "window", "paper", "monkey", "garden")
# Low ones, which somebody who does not listen would hardly give to clear speech.
RATINGS = {"1": "the lowest answer, bad", "2": "the second lowest answer, poor"}


@dataclasses.dataclass(frozen=True)
class Check:
    """An attention check: what its sounds say, and the answer that shows somebody listened."""

    texts: tuple[str, ...]
    expected: str


def make_check(kind: str, random: np.random.Generator) -> Check:
    """An attention check for trials of a kind."""
    if kind == MOS:
        score = str(random.choice(list(RATINGS)))
        return Check((f"This is an attention check. Please choose {RATINGS[score]}.",), score)
    if kind == AB:
        choice = str(random.choice(["a", "b"]))
        text = f"This is an attention check. Please choose sound {choice.upper()}."
        return Check((text, text), choice)
    first, second = (str(word) for word in random.permutation(WORDS)[:2])
    if kind == ABX:
        choice = str(random.choice(["a", "b"]))
        phrases = [f"The word is {first}.", f"The word is {second}."]
        return Check((*phrases, phrases["ab".index(choice)]), choice)
    if kind == TYPED:
        return Check((f"This is an attention check. Type {first} {second}.",), f"{first} {second}")
    raise ValueError(f"no attention check for trials of kind {kind!r}")


def speak_with_voice(text: str) -> Audio:
    """The package's voice, loaded when the first check is spoken."""
    from tts_pipeline import synthesize

    return synthesize(text, seed=1)
