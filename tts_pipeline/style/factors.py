"""What a style does to a voice, in numbers."""

from __future__ import annotations

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Style:
    """Factors on what a voice does by itself; 1 is unchanged.

    Attributes:
        rate: on the speaking rate.
        pitch: on F0.
        range: on how far F0 moves around its mean, in logarithms of F0.
        energy: on the amplitude.
        pauses: on the length of pauses.
        final: on the length of what comes right before a pause ("final lengthening", Klatt 1976).
        breath: on the noise in the voice.
    """

    rate: float = 1.0
    pitch: float = 1.0
    range: float = 1.0
    energy: float = 1.0
    pauses: float = 1.0
    final: float = 1.0
    breath: float = 1.0

    def __mul__(self, other: Style) -> Style:
        """Both, one after the other."""
        return Style(*(a * b for a, b in zip(self.values, other.values)))

    def __pow__(self, degree: float) -> Style:
        """More or less of it: 2 twice as much, 0.5 half, -0.5 half of the opposite."""
        return Style(*(a**degree for a in self.values))

    @property
    def values(self) -> tuple[float, ...]:
        """The factors in order."""
        return dataclasses.astuple(self)

    def limited(self, reach: float = 1.0) -> Style:
        """The nearest style that still sounds like speech, see ``LIMITS``; with another ``reach``
        within limits that are so many times as far."""
        limits = ((low**reach, high**reach) for low, high in LIMITS.values())
        within = (min(max(v, low), high) for v, (low, high) in zip(self.values, limits))
        return Style(*within)

    def distance(self, other: Style) -> float:
        """Largest ratio between two factors of both, as a natural logarithm."""
        return max(abs(math.log(a / b)) for a, b in zip(self.values, other.values))


LIMITS = {
    "rate": (0.5, 2.0),
    "pitch": (0.7, 1.5),
    "range": (0.1, 2.5),
    "energy": (0.3, 2.5),
    "pauses": (0.4, 3.0),
    "final": (0.7, 1.6),
    "breath": (0.5, 3.0),
}
"""Least and most of each factor: beyond them several words together no longer add anything but
damage."""
