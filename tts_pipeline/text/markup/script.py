"""A text with its stage directions: what to say, and what mark-up asked for at which place.

Mark-up of every kind (inline phones, the user's lexicon, SSML) becomes one form, marked text:
plain text in which a stand-in word keeps the place of what is already decided, and lists of what
holds where. The front end of a language reads it; nothing here knows a language. Positions are
those of the plain text; :meth:`Chunk.origin` leads back to the source.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tts_pipeline.errors import TextError
from tts_pipeline.text.phones import Phones
from tts_pipeline.text.protocol import Dropped, Prosody

# A plain word of one token, whatever stands around it.
STAND_IN = "item"
GIVEN_KINDS = ("inline", "user")
MAX_GIVEN_PHONES = 100


class _Segment(NamedTuple):
    """Plain text from ``plain`` on comes from the source at ``start``, literally or whole."""

    plain: int
    start: int
    end: int
    literal: bool


@dataclass(frozen=True)
class Given:
    """How a stretch of plain text is to be said, whatever it would be read as by itself.

    Attributes:
        start, end: the stretch.
        kind: "inline" or "user" for phones (of the text's author, or of the user's lexicon),
            "reading" for the named reading of a homograph, "say-as" for a text to be read as
            something, "maths" for a formula in LaTeX.
        text: what stands in writing; for "reading" the name, for "say-as" and "maths" the text
            to read.
        phones: of each word, for "inline" and "user".
        read_as: for "say-as": "date", "telephone", ...
        form: for "say-as": its format, if any.
        where: the place in the source, for error messages.
    """

    start: int
    end: int
    kind: str
    text: str
    phones: tuple[Phones, ...] = ()
    read_as: str = ""
    form: str | None = None
    where: str = ""


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
        item: whether it is an item of a list.
        omitted: what of the source before or in it is not spoken, by its place there.
    """

    text: str = ""
    given: list[Given] = field(default_factory=list)
    styled: list[Styled] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    paragraph: bool = False
    item: bool = False
    omitted: list[Dropped] = field(default_factory=list)
    _segments: list[_Segment] = field(default_factory=list)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the source of a span of the plain text."""
        return self._source_of(start, False), self._source_of(end, True)

    def source_of(self, place: int) -> int:
        """Return where in the source what begins at a place of the plain text comes from."""
        return self._source_of(place, False)

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

    def take_trailing_pauses(self, place: int) -> list[Pause]:
        """Take out, and return, the pauses after the last word, which stands at ``place``."""
        first = next((k for k, p in enumerate(self.pauses) if p.at > place), len(self.pauses))
        trailing = self.pauses[first:]
        del self.pauses[first:]
        return trailing

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

    def phones(
        self, text: str, phones: tuple[Phones, ...], span: tuple[int, int], kind: str = "inline"
    ) -> None:
        """Add a stretch of the source whose sound is decided.

        Raises:
            TextError: if a word has more than ``MAX_GIVEN_PHONES`` phones.
        """
        for word in phones:
            if len(word) > MAX_GIVEN_PHONES:
                raise TextError(
                    f"{len(word)} phones for one word: expected at most {MAX_GIVEN_PHONES}; "
                    "part words with '|'"
                )
        self._given(span, lambda start, end: Given(start, end, kind, text, phones))

    def reading(self, name: str, span: tuple[int, int]) -> None:
        """Add the named reading of a homograph in place of a stretch of the source."""
        self._given(span, lambda start, end: Given(start, end, "reading", name))

    def maths(self, formula: str, span: tuple[int, int]) -> None:
        """Add a formula in LaTeX."""
        self._given(span, lambda start, end: Given(start, end, "maths", formula))

    def pause(self, seconds: float, at: int) -> None:
        """Ask for silence at a place of the source."""
        self._apart(at)
        self._glue = True
        self.chunk.pauses.append(Pause(self._length, seconds))

    def say_as(
        self, text: str, read_as: str, form: str | None, span: tuple[int, int], where: str
    ) -> None:
        """Add a stretch of the source that is to be read as something."""
        self._given(
            span,
            lambda start, end: Given(
                start, end, "say-as", text, read_as=read_as, form=form, where=where
            ),
        )

    def _given(self, span: tuple[int, int], make: Callable[[int, int], Given]) -> None:
        self._apart(span[0])
        start = self._length
        self._add(STAND_IN, *span, literal=False)
        self.chunk.given.append(make(start, self._length))
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
