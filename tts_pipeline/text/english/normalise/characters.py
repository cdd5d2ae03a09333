"""Folds any Unicode text into the small alphabet that the rules read, keeping source positions.

The folded text holds printable ASCII, white space and the signs in ``SIGNS``. Accents are folded
("Müller" to "Muller"), quotes and dashes unified, compatibility forms and foreign digits replaced.
What has no reading (emoji, other scripts, control characters, lone surrogates) becomes a space and
a :class:`Dropped` record; invisible formatting characters vanish, also with a record.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

from tts_pipeline.text.protocol import Dropped

# Signs outside ASCII that some rule reads; everything else folds to ASCII or is dropped.
SIGNS = "€£¥¢₩₹₽₺₫₪₱฿₦₴₿×÷±≤≥≠≈∞√°′″½⅓⅔¼¾⅛⅜⅝⅞²³—–…©®™•§¶†"
MAX_ACCENTS = 3

_ONE_TO_ONE = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ´`ˈʹ＇", "'"),
        **dict.fromkeys("“”„‟«»‹›＂「」『』", '"'),
        **dict.fromkeys("‐‑⁃−﹣－", "-"),
        **dict.fromkeys("‒", "–"),
        **dict.fromkeys("―⸺⸻", "—"),
        **dict.fromkeys("‣▪▫■□●○◦∙·⁌⁍►▸", "•"),
        **dict.fromkeys("ºᵒ˚", "°"),
        **dict.fromkeys("\x85\u2028\u2029", "\n"),
        **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000\x1c\x1d\x1e\x1f", " "),
        **{chr(code): " " for code in range(0x2000, 0x200B)},
        "⁄": "/", "∕": "/", "∗": "*", "⋅": "*", "、": ",", "。": ".", "¿": '"', "¡": '"',
        "،": ",", "؟": "?", "؛": ";",
    }
)  # fmt: skip
_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
    "đ": "d", "Đ": "D", "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L",
    "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "ng", "Ŋ": "NG", "ƒ": "f", "ə": "e", "µ": "u",
    "№": "No.", "℅": "c/o", "\u2126": " ohms ", "\u03a9": " ohms ", "‰": " per mille ",
    "∑": " sum ", "∆": " delta ",
}  # fmt: skip
_GREEK = {
    chr(0x3B1 + place): name
    for place, name in enumerate(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
        "sigma sigma tau upsilon phi chi psi omega".split()
    )
}
_UNUSUAL = re.compile(f"[^\\t-\\r -~{re.escape(SIGNS)}]")
_GREEK_LETTER = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_REASONS = {
    "Cc": "control character", "Cs": "lone surrogate", "Cf": "formatting character",
    "Cn": "unassigned character", "Co": "private character", "Mn": "stray accent",
    "Me": "stray accent", "Mc": "stray accent", "So": "symbol or emoji", "Sk": "symbol or emoji",
    "Sm": "symbol or emoji", "Sc": "unknown currency sign",
}  # fmt: skip
_VANISH = {"Cf", "Mn", "Me", "Mc"}


class Folded:
    """A folded text with the way back to source positions.

    Attributes:
        text: the folded text.
        dropped: what was left out, in order, neighbours of one reason joined, without its text.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._run = 0
        self.dropped: list[Dropped] = []
        # Characters that folded to none or several: where in the folded text they begin and end,
        # and where in the source. Everything between them maps one to one.
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._places: list[int] = []
        text = source.translate(_ONE_TO_ONE) if not source.isascii() else source
        if _UNUSUAL.search(text):
            text = self._fold(text)
        self.text = text

    def _fold(self, text: str) -> str:
        parts: list[str] = []
        length = done = accents = 0
        for match in _UNUSUAL.finditer(text):
            place = match.start()
            if place > done:
                parts.append(text[done:place])
                length += place - done
                accents = 0
            char = match.group()
            spoken = self._replacement(char, text, place)
            if spoken is None:
                category = unicodedata.category(char)
                base = text[place - 1 - accents : place - accents]
                spoken = "" if category in _VANISH else " "
                if category == "Mn" and accents < MAX_ACCENTS and base.isalpha():
                    accents += 1
                else:
                    accents = 0
                    self._drop(place, self._reason(category, place))
            else:
                accents = 0
            parts.append(spoken)
            done = place + 1
            if len(spoken) != 1:
                self._begins.append(length)
                self._ends.append(length + len(spoken))
                self._places.append(place)
            length += len(spoken)
        parts.append(text[done:])
        return "".join(parts)

    def _replacement(self, char: str, text: str, place: int) -> str | None:
        """Return what a character folds to, None where it has no reading."""
        if char in _LETTERS:
            return _LETTERS[char]
        if char.lower() in _GREEK:
            alone = not any(
                _GREEK_LETTER.match(neighbour)
                for neighbour in (text[max(place - 1, 0) : place], text[place + 1 : place + 2])
            )
            return f" {_GREEK[char.lower()]} " if alone else None
        if (digit := unicodedata.decimal(char, None)) is not None:
            return str(digit)
        plain = "".join(
            part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part)
        ).translate(_ONE_TO_ONE)
        plain = "".join(_LETTERS.get(part, part) for part in plain)
        return plain if plain.strip() and len(plain) < 9 and not _UNUSUAL.search(plain) else None

    def _reason(self, category: str, place: int) -> str:
        """Return why a character is dropped; joiners and variants belong to the emoji before."""
        emoji = _REASONS["So"]
        if (
            category in _VANISH
            and self.dropped
            and self.dropped[-1][1:] == ((self._run, place), emoji)
        ):
            return emoji
        return _REASONS.get(category, "other script")

    def _drop(self, place: int, reason: str) -> None:
        """Record a character as dropped; a run of one reason is one record."""
        if self.dropped and self.dropped[-1][1:] == ((self._run, place), reason):
            self.dropped.pop()
        else:
            self._run = place
        # The text is filled in once, by records(): growing it here would be quadratic.
        self.dropped.append(Dropped("", (self._run, place + 1), reason))

    def records(self) -> list[Dropped]:
        """Return the dropped stretches in order, with their text."""
        return [Dropped(self.source[slice(*span)], span, why) for _, span, why in self.dropped]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the source of a non-empty span of the folded text."""
        if not self._begins:
            return start, end
        return self._source_start(start), self._source_end(end)

    def _source_start(self, place: int) -> int:
        index = bisect_right(self._begins, place) - 1
        if index < 0:
            return place
        if place < self._ends[index]:
            return self._places[index]
        return self._places[index] + 1 + place - self._ends[index]

    def _source_end(self, place: int) -> int:
        index = bisect_right(self._begins, place) - 1
        if index < 0:
            return place
        if self._begins[index] == place < self._ends[index]:
            return self._places[index]
        return self._places[index] + 1 + max(place - self._ends[index], 0)
