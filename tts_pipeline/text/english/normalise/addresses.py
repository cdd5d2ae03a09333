"""Street addresses: house numbers in pairs, directions and street types in full."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.abbreviations import PLAIN, SHORT_STATES, STATES, STREETS
from tts_pipeline.text.english.normalise.stops import ends_sentence
from tts_pipeline.text.english.normalise.towns import TOWNS
from tts_pipeline.text.english.normalise.writer import Writer

_DIRECTIONS = {
    "N": "north", "S": "south", "E": "east", "W": "west", "NE": "northeast", "NW": "northwest",
    "SE": "southeast", "SW": "southwest",
}  # fmt: skip
# Codes that are also words, degrees or short for something else.
_AMBIGUOUS = frozenset(
    "OK OR IN ME HI OH MA PA MD AL LA DE CO CT ID MO MS MT ND NE PR VA AR SC SD".split()
)
# Where one of these stands before, the name is a person's and the letters are a degree.
_PERSONAL = frozenset("doctor mister missus miz professor md phd rn".split())
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
    """Say a state's code where it follows a town and a comma, with the postal code after it.

    A code that is also a word or a degree counts only with a postal code or after a town known to
    lie there: "Yes, OK" and "Lee, MD" name no state.
    """
    if not out.tokens or out.tokens[-1].text != "," or len(out.tokens) < 2:
        return False
    code = match.group(1)
    town = out.tokens[-2]
    if town.kind != "word" or not town.source[:1].isupper() or town.source.isupper():
        return False
    if not match.group(2):
        name = " ".join(reversed(out.words_before(3)))
        known = any(name.endswith(each) for each in TOWNS.get(code, ()))
        person = any(token.text in _PERSONAL for token in out.tokens[-6:])
        if code in _AMBIGUOUS and not known or person and not known:
            return False
    out.say(STATES[code], "address", match.start(), match.end(1))
    for group in (2, 3):
        if match.group(group):
            out.say(numbers.spell_digits(match.group(group)), "address", *match.span(group))
    return True


def _short_state(out: Writer, match: re.Match[str]) -> bool:
    """Say "St. Louis, Mo." and "Springfield, Ill.," in full."""
    if len(out.tokens) < 2 or out.tokens[-1].text != "," or not out.tokens[-2].source[:1].isupper():
        return False
    end = match.end()
    closing = ends_sentence(out, end)
    words = PLAIN[match.group(1).lower()]
    out.say(words, "address", match.start(), end - closing)
    if closing:
        out.end_sentence(end - 1, end)
    return True


def _party(out: Writer, match: re.Match[str]) -> bool:
    """Say "D-N.Y.", "R-Texas" and "D-Mass." of a member of Congress."""
    name = match.group(2).replace(".", "")
    words = STATES.get(name) if name.isupper() else PLAIN.get(name.lower())
    if words is None:
        return False
    out.spell(match.group(1), match.start())
    out.say(words, "address", *match.span(2))
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
    (
        re.compile(rf"({'|'.join(STATES)})(?:,? (\d{{5}})(?:-(\d{{4}}))?(?!\d))?(?![A-Za-z0-9])"),
        _state,
    ),
)
SHORT_STATE_RULE = (
    re.compile(rf"({'|'.join(name.capitalize() for name in sorted(SHORT_STATES))})\."),
    _short_state,
)


def _quarter(out: Writer, match: re.Match[str]) -> bool:
    """Say the "NW" behind a street."""
    last = out.tokens[-1] if out.tokens else None
    if last is None or last.kind == "silent" and len(out.tokens) > 1:
        last = out.tokens[-2] if len(out.tokens) > 1 else None
    if last is None or last.text not in STREETS.values():
        return False
    out.say(_DIRECTIONS[match.group(1)], "address", *match.span())
    return True


QUARTER_RULE = (re.compile(r"(NW|NE|SW|SE)(?![A-Za-z0-9])"), _quarter)
PARTY_RULES = (
    (re.compile(r"([DRI])-((?:[A-Z]\.){2}|[A-Z][a-z]{1,5}\.|[A-Z]{2}(?![A-Za-z]))"), _party),
)
