"""Telephone, card, account and network numbers, versions, and codes that mix letters and digits."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.initialisms import SMALL, SPELLED, SPOKEN
from tts_pipeline.text.english.normalise.capitals import is_initialism
from tts_pipeline.text.english.normalise.dates import decade
from tts_pipeline.text.english.normalise.labels import looks_like_year
from tts_pipeline.text.english.normalise.writer import Writer

_CALLING = frozenset("call calls called calling dial dials dialed dialing".split())
_VOWEL = re.compile("[aeiouyAEIOUY]")
_RUN = re.compile(r"\d+|[A-Za-z]+")
_HUMP = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]")
_GROUP = re.compile(r"\d+|[A-Za-z]+|\+")


def _digit_groups(out: Writer, match: re.Match[str]) -> bool:
    """Say each group of digits one by one with a short rest between the groups."""
    groups = list(_GROUP.finditer(match.group()))
    extended = False
    for index, group in enumerate(groups):
        first, last = match.start() + group.start(), match.start() + group.end()
        text = group.group()
        if text == "+":
            out.say("plus", "telephone", first, last)
        elif text.isdecimal() and extended and len(text) < 3:
            out.say(numbers.cardinal(text), "telephone", first, last)
        elif text.isdecimal():
            whole = text in ("800", "900") and index == 1 and groups[0].group() == "1"
            words = numbers.cardinal(text) if whole else numbers.spell_digits(text)
            out.say(words, "telephone", first, last)
        elif text.lower() in ("ext", "x"):
            out.say("extension", "telephone", first, last)
            extended = True
            continue
        elif len(text) > 1 and _VOWEL.search(text):
            out.word(text.lower(), first, last)
        else:
            out.spell(text, first)
        if index < len(groups) - 1 and text != "+":
            out.mark(",", last, match.start() + groups[index + 1].start())
    return True


def _ten_digits(out: Writer, match: re.Match[str]) -> bool:
    """Say ten bare digits that make a telephone number of North America, group by group."""
    for group in (1, 2, 3):
        if group > 1:
            out.say(",", "telephone", match.start(group), match.end(group))
        words = numbers.spell_digits(match.group(group))
        out.say(words, "telephone", *match.span(group))
    return True


def _dotted(out: Writer, match: re.Match[str]) -> bool:
    """Say an IP address digit by digit and a version number by its parts."""
    parts = match.group().split(".")
    address = len(parts) == 4 and all(len(part) < 4 and int(part) < 256 for part in parts)
    link = " dot " if address else " point "
    read = numbers.spell_digits if address else numbers.number
    out.say(link.join(read(part) for part in parts), "code", *match.span())
    return True


def _emergency(out: Writer, match: re.Match[str]) -> bool:
    """Say 911 and, where someone calls it, 411 and its kin digit by digit."""
    if match.group() != "911" and not _CALLING.intersection(out.words_before(6)):
        return False
    out.say(numbers.spell_digits(match.group()), "telephone", *match.span())
    return True


def _bracketed(out: Writer, match: re.Match[str]) -> bool:
    """Say section codes such as "401(k)" and "501(c)(3)"."""
    digits = match.group(1)
    out.say(numbers.pairs(digits), "code", match.start(), match.end(1))
    for inner in re.finditer("[A-Za-z0-9]+", match.group(2)):
        first = match.start(2) + inner.start()
        if inner.group().isdecimal():
            out.say(numbers.cardinal(inner.group()), "code", first, first + len(inner.group()))
        else:
            out.spell(inner.group(), first)
    return True


def read_digits(digits: str, *, alone: bool) -> str:
    """Return the digits of a code: alone between separators, or next to letters."""
    if digits[0] == "0" and len(digits) > 1 or len(digits) > 4:
        return numbers.spell_digits(digits)
    if looks_like_year(digits) and alone:
        return numbers.year(digits)
    if len(digits) == 4:
        return numbers.spell_digits(digits)
    return numbers.cardinal(digits) if alone else numbers.pairs(digits)


def _serial(out: Writer, match: re.Match[str]) -> bool:
    """Say a code part by part: "t-0t25d12-f", "COVID-19", "B2B", "mid-1980s", "3-year-old"."""
    place = match.start()
    named = re.fullmatch(r"[A-Z]{1,3}-\d{3}", match.group()) is not None
    counted = re.fullmatch(r"\d{1,9}-[a-z]{2,20}(?:-[a-z]{2,20}){0,3}", match.group())
    for part in re.finditer("[A-Za-z0-9]+|[-/]+", match.group()):
        first, last = place + part.start(), place + part.end()
        text = part.group()
        if not text[0].isalnum():
            out.silent(first, last)
        elif counted and text.isdecimal():
            out.say(numbers.number(text), "cardinal", first, last)
        elif re.fullmatch(r"\d{3}0s|[2-9]0s", text):
            out.say(decade(text[:-1]), "date", first, last)
        else:
            runs = list(_RUN.finditer(text))
            for run in runs:
                if (
                    run.group().isdecimal()
                    and run.start() == 0
                    and len(run.group()) == 4
                    and run.end() < len(text)
                ):
                    out.say(numbers.pairs(run.group()), "code", first, first + 4)
                else:
                    _say_run(out, run, first, alone=len(runs) == 1 and not named)
    return True


def _zone(out: Writer, match: re.Match[str]) -> bool:
    """Say "UTC-5" and "GMT+5:30"."""
    zone, sign, hours, minutes = match.groups()
    out.spell(zone, match.start())
    words = ("plus " if sign == "+" else "minus ") + numbers.cardinal(hours)
    words += f" {numbers.cardinal(minutes)}" if minutes and minutes != "00" else ""
    out.say(words, "time", match.start(2), match.end())
    return True


def _say_run(out: Writer, run: re.Match[str], offset: int, *, alone: bool) -> None:
    text, first, last = run.group(), offset + run.start(), offset + run.end()
    if text.isdecimal():
        out.say(read_digits(text, alone=alone), "code", first, last)
    elif len(text) >= (2 if alone and text.islower() else 3) and _is_said(out, text):
        out.word(text.lower(), first, last)
    else:
        out.spell(text, first)


def _is_said(out: Writer, text: str) -> bool:
    """Tell a word inside a code ("COVID-19") from letters ("UTF-8", "IPv6")."""
    low = text.lower()
    if not _VOWEL.search(text) or low in SMALL or (text.isupper() and low in SPELLED):
        return False
    if text[1:].islower():
        return True
    if not text.isupper():
        return not is_initialism([hump.group() for hump in _HUMP.finditer(text)], out.known)
    return low in SPOKEN or len(low) > 3 or out.known is not None and out.known(low)


_EDGE = r"(?![A-Za-z0-9])"
_EXT = r"(?:,? ?(?:ext\.?|x) ?\d{1,6})?"
_END = r"(?![A-Za-z0-9]|[-/]\d)"
PHONE = (
    r"(?:\+?\d{1,2}[- .]?)?(?:\(\d{3}\)[- .]?|\d{3}[-. ])\d{3}[-. ]\d{4}(?:-\d{1,4})?" + _EXT + _END
)
NUMBER_RULES = (
    (re.compile(PHONE), _digit_groups),
    (re.compile(rf"1-(?:8\d\d|900)(?:-[A-Z0-9]{{1,10}}){{1,4}}{_EDGE}"), _digit_groups),
    (re.compile(rf"\d{{4}}([- ])\d{{4}}\1\d{{4}}\1\d{{1,4}}{_END}"), _digit_groups),
    (re.compile(rf"\d{{3}}-\d{{2}}-\d{{4}}{_END}"), _digit_groups),
    (re.compile(rf"\d{{5}}-\d{{4}}{_END}"), _digit_groups),
    (re.compile(rf"\d{{3}}-\d{{4}}{_EXT}{_END}"), _digit_groups),
    (re.compile(rf"0\d{{1,4}}(?:[- /]\d{{3,8}}){{1,3}}{_END}"), _digit_groups),
    (re.compile(r"([2-9]\d\d)([2-9]\d\d)(\d{4})(?![A-Za-z0-9]|[-.,/]\d)"), _ten_digits),
    (re.compile(rf"\d{{1,5}}-\d{{1,7}}-\d{{1,7}}-[\dX]{_END}"), _digit_groups),
    (re.compile(rf"97[89]-\d{{1,5}}-\d{{1,7}}-\d{{1,6}}-\d{_END}"), _digit_groups),
    (re.compile(r"\d{1,9}(?:\.\d{1,9}){2,6}(?![A-Za-z0-9]|[./]\d)"), _dotted),
    (re.compile(rf"\d11{_EDGE}"), _emergency),
    (re.compile(r"(\d{2,4})((?:\([A-Za-z]\)|\(\d\)){1,4})(?![A-Za-z0-9])"), _bracketed),
)
PLUS_RULES = (
    (re.compile(r"\+" + PHONE), _digit_groups),
    (
        re.compile(rf"\+\d{{1,3}}(?:[- .]\d{{2,11}}|[- .]?\(\d{{1,4}}\)){{1,6}}{_END}"),
        _digit_groups,
    ),
    (re.compile(rf"\+\d{{8,15}}{_END}"), _digit_groups),
)
BRACKET_RULES = ((re.compile(PHONE), _digit_groups),)
_CHAIN = r"[A-Za-z0-9]{1,40}(?:[-/][A-Za-z0-9]{1,40}){0,12}(?![A-Za-z0-9]|[-/][A-Za-z0-9])"
ZONE_RULES = ((re.compile(r"(UTC|GMT)([-+−–])(\d{1,2})(?::?(\d\d))?(?![A-Za-z0-9])"), _zone),)
SERIAL_RULES = (
    (re.compile(rf"(?=[A-Za-z/-]{{0,99}}\d)(?=[0-9/-]{{0,99}}[A-Za-z]){_CHAIN}"), _serial),
    (re.compile(rf"\d{{1,9}}(?:[-/]\d{{1,9}}){{2,12}}{_END}"), _serial),
)
