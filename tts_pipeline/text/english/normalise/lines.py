"""Line ends: a paragraph, an item of a list, a heading, a cell of a table, verse, or nothing."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.normalise.writer import Writer

_LINE_BREAK = re.compile(r"[ \t]*\n\s*|[ \t\v\f\r]+(?:\n\s*)?|\s+")
_LIST_ITEM = re.compile(r"(?:[-*•–+]|\(?\d{1,3}[.)]|\(?[A-Za-z]\)|#{1,6})\s")

# How far beyond a line end those rules look that compare lines.
_LOOK = 200
_NEXT_LINE = re.compile(r"[^\n]{1,80}(?=\n|$)")
_CONTINUES = frozenset(
    "and but or nor to of with that which who whom whose as than from for by into in on at where "
    "when while though though till until upon then so yet".split()
)


def blank(out: Writer, place: int) -> int:
    """Pass a stretch of white space; a blank line ends a paragraph, some line ends a sentence."""
    match = _LINE_BREAK.match(out.text, place, out.limit)
    end = match.end() if match else place + 1
    newlines = out.text.count("\n", place, end)
    if newlines == 1 and _needs_next_lines(out.text, end):
        last = out.last_spoken()
        if last is not None and last.kind != "end":
            out.more_may_tell(place)
    if not newlines and "\t" in out.text[place:end] and place and out.text[place - 1] != "\n":
        # Cells of a table.
        out.mark(",", place, end)
    elif newlines > 1:
        out.paragraph(place, end)
    elif newlines and _is_verse(out.text, place, end):
        out.mark(",", place, end)
    elif newlines and out.text[place - 1 : place] == "|":
        out.end_sentence(place, end)
    elif newlines and (_LIST_ITEM.match(out.text, end) or _broken_early(out.text, place, end)):
        last = out.last_spoken()
        if last is not None and last.kind != "end":
            out.end_sentence(place, end)
    return end


def _needs_next_lines(text: str, end: int) -> bool:
    """True where what a line end means depends on lines that are not all there yet."""
    is_cut = len(text) < end + _LOOK and text.count("\n", end) < 2
    return is_cut and text[end : end + 1].isupper()


def _is_verse(text: str, place: int, end: int) -> bool:
    """True where a line of verse goes on in the next: lines of one measure, or "And" at the head.

    Only what has no mark at its end can go on, and a line of verse has several words.
    """
    if not text[place - 1 : place].isalpha() or not text[end : end + 1].isupper():
        return False
    begin = text.rfind("\n", max(place - 80, 0), place) + 1
    if begin == 0 and place > 80:
        return False
    line = text[begin:place].strip()
    following = _NEXT_LINE.match(text, end)
    if following is None or line.count(" ") < 3 or not 16 <= len(line) <= 70:
        return False
    other = following.group()
    if other.split(" ", 1)[0].lower() in _CONTINUES and other.count(" ") > 1:
        return True
    alike = 0.6 < len(other) / len(line) < 1.6 and other.count(" ") > 2
    before = text[max(begin - 80, 0) : begin].strip("\n").rpartition("\n")[2]
    after = _NEXT_LINE.match(text, following.end() + 1)
    third = before or (after.group() if after else "")
    measured = 0.6 < len(third) / len(line) < 1.6 and third[:1].isupper()
    return alike and measured and line[0].isupper()


def _broken_early(text: str, place: int, end: int) -> bool:
    """True where a line ends although the next word would have fitted: a heading or a list item.

    Wrapped prose breaks only where the next word goes beyond the width; here that width is the
    length of the next line.
    """
    if place and text[place - 1] in ",;:-—" or not text[end : end + 1].isupper():
        return False
    begin = max(text.rfind("\n", max(place - _LOOK, 0), place), place - _LOOK)
    following = text.find("\n", end, end + _LOOK)
    width = (following if following >= 0 else min(len(text), end + _LOOK)) - end
    word = re.compile(r"\S{1,60}").match(text, end)
    needed = place - begin + (word.end() - end if word else 0)
    return needed < max(width, 40)
