"""Folds any Unicode text into the small alphabet that the rules read, keeping source positions.

The folded text holds printable ASCII, white space and the signs in ``SIGNS``. Accents are folded
("Müller" to "Muller"), quotes and dashes unified, compatibility forms and foreign digits replaced,
HTML entities decoded, superscripts written with "^". What has no reading (other scripts, control
characters, lone surrogates) becomes a space and a :class:`Dropped` record, emoji the sign
``EMOJI``, which is a pause; invisible formatting characters, terminal control codes and phonetic
transcriptions vanish, also with a record.
"""

from __future__ import annotations

import html
import unicodedata
from bisect import bisect_right

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.protocol import Dropped

# Signs outside ASCII that some rule reads; everything else folds to ASCII or is dropped.
SIGNS = "€£¥¢₩₹₽₺₫₪₱฿₦₴₿×÷±≤≥≠≈∞√°′″½⅓⅔¼¾⅛⅜⅝⅞²³—–…©®™•§¶†→"
# Stands for an emoji or other picture that has been left out.
EMOJI = "\N{REPLACEMENT CHARACTER}"
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
        **dict.fromkeys("⇒⟶➔➜", "→"),
        "⁄": "/", "∕": "/", "∗": "*", "⋅": "*", "、": ",", "。": ".", "¿": '"', "¡": '"',
        "،": ",", "؟": "?", "؛": ";",
    }
)  # fmt: skip
_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
    "đ": "d", "Đ": "D", "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L",
    "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "ng", "Ŋ": "NG", "ƒ": "f", "ə": "e",
    "№": "No.", "℅": "c/o", "‰": " per mille ", "∑": " sum ", "∆": " delta ",
}  # fmt: skip
_MICRO, _OHM = "\u00b5\u03bc", "\u2126\u03a9"
_AFTER_MICRO = frozenset("gmsLlAVFWMJN")
_BEFORE_OHM = frozenset("kMGm")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ", "0123456789+-ni")
_GREEK = {
    chr(0x3B1 + place): name
    for place, name in enumerate(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
        "sigma sigma tau upsilon phi chi psi omega".split()
    )
}
_UNUSUAL = re.compile(f"[^\\t-\\r -~{re.escape(SIGNS)}]")
# What stands for one thing though it is several characters long. Every look is bounded.
_ENTITY = r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
_TERMINAL = r"\x1b(?:\[[0-?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,400}(?:\x07|\x1b\\)|[@-Z\\^_])"
_SUPERSCRIPT = "[⁺⁻]?[⁰¹²³⁴-⁹ⁿⁱ]{1,40}"
# IPA between slashes or brackets: letters, and one that nothing but a transcription has.
_PHONETIC_ONLY = "\u0250-\u02af\u02c8\u02cc\u02d0\u03b8\u03c7\u03b2"
_PHONETIC = "[^\\W\\d_\u0370-\u03b1\u0400-\uffff]|[\u02b0-\u02ff\u0300-\u036f\u203f .,'()~-]"
_TRANSCRIPTION = "|".join(
    rf"{opening}(?=[^{closing}\n]{{0,60}}[{_PHONETIC_ONLY}])(?:{_PHONETIC}|[{_PHONETIC_ONLY}]){{1,60}}"
    rf"{closing}"
    for opening, closing in (("/", "/"), (r"\[", r"\]"))
)
_TRANSCRIBED = rf"\((?:{_TRANSCRIPTION})(?:[,;] ?(?:{_TRANSCRIPTION})){{0,3}}\)|{_TRANSCRIPTION}"
_SPECIAL = re.compile(
    rf"(?P<entity>{_ENTITY})|(?P<terminal>{_TERMINAL})|(?P<ipa>{_TRANSCRIBED})"
    rf"|(?P<power>{_SUPERSCRIPT})|{_UNUSUAL.pattern}"
)
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
        blanks: spans in the source of entities that stand for white space.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._run = 0
        self.dropped: list[Dropped] = []
        self.blanks: list[tuple[int, int]] = []
        # Stretches that folded to another length: where in the folded text they begin and end, and
        # where in the source. Everything between them maps one to one.
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._places: list[int] = []
        self._behind: list[int] = []
        text = source.translate(_ONE_TO_ONE) if not source.isascii() else source
        if "`" in text:
            text = re.sub("(?<=[A-Za-z])`(?=[A-Za-z])", "'", text)
        if "&" in text or "²" in text or "³" in text or _UNUSUAL.search(text):
            text = self._fold(text)
        self.text = text

    def _fold(self, text: str) -> str:
        parts: list[str] = []
        length = done = accents = 0
        for match in _SPECIAL.finditer(text):
            place, end = match.span()
            if place > done:
                parts.append(text[done:place])
                length += place - done
                accents = 0
            found = match.group()
            spoken = self._spoken(match)
            if spoken is None:
                category = unicodedata.category(found[0])
                base = text[place - 1 - accents : place - accents]
                if category == "Mn" and accents < MAX_ACCENTS and base.isalpha():
                    spoken = ""
                    accents += 1
                else:
                    accents = 0
                    reason = self._reason(category, place)
                    spoken = "" if category in _VANISH else " "
                    if reason == _REASONS["So"] and spoken:
                        spoken = EMOJI
                    self._drop(place, place + 1, reason)
            else:
                accents = 0
            parts.append(spoken)
            done = end
            if len(spoken) != end - place:
                self._begins.append(length)
                self._ends.append(length + len(spoken))
                self._places.append(place)
                self._behind.append(end)
            length += len(spoken)
        parts.append(text[done:])
        return "".join(parts)

    def _spoken(self, match: re.Match[str]) -> str | None:
        """Return what a special stretch folds to, None for one character without a reading."""
        found, place, text = match.group(), match.start(), match.string
        kind = match.lastgroup
        if kind == "power":
            digits = found.translate(_SUPERSCRIPTS)
            return found if found in ("²", "³") else "^" + digits.lstrip("+")
        if kind == "terminal":
            self._drop(place, match.end(), "terminal control code")
            return ""
        if kind == "ipa":
            self._drop(place, match.end(), "phonetic transcription")
            return ""
        if kind == "entity":
            return self._decoded(found, place)
        return self._replacement(found, text, place)

    def _decoded(self, entity: str, place: int) -> str:
        """Return what an HTML entity stands for, itself where it stands for nothing."""
        plain = html.unescape(entity)
        if plain == entity:
            return entity
        parts: list[str] = []
        for char in plain.translate(_ONE_TO_ONE):
            part = char if not _UNUSUAL.match(char) else self._replacement(char, char, 0)
            if part is None:
                category = unicodedata.category(char)
                reason = _REASONS.get(category, "other script")
                part = "" if category in _VANISH else EMOJI if reason == _REASONS["So"] else " "
                self._drop(place, place + len(entity), reason)
            parts.append(part)
        decoded = "".join(parts)
        if plain.isspace():
            self.blanks.append((place, place + len(entity)))
        return decoded

    def _replacement(self, char: str, text: str, place: int) -> str | None:
        """Return what a character folds to, None where it has no reading."""
        if char in _LETTERS:
            return _LETTERS[char]
        before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
        if char in _MICRO and after in _AFTER_MICRO and after:
            return "u"
        if char in _OHM:
            return "ohm" if before in _BEFORE_OHM and before else " ohms "
        if char == "\u00b5":
            char = "\u03bc"
        if char.lower() in _GREEK:
            alone = not any(_GREEK_LETTER.match(neighbour) for neighbour in (before, after))
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

    def _drop(self, place: int, end: int, reason: str) -> None:
        """Record a stretch as dropped; a run of one reason is one record."""
        if self.dropped and self.dropped[-1][1:] == ((self._run, place), reason):
            self.dropped.pop()
        else:
            self._run = place
        # The text is filled in once, by records(): growing it here would be quadratic.
        self.dropped.append(Dropped("", (self._run, end), reason))

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
        return self._behind[index] + place - self._ends[index]

    def _source_end(self, place: int) -> int:
        index = bisect_right(self._begins, place) - 1
        if index < 0:
            return place
        if self._begins[index] == place < self._ends[index]:
            return self._places[index]
        return self._behind[index] + max(place - self._ends[index], 0)
