"""Everything that is neither letter nor digit: marks, pauses, line breaks, mark-up and signs."""

from __future__ import annotations

import re

from tts_pipeline.text.english.abbreviations import STARTERS
from tts_pipeline.text.english.normalise import angles, maths
from tts_pipeline.text.english.normalise.characters import EMOJI
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
    "¶": "paragraph", "+": "plus",
}  # fmt: skip
_LINE_BREAK = re.compile(r"[ \t]*\n\s*|[ \t\v\f\r]+(?:\n\s*)?|\s+")
_EQUATION = re.compile(r" ?[\d.]{1,40}\s?=")
_AMOUNT_AHEAD = re.compile(r" [$€£¥]?\d")
_STOPS = re.compile(r"[.?!…]+")
_CLOSERS = re.compile(r"[\"')\]*_]*")
_LIST_ITEM = re.compile(r"(?:[-*•–+]|\(?\d{1,3}[.)]|\(?[A-Za-z]\)|#{1,6})\s")
_NEXT_LINE = re.compile(r"[^\n]{1,80}(?=\n|$)")
_CONTINUES = frozenset(
    "and but or nor to of with that which who whom whose as than from for by into in on at where "
    "when while though though till until upon then so yet".split()
)
# Names that carry an exclamation mark.
_EXCLAIMED = frozenset("yahoo jeopardy joomla yum chips guess".split())
_NEXT_WORD = re.compile(r"[ \t\n\"'(\[]*([A-Za-z]+)?")
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
    if char in "-=" and _ARROW.match(text, place, out.limit):
        end = text.index(">", place) + 1
        out.mark(",", place, end)
        return end
    if char in "-–—":
        return _dash(out, place)
    if char == EMOJI or char in "|→":
        return _pause(out, place)
    if char in "([{)]}":
        if _touches_word(text, place):
            out.silent(place, place + 1)
        else:
            out.mark(",", place, place + 1)
        return place + 1
    if char in "<>":
        return angles.say(out, place)
    if char == "^":
        return maths.power(out, place)
    if char in "*/~#":
        return maths.sometimes(out, place)
    if char in "§¶" and text[place + 1 : place + 2] == char:
        out.say(_SPOKEN[char] + "s", "sign", place, place + 2)
        return place + 2
    if char == "&" and text[place + 1 : place + 2] == "&":
        out.say("and", "sign", place, place + 2)
        return place + 2
    if char in _SPOKEN:
        out.say(_SPOKEN[char], "sign", place, place + 1)
    else:
        out.silent(place, place + 1)
    return place + 1


def _pause(out: Writer, place: int) -> int:
    """Pause where an emoji was left out, at an arrow and between the cells of a table."""
    text = out.text
    if text[place] == "|" and text[place - 1 : place].isalnum() and text[place + 1 :][:1].isalnum():
        out.silent(place, place + 1)
    else:
        out.mark(",", place, place + 1)
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
    if run == "." and _is_short_form(out, text, end, goes_on):
        out.silent(place, end)
        return end
    pauses = mark == "." and (_numbers_an_item(out, place) or (goes_on and run != "."))
    if run == "." and _begins_name(text, place):
        out.say("dot", "sign", place, end)
    elif (
        run == "!"
        and after == end
        and _is_part_of_name(out, place, word, goes_on)
        or run == "!"
        and text[end : end + 1] == "["
    ):
        out.silent(place, end)
    elif mark == "." and len(run) > 2 or run == "…":
        _ellipsis(out, place, end, word, goes_on)
    elif run in (".", "!") and between:
        _inner_stop(out, place, end)
    elif pauses:
        out.mark(",", place, end)
    elif (goes_on and after > end) or (attached and mark != "." and text[after] in ",;:"):
        out.mark(mark if mark != "." else ",", place, end)
    else:
        out.end_sentence(place, end, mark)
    return end


def _is_short_form(out: Writer, text: str, end: int, goes_on: bool) -> bool:
    """True for the stop of a short form: a comma stands behind it, or small letters go on."""
    if text[end : end + 1] in (",", ";"):
        return True
    last = out.tokens[-1] if out.tokens else None
    kinds = ("money", "measure", "date", "abbreviation", "address")
    return goes_on and last is not None and last.kind in kinds and text[end : end + 1] == " "


_MAILBOX = re.compile("[A-Za-z0-9._-]{1,64}@")
_ARROW = re.compile("[-=]{1,2}>")


def _begins_name(text: str, place: int) -> bool:
    """True for the dot of ".zip", ".NET" and "~/.bashrc"."""
    before = text[place - 1 : place]
    return (
        (not before or before.isspace() or before in "(/~\"'")
        and text[place + 1 : place + 2].isalpha()
        and text[place + 1 : place + 3] not in ("a ", "I ")
        and not _MAILBOX.match(text, place + 1)
    )


def _is_part_of_name(out: Writer, place: int, word: str | None, goes_on: bool) -> bool:
    """True for the mark of "Yahoo! is"."""
    last = out.tokens[-1] if out.tokens else None
    if last is None or not word or last.kind != "word" or not last.source[:1].isupper():
        return False
    return goes_on and (last.text in _EXCLAIMED or word in _AFTER_NAME and len(out.tokens) > 1)


_AFTER_NAME = frozenset("is was has had and or inc".split())


def _ellipsis(out: Writer, place: int, end: int, word: str | None, goes_on: bool) -> None:
    """Pause at dots before the same word again or before "I", whose capital says nothing."""
    last = (out.words_before() or [""])[0]
    repeated = word is not None and word.lower() == last
    blank = out.text[end : end + 1].isspace() and "\n\n" not in out.text[end : end + 3]
    if goes_on or (blank and (repeated or word == "I" and out.text[end + 1 : end + 2] == "I")):
        out.mark(",", place, end)
    else:
        out.end_sentence(place, end)


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


def _is_option(out: Writer, place: int, end: int) -> bool:
    """True for the hyphens of "-m" and "--help" on a command line."""
    text = out.text
    if place and not (text[place - 1].isspace() or text[place - 1] in "([\"'"):
        return False
    if end - place == 2:
        return text[place:end] == "--" and text[end : end + 2].isalpha() and bool(place)
    single = text[end : end + 1].isalpha() and not text[end + 1 : end + 2].isalnum()
    return (
        text[place:end] == "-"
        and single
        and text[end + 1 : end + 2] not in ("-", "'")
        and bool(place)
    )


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
    if _is_option(out, place, end):
        out.say("dash " * (end - place), "sign", place, end)
        return end
    if dash in ("-", "–") and maths.is_variable_difference(out, place):
        out.say("minus", "sign", place, end)
        return end
    if dash in ("-", "–") and before == after == " ":
        if maths.is_difference(out, place):
            out.say("minus", "sign", place, end)
            return end
        if maths.is_range(out, place):
            out.say("to", "range", place, end)
            return end
    if len(dash) > 1 or dash == "—":
        cut_off = re.match("[\"'] [A-Z]", text[end : end + 3])
        if cut_off and not before.isspace():
            out.end_sentence(place, end)
            return end
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


def _elided(out: Writer, match: re.Match[str]) -> bool:
    out.add(match.group().lower().rstrip("'"), "word", *match.span())
    return True


ELISION_RULES = ((_ELIDED, _elided),)
