"""A row of a corpus, and what can be wrong with it."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

SPLITS = ("train", "valid", "test")


@dataclasses.dataclass(frozen=True)
class Utterance:
    """One recording and what is said in it.

    Attributes:
        id: name, unique in the corpus, usable as a file name.
        text: what is spoken; the normalised text where the corpus has both.
        path: the audio file.
        line: line of the row in ``source``, from 1.
        split: ``"train"``, ``"valid"`` or ``"test"``.
        source: the file that holds the row.
    """

    id: str
    text: str
    path: Path
    line: int
    split: str
    source: Path = Path("metadata.csv")


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something wrong with one row.

    Attributes:
        kind: short name of the fault, such as ``"missing-audio"``.
        id: the row's id; empty if it has none, and then it cannot be excluded by name.
        source: the file in which to look.
        line: line in ``source``, from 1; 0 if it is no row's fault.
        message: what was found and what was expected.
        error: True if it stops training, False for a warning.
    """

    kind: str
    id: str
    source: Path
    line: int
    message: str
    error: bool = True

    def __str__(self) -> str:
        if not self.line:
            return f"{self.source}: {self.message} [{self.kind}]"
        return f"{self.source}:{self.line}: {self.id or '(no id)'}: {self.message} [{self.kind}]"


def text_key(text: str) -> str:
    """Text without case, punctuation and spacing: equal for takes of one prompt."""
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.casefold()))
