"""The module ``re`` with patterns that are compiled when they are first used.

The front end knows hundreds of patterns; a text that needs a few of them must not wait for all.
"""

from __future__ import annotations

import re
from re import (
    ASCII,
    DOTALL,
    IGNORECASE,
    MULTILINE,
    VERBOSE,
    A,
    I,
    M,
    Match,
    Pattern,
    S,
    X,
    escape,
    findall,
    finditer,
    fullmatch,
    match,
    search,
    split,
    sub,
)
from typing import Any, cast

__all__ = [
    "ASCII", "DOTALL", "IGNORECASE", "MULTILINE", "VERBOSE",
    "A", "I", "M", "Match", "Pattern", "S", "X",
    "compile", "escape", "findall", "finditer", "fullmatch", "match", "search", "split", "sub",
]  # fmt: skip


class _LazyPattern:
    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(re.compile(self.pattern, self._flags), name)
        # Next time it is found here at once.
        setattr(self, name, value)
        return value


def compile(pattern: str, flags: int = 0) -> Pattern[str]:
    """:func:`re.compile` when an attribute of the pattern is first asked for."""
    return cast("Pattern[str]", _LazyPattern(pattern, flags))
