"""The word behind a drawn-out spelling: "sooo", "pleeease", "coool"."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from tts_pipeline.text import lazy_re as re

DRAWN = re.compile(r"([a-z])\1\1")
_RUN = re.compile(r"([a-z])\1*")
_VOWEL = re.compile("[aeiouy]")
# At the end of a word these are doubled more often than not.
_DOUBLED_LAST = frozenset("flsze")
_SHORT_E = frozenset("m h w b th sh".split())
_LONG_O = frozenset("b w z m t sh tab igl".split())
_MAX_RUNS = 4


def shortened(word: str, known: Callable[[str], bool] | None) -> str | None:
    """Return the word that was drawn out, None if it is a word as it stands."""
    if known is not None and known(word):
        return None
    runs = list(_RUN.finditer(word))
    long = [index for index, run in enumerate(runs) if len(run.group()) > 2]
    if not long or len(long) > _MAX_RUNS:
        return re.sub(r"(.)\1{2,}", r"\1\1", word)
    choices = [_lengths(runs, index, word) for index in long]
    first = None
    for lengths in product(*choices):
        sizes = dict(zip(long, lengths))
        pieces, place = [], 0
        for index, run in enumerate(runs):
            pieces.append(word[place : run.start()])
            pieces.append(run.group(1) * sizes[index] if index in sizes else run.group())
            place = run.end()
        candidate = "".join(pieces) + word[place:]
        if len(candidate) == 1:
            continue
        first = first or candidate
        if known is None or known(candidate):
            return candidate
    return first


def _lengths(runs: list[re.Match[str]], index: int, word: str) -> tuple[int, ...]:
    """Return how often a letter is likely to stand in the word, likeliest first."""
    run = runs[index]
    letter, stem = run.group(1), word[: run.start()]
    if not _VOWEL.search(word):
        return (2, 3, 1)
    if run.end() < len(word):
        return (2, 1, 3)
    if letter == "o":
        return (2, 1, 3) if stem in _LONG_O else (1, 2, 3)
    if letter == "e":
        return (1, 2, 3) if stem in _SHORT_E else (2, 1, 3)
    return (2, 1, 3) if letter in _DOUBLED_LAST else (1, 2, 3)
