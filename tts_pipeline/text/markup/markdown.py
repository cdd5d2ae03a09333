"""Markdown (CommonMark with the tables, tasks and strike-through of GitHub) as marked text.

Headings, list items, table rows and paragraphs become chunks of their own. Emphasis loses its
marks, links are read by their text and images by their alternative text, formulas between dollar
signs are handed on as maths; blocks of code are left out and reported, or read if asked for.
Written for this package because spans have to lead back to the source to the character, which the
parsers of PyPI give for blocks only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tts_pipeline.errors import TextError
from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.markup.inline import Inline
from tts_pipeline.text.markup.markdown_inline import InlineReader
from tts_pipeline.text.markup.script import Chunk, ChunkWriter
from tts_pipeline.text.protocol import Dropped

CODE = ("omit", "read")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_ITEM = re.compile(r"([ \t]*)(?:([-*+])|(\d{1,9})([.)]))[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE = re.compile(r" {0,3}>[ \t]?")
_DELIMITERS = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_REFERENCE = re.compile(r" {0,3}\[([^\]^][^\]]{0,200})\]:[ \t]*\S+.*$")
_FOOTNOTE = re.compile(r" {0,3}\[\^[^\]]{1,60}\]:[ \t]*")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:[^\n]*\n){0,200}?(?:---|\.\.\.)[ \t]*(?:\n|$)")
_CODE_INDENT = re.compile(r"(?: {4}|\t)")


class _Line(NamedTuple):
    """Text of a line from ``start`` on, without its end; what mark-up is before it is gone."""

    text: str
    start: int


class _Reader:
    """Turns a document into chunks."""

    def __init__(self, text: str, inline: Inline, code: str) -> None:
        self._text = text
        self._code = code
        self._lines = _lines(text)
        self._at = 0
        self._paragraph: list[_Line] = []
        self._in_item = False
        self.chunks: list[Chunk] = []
        self._omitted: list[Dropped] = []
        names = {
            match.group(1).strip().lower()
            for line in self._lines
            if (match := _REFERENCE.match(line.text))
        }
        self._inline = InlineReader(inline, names)

    def read(self) -> list[Chunk]:
        """Read all lines."""
        matter = _FRONT_MATTER.match(self._text)
        if matter:
            self._omit(0, matter.end(), "front matter")
            while self._at < len(self._lines) and self._lines[self._at].start < matter.end():
                self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            self._read_line(line)
        self._close()
        if self._omitted:
            # Nothing is spoken behind what was left out last.
            self.chunks.append(Chunk(omitted=self._omitted))
        return self.chunks

    def _read_line(self, line: _Line) -> None:
        if not line.text.strip():
            self._close()
        elif match := _FENCE.match(line.text):
            self._close()
            self._fenced(line, match.group(1))
        elif not self._paragraph and _CODE_INDENT.match(line.text) and self._is_code(line):
            self._close()
            self._code_line(line)
        elif match := _QUOTE.match(line.text):
            inner = _Line(line.text[match.end() :], line.start + match.end())
            if not self._paragraph and self._at > 1 and not inner.text.strip():
                return
            self._read_line(inner)
        elif self._paragraph and _UNDERLINE.match(line.text) or _RULE.match(line.text):
            self._close()
        elif match := _HEADING.match(line.text):
            self._close()
            body = re.sub(r"[ \t]+#+[ \t]*$", "", line.text[match.end() :])
            self._add([_Line(body, line.start + match.end())], paragraph=True)
        elif not self._paragraph and _REFERENCE.match(line.text):
            self._omit(line.start, line.start + len(line.text), "link target")
        elif match := _FOOTNOTE.match(line.text):
            self._close()
            self._paragraph = [_Line(line.text[match.end() :], line.start + match.end())]
        elif match := _ITEM.match(line.text):
            self._close()
            # The number of an ordered list is said, a bullet and a box are not.
            boxed = match.group().rstrip().endswith("]")
            begin = match.start(3) if match.group(3) and not boxed else match.end()
            self._paragraph = [_Line(line.text[begin:], line.start + begin)]
            self._in_item = True
        elif self._is_table():
            self._close()
            self._table(line)
        else:
            self._paragraph.append(_Line(line.text.lstrip(), _after_blanks(line)))

    def _is_code(self, line: _Line) -> bool:
        """True for an indented line that belongs to no list item."""
        return not _ITEM.match(line.text) and not (self.chunks and self.chunks[-1].item)

    def _fenced(self, first: _Line, fence: str) -> None:
        closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
        begin = end = first.start + len(first.text)
        inside: list[_Line] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            end = line.start + len(line.text)
            if closing.match(line.text):
                break
            inside.append(line)
        if self._code == "read":
            for line in inside:
                if line.text.strip():
                    self._add([line], paragraph=False, plain=True)
        else:
            self._omit(min(first.start, begin), end, "code")

    def _code_line(self, line: _Line) -> None:
        if self._code == "read":
            self._add([line], paragraph=False, plain=True)
        else:
            self._omit(line.start, line.start + len(line.text), "code")

    def _is_table(self) -> bool:
        line, following = self._lines[self._at - 1], self._lines[self._at : self._at + 1]
        return "|" in line.text and bool(following) and _is_delimiters(following[0].text)

    def _table(self, head: _Line) -> None:
        """Read each row as a sentence with a pause between its cells."""
        rows = [head]
        self._at += 1
        while self._at < len(self._lines) and "|" in self._lines[self._at].text:
            rows.append(self._lines[self._at])
            self._at += 1
        for index, row in enumerate(rows):
            writer = ChunkWriter()
            cells = list(_cells(row))
            for number, cell in enumerate(cells):
                if number and cell.text.strip():
                    writer.entity(", ", (cell.start - 1, cell.start))
                self._inline.write(writer, [cell])
            self._finish(writer, paragraph=index == len(rows) - 1)

    def _omit(self, start: int, end: int, reason: str) -> None:
        record = Dropped(self._text[start:end], (start, end), reason)
        last = self._omitted[-1] if self._omitted else None
        if last and last.reason == reason and not self._text[last.span[1] : start].strip():
            span = (last.span[0], end)
            self._omitted[-1] = Dropped(self._text[slice(*span)], span, reason)
        else:
            self._omitted.append(record)

    def _close(self) -> None:
        if self._paragraph:
            self._add(self._paragraph, paragraph=True, item=self._in_item)
            self._paragraph, self._in_item = [], False

    def _add(
        self, lines: list[_Line], *, paragraph: bool, plain: bool = False, item: bool = False
    ) -> None:
        writer = ChunkWriter()
        if plain:
            writer.literal(lines[0].text, lines[0].start)
        else:
            self._inline.write(writer, lines)
        writer.chunk.item = item
        self._finish(writer, paragraph=paragraph)

    def _finish(self, writer: ChunkWriter, *, paragraph: bool) -> None:
        chunk = writer.finish()
        chunk.paragraph = paragraph
        chunk.omitted, self._omitted = [*self._omitted, *chunk.omitted], []
        if chunk.text.strip() or chunk.pauses or chunk.omitted:
            self.chunks.append(chunk)


def _lines(text: str) -> list[_Line]:
    found, place = [], 0
    for line in text.splitlines(keepends=True):
        found.append(_Line(line.rstrip("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), place))
        place += len(line)
    return found


def _after_blanks(line: _Line) -> int:
    return line.start + len(line.text) - len(line.text.lstrip())


def _is_delimiters(text: str) -> bool:
    return "-" in text and ("|" in text or ":" in text) and _DELIMITERS.match(text) is not None


def _cells(row: _Line) -> Iterator[_Line]:
    """Yield the cells of a table row; a bar behind a backslash is text."""
    for match in re.finditer(r"(?:[^|\\]|\\.)+", row.text):
        cell = match.group()
        if cell.strip():
            lead = len(cell) - len(cell.lstrip())
            yield _Line(cell.strip(), row.start + match.start() + lead)


def read_markdown(text: str, inline: Inline, *, code: str = "omit") -> list[Chunk]:
    """Return the chunks of a Markdown document.

    Args:
        text: the document.
        inline: reads inline phones, pauses and the user's phrases in its text.
        code: "omit" to leave blocks of code out and report them, "read" to read them as text.

    Raises:
        TextError: for another value of ``code``, or inline phones that are none.
    """
    if code not in CODE:
        raise TextError(f"code={code!r}: expected one of {', '.join(CODE)}")
    return _Reader(text, inline, code).read()
