"""Everything that is neither letter nor digit: marks, pauses, line breaks, mark-up and signs."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.normalise import angles, maths
from tts_pipeline.text.english.normalise.characters import EMOJI
from tts_pipeline.text.english.normalise.lines import blank
from tts_pipeline.text.english.normalise.money import CURRENCIES
from tts_pipeline.text.english.normalise.stops import stop
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
_EQUATION = re.compile(r" ?[\d.]{1,40}\s?=")
_MONTH_AHEAD = re.compile(r" ?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.? \d")
_AMOUNT_AHEAD = re.compile(r" [$€£¥]?\d")
_ELIDED = re.compile(
    r"'(?:tis|twas|twere|twill|em|til|till|cause|bout|round|cept|n'?)(?![A-Za-z'])", re.I
)


def say(out: Writer, place: int) -> int:
    """Say, mark or skip the sign at a place; return where it ends (always further on)."""
    text = out.text
    char = text[place]
    if char.isspace():
        return blank(out, place)
    if char in ".?!…":
        return stop(out, place)
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
        counted = bool(out.tokens) and out.tokens[-1].kind == "cardinal"
        plural = counted and char in CURRENCIES and out.tokens[-1].text != "one"
        words = CURRENCIES[char][1] if plural else _SPOKEN[char]
        out.say(words, "sign", place, place + 1)
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


_ARROW = re.compile("[-=]{1,2}>")


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
    month = last is not None and last.kind == "date" and _MONTH_AHEAD.match(text, end)
    if month or measured and ((number and not before.isspace()) or _AMOUNT_AHEAD.match(text, end)):
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
