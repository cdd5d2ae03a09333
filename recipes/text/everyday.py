"""Everyday sentences for the homograph classifier, made from patterns written for this package.

An encyclopaedia has no imperatives, few questions and hardly a "you"; the classifier has to see
them somewhere. ``everyday.tsv`` says what the patterns are.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

SEED = 3
# Sentences made from the frames for each word, and from the patterns of each reading.
PER_FRAME, PER_SENSE = 10, 200

_CHOICE = re.compile(r"\{([^{}]*)\}")
_NAMED = ("THING", "OBJECT", "END")


def read_patterns() -> dict[str, list[str]]:
    """Return the patterns of each reading and frame, with THING, OBJECT and END put in."""
    patterns: dict[str, list[str]] = {}
    path = Path(__file__).with_suffix(".tsv")
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, pattern = line.partition("\t")
            patterns.setdefault(name, []).append(pattern)
    parts = {name: patterns.pop(name)[0] for name in _NAMED}

    def filled(pattern: str) -> str:
        return re.sub("|".join(_NAMED), lambda match: parts[match.group()], pattern)

    return {name: [filled(pattern) for pattern in lines] for name, lines in patterns.items()}


def sentences(names: dict[str, list[str]]) -> list[tuple[str, str, list[str], int]]:
    """Return (spelling, reading, tokens, place of the spelling) of made sentences.

    Args:
        names: per spelling the names of its readings.
    """
    chance, all_patterns = random.Random(SEED), read_patterns()
    made: list[tuple[str, str, list[str], int]] = []
    for word, readings in sorted(names.items()):
        for reading in readings:
            patterns, count = all_patterns.get(reading, []), PER_SENSE
            if not patterns:
                frames = all_patterns.get(_frames(reading, readings), [])
                patterns, count = [f.replace("@", word) for f in frames], PER_FRAME * bool(frames)
            elif reading.endswith("_vrb"):
                frames = all_patterns.get(_frames(reading, readings), [])
                patterns = patterns + [frame.replace("@", word) for frame in frames[:3]]
            for _ in range(count):
                tokens = _expanded(chance.choice(patterns), chance).split()
                tokens[0] = tokens[0][:1].upper() + tokens[0][1:]
                place = [t.lower() for t in tokens].index(word)
                made.append((word, reading, tokens, place))
    return made


def _frames(reading: str, readings: list[str]) -> str:
    """Return the name of the frames of a reading whose word has readings of two classes."""
    kinds = [name.partition("_")[2] for name in readings]
    if "vrb" not in kinds or len(kinds) != 2:
        return ""
    kind = reading.partition("_")[2]
    return "VERB" if kind == "vrb" else "NOUN" if "nou" in kind.split("-") else ""


def _expanded(pattern: str, chance: random.Random) -> str:
    """Return a pattern with each choice made, the innermost first; marks stand apart."""
    while (match := _CHOICE.search(pattern)) is not None:
        part = chance.choice(match.group(1).split("|"))
        pattern = pattern[: match.start()] + part + pattern[match.end() :]
    return re.sub(r"(?<=\w)([.,?!:])", r" \1", pattern.replace("<n>", "\0")).replace("\0", "<n>")
