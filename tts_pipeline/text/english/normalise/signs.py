"""Everything that is neither letter nor digit: marks, pauses, line breaks, mark-up and signs."""

from __future__ import annotations

import re

from tts_pipeline.text.english.abbreviations import STARTERS
from tts_pipeline.text.english.normalise.writer import Writer

# How a sign is called inside an address.
NAMES = {
    ".": "dot", "-": "dash", "_": "underscore", "/": "slash", ":": "colon", "@": "at",
    "&": "ampersand", "?": "question mark", "=": "equals", "#": "hash", "%": "percent",
    "+": "plus", "~": "tilde", "*": "asterisk", "!": "exclamation mark", "$": "dollar",
    "\\": "backslash", ",": "comma", ";": "semicolon",
}  # fmt: skip
# How a sign is called in running text, wherever no rule for numbers has taken it.
_SPOKEN = {
    "%": "percent", "&": "and", "@": "at", "=": "equals", "$": "dollar", "€": "euro",
    "£": "pound", "¥": "yen", "¢": "cent", "₩": "won", "₹": "rupee", "₽": "ruble", "₺": "lira",
    "₫": "dong", "₪": "shekel", "₱": "peso", "฿": "baht", "₦": "naira", "₴": "hryvnia",
    "₿": "bitcoin", "×": "times", "÷": "divided by", "±": "plus or minus",
    "≤": "less than or equal to", "≥": "greater than or equal to", "≠": "not equal to",
    "≈": "approximately", "∞": "infinity", "√": "square root of", "°": "degrees",
    "½": "one half", "⅓": "one third", "⅔": "two thirds", "¼": "one quarter",
    "¾": "three quarters", "⅛": "one eighth", "⅜": "three eighths", "⅝": "five eighths",
    "⅞": "seven eighths", "²": "squared", "³": "cubed", "§": "section", "©": "copyright",
    "+": "plus",
}  # fmt: skip
_LINE_BREAK = re.compile(r"[ \t]*\n\s*|[ \t\v\f\r]+(?:\n\s*)?|\s+")
_EQUATION = re.compile(r" ?[\d.]{1,40}\s?=")
_AMOUNT_AHEAD = re.compile(r" [$€£¥]?\d")
_STOPS = re.compile(r"[.?!…]+")
_CLOSERS = re.compile(r"[\"')\]*_]*")
_LIST_ITEM = re.compile(r"(?:[-*•–+]|\(?\d{1,3}[.)]|\(?[A-Za-z]\)|#{1,6})\s")
_NEXT_WORD = re.compile(r"[ \t\n\"'(\[]*([A-Za-z]+)?")
_TAG = re.compile(
    r"<(?:/?([A-Za-z][A-Za-z0-9:-]*)[^<>]{0,2000}|!--[^<>]{0,2000}--|[!?][^<>]{0,2000})>"
)
_BLOCKS = frozenset(
    "p br div li ul ol h1 h2 h3 h4 h5 h6 tr table blockquote section hr title".split()
)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
_ELIDED = re.compile(
    r"'(?:tis|twas|twere|twill|em|til|till|cause|bout|round|cept|n'?)(?![A-Za-z'])", re.I
)


def ends_sentence(out: Writer, place: int) -> bool:
    """True where a new sentence seems to begin after an abbreviation that ended at ``place``."""
    text = out.text
    if place >= out.limit:
        return place >= len(text)
    if text[place] not in " \t\n\"')]":
        return False
    match = _NEXT_WORD.match(text, place)
    if not match or "\n\n" in match.group():
        return True
    word = match.group(1)
    if not word:
        return match.end() >= len(text)
    initial = len(word) == 1 and text[match.end() : match.end() + 1] == "."
    return word[0].isupper() and word.lower() in STARTERS and not initial


def close_sentence(out: Writer, end: int) -> None:
    """End the sentence where an expression ended with a full stop that is also the sentence's."""
    if out.text[end - 1] == "." and ends_sentence(out, end):
        out.end_sentence(end - 1, end)


def say(out: Writer, place: int) -> int:
    """Say, mark or skip the sign at a place; return where it ends (always further on)."""
    text = out.text
    char = text[place]
    if char.isspace():
        return _blank(out, place)
    if char in ".?!…":
        return _stop(out, place)
    if char in ",;:":
        out.mark(",", place, place + 1)
        return place + 1
    if char in "-–—":
        return _dash(out, place)
    if char in "([{)]}":
        if _touches_word(text, place):
            out.silent(place, place + 1)
        else:
            out.mark(",", place, place + 1)
        return place + 1
    if char in "<>":
        return _compare(out, place)
    if char in "*/^~#":
        return _sometimes(out, place)
    if char in _SPOKEN:
        out.say(_SPOKEN[char], "sign", place, place + 1)
    else:
        out.silent(place, place + 1)
    return place + 1


def _touches_word(text: str, place: int) -> bool:
    """True for the brackets of "f(x)" and "word(s)", which stand for no pause."""
    if text[place] in ")]}":
        place = max(text.rfind(opening, max(place - 12, 0), place) for opening in "([{")
    return place > 0 and text[place - 1].isalnum()


def _blank(out: Writer, place: int) -> int:
    """Pass a stretch of white space; a blank line ends a paragraph, some line ends a sentence."""
    match = _LINE_BREAK.match(out.text, place, out.limit)
    end = match.end() if match else place + 1
    newlines = out.text.count("\n", place, end)
    if newlines > 1:
        out.paragraph(place, end)
    elif newlines and (_LIST_ITEM.match(out.text, end) or _broken_early(out.text, place, end)):
        last = out.last_spoken()
        if last is not None and last.kind != "end":
            out.end_sentence(place, end)
    return end


def _broken_early(text: str, place: int, end: int) -> bool:
    """True where a line ends although the next word would have fitted: a heading or a list item.

    Wrapped prose breaks only where the next word goes beyond the width; here that width is the
    length of the next line.
    """
    if place and text[place - 1] in ",;:-—" or not text[end : end + 1].isupper():
        return False
    begin = max(text.rfind("\n", max(place - 200, 0), place), place - 200)
    following = text.find("\n", end, end + 200)
    width = (following if following >= 0 else min(len(text), end + 200)) - end
    word = re.compile(r"\S{1,60}").match(text, end)
    needed = place - begin + (word.end() - end if word else 0)
    return needed < max(width, 40)


def _stop(out: Writer, place: int) -> int:
    """Mark a full stop, question, exclamation or ellipsis, which may or may not end a sentence."""
    text = out.text
    match = _STOPS.match(text, place, out.limit)
    run = match.group() if match else "."
    end = place + len(run)
    mark = "?" if "?" in run else "!" if "!" in run else "."
    after = _CLOSERS.match(text, end).end()  # type: ignore[union-attr]
    following = _NEXT_WORD.match(text, after)
    word = following.group(1) if following else None
    # A quotation inside a sentence: "Why?" he asked. An ellipsis inside one: well... no.
    goes_on = bool(following and word and word[0].islower() and "\n\n" not in following.group())
    attached = after < len(text) and not text[after].isspace()
    between = text[after : after + 1].isalnum() and text[place - 1 : place].isalnum()
    pauses = mark == "." and (_numbers_an_item(out, place) or (goes_on and run != "."))
    if run in (".", "!") and between:
        _inner_stop(out, place, end)
    elif pauses:
        out.mark(",", place, end)
    elif (goes_on and after > end) or (attached and mark != "." and text[after] in ",;:"):
        out.mark(mark if mark != "." else ",", place, end)
    else:
        out.end_sentence(place, end, mark)
    return end


def _inner_stop(out: Writer, place: int, end: int) -> None:
    """Say the stop of "end.Next" as an end, of "file.name" as "dot", of "3.x" as "point"."""
    text = out.text
    if text[place] == "!" or (text[end].isupper() and text[place - 1].islower()):
        out.end_sentence(place, end, text[place])
    else:
        out.say("dot" if text[end].isalpha() else "point", "sign", place, end)


def _numbers_an_item(out: Writer, place: int) -> bool:
    """True for the full stop after a number that begins a line: "1. Wash the rice"."""
    begin = out.text.rfind("\n", max(place - 8, 0), place) + 1
    if place - begin > 6 or begin == 0 and place > 6:
        return False
    return (
        bool(re.fullmatch(r"\s*\d{1,3}", out.text[begin:place]))
        and out.text[place + 1 : place + 2].isspace()
    )


def _opens_line(text: str, place: int) -> bool:
    """True where only blanks stand before a place on its line."""
    before = text[max(place - 8, 0) : place].rstrip(" \t")
    return not before or before.endswith("\n")


def _dash(out: Writer, place: int) -> int:
    """Say a hyphen or dash as "to" or "minus", pass it inside a word, mark it between clauses."""
    text = out.text
    end = place + 1
    while end < out.limit and text[end] in "-–—":
        end += 1
    before = text[place - 1] if place else " "
    after = text[end] if end < out.limit else " "
    number = after.isdecimal() or (after in "$€£¥.√½¼¾" and text[end + 1 : end + 2].isdecimal())
    last = out.tokens[-1] if out.tokens else None
    measured = last is not None and last.kind in ("measure", "money", "time")
    dash = text[place:end]
    inside = dash in ("-", "–") and not before.isspace() and not after.isspace()
    bullet = dash == "-" and after.isspace() and _opens_line(text, place)
    if measured and ((number and not before.isspace()) or _AMOUNT_AHEAD.match(text, end)):
        out.say("to", "range", place, end)
    elif dash in ("-", "–") and number and not before.isalnum() and before != ")":
        out.say("minus", "sign", place, end)
    elif inside or bullet:
        out.silent(place, end)
    elif _EQUATION.match(text, end):
        out.say("minus", "sign", place, end)
    else:
        out.mark(",", place, end)
    return end


def _compare(out: Writer, place: int) -> int:
    """Leave out a tag and report it; say a sign of comparison before a blank, number or name."""
    text = out.text
    tag = _TAG.match(text, place, out.limit)
    if tag:
        out.leave_out(place, tag.end(), "mark-up")
        if (tag.group(1) or "").lower() in _BLOCKS:
            last = out.last_spoken()
            if last is not None and last.kind not in ("end", "paragraph"):
                out.end_sentence(place, tag.end())
        return tag.end()
    end = place + (2 if text[place + 1 : place + 2] == "=" else 1)
    if re.compile(r" ?[\w.$-]").match(text, end) and out.last_spoken():
        words = "less than" if text[place] == "<" else "greater than"
        out.say(words + (" or equal to" if end == place + 2 else ""), "sign", place, end)
    else:
        out.silent(place, end)
    return end


def _sometimes(out: Writer, place: int) -> int:
    """Say * / ^ ~ # where they mean something; they are decoration elsewhere."""
    text, end = out.text, place + 1
    char = text[place]
    before, after = text[place - 1 : place], text[end : end + 1]
    words = ""
    if (
        char == "*"
        and re.compile(r" ?[\dA-Za-z(]").match(text, end)
        and re.search(r"\d ?$", text[max(place - 2, 0) : place])
    ):
        words = "times"
    elif char == "/" and (not before or before.isspace()) and (not after or after.isspace()):
        digits = text[place - 2 : place - 1].isdecimal() and text[end + 1 : end + 2].isdecimal()
        words = "divided by" if digits else "slash"
    elif char == "^" and after.isdecimal():
        words = {"2": "squared", "3": "cubed"}.get(after, "")
        end += bool(words)
        words = words or "to the power of"
    elif char == "~" and after.isdecimal():
        words = "about"
    elif char == "#" and before.isalpha():
        words = "sharp"
    if words:
        out.say(words, "sign", place, end)
    else:
        out.silent(place, end)
    return end


def _entity(out: Writer, match: re.Match[str]) -> bool:
    if match.group() == "&amp;":
        out.say("and", "sign", *match.span())
    else:
        out.silent(*match.span())
    return True


def _unequal(out: Writer, match: re.Match[str]) -> bool:
    out.say("not equal to", "sign", *match.span())
    return True


def _elided(out: Writer, match: re.Match[str]) -> bool:
    out.add(match.group().lower().rstrip("'"), "word", *match.span())
    return True


ENTITY_RULES = ((_ENTITY, _entity),)
UNEQUAL_RULES = ((re.compile(r"!=+"), _unequal),)
ELISION_RULES = ((_ELIDED, _elided),)
