"""A subset of SSML 1.1 (W3C 2010), read with the standard library's expat parser.

Elements: ``speak``, ``p``, ``s``, ``break``, ``sub``, ``phoneme``, ``say-as``, ``prosody``
(rate, pitch, volume), ``emphasis``, ``mark``. Anything else is an error with its line and column.
A DOCTYPE is refused, and with it every entity but XML's own five.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple
from xml.parsers import expat

from tts_pipeline.errors import TextError
from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.markup.inline import Inline, words_of_phones
from tts_pipeline.text.markup.script import Chunk, ChunkWriter, Pause, Styled
from tts_pipeline.text.markup.ssml_values import (
    break_seconds,
    combined,
    emphasis_prosody,
    prosody_of,
)
from tts_pipeline.text.phones import from_ipa
from tts_pipeline.text.protocol import PLAIN, Prosody

_IS_SSML = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?<(?:speak[\s/>]|!DOCTYPE\s+speak)")
_ATTRIBUTES = {
    "speak": {"version", "xml:lang", "xmlns", "xmlns:xsi", "xsi:schemaLocation", "xml:base"},
    "p": {"xml:lang"}, "s": {"xml:lang"}, "break": {"time", "strength"}, "sub": {"alias"},
    "phoneme": {"alphabet", "ph"}, "say-as": {"interpret-as", "format", "detail"},
    "prosody": {"rate", "pitch", "volume", "style"}, "emphasis": {"level"}, "mark": {"name"},
}  # fmt: skip
_REQUIRED = {"sub": "alias", "phoneme": "ph", "say-as": "interpret-as", "mark": "name"}
# Elements whose text is replaced as a whole.
_REPLACED = {"sub", "phoneme", "say-as"}


def is_ssml(text: str) -> bool:
    """Tell whether a text is an SSML document: its first element is ``speak``."""
    return _IS_SSML.match(text) is not None


class _Open(NamedTuple):
    """An element that is not closed yet."""

    name: str
    attributes: dict[str, str]
    start: int
    prosody: Prosody
    emphasis: bool


class _Reader:
    """Turns parser events into chunks."""

    def __init__(self, text: str, inline: Inline) -> None:
        # expat takes no lone surrogates; the normaliser reports the stand-in as dropped.
        self._text = re.sub("[\ud800-\udfff]", "\ufffd", text)
        self._inline = inline
        self._data = self._text.encode()
        # Byte offsets of the characters that take several bytes, to lead back to characters.
        self._wide: list[int] = []
        self._extra: list[int] = []
        if len(self._data) != len(self._text):
            self._index_wide()
        self._stack: list[_Open] = []
        self._inner: list[str] = []
        self._writer = ChunkWriter()
        self._style_start = 0
        self.chunks: list[Chunk] = []
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = False
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        refuse_entities(parser, self._error)
        self._parser = parser

    def read(self) -> list[Chunk]:
        """Parse the document."""
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise TextError(
                f"SSML line {error.lineno}, column {error.offset + 1}: "
                f"{expat.errors.messages[error.code]}"
            ) from error
        return self.chunks

    def _index_wide(self) -> None:
        place = extra = 0
        for character in self._text:
            size = len(character.encode())
            if size > 1:
                self._wide.append(place)
                extra += size - 1
                self._extra.append(extra)
            place += size

    def _place(self) -> int:
        """Return the character that the parser stands at."""
        byte = self._parser.CurrentByteIndex
        before = bisect_right(self._wide, byte - 1)
        return byte - (self._extra[before - 1] if before else 0)

    def _error(self, message: str) -> TextError:
        return TextError(f"{self._where()}: {message}")

    def _where(self) -> str:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        return f"SSML line {line}, column {column}"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _ATTRIBUTES:
            raise self._error(
                f"unknown tag <{name}>: expected one of {', '.join(sorted(_ATTRIBUTES))}"
            )
        if (name == "speak") != (not self._stack):
            raise self._error(f"<{name}> out of place: <speak> is the one outermost element")
        for attribute in attributes:
            if attribute not in _ATTRIBUTES[name]:
                raise self._error(f"unknown attribute {attribute!r} of <{name}>")
        if name in _REQUIRED and _REQUIRED[name] not in attributes:
            raise self._error(f"<{name}> needs the attribute {_REQUIRED[name]!r}")
        language = attributes.get("xml:lang", "en")
        if language.lower().split("-")[0] != "en":
            raise self._error(f"language {language!r}: this front end reads English only")
        if self._stack and self._stack[-1].name in {"break", "mark"} | _REPLACED:
            raise self._error(f"<{name}> inside <{self._stack[-1].name}>")
        outer = self._stack[-1] if self._stack else _Open("", {}, 0, PLAIN, False)
        self._flush_style()
        prosody, emphasis = outer.prosody, outer.emphasis
        try:
            if name == "prosody":
                prosody = combined(prosody, prosody_of(attributes))
            elif name == "emphasis":
                level = attributes.get("level", "moderate")
                prosody = combined(prosody, emphasis_prosody(level))
                emphasis = level in ("strong", "moderate")
            elif name == "break":
                self._writer.space(self._place())
                pause = Pause(self._writer.place, break_seconds(attributes))
                self._writer.chunk.pauses.append(pause)
            elif name == "mark":
                self._writer.chunk.marks.append((self._writer.place, attributes["name"]))
            elif name in ("p", "s"):
                self._close_chunk(paragraph=name == "p")
        except TextError as error:
            raise self._error(str(error)) from error
        self._stack.append(_Open(name, attributes, self._place(), prosody, emphasis))

    def _end(self, name: str) -> None:
        if name in _REPLACED:
            self._replace(self._stack[-1])
        self._flush_style()
        self._stack.pop()
        if name in ("p", "s", "speak"):
            self._close_chunk(paragraph=name == "p")

    def _replace(self, element: _Open) -> None:
        text = "".join(self._inner)
        self._inner.clear()
        span = (element.start, self._end_of_tag())
        attributes = element.attributes
        try:
            if element.name == "sub":
                self._writer.replaced(attributes["alias"], span)
            elif element.name == "say-as":
                read_as, form = attributes["interpret-as"], attributes.get("format")
                self._writer.say_as(text, read_as, form, span, self._where())
            else:
                sounds = attributes["ph"]
                word = " ".join(text.lower().split()) or sounds.lower()
                alphabet = attributes.get("alphabet", "ipa").lower()
                if alphabet == "ipa":
                    phones = tuple(from_ipa(part) for part in sounds.split("|"))
                elif alphabet in ("x-arpabet", "arpabet", "x-cmu", "cmu-arpabet"):
                    phones = words_of_phones(sounds)
                else:
                    raise TextError(f"unknown alphabet {alphabet!r}: expected ipa or x-arpabet")
                self._writer.phones(word, phones, span)
        except TextError as error:
            raise self._error(str(error)) from error

    def _end_of_tag(self) -> int:
        """Return the place behind the closing tag that the parser stands at."""
        place = self._place()
        if self._text.startswith("</", place):
            return self._text.find(">", place) + 1 or len(self._text)
        return place

    def _characters(self, data: str) -> None:
        element = self._stack[-1]
        if element.name in _REPLACED:
            self._inner.append(data)
            return
        if element.name in ("break", "mark"):
            if data.strip():
                raise self._error(f"<{element.name}> holds text; expected it empty")
            return
        place = self._place()
        if self._text.startswith(data, place):
            self._inline.add(self._writer, data, place)
        else:
            # An entity, or a line end of two characters, stands for one character.
            length = self._text.find(";", place) + 1 - place if self._text[place] == "&" else 2
            self._writer.entity(data, (place, place + length))

    def _flush_style(self) -> None:
        """Note how the text since the last tag is said."""
        start, end = self._style_start, self._writer.place
        self._style_start = end
        if self._stack and end > start:
            style = self._stack[-1]
            if style.prosody != PLAIN or style.emphasis:
                self._writer.chunk.styled.append(Styled(start, end, style.prosody, style.emphasis))

    def _close_chunk(self, *, paragraph: bool) -> None:
        chunk = self._writer.finish()
        chunk.paragraph = paragraph
        if chunk.text.strip() or chunk.pauses or chunk.marks:
            self.chunks.append(chunk)
        elif self.chunks and paragraph:
            self.chunks[-1].paragraph = True
        self._writer = ChunkWriter()
        self._style_start = 0


def read_ssml(text: str, inline: Inline) -> list[Chunk]:
    """Return the chunks of an SSML document.

    Args:
        text: the document.
        inline: reads inline phones and the user's phrases in its text.

    Raises:
        TextError: for malformed XML, an unknown tag, attribute or value, or a DOCTYPE, with line
            and column.
    """
    return _Reader(text, inline).read()


def refuse_entities(parser: expat.XMLParserType, error: Callable[[str], TextError]) -> None:
    """Make a parser refuse any DOCTYPE or entity declaration."""

    def refuse(*_: object) -> None:
        raise error("DOCTYPE and entity declarations are refused; take them out")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
