"""Numbers with units: percent, degrees, lengths to data rates, and compound units with a slash."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.attributes import is_attribute
from tts_pipeline.text.english.normalise.dimensions import SIZE_RULES
from tts_pipeline.text.english.normalise.units import per_words, rate_words, unit_words
from tts_pipeline.text.english.normalise.writer import NUMBER, Writer

# After a number with a blank between, these letters are a unit where a device follows.
_AMPS = re.compile(
    r" (?:fuse|breaker|circuit|outlet|socket|plug|charger|current|supply|load|relay)s?\b"
)
# Rates and yields move by basis points, lines and modems by bits per second.
_BITS = re.compile(
    r"modem|baud|bandwidth|speed|connection|network|line|link|data|stream|serial|bit ?rate|kbps|"
    r"Mbps",
    re.I,
)
# Units whose short form carries a full stop, and those that may follow one: "5 ft. 9 in."
_STOPPED = frozenset(
    "in ft yd mi lb lbs oz pt qt gal tsp tbsp hr hrs min mins sec secs wk wks mo mos yr yrs cu sq "
    "doz ac cwt fl".split()
)
_SMALLER = {
    "ft": "in", "yd": "ft", "lb": "oz", "lbs": "oz", "hr": "min", "hrs": "min", "min": "sec",
    "mins": "sec", "yr": "mo", "yrs": "mo", "gal": "qt", "qt": "pt",
}  # fmt: skip
_MAGNITUDE = r"(?: (?P<magnitude>hundred|thousand|million|billion|trillion))?"
# After a fraction or a number in words these are units too: "1/2 tsp."
_SURE = frozenset("tsp tbsp oz lb lbs kg km cm mm ml mph ft yd gal qt hr hrs mi kwh mg".split())
# A unit that is also a common word or letter counts as one only where it touches its number.
_TOUCHING = frozenset("in d mo pt ac person day week month year hour minute second".split())
_INCHES_AHEAD = re.compile(r"[.,;)]|\s*$| (?:x|×|by|tall|long|wide|deep|high|thick)\b")
_UNIT = r"(?:°[CF]?|%|(?:sq|cu)\.? ?(?:ft|m|km|mi|in|yd)|fl\.? ?oz|[A-Za-z]{1,6})"
# The full stop of an abbreviation, where no sentence can end.
_DOT = r"\.(?=[ \n][a-z(\d]|[,;:)])"
_POWER = r"(?:\^?[23²³](?!\d)|\^-[12](?!\d))?"


def _measure(out: Writer, match: re.Match[str]) -> bool:
    """Say a number or a range with its unit."""
    first, link, second, space, unit, rate, magnitude = match.group(
        "first", "link", "second", "space", "unit", "rate", "magnitude"
    )
    bare = re.sub(r"\^-?[12]$|[\^23²³]", "", unit)
    inches = bare == "in" and (match["dot"] or _INCHES_AHEAD.match(out.text, match.end()))
    if space == " " and bare in _TOUCHING and not inches:
        return False
    if not _is_unit_here(out, match, bare, space):
        return False
    stop = match.end()
    if match["dot"] and not _keeps_stop(out, bare, stop):
        stop -= 1
    attribute = space == "-" or is_attribute(out, match.start(), stop)
    attribute = attribute or bare in ("A", "V", "W") and bool(_AMPS.match(out.text, stop))
    last = second or first
    plural = (last != "1" or magnitude is not None) and not attribute
    words = unit_words(unit, plural=plural)
    if bare == "bps" and not _BITS.search(out.text[max(match.start() - 60, 0) : stop + 30]):
        words = "basis points" if plural else "basis point"
    per = rate_words(rate)
    if words is None or per is None:
        return False
    spoken = numbers.number(first)
    if second:
        spoken += (" by " if "x" in link or "×" in link else " to ") + numbers.number(second)
    spoken += f" {magnitude}" if magnitude else ""
    out.say(f"{spoken} {words}{per}", "measure", match.start(), stop)
    if stop < match.end():
        # The stop is the sentence's, or none at all; it is looked at again.
        out.resume = stop
    return True


def _is_unit_here(out: Writer, match: re.Match[str], bare: str, space: str) -> bool:
    """Tell a unit from a letter that means something else where it stands."""
    if bare in ("A", "K") and space != " ":
        return bare == "A" and space == "" and bool(_AMPS.match(out.text, match.end()))
    if bare in ("A", "K", "F", "W", "V", "B", "N", "J", "G") and space == " ":
        if bare == "A":
            return _AMPS.match(out.text, match.end()) is not None
        return bare in ("K", "W", "V", "N", "J") and bool(
            "." in match["first"]
            or out.text[match.end() :][:1] in (".", ",", ";", ")", "")
            or re.match(
                " (?:per|and|to|of|at|in|outlet|bulb|battery|supply|line)",
                out.text[match.end() :][:9],
            )
        )
    if bare in ("W", "A", "F", "B", "V", "N") and (out.words_before() or [""])[0] in _ROADS:
        return False
    return not (bare == "in" and out.text.startswith("-", match.end()))


def _keeps_stop(out: Writer, bare: str, stop: int) -> bool:
    """True where the stop behind a unit is its own: no sentence begins after it."""
    if re.split("[ .]", bare.lower())[-1] not in _STOPPED:
        return False
    amount = re.compile(r"[ \n](\d[\d.,]* ?([a-z]+)?)").match(out.text, stop)
    return not amount or _SMALLER.get(bare.lower(), "-") == (amount.group(2) or "")[:3].rstrip("s.")


def _unit_alone(out: Writer, match: re.Match[str]) -> bool:
    """Say a unit after a fraction or a number that another rule has said: "1/2 tsp."."""
    if not out.tokens or out.tokens[-1].kind not in ("fraction", "cardinal", "decimal", "sign"):
        return False
    if out.text[match.start() - 1] not in " -0123456789½⅓⅔¼¾⅛⅜⅝⅞":
        return False
    last = out.tokens[-1]
    said = [token.text for token in out.tokens[-8:] if token.span == last.span]
    plural = "and" in said if last.kind == "fraction" else said != ["one"]
    words = unit_words(match.group(1), plural)
    if words is None:
        return False
    out.say(words, "measure", *match.span(1))
    return True


def _per(out: Writer, match: re.Match[str]) -> bool:
    value, unit = match.groups()
    out.say(f"{numbers.number(value)} per {per_words(unit)}", "measure", *match.span())
    return True


def _by(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or out.tokens[-1].kind not in ("measure", "cardinal", "decimal"):
        return False
    out.say("by", "measure", *match.span())
    return True


def _per_unit(out: Writer, match: re.Match[str]) -> bool:
    """Say "km/h", "mg/dL" and "$/sqft" where no number stands before."""
    first, second = unit_words(match.group(1), True), rate_words(match.group(2))
    counted = out.tokens[-1:] and out.tokens[-1].kind in ("decimal", "cardinal", "sign")
    if first is None or second is None:
        return False
    if not counted and len(match.group(1)) + len(match.group(2)) < 4:
        return False
    out.say(first + second, "measure", *match.span())
    return True


_ROADS = frozenset("route rte rt highway hwy interstate exit gate apt apartment unit seat".split())
LETTER_RULES = (
    (
        re.compile(rf"([A-Za-z]{{1,4}})((?:/[A-Za-z]{{1,4}}{_POWER}){{1,2}})(?![A-Za-z0-9/])"),
        _per_unit,
    ),
)
NUMBER_RULES = (
    *SIZE_RULES,
    (
        re.compile(
            rf"(?P<first>{NUMBER})(?:(?P<link> ?[-–x×] ?)(?P<second>{NUMBER}))?{_MAGNITUDE}"
            r"(?P<space>[ -]?)"
            rf"(?P<unit>{_UNIT}{_POWER})"
            rf"(?P<rate>(?:/(?:[A-Za-z]{{1,6}}|°C){_POWER}|[ *][A-Za-z]{{1,4}}\^-[12]){{1,2}})?"
            rf"(?![A-Za-z0-9/'])(?P<dot>{_DOT})?"
        ),
        _measure,
    ),
    (re.compile(rf"({NUMBER})/([A-Za-z]{{1,12}})(?![A-Za-z0-9/])"), _per),
)


def _cups(out: Writer, match: re.Match[str]) -> bool:
    """Say the "c." of a recipe after a number."""
    if not out.tokens or out.tokens[-1].kind not in ("fraction", "cardinal", "decimal"):
        return False
    said = [token.text for token in out.tokens[-6:] if token.span == out.tokens[-1].span]
    part = out.tokens[-1].kind == "fraction" and "and" not in said
    out.say("cup" if part or said == ["one"] else "cups", "measure", *match.span())
    return True


def _after_power(out: Writer, match: re.Match[str]) -> bool:
    """Say the unit of "3×10^6 J", which by itself would be a letter."""
    last = out.tokens[-1] if out.tokens else None
    if last is None or last.kind != "sign":
        return False
    said = [token.text for token in out.tokens[-8:] if token.span == last.span]
    words = {"J": "joules", "N": "newtons"}.get(match.group(1)) or unit_words(match.group(1), True)
    if words is None or not {"power", "squared", "cubed"} & set(said):
        return False
    out.say(words, "measure", *match.span(1))
    return True


_LETTER_UNITS = "m s g J W V N K Pa Hz eV".split()
WORD_RULES = {
    **{
        symbol.lower(): ((re.compile(rf"({symbol})(?![A-Za-z0-9/'^²³])"), _after_power),)
        for symbol in _LETTER_UNITS
    },
    "c": ((re.compile(r"c\.(?= [a-z])"), _cups),),
    "x": ((re.compile(r"x(?= ?\d)"), _by),),
    **{
        name: ((re.compile(rf"({name})(?![A-Za-z0-9/'])(?:{_DOT})?", re.IGNORECASE), _unit_alone),)
        for name in _SURE
    },
}
