"""A record of the rules that spoke, for explanations; ordinary reading keeps none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any


class Trace:
    """Which rule said which stretch of the source."""

    def __init__(self) -> None:
        # Leads from the text that the rules read to the source.
        self.origin: Callable[[int, int], tuple[int, int]] = lambda start, end: (start, end)
        self._spans: list[tuple[int, int]] = []
        self._rules: list[str] = []

    def add(self, span: tuple[int, int], rule: Callable[..., Any]) -> None:
        """Note that a rule has spoken for a span of the text that it read."""
        room = rule.__module__.rpartition(".")[2]
        says = (rule.__doc__ or "").strip().splitlines()
        what = says[0].rstrip(".") if says else ""
        self._spans.append(self.origin(*span))
        name = f"{room}.{rule.__name__}"
        self._rules.append(f"{name}: {what}" if what else name)

    def rule_at(self, start: int, end: int) -> str:
        """Return the rule that spoke for a span, "" if none did."""
        index = bisect_right(self._spans, start, key=lambda span: span[0]) - 1
        if index < 0 or not self._spans[index][0] <= start < max(self._spans[index][1], end):
            return ""
        if self._spans[index][1] <= start:
            return ""
        return self._rules[index]
