"""Quality against speed as inline SVG, speed on a log axis."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import NamedTuple

# Of Okabe and Ito, which colour-blind people tell apart: those that show on white and on black.
_COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999")
_SHAPES = ("circle", "square", "diamond", "triangle")
_WIDTH, _HEIGHT = 520, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 16, 52
_LINE = 17
# Width of a letter, near enough to keep labels from lying over each other.
_LETTER = 7.2


class Point(NamedTuple):
    """A strategy in the plot, with the ends of its intervals."""

    name: str
    x: float
    x_low: float
    x_high: float
    y: float
    y_low: float
    y_high: float


def quality_against_speed(points: Sequence[Point], quality: str, natural: float | None) -> str:
    """An SVG element.

    Args:
        points: one a strategy; ``x`` above 0.
        quality: name of the vertical axis.
        natural: level of the recordings, drawn as a line.
    """
    scale = _Scale(points, natural)
    parts = [*_axes(scale, quality)]
    if natural is not None:
        y = scale.y(natural)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="currentColor" stroke-dasharray="6 4"/>'
            f'<text x="{_WIDTH - _RIGHT}" y="{y - 5:.1f}" text-anchor="end">recordings</text>'
        )
    taken = []
    if natural is not None:
        y = scale.y(natural)
        taken = [_Box(_WIDTH - 100, y - 18, _WIDTH, 18), _Box(_LEFT, y - 1, _WIDTH, 2)]
    for index, point in enumerate(points):
        parts += _mark(scale, point, index)
        x, y = scale.x(point.x), scale.y(point.y)
        taken.append(_Box(x - 7, y - 7, x + 7, 14))
    for index, point in enumerate(points):
        parts.append(_label(scale, point, _COLOURS[index % len(_COLOURS)], taken))
    description = "; ".join(f"{p.name}: {p.x:.3g} x real time, {p.y:.3g}" for p in points)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-size="14" fill="currentColor" '
        f'font-family="inherit"><title>{html.escape(quality)} against speed</title>'
        f"<desc>{html.escape(description)}</desc>{''.join(parts)}</svg>"
    )


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    height: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


class _Scale:
    """From figures to places in the picture."""

    def __init__(self, points: Sequence[Point], natural: float | None) -> None:
        lows = [math.log10(p.x_low) for p in points]
        highs = [math.log10(p.x_high) for p in points]
        self.first = math.floor(min(lows) - 0.05)
        self.last = max(math.ceil(max(highs) + 0.05), self.first + 1)
        levels = [v for p in points for v in (p.y_low, p.y_high)]
        levels += [] if natural is None else [natural]
        span = max(max(levels) - min(levels), 1e-3)
        self.step = _round_step(span * 1.2 / 5)
        self.low = math.floor((min(levels) - 0.1 * span) / self.step) * self.step
        self.high = math.ceil((max(levels) + 0.1 * span) / self.step) * self.step

    def x(self, value: float) -> float:
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _round_step(minimum: float) -> float:
    power = 10.0 ** math.floor(math.log10(minimum))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= minimum)


def _axes(scale: _Scale, quality: str) -> list[str]:
    parts = []
    bottom = _HEIGHT - _BOTTOM
    for power in range(scale.first, scale.last + 1):
        for factor in (1, 2, 5) if power < scale.last else (1,):
            x = scale.x(factor * 10.0**power)
            strength = 0.35 if factor == 1 else 0.12
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" stroke="currentColor" '
                f'stroke-opacity="{strength}"/>'
                f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">'
                f"{factor * 10.0**power:g}</text>"
            )
    digits = max(0, -math.floor(math.log10(scale.step) + 1e-9))
    for k in range(round((scale.high - scale.low) / scale.step) + 1):
        level = scale.low + k * scale.step
        y = scale.y(level)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="currentColor" stroke-opacity="0.12"/>'
            f'<text x="{_LEFT - 7}" y="{y + 5:.1f}" text-anchor="end">{level:.{digits}f}</text>'
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    height = (_TOP + bottom) / 2
    parts.append(
        f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">'
        "x real time, one thread (log scale)</text>"
        f'<text transform="translate(15 {height}) rotate(-90)" text-anchor="middle">'
        f"{html.escape(quality)}</text>"
    )
    return parts


def _mark(scale: _Scale, point: Point, index: int) -> list[str]:
    colour, shape = _COLOURS[index % len(_COLOURS)], _SHAPES[index % len(_SHAPES)]
    x, y = scale.x(point.x), scale.y(point.y)
    whiskers = (
        f'<path d="M{scale.x(point.x_low):.1f} {y:.1f}H{scale.x(point.x_high):.1f}'
        f'M{x:.1f} {scale.y(point.y_low):.1f}V{scale.y(point.y_high):.1f}" '
        f'stroke="{colour}" stroke-width="2" fill="none"/>'
    )
    outline = {
        "square": f"M{x - 6:.1f} {y - 6:.1f}h12v12h-12z",
        "diamond": f"M{x:.1f} {y - 8:.1f}l8 8l-8 8l-8 -8z",
        "triangle": f"M{x:.1f} {y - 8:.1f}l8 14h-16z",
    }
    if shape == "circle":
        return [whiskers, f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6.5" fill="{colour}"/>']
    return [whiskers, f'<path d="{outline[shape]}" fill="{colour}"/>']


def _label(scale: _Scale, point: Point, colour: str, taken: list[_Box]) -> str:
    """The name beside the mark, where nothing else is; the place is then taken."""
    x, y, width = scale.x(point.x), scale.y(point.y), _LETTER * len(point.name)
    places = [(side * 11, row * _LINE) for row in (0, -1, 1, -2, 2, -3, 3) for side in (1, -1)]
    for dx, dy in places:
        # Not on the bar of its own mark either.
        right, left = max(x + dx, scale.x(point.x_high) + 4), min(x + dx, scale.x(point.x_low) - 4)
        left = right if dx > 0 else left - width
        box = _Box(left, y + dy - _LINE / 2, left + width, _LINE)
        inside = box.left >= _LEFT and box.right <= _WIDTH - _RIGHT
        if inside and not any(box.meets(other) for other in taken):
            break
    taken.append(box)
    return (
        f'<text x="{box.left:.1f}" y="{box.top + 13:.1f}" stroke="{colour}" stroke-opacity="0.25" '
        f'stroke-width="0.4">{html.escape(point.name)}</text>'
    )
