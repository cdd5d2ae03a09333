"""Sizes: feet and inches, angles, and lengths with "by" between."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.attributes import is_attribute
from tts_pipeline.text.english.normalise.units import unit_words
from tts_pipeline.text.english.normalise.writer import NUMBER, Writer

# A quotation mark that stands for no inches.
_QUOTES = re.compile(r'(?<!\d)"')


def _feet_inches(out: Writer, match: re.Match[str]) -> bool:
    feet, inches = match.groups()
    attribute = is_attribute(out, *match.span())
    words = numbers.cardinal(feet) + (" foot" if feet == "1" or attribute else " feet")
    if inches:
        words += f" {numbers.number(inches)}"
        words += "" if attribute else " inch" if inches == "1" else " inches"
    out.say(words, "measure", *match.span())
    return True


def _inches(out: Writer, match: re.Match[str]) -> bool:
    # A quotation that closes after a number looks the same: count the quotes before on this line.
    begin = max(out.text.rfind("\n", 0, match.start()) + 1, match.start() - 400)
    if len(_QUOTES.findall(out.text, begin, match.start())) % 2:
        return False
    value = match.group(1)
    out.say(
        numbers.number(value) + (" inch" if value == "1" else " inches"), "measure", *match.span()
    )
    return True


def _feet(out: Writer, match: re.Match[str]) -> bool:
    feet = match.group(1)
    out.say(
        numbers.cardinal(feet) + (" foot" if feet == "1" else " feet"), "measure", *match.span()
    )
    return True


def _degrees(out: Writer, match: re.Match[str]) -> bool:
    """Say 40°42'46" N as degrees, minutes and seconds north."""
    words = ""
    for value, unit in zip(match.groups(), ("degree", "minute", "second")):
        if value:
            words += f"{numbers.number(value)} {unit}{'' if value == '1' else 's'} "
    side = {"N": "north", "S": "south", "E": "east", "W": "west"}.get(match.group(4) or "", "")
    out.say(words + side, "measure", *match.span())
    return True


def _dimensions(out: Writer, match: re.Match[str]) -> bool:
    """Say "12x18x4 in.", "8' x 10'", "4\"x6\"" and "3x3x3" with "by" between."""
    parts = list(_DIMENSION.finditer(match.group("parts")))
    signs = [part.group(2).strip() for part in parts]
    unit = (match.group("unit") or "").strip()
    if unit and unit_words(unit, True) is None:
        return False
    marked = [sign for sign in signs if sign]
    if len(parts) < 3 and not marked:
        return False
    words = ""
    for number, part in enumerate(parts):
        words += " by " if number else ""
        words += numbers.number(part.group(1))
        sign = signs[number]
        if sign and (number == len(parts) - 1 or len(set(marked)) > 1 or len(marked) == len(parts)):
            one, many = _MARKED.get(sign, (sign, sign))
            words += " " + (one if part.group(1) == "1" else many)
    if unit:
        words += " " + (unit_words(unit, not is_attribute(out, *match.span())) or "")
    out.say(words, "measure", *match.span())
    return True


def _foot_inch(out: Writer, match: re.Match[str]) -> bool:
    """Say "a 5 ft 9 in woman" and "5 ft 9"."""
    feet, inches = match.group(1, 2)
    attribute = is_attribute(out, *match.span())
    words = numbers.cardinal(feet) + (" foot " if feet == "1" or attribute else " feet ")
    words += numbers.number(inches)
    words += "" if attribute else " inch" if inches == "1" else " inches"
    out.say(words, "measure", *match.span())
    return True


def _in_one(out: Writer, match: re.Match[str]) -> bool:
    first, second = match.groups()
    out.say(f"{numbers.cardinal(first)} in {numbers.cardinal(second)}", "measure", *match.span())
    return True


def _years_old(out: Writer, match: re.Match[str]) -> bool:
    out.say(f"{numbers.number(match.group(1))} year old", "measure", *match.span())
    return True


_P = rf"(?:{NUMBER})"


_MARKED = {"'": ("foot", "feet"), "′": ("foot", "feet"), '"': ("inch", "inches"),
           "″": ("inch", "inches"), "''": ("inch", "inches")}  # fmt: skip


_SIGN = r"(?:''|['\"′″])?"


_DIMENSION = re.compile(rf"({_P})({_SIGN})")


_SEP = r" ?(?:[x×]|by(?= \d)) ?"


EARLY_RULES = (
    (re.compile(r"(\d)-in-(\d)(?![A-Za-z0-9])"), _in_one),
    (
        re.compile(
            rf"(?P<parts>{_P}{_SIGN}(?:{_SEP}{_P}{_SIGN}){{1,3}})"
            r"(?:(?P<unit> ?(?:in(?=[.,;)]|$| (?:box|pan|sheet|board))|ft|cm|mm|m|inch(?:es)?|"
            r"feet|foot))"
            r"(?![A-Za-z0-9/])\.?(?= [a-z(\d]|[,;)]|$)?)?(?![A-Za-z0-9^])"
        ),
        _dimensions,
    ),
    (re.compile(r"(\d{1,3}) ?ft\.? (\d{1,2})(?: ?in(?![A-Za-z])\.?(?= [a-z]|[,;)]))"), _foot_inch),
    (re.compile(r"(\d{1,3}(?:\.5)?)(?: |-)?(?:y/o|y\.o\.|yo)(?![A-Za-z0-9])"), _years_old),
)


SIZE_RULES = (
    (re.compile(r"(\d{1,3})['′] ?(\d{1,2})(?:\"|″|'')"), _feet_inches),
    (re.compile(r"(\d{1,3})(?:′|'(?= (?:tall|long|wide|deep|high|by|x)\b))"), _feet),
    (
        re.compile(
            rf"({NUMBER})°(?: ?(\d{{1,2}})['′](?: ?(\d{{1,2}}(?:\.\d{{1,6}})?)(?:\"|″|''))?)?"
            r"(?: ?([NSEW])(?![A-Za-z]))?(?!C|F)"
        ),
        _degrees,
    ),
    (re.compile(rf"({NUMBER})[\"″](?![A-Za-z0-9])"), _inches),
)
