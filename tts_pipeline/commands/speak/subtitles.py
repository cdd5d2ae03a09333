"""Subtitles out of timestamps: SubRip and WebVTT."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tts_pipeline.timestamps import Timestamp

# Two lines of 42 letters, as subtitles are set on television.
_LETTERS, _LINE = 84, 42
_LONGEST_S = 6.0
# Whoever reads needs this long for the shortest of them.
_SHORTEST_S = 1.0
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*$")
_MIDDLE = re.compile(r"[,;:–—]$")


class _Word(NamedTuple):
    """A word as it is shown, and whether a sentence ends with it: a dot that belongs to the word
    itself ("Dr.") ends none."""

    start_s: float
    end_s: float
    text: str
    is_last: bool


class Cue(NamedTuple):
    """A subtitle."""

    start_s: float
    end_s: float
    text: str


def cues(text: str, stamps: Sequence[Timestamp]) -> list[Cue]:
    """Cut a text into subtitles, at the ends of sentences where that is possible.

    Args:
        text: the source text, whose spelling is shown. SSML shows the words as they are spoken.
        stamps: of the whole text; only words count.
    """
    words = _written(text, [stamp for stamp in stamps if stamp.kind == "word"])
    out: list[Cue] = []
    held: list[_Word] = []
    for word in words:
        length = len(" ".join(one.text for one in held)) + 1 + len(word.text)
        is_full = length > _LETTERS or (held and word.end_s - held[0].start_s > _LONGEST_S)
        if held and is_full:
            cut = _cut(held)
            out.append(_joined(held[:cut]))
            held = held[cut:]
        held.append(word)
        if word.is_last:
            out.append(_joined(held))
            held = []
    if held:
        out.append(_joined(held))
    return _lengthened(out)


def srt(found: Sequence[Cue]) -> str:
    """SubRip."""
    blocks = [
        f"{number}\n{_time(cue.start_s, ',')} --> {_time(cue.end_s, ',')}\n{_lines(cue.text)}\n"
        for number, cue in enumerate(found, 1)
    ]
    return "\n".join(blocks)


def vtt(found: Sequence[Cue]) -> str:
    """WebVTT."""
    blocks = ["WEBVTT\n"]
    for cue in found:
        shown = _lines(cue.text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{_time(cue.start_s, '.')} --> {_time(cue.end_s, '.')}\n{shown}\n")
    return "\n".join(blocks)


def _written(text: str, stamps: list[Timestamp]) -> list[_Word]:
    """Words as they are written, with what stands behind them up to the next blank."""
    is_markup = text.lstrip().startswith("<")
    out: list[_Word] = []
    place = -1
    for stamp in stamps:
        start, end = stamp.span
        if is_markup or not 0 <= start < end <= len(text):
            out.append(_Word(stamp.start_s, stamp.end_s, stamp.text, False))
        elif start < place:
            # Several spoken words stand for one written one.
            out[-1] = out[-1]._replace(end_s=stamp.end_s)
        else:
            while start > max(place, 0) and not text[start - 1].isspace():
                start -= 1
            while end < len(text) and not text[end].isspace():
                end += 1
            place = end
            is_last = _SENTENCE_END.search(text[stamp.span[1] : end]) is not None
            shown = " ".join(text[start:end].split())
            out.append(_Word(stamp.start_s, stamp.end_s, shown, is_last))
    return out


def _cut(held: list[_Word]) -> int:
    """How many of the words to show: up to the last comma in the second half, if there is one."""
    for index in range(len(held) - 1, len(held) // 2 - 1, -1):
        if _MIDDLE.search(held[index].text):
            return index + 1
    return len(held)


def _joined(words: list[_Word]) -> Cue:
    return Cue(words[0].start_s, words[-1].end_s, " ".join(word.text for word in words))


def _lengthened(found: list[Cue]) -> list[Cue]:
    """Let short ones stand longer, as far as the next one allows."""
    out = []
    for cue, following in zip(found, [*found[1:], None]):
        latest = following.start_s if following else float("inf")
        end_s = max(cue.end_s, min(cue.start_s + _SHORTEST_S, latest))
        out.append(cue._replace(end_s=end_s))
    return out


def _lines(text: str) -> str:
    """One line, or two of about the same length."""
    if len(text) <= _LINE:
        return text
    blanks = [match.start() for match in re.finditer(" ", text)]
    if not blanks:
        return text
    middle = min(blanks, key=lambda at: abs(2 * at - len(text)))
    return f"{text[:middle]}\n{text[middle + 1 :]}"


def _time(seconds: float, mark: str) -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
