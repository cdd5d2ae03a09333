"""Pictures of what depends on what in each strategy, as SVG inside the page."""

from __future__ import annotations

import html
from collections.abc import Callable

_BOX, _GAP = 26, 10
_STEP = _BOX + _GAP
_LEFT = 84


class Diagram:
    """Boxes in rows, and arrows from what is known to what is made of it.

    Args:
        name: part of the ids in it.
        about: what it shows, for those who cannot see it.
    """

    def __init__(self, name: str, about: str) -> None:
        self._name, self._about = name, about
        self._parts: list[str] = []
        self._width = self._height = 0.0

    def row(
        self, y: float, kinds: str, label: str, *, left: float = 0.0, size: float = 1.0
    ) -> list[float]:
        """A row of boxes; the middle of each.

        Args:
            y: upper edge.
            kinds: a letter a box: "t" text, "k" known or made, "m" masked or noise, "x" thrown
                away, "e" the end mark, "l" latent.
            label: beside the row.
            left: where it begins, in boxes.
            size: width of a box, in boxes.
        """
        self.text(0, y + 17, label)
        middles = []
        for place, kind in enumerate(kinds):
            x = _LEFT + (left + place * size) * _STEP
            width = size * _STEP - _GAP
            self._parts.append(
                f'<rect class="b-{kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BOX}" '
                'rx="4"/>'
            )
            if kind == "e":
                self._parts.append(
                    f'<text class="b-text" x="{x + width / 2:.1f}" y="{y + 17}" '
                    'text-anchor="middle">END</text>'
                )
            middles.append(x + width / 2)
            self._grow(x + width, y + _BOX)
        return middles

    def arrow(self, x1: float, y1: float, x2: float, y2: float, *, faint: bool = False) -> None:
        """From the one point to the other."""
        kind = "a-faint" if faint else "a"
        self._parts.append(
            f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'marker-end="url(#head-{self._name})"/>'
        )
        self._grow(max(x1, x2), max(y1, y2))

    def text(self, x: float, y: float, words: str) -> None:
        """Words with their left end at a point of their baseline."""
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}">{html.escape(words)}</text>')
        self._grow(x + 7 * len(words), y + 6)

    def svg(self) -> str:
        """The picture."""
        width, height = self._width + 12, self._height + 8
        about = html.escape(self._about)
        return (
            f'<svg class="diagram" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
            f'aria-label="{about}"><defs><marker id="head-{self._name}" viewBox="0 0 8 8" '
            'refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
            f'<path d="M0 0L8 4L0 8z"/></marker></defs>{"".join(self._parts)}</svg>'
        )

    def _grow(self, x: float, y: float) -> None:
        self._width, self._height = max(self._width, x), max(self._height, y)


def one_after_another(
    name: str = "autoregressive",
    unit: str = "mel",
    *,
    decoded: bool = False,
    drawn: bool = False,
) -> str:
    """Each from the text and from all before it; with ``decoded`` a parallel decoder behind, with
    ``drawn`` each out of a noise of its own."""
    about = f"Each piece of {unit} depends on the text and on the pieces before it"
    picture = Diagram(name, about)
    top = 0
    if decoded:
        frames = picture.row(0, "kkkkkkkk", "mel")
        top = 62
    if drawn:
        top = 56
        for x in picture.row(0, "mmmmmmmm", "noise"):
            picture.arrow(x, _BOX, x, top - 2)
    made = picture.row(top, "kkkk" if decoded else "kkkkkkkk", unit, size=2 if decoded else 1)
    below = top + 62
    text = picture.row(below, "tttt", "text", size=2)
    for first, second in zip(made, made[1:]):
        half = (second - first) / 2 - _GAP / 2
        picture.arrow(first + half - 2, top + _BOX / 2, second - half + 2, top + _BOX / 2)
    for place, x in enumerate(made):
        source = text[place * len(text) // len(made)]
        picture.arrow(source, below, x, top + _BOX + 2, faint=True)
    if decoded:
        for place, x in enumerate(frames):
            picture.arrow(made[place // 2], top, x, _BOX + 2)
    return picture.svg()


def all_at_once() -> str:
    """Length first, then every frame from the text alone."""
    picture = Diagram("one-shot", "A length comes first, then every frame from the text alone")
    frames = picture.row(0, "kkkkkkkk", "mel")
    lengths = picture.row(62, "llll", "lengths", size=2)
    text = picture.row(118, "tttt", "text", size=2)
    for source, length in zip(text, lengths):
        picture.arrow(source, 118, length, 62 + _BOX + 2)
    for place, x in enumerate(frames):
        picture.arrow(lengths[place // 2], 62, x, _BOX + 2)
    return picture.svg()


def fixed_canvas() -> str:
    """Always as many frames, cut at END."""
    picture = Diagram(
        "fixed-length", "Always the same number of frames; what comes after the END is thrown away"
    )
    frames = picture.row(0, "kkkkkexxx", "mel")
    text = picture.row(62, "tttt", "text", size=2)
    for place, x in enumerate(frames):
        for number, source in enumerate(text):
            near = abs(source - x) < 1.3 * _STEP
            if near or (place > 6 and number == len(text) - 1):
                picture.arrow(source, 62, x, _BOX + 2, faint=not near)
    return picture.svg()


def shared_latent() -> str:
    """One draw that every frame sees."""
    picture = Diagram("latent", "One draw is seen by every frame, beside the text")
    frames = picture.row(56, "kkkkkkkk", "mel")
    (draw,) = picture.row(0, "l", "one draw", left=3.5)
    text = picture.row(118, "tttt", "text", size=2)
    for place, x in enumerate(frames):
        picture.arrow(draw, _BOX, x, 54)
        picture.arrow(text[place // 2], 118, x, 56 + _BOX + 2, faint=True)
    return picture.svg()


def step_by_step(name: str = "flow", *, first: str = "") -> str:
    """All frames at once, several times over; ``first``: name of a mel that conditions it."""
    picture = Diagram(name, "All frames at once, again and again, each time with the last draft")
    rows = [
        picture.row(118, "mmmmmmmm", "noise"),
        picture.row(59, "kmkmkmkm", "step 1"),
        picture.row(0, "kkkkkkkk", "step N"),
    ]
    for lower, upper, y in zip(rows, rows[1:], (118, 59)):
        for place, x in enumerate(upper):
            for other in (place - 1, place, place + 1):
                if 0 <= other < len(lower):
                    picture.arrow(lower[other], y, x, y - 59 + _BOX + 2, faint=other != place)
    below = 177
    if first:
        condition = picture.row(below, "kkkkkkkk", first)
        for one, two in zip(condition, condition[1:]):
            picture.arrow(one + _BOX / 2 - 2, below + 13, two - _BOX / 2 + 2, below + 13)
        below += 59
    picture.row(below, "tttt", "text", size=2)
    picture.text(_LEFT, below + _BOX + 18, "seen in every pass")
    return picture.svg()


def coarse_to_fine() -> str:
    """Quarter, half, whole."""
    picture = Diagram("pyramid", "A coarse mel first, then finer ones, each made of the one before")
    rows = [
        picture.row(118, "kk", "quarter", size=4),
        picture.row(59, "kkkk", "half", size=2),
        picture.row(0, "kkkkkkkk", "whole"),
    ]
    for lower, upper, y in zip(rows, rows[1:], (118, 59)):
        for place, x in enumerate(upper):
            picture.arrow(lower[place // 2], y, x, y - 59 + _BOX + 2)
    picture.row(177, "tttt", "text", size=2)
    picture.text(_LEFT, 177 + _BOX + 18, "seen in every pass")
    return picture.svg()


def masked_rounds() -> str:
    """All codes at once, the surest kept, the others again."""
    picture = Diagram("masked", "All codes at once; the surest are kept, the others made again")
    rows = [
        picture.row(177, "mmmmmmmm", "masked"),
        picture.row(118, "mkmmmkmm", "round 1"),
        picture.row(59, "mkkmkkkm", "round 2"),
        picture.row(0, "kkkkkkkk", "round N"),
    ]
    for lower, upper, y in zip(rows, rows[1:], (177, 118, 59)):
        for place, x in enumerate(upper):
            for other in (place - 1, place, place + 1):
                if 0 <= other < len(lower):
                    picture.arrow(lower[other], y, x, y - 59 + _BOX + 2, faint=other != place)
    picture.row(236, "tttt", "text", size=2)
    picture.text(_LEFT, 236 + _BOX + 18, "seen in every pass")
    return picture.svg()


def parallel_samples() -> str:
    """All samples of a frame at once."""
    picture = Diagram("parallel", "All samples at once from the mel")
    samples = picture.row(0, "kkkkkkkk", "samples")
    frames = picture.row(62, "tt", "mel", size=4)
    for place, x in enumerate(samples):
        picture.arrow(frames[place // 4], 62, x, _BOX + 2)
    return picture.svg()


def no_diagram() -> str:
    """Nothing is known of it."""
    return ""


Picture = Callable[[], str]
