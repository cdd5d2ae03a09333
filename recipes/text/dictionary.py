"""Reading of ``cmudict.dict``."""

from __future__ import annotations

from pathlib import Path

Pronunciations = dict[str, list[tuple[str, ...]]]


def read_cmudict(path: Path) -> Pronunciations:
    """Return all pronunciations of each word, the dictionary's first one first."""
    entries: Pronunciations = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split("#")[0].split()
        if phones:
            entries.setdefault(word.partition("(")[0], []).append(tuple(phones))
    return entries
