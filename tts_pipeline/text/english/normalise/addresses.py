"""Street addresses: house numbers in pairs, directions and street types in full."""

from __future__ import annotations

import re

from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.abbreviations import STATES, STREETS
from tts_pipeline.text.english.normalise.signs import ends_sentence
from tts_pipeline.text.english.normalise.writer import Writer

_DIRECTIONS = {
    "N": "north", "S": "south", "E": "east", "W": "west", "NE": "northeast", "NW": "northwest",
    "SE": "southeast", "SW": "southwest",
}  # fmt: skip
_STREET = "|".join(
    sorted({form for name in STREETS for form in (name, name.capitalize())}, key=len, reverse=True)
)
_FULL = "|".join(sorted({name.capitalize() for name in STREETS.values()}, key=len, reverse=True))
_PART = re.compile(r"(\d{1,3})(?:st|nd|rd|th)|[A-Za-z']+")


def _address(out: Writer, match: re.Match[str]) -> bool:
    out.say(numbers.pairs(match.group("house")), "address", *match.span("house"))
    if match.group("direction"):
        direction = _DIRECTIONS[match.group("direction").replace(".", "")]
        out.say(direction, "address", *match.span("direction"))
    for part in _PART.finditer(match.group("name")):
        first, last = match.start("name") + part.start(), match.start("name") + part.end()
        if part.group(1):
            out.say(numbers.ordinal(part.group(1)), "ordinal", first, last)
        else:
            out.word(part.group().lower(), first, last)
    kind = match.group("type").lower()
    out.say(STREETS.get(kind, kind), "address", *match.span("type"))
    if match.group("dot"):
        if ends_sentence(out, match.end()):
            out.end_sentence(*match.span("dot"))
        else:
            out.silent(*match.span("dot"))
    return True


def _state(out: Writer, match: re.Match[str]) -> bool:
    """Say a state's code where it follows a town and a comma, with the postal code after it."""
    if not out.tokens or out.tokens[-1].text != "," or len(out.tokens) < 2:
        return False
    if not out.tokens[-2].source[:1].isupper():
        return False
    out.say(STATES[match.group(1)], "address", match.start(), match.end(1))
    for group in (2, 3):
        if match.group(group):
            out.say(numbers.spell_digits(match.group(group)), "address", *match.span(group))
    return True


NUMBER_RULES = (
    (
        re.compile(
            r"(?P<house>\d{1,5})(?: (?P<direction>N\.?E\.?|N\.?W\.?|S\.?E\.?|S\.?W\.?|[NSEW]\.?))?"
            r"(?P<name>(?: (?:[A-Z][a-z']{0,20}|\d{1,3}(?:st|nd|rd|th))){1,4})"
            rf" (?P<type>{_STREET}|{_FULL})(?P<dot>\.)?(?![A-Za-z0-9'-])"
        ),
        _address,
    ),
)
STATE_RULES = (
    (re.compile(rf"({'|'.join(STATES)})(?: (\d{{5}})(?:-(\d{{4}}))?)?(?![A-Za-z0-9])"), _state),
)
