"""Plain numbers: cardinals, ordinals, decimals, fractions, ranges, ratios, sums and dimensions."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.labels import (
    PAIR_WORDS,
    is_code,
    is_flight,
    is_long_code,
    is_postal,
    is_status,
    looks_like_year,
)
from tts_pipeline.text.english.normalise.writer import NUMBER, Writer

MAX_CARDINAL = numbers.MAX_CARDINAL_DIGITS
_VULGAR = {
    "½": "one half", "⅓": "one third", "⅔": "two thirds", "¼": "one quarter",
    "¾": "three quarters", "⅛": "one eighth", "⅜": "three eighths", "⅝": "five eighths",
    "⅞": "seven eighths",
}  # fmt: skip
# After these two numbers with a hyphen are a code, no range.
_CASES = frozenset("case docket form model bill resolution serial sku item".split())
_BOOKS = frozenset(
    "genesis exodus leviticus numbers deuteronomy joshua judges ruth samuel kings chronicles ezra "
    "nehemiah esther job psalm psalms proverbs ecclesiastes isaiah jeremiah lamentations ezekiel "
    "daniel hosea joel amos obadiah jonah micah nahum habakkuk zephaniah haggai zechariah malachi "
    "matthew mark luke john acts romans corinthians galatians ephesians philippians colossians "
    "thessalonians timothy titus philemon hebrews james peter jude revelation surah".split()
)
_NOT_COUNTED = frozenset(
    "is was has as this its his us yes vs across perhaps always towards".split()
)
_COUNTED = frozenset("people men women children of more less fewer sheep percent dollars".split())
_NEXT_WORD = re.compile(r"(?:-| )([a-z]+)\b")


def _counts_something(out: Writer, end: int) -> bool:
    """True where the word after a number is a plural or a measure: a quantity, not a year."""
    following = _NEXT_WORD.match(out.text, end, out.limit)
    if not following:
        return False
    word = following.group(1)
    plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
    return word in _COUNTED or plural and word not in _NOT_COUNTED


def spoken(out: Writer, text: str, end: int) -> str:
    """Return one written number in words, as a year, code or quantity as its surroundings say."""
    if text.isdecimal():
        before = (out.words_before() or [""])[0]
        if len(text) in (3, 4) and before in PAIR_WORDS or is_status(out, text, before, end):
            return numbers.pairs(text)
        if _is_airliner(text, before) and not _counts_something(out, end):
            return numbers.pairs(text)
        if is_postal(out, text):
            return numbers.spell_digits(text)
        if looks_like_year(text) and not _counts_something(out, end):
            return numbers.year(text)
        if len(text) > 2 and is_code(out):
            return numbers.spell_digits(text)
        if is_flight(out, text):
            return numbers.pairs(text)
        if is_long_code(text):
            return numbers.spell_digits(text)
    return numbers.number(text)


def _is_airliner(text: str, before: str) -> bool:
    """True for "a 747" and "the 787"."""
    return len(text) == 3 and text[0] == text[2] == "7" and text[1] < "9" and before in ("a", "the")


def say_digits(out: Writer, start: int, end: int) -> None:
    """Say a digit string of any length, one by one where it is too long for a number."""
    digits = out.text[start:end]
    if len(digits.lstrip("0")) <= MAX_CARDINAL:
        out.say(spoken(out, digits, end), "cardinal", start, end)
        return
    for offset, digit in enumerate(digits, start):
        out.add(numbers.spell_digits(digit), "digit", offset, offset + 1)


def _plain(out: Writer, match: re.Match[str]) -> bool:
    text = match.group(1)
    if text.isdecimal():
        say_digits(out, match.start(), match.end(1))
    else:
        kind = "decimal" if "." in text else "cardinal"
        out.say(spoken(out, text, match.end()), kind, match.start(), match.end(1))
    return True


def _possessive(out: Writer, match: re.Match[str]) -> bool:
    out.say(spoken(out, match.group(1), match.end()) + "'s", "cardinal", *match.span())
    return True


def _ordinal(out: Writer, match: re.Match[str]) -> bool:
    digits, suffix, tail = match.group(1).replace(",", ""), match.group(2).lower(), match.group(3)
    teens = digits[-2:-1] == "1"
    if digits[0] == "0" and len(digits) > 1:
        return False
    if suffix != ("th" if teens else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")):
        if len(digits) < 3 or tail:
            return False
        # No ordinal ends so: a code, told as it is written.
        out.say(f"{numbers.spell_digits(digits)} {' '.join(suffix.upper())}", "code", *match.span())
        return True
    out.say(numbers.ordinal(digits) + tail.lower(), "ordinal", *match.span())
    return True


def _vulgar(out: Writer, match: re.Match[str]) -> bool:
    whole, sign = match.groups()
    part = _VULGAR[sign]
    if whole:
        part = f"{numbers.number(whole)} and " + part.replace("one ", "a ")
    out.say(part, "fraction", *match.span())
    return True


def _fixed(out: Writer, match: re.Match[str]) -> bool:
    top, below = match.group().split("/")
    out.say(f"{numbers.cardinal(top)} {numbers.cardinal(below)}", "cardinal", *match.span())
    return True


def _pair(out: Writer, match: re.Match[str]) -> bool:
    """Say two numbers with a hyphen, dash or colon between: difference, range, ratio, score."""
    first, sign, second = match.group("first", "sign", "second")
    before = out.text[match.start() - 1 : match.start()]
    following = out.text[match.end() : match.end() + 2].strip()
    if sign in "x×":
        link = "times" if following.startswith("=") else "by"
    elif sign == "-" and (following.startswith("=") or before in "=+*/^" and before):
        link = "minus"
    elif sign == ":":
        link = "to"
    elif _is_case(out, first, second):
        link = ""
    elif looks_like_year(first) and len(second) == 2 or _value(first) <= _value(second):
        link = "to"
    else:
        link = _difference_or_score(out, match, following)
    for place, text in ((match.start("first"), first), (match.start("second"), second)):
        if place != match.start():
            out.say(link, "range", *match.span("sign")) if link else out.silent(*match.span("sign"))
        out.say(_member(text, first, link), "range", place, place + len(text))
    return True


def _difference_or_score(out: Writer, match: re.Match[str], following: str) -> str:
    """Return the word between a larger and a smaller number: "minus" or, as in scores, "to"."""
    after = out.text[match.end() : match.end() + 8]
    if re.match(r" (?:is|equals|makes|leaves|gives|=) ", after) or following.startswith("="):
        return "minus"
    before = out.words_before(3)
    if before and (before[0] in _CASES or before[:2] == ["number", "case"]):
        return ""
    return "to"


def _scripture(out: Writer, match: re.Match[str]) -> bool:
    """Say "13:4" after the name of a book of the Bible, and "John 3:16-18"."""
    before = out.words_before(1)
    if not before or before[0] not in _BOOKS:
        return False
    chapter, verse, last = match.groups()
    words = f"{numbers.cardinal(chapter)} {numbers.cardinal(verse)}"
    words += f" to {numbers.cardinal(last)}" if last else ""
    out.say(words, "cardinal", *match.span())
    return True


def _grouped(out: Writer, match: re.Match[str]) -> bool:
    """Say digits grouped by blanks, points, apostrophes or underscores as one number."""
    groups = re.split(r"[ '_.’]", match.group(1))
    if match.group(1)[len(groups[0])] == " " and not _is_grouping(out, match, groups):
        return False
    if "." in match.group(1) and (out.words_before() or [""])[0] in ("version", "v", "release"):
        return False
    value = "".join(groups) + (match.group(2) or "").replace(",", ".")
    out.say(numbers.number(value), "cardinal", *match.span())
    return True


def _is_grouping(out: Writer, match: re.Match[str], groups: list[str]) -> bool:
    """Tell "20 000 leagues" from numbers side by side, as in telephone and model numbers."""
    text = out.text
    if re.search(r"[\d+)] ?$", text[max(match.start() - 2, 0) : match.start()]):
        return False
    if re.match(r"[ -]?\d", text[match.end() : match.end() + 2]) or groups[0][0] == "0":
        return False
    if is_code(out) or (out.words_before() or [""])[0] in PAIR_WORDS:
        return False
    following = _NEXT_WORD.match(text, match.end(), out.limit)
    return len(groups) > 2 or groups[-1] == "000" or following is not None


def _value(text: str) -> float:
    return float(text.replace(",", ""))


def _is_case(out: Writer, first: str, second: str) -> bool:
    """True for the parts of a code: "No. 22-1234", "model 12-456"."""
    before = (out.words_before() or [""])[0]
    code = len(second) < len(first) - 1 and not looks_like_year(first)
    return code or before in _CASES or before == "number" and len(first) < 3 < len(second)


def _member(text: str, first: str, link: str) -> str:
    if link == "to" and looks_like_year(first):
        if looks_like_year(text):
            return numbers.year(text)
        if len(text) == 2:
            return ("oh " if text[0] == "0" else "") + numbers.cardinal(text)
    if not link and text.isdecimal() and len(text) == 4:
        return numbers.pairs(text)
    return numbers.number(text)


_EDGE = r"(?![A-Za-z0-9])"
_SUFFIX = r"(?:[sS][tT]|[nN][dD]|[rR][dD]|[tT][hH])"
FIXED_RULES = ((re.compile(r"(?:24/7|9/11|50/50|20/20)(?![\d/])"), _fixed),)
EARLY_RULES = (
    (re.compile(r"(\d{1,9})? ?([½⅓⅔¼¾⅛⅜⅝⅞])"), _vulgar),
    (
        re.compile(rf"(\d{{1,3}}(?:,\d{{3}}){{1,9}}|\d{{1,27}})({_SUFFIX})((?:'s)?){_EDGE}"),
        _ordinal,
    ),
    (
        re.compile(rf"(?P<first>{NUMBER}) ?(?P<sign>[x×]) ?(?P<second>{NUMBER})(?![A-Za-wyz0-9])"),
        _pair,
    ),
)
GROUPED_RULES = (
    (re.compile(r"(\d{1,3}(?: \d{3}){1,8})(?![\d.,]?\d)([.,]\d{1,3}(?!\d))?"), _grouped),
    (re.compile(r"(\d{1,3}(?:['’]\d{3}){1,8})(?!\d)(\.\d{1,6})?"), _grouped),
    (re.compile(r"(\d{1,3}(?:_\d{3}){1,8})(?![\d_])(\.\d{1,6})?"), _grouped),
)
POINTED_RULES = ((re.compile(r"(\d{1,3}(?:\.\d{3}){2,8})(?!\.?\d)(,\d{1,3})?"), _grouped),)
SCRIPTURE_RULES = ((re.compile(r"(\d{1,3}):(\d{1,3})(?:[-–](\d{1,3}))?(?![\d:])"), _scripture),)
NUMBER_RULES = (
    (
        re.compile(rf"(?P<first>{NUMBER})(?P<sign>[-–:])(?P<second>{NUMBER})(?![A-Za-z0-9:/]|-\d)"),
        _pair,
    ),
    (re.compile(rf"({NUMBER})'s{_EDGE}"), _possessive),
    (re.compile(rf"({NUMBER})"), _plain),
)
