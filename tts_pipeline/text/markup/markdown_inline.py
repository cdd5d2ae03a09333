"""Inside a paragraph of Markdown: emphasis, links, images, code, formulas, escapes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.markup.inline import Inline
from tts_pipeline.text.markup.script import ChunkWriter
from tts_pipeline.text.protocol import Dropped

_BRACKETS = r"(?:[^\[\]\\]|\\.|\[[^\[\]]{0,200}\]){0,500}"
_TARGET = r"\((?:<[^<>\n]{0,2000}>|[^()\s]{0,2000}(?:\([^()\s]{0,500}\)[^()\s]{0,500})?)" \
          r"(?:\s+(?:\"[^\"]{0,500}\"|'[^']{0,500}'|\([^()]{0,500}\)))?\s*\)"  # fmt: skip
_TOKEN = re.compile(
    rf"(?P<phones>\[\[[^\[\]\n]{{1,1000}}\]\])"
    rf"|(?P<escape>\\[!-/:-@\[-`{{-~])"
    rf"|(?P<code>(?P<ticks>`+)(?P<inner>.{{1,2000}}?)(?<!`)(?P=ticks)(?!`))"
    rf"|(?P<maths>\$\$(?P<display>[^$]{{1,2000}})\$\$|\$(?P<inline>(?=[^\s$])[^$\n]{{1,500}}"
    rf"(?<=[^\s\\]))\$(?!\d))"
    rf"|(?P<image>!\[(?P<alt>{_BRACKETS})\](?:{_TARGET}|\[[^\[\]]{{0,200}}\]))"
    rf"|(?P<link>\[(?P<text>{_BRACKETS})\](?P<target>{_TARGET}|\[(?P<name>[^\[\]]{{0,200}})\])?)"
    rf"|(?P<auto><(?P<address>(?:https?|ftp|mailto):[^\s<>]{{1,2000}}"
    rf"|[A-Za-z0-9._%+-]{{1,64}}@[A-Za-z0-9.-]{{1,200}})>)"
    rf"|(?P<strong>\*{{1,3}}|_{{1,3}}|~~|==)",
    re.DOTALL,
)
_FOOTNOTE = re.compile(r"\^[^\]]{1,60}$")


class _Placed(Protocol):
    """A stretch of text and where it begins in the source."""

    @property
    def text(self) -> str: ...
    @property
    def start(self) -> int: ...


class InlineReader:
    """Writes paragraphs to chunks.

    Args:
        inline: reads phones, pauses and the user's phrases in plain stretches.
        names: link targets that the document defines.
    """

    def __init__(self, inline: Inline, names: Collection[str]) -> None:
        self._inline = inline
        self._names = names

    def write(self, writer: ChunkWriter, lines: Sequence[_Placed]) -> None:
        """Write the lines of a paragraph as one text."""
        text = "\n".join(line.text for line in lines)
        places: list[int] = []
        for line in lines:
            places += range(line.start, line.start + len(line.text) + 1)
        self._write(writer, text, places)

    def _write(self, writer: ChunkWriter, text: str, places: list[int]) -> None:
        at = 0
        for match in _TOKEN.finditer(text):
            if match.start() < at:
                continue
            if self._token(writer, match, _kind(match), text, places, at):
                at = match.end()
        self._plain(writer, text, places, at, len(text))

    def _token(
        self,
        writer: ChunkWriter,
        match: re.Match[str],
        kind: str,
        text: str,
        places: list[int],
        at: int,
    ) -> bool:
        """Write what stands before a token and the token; False if it is text after all."""
        start, end = match.span()
        span = (places[start], places[end - 1] + 1)
        if kind == "phones" or kind == "strong" and not _is_mark(text, start, end):
            return False
        if kind == "link" and not self._is_link(match):
            return False
        self._plain(writer, text, places, at, start)
        if kind == "escape":
            writer.entity(match.group()[1], span)
        elif kind == "code":
            self._slice(writer, places, text, *match.span("inner"), literally=True)
        elif kind == "maths":
            writer.maths(match.group("display") or match.group("inline"), span)
        elif kind == "image":
            self._slice(writer, places, text, *match.span("alt"))
            self._omit_target(writer, match, places, match.end("alt") + 1, end)
        elif kind == "link":
            if not _FOOTNOTE.match(match.group("text")):
                self._slice(writer, places, text, *match.span("text"))
        elif kind == "auto":
            self._slice(writer, places, text, *match.span("address"), literally=True)
        return True

    def _omit_target(
        self, writer: ChunkWriter, match: re.Match[str], places: list[int], start: int, end: int
    ) -> None:
        if not match.group("alt").strip():
            span = (places[match.start()], places[end - 1] + 1)
            writer.chunk.omitted.append(Dropped(match.group(), span, "image without a text"))

    def _is_link(self, match: re.Match[str]) -> bool:
        inside = match.group("text")
        if match.group("target") and match.group("name") is None or _FOOTNOTE.match(inside):
            return True
        name = match.group("name") or inside
        return " ".join(name.split()).lower() in self._names

    def _slice(
        self,
        writer: ChunkWriter,
        places: list[int],
        text: str,
        start: int,
        end: int,
        *,
        literally: bool = False,
    ) -> None:
        if literally:
            self._literal(writer, text, places, start, end)
        else:
            self._write(writer, text[start:end], places[start : end + 1])

    def _plain(
        self, writer: ChunkWriter, text: str, places: list[int], start: int, end: int
    ) -> None:
        """Write plain text, a run of neighbouring characters of the source at a time."""
        while start < end:
            stop = _run_end(places, start, end)
            self._inline.add(writer, text[start:stop], places[start])
            start = stop

    def _literal(
        self, writer: ChunkWriter, text: str, places: list[int], start: int, end: int
    ) -> None:
        while start < end:
            stop = _run_end(places, start, end)
            writer.literal(text[start:stop], places[start])
            start = stop


def _run_end(places: list[int], start: int, end: int) -> int:
    stop = start + 1
    while stop < end and places[stop] == places[stop - 1] + 1:
        stop += 1
    return stop


_KINDS = ("phones", "escape", "code", "maths", "image", "link", "auto", "strong")


def _kind(match: re.Match[str]) -> str:
    return next(kind for kind in _KINDS if match.group(kind) is not None)


def _is_mark(text: str, start: int, end: int) -> bool:
    """True for marks of emphasis: they touch a word, and stand in none if they are underscores."""
    before, after = text[start - 1 : start], text[end : end + 1]
    opens = bool(after) and not after.isspace()
    closes = bool(before) and not before.isspace()
    if not opens and not closes:
        return False
    if text[start] == "_":
        return not (before.isalnum() and after.isalnum())
    if text[start] == "*" and end - start == 1:
        return not (before.isdecimal() and after.isdecimal())
    return text[start] != "=" or opens != closes or not after.isspace()
