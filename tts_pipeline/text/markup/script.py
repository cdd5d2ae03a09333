"""A text with its stage directions: what to say, and what mark-up asked for at which place.

Mark-up of every kind (inline phones, the user's lexicon, SSML) becomes one form: plain text for
the normaliser in which a stand-in word keeps the place of what is already decided, and lists of
what holds where. Positions are those of the plain text; :meth:`Chunk.origin` leads back to the
source.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.homographs import shipped_homographs
from tts_pipeline.text.english.lexicon import Phones
from tts_pipeline.text.english.normalise.tokens import Token
from tts_pipeline.text.phones import check_phones
from tts_pipeline.text.protocol import Prosody

# A plain word of one token, whatever stands around it.
STAND_IN = "item"
GIVEN_KINDS = ("inline", "user")
MAX_GIVEN_PHONES = 100
_INLINE = re.compile(r"\[\[([^\[\]\n]{1,1000})\]\]")
# What someone writes who means phones: capitals with a stress digit, or IPA between slashes.
_MEANT_AS_PHONES = re.compile(r"\s*(?:/.*/|[A-Z]{1,2}[012]?(?:[\s|]+[A-Z]{1,2}[012]?)*)\s*")


class _Segment(NamedTuple):
    """Plain text from ``plain`` on comes from the source at ``start``, literally or whole."""

    plain: int
    start: int
    end: int
    literal: bool


class Given(NamedTuple):
    """Tokens that replace whatever the normaliser makes of a stretch of plain text."""

    start: int
    end: int
    tokens: tuple[Token, ...]


class Styled(NamedTuple):
    """A stretch of plain text said in a way of its own."""

    start: int
    end: int
    prosody: Prosody
    emphasis: bool


class Pause(NamedTuple):
    """Silence asked for at a place, in seconds."""

    at: int
    seconds: float


@dataclass
class Chunk:
    """A stretch of text that begins and ends with a sentence.

    Attributes:
        text: plain text.
        given: replacements in order, not overlapping.
        styled: stretches in order, not overlapping.
        pauses: silences in order.
        marks: (place, name) in order.
        paragraph: whether a paragraph ends here.
    """

    text: str = ""
    given: list[Given] = field(default_factory=list)
    styled: list[Styled] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    paragraph: bool = False
    _segments: list[_Segment] = field(default_factory=list)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the source of a span of the plain text."""
        return self._source_of(start, False), self._source_of(end, True)

    def _source_of(self, place: int, is_end: bool) -> int:
        if not self._segments:
            return place
        index = bisect_right(self._segments, place, key=lambda segment: segment.plain) - 1
        if is_end and index > 0 and self._segments[index].plain == place:
            index -= 1
        segment = self._segments[max(index, 0)]
        if segment.literal:
            return min(segment.start + place - segment.plain, segment.end)
        return segment.end if is_end else segment.start

    def take_leading_pauses(self, place: int) -> list[Pause]:
        """Take out, and return, the pauses before the first word, which stands at ``place``."""
        leading = [pause for pause in self.pauses if pause.at <= place]
        del self.pauses[: len(leading)]
        return leading

    def precede(self, stray: Chunk) -> None:
        """Take over the pauses and marks of wordless text before this."""
        self.pauses[:0] = [Pause(0, pause.seconds) for pause in stray.pauses]
        self.marks[:0] = [(0, name) for _, name in stray.marks]

    def style(self, place: int) -> Styled | None:
        """Return the stretch with a style of its own that a place lies in."""
        index = bisect_right(self.styled, place, key=lambda stretch: stretch.start) - 1
        if index < 0 or place >= self.styled[index].end:
            return None
        return self.styled[index]

    def emphasised(self, place: int) -> bool:
        """Tell whether a place is emphasised."""
        style = self.style(place)
        return style is not None and style.emphasis

    @property
    def is_plain(self) -> bool:
        """True if the plain text is the source itself and nothing was asked for."""
        return not self._segments


class ChunkWriter:
    """Writes one chunk piece by piece."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._glue = False
        self.chunk = Chunk()

    @property
    def place(self) -> int:
        """Length of the plain text so far."""
        return self._length

    def literal(self, text: str, start: int) -> None:
        """Add source text as it stands."""
        if not text:
            return
        if self._glue and text[0].isalnum():
            self._add(" ", start, start, literal=False)
        self._glue = False
        self._add(text, start, start + len(text), literal=True)

    def entity(self, text: str, span: tuple[int, int]) -> None:
        """Add a character that the source writes as an entity."""
        self._glue = False
        self._add(text, *span, literal=False)

    def replaced(self, text: str, span: tuple[int, int]) -> None:
        """Add text that is said in place of a stretch of the source."""
        self._apart(span[0])
        self._add(text, *span, literal=False)
        self._glue = True

    def given(self, tokens: tuple[Token, ...], span: tuple[int, int]) -> None:
        """Add tokens that are said in place of a stretch of the source."""
        self._apart(span[0])
        start = self._length
        self._add(STAND_IN, *span, literal=False)
        self.chunk.given.append(Given(start, self._length, tokens))
        self._glue = True

    def space(self, at: int) -> None:
        """Part the words on both sides of a place, if they would run together."""
        self._apart(at)
        self._glue = True

    def finish(self) -> Chunk:
        """Return the chunk."""
        self.chunk.text = "".join(self._parts)
        return self.chunk

    def _apart(self, at: int) -> None:
        if self._parts and not self._parts[-1][-1].isspace() and self._parts[-1][-1].isalnum():
            self._add(" ", at, at, literal=False)

    def _add(self, text: str, start: int, end: int, *, literal: bool) -> None:
        if text:
            self.chunk._segments.append(_Segment(self._length, start, end, literal))
            self._parts.append(text)
            self._length += len(text)


def given_phones(text: str, phones: Phones, kind: str) -> Token:
    """Return a token whose pronunciation is decided: its ``source`` holds the phones."""
    if len(phones) > MAX_GIVEN_PHONES:
        raise TextError(
            f"{len(phones)} phones for one word: expected at most {MAX_GIVEN_PHONES}; "
            "part words with '|'"
        )
    return Token(text, kind, (0, 0), " ".join(phones))


def phone_tokens(text: str, sounds: str, kind: str = "inline") -> tuple[Token, ...]:
    """Return the tokens of phones in either notation; ``|`` parts words.

    Raises:
        TextError: naming what is no phone.
    """
    return tuple(given_phones(text, check_phones(word), kind) for word in sounds.split("|"))


def add_inline(writer: ChunkWriter, text: str, start: int, user: UserPhrases | None) -> None:
    """Write plain text with inline ``[[phones]]`` and the user's phrases.

    Between the brackets stand ARPAbet phones, IPA between slashes, or the name of a homograph's
    reading ("read_past"). Anything else in double brackets is text.

    Raises:
        TextError: for brackets that were meant as phones and hold something else.
    """
    at = 0
    for match in _INLINE.finditer(text):
        inside = match.group(1)
        reading = shipped_homographs().named(inside.strip())
        if reading is not None:
            word = reading.name.partition("_")[0]
            tokens: tuple[Token, ...] = (given_phones(word, reading.phones, "inline"),)
        elif _MEANT_AS_PHONES.fullmatch(inside):
            try:
                tokens = phone_tokens(inside.strip().lower(), inside)
            except TextError as error:
                raise TextError(f"character {start + match.start()}: {error}") from error
        else:
            continue
        _add_phrases(writer, text[at : match.start()], start + at, user)
        writer.given(tokens, (start + match.start(), start + match.end()))
        at = match.end()
    _add_phrases(writer, text[at:], start + at, user)


class UserPhrases:
    """The user's entries that are no single word of letters: "C3PO", "New York", "AT&T".

    They are found in the text before the normaliser takes it apart.

    Args:
        entries: spelling to phones.
    """

    def __init__(self, entries: dict[str, Phones]) -> None:
        self._entries = entries
        longest_first = sorted(entries, key=len, reverse=True)
        choices = "|".join(re.escape(phrase) for phrase in longest_first)
        self._pattern = re.compile(rf"(?<!\w)(?:{choices})(?!\w)")

    def finditer(self, text: str) -> list[tuple[int, int, Phones]]:
        """Return (start, end, phones) of every phrase in a text."""
        return [
            (match.start(), match.end(), self._entries[match.group()])
            for match in self._pattern.finditer(text)
        ]


def _add_phrases(writer: ChunkWriter, text: str, start: int, user: UserPhrases | None) -> None:
    at = 0
    for first, last, phones in user.finditer(text) if user else ():
        writer.literal(text[at:first], start + at)
        word = given_phones(text[first:last].lower(), phones, "user")
        writer.given((word,), (start + first, start + last))
        at = last
    writer.literal(text[at:], start + at)


def plain_chunk(text: str, user: UserPhrases | None) -> Chunk:
    """Return the one chunk of a text without mark-up other than inline phones."""
    if "[[" not in text and user is None:
        return Chunk(text)
    writer = ChunkWriter()
    add_inline(writer, text, 0, user)
    return writer.finish()
