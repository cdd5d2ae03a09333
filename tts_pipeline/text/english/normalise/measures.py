"""Numbers with units: percent, degrees, lengths to data rates, and compound units with a slash."""

from __future__ import annotations

import re

from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.writer import NUMBER, Writer

# symbol: singular (plural made by adding s), or "singular/plural". Exact case first, then lower.
_BASE = {
    "m": "meter", "g": "gram", "L": "liter", "l": "liter", "W": "watt", "Wh": "watt hour",
    "V": "volt", "Hz": "hertz/hertz", "B": "byte", "bit": "bit", "J": "joule", "N": "newton",
    "Pa": "pascal", "cal": "calorie", "bps": "bit per second/bits per second",
    "eV": "electron volt",
    "Bq": "becquerel",
}  # fmt: skip
_PREFIXES = {
    "k": "kilo", "M": "mega", "G": "giga", "T": "tera", "m": "milli", "c": "centi", "d": "deci",
    "u": "micro", "n": "nano", "h": "hecto", "P": "peta",
}  # fmt: skip
_PREFIXED = (
    "km cm mm dm um nm kg mg ug ng mL ml cL cl dL dl kL hL kW MW GW TW mW kWh MWh GWh TWh Wh kV mV "
    "MV kHz MHz GHz THz kB KB MB GB TB PB kJ MJ GJ kN MN kPa MPa GPa hPa kcal kbps Mbps Gbps "
    "keV MeV GeV TeV kbit Mbit Gbit"
).split()


def _with_prefix(symbol: str) -> str:
    prefix = _PREFIXES["k" if symbol[0] == "K" else symbol[0]]
    return "/".join(prefix + form for form in _BASE[symbol[1:]].split("/"))


UNITS = {
    **{symbol: _with_prefix(symbol) for symbol in _PREFIXED if symbol not in _BASE},
    **{symbol: _BASE[symbol] for symbol in ("m", "g", "L", "l", "W", "Wh", "V", "Hz", "bps", "Pa")},
    "lb": "pound", "lbs": "pound", "oz": "ounce", "ft": "foot/feet", "yd": "yard", "yds": "yard",
    "mi": "mile", "inch": "inch/inches", "in": "inch/inches", "mph": "mile per hour/miles per hour",
    "kph": "kilometer per hour/kilometers per hour", "mpg": "mile per gallon/miles per gallon",
    "kmh": "kilometer per hour/kilometers per hour", "fps": "frame per second/frames per second",
    "rpm": "R P M/R P M", "bpm": "beat per minute/beats per minute", "gal": "gallon", "qt": "quart",
    "pt": "pint", "tbsp": "tablespoon", "tsp": "teaspoon", "cc": "C C/C C", "psi": "P S I/P S I",
    "hr": "hour", "hrs": "hour", "h": "hour", "min": "minute", "mins": "minute", "sec": "second",
    "secs": "second", "s": "second", "ms": "millisecond", "wk": "week", "wks": "week",
    "mo": "month", "mos": "month", "yr": "year", "yrs": "year", "ha": "hectare", "ac": "acre",
    "dB": "decibel", "Hp": "horsepower/horsepower", "hp": "horsepower/horsepower",
    "kt": "knot", "kts": "knot", "ppm": "part per million/parts per million",
    "sqft": "square foot/square feet", "atm": "atmosphere", "Mb": "megabit", "Gb": "gigabit",
    "Kb": "kilobit", "mol": "mole", "px": "pixel", "ohm": "ohm", "ohms": "ohm",
    "mAh": "milliamp hour", "Ah": "amp hour", "mA": "milliamp", "amp": "amp", "amps": "amp",
    "°": "degree", "°C": "degree celsius/degrees celsius",
    "°F": "degree fahrenheit/degrees fahrenheit",
    "%": "percent/percent", "nmi": "nautical mile", "cwt": "hundredweight/hundredweight",
    "day": "day", "week": "week", "month": "month", "year": "year", "hour": "hour",
    "minute": "minute", "second": "second", "person": "person/people", "d": "day",
}  # fmt: skip
# A unit of several letters may be in the wrong case ("12 KM"), the first in the table wins.
_LOWER = {symbol.lower(): spoken for symbol, spoken in reversed(UNITS.items()) if len(symbol) > 1}
# A quotation mark that stands for no inches.
_QUOTES = re.compile(r'(?<!\d)"')
# After a fraction or a number in words these are units too: "1/2 tsp."
_SURE = frozenset("tsp tbsp oz lb lbs kg km cm mm ml mph ft yd gal qt hr hrs mi kwh mg".split())
# A unit that is also a common word or letter counts as one only where it touches its number.
_TOUCHING = frozenset("in d mo pt ac person day week month year hour minute second".split())
_INCHES_AHEAD = re.compile(r"[.,;)]|\s*$| (?:x|×|by|tall|long|wide|deep|high|thick)\b")
_VOWEL = re.compile("[aeiouyAEIOUY]")
_SQUARES = {"2": "square ", "²": "square ", "3": "cubic ", "³": "cubic "}
_UNIT = r"(?:°[CF]?|%|(?:sq|cu)\.? ?(?:ft|m|km|mi|in|yd)|[A-Za-z]{1,6})"
# The full stop of an abbreviation, where no sentence can end.
_DOT = r"\.(?=[ \n][a-z(\d]|[,;:)])"
_POWER = r"(?:\^?[23²³])?"


def unit_words(symbol: str, plural: bool) -> str | None:
    """Return the words of a unit symbol ("km", "m2", "sq ft"), None where there is none."""
    symbol = symbol.strip().replace("^", "")
    shape = ""
    if symbol[:2] in ("sq", "cu") and symbol not in UNITS:
        shape = "square " if symbol[0] == "s" else "cubic "
        symbol = symbol[2:].lstrip(". ")
    if symbol[-1:] in _SQUARES:
        shape, symbol = _SQUARES[symbol[-1]], symbol[:-1]
    spoken = UNITS.get(symbol) or _LOWER.get(symbol.lower()) if symbol else None
    if spoken is None:
        return None
    one, _, many = spoken.partition("/")
    if shape and one == "second":
        return "seconds squared" if plural else "second squared"
    return shape + ((many or one + "s") if plural else one)


def per_words(name: str) -> str:
    """Return what a number is "per": a unit in full, another word as it is, else letters."""
    return unit_words(name, plural=False) or (
        name.lower() if len(name) > 2 and _VOWEL.search(name) else name.upper()
    )


def _rate(symbols: str | None) -> str | None:
    """Return "per hour" for "/hr"; empty for no rate, None for an unknown one."""
    if not symbols:
        return ""
    words = unit_words(symbols.lstrip("/ "), plural=False)
    return None if words is None else " per " + words


def _measure(out: Writer, match: re.Match[str]) -> bool:
    first, link, second, space, unit, rate = match.group(
        "first", "link", "second", "space", "unit", "rate"
    )
    bare = re.sub(r"[\^23²³]", "", unit)
    inches = bare == "in" and (match["dot"] or _INCHES_AHEAD.match(out.text, match.end()))
    if space == " " and bare in _TOUCHING and not inches:
        return False
    last = second or first
    words = unit_words(unit, plural=last != "1" and space != "-")
    per = _rate(rate)
    if words is None or per is None:
        return False
    spoken = numbers.number(first)
    if second:
        spoken += (" by " if "x" in link or "×" in link else " to ") + numbers.number(second)
    out.say(f"{spoken} {words}{per}", "measure", *match.span())
    return True


def _unit_alone(out: Writer, match: re.Match[str]) -> bool:
    """Say a unit after a fraction or a number that another rule has said: "1/2 tsp."."""
    if not out.tokens or out.tokens[-1].kind not in ("fraction", "cardinal", "decimal"):
        return False
    last = out.tokens[-1]
    said = [token.text for token in out.tokens[-8:] if token.span == last.span]
    plural = "and" in said if last.kind == "fraction" else said != ["one"]
    out.say(unit_words(match.group(1), plural) or "", "measure", *match.span(1))
    return True


def _per(out: Writer, match: re.Match[str]) -> bool:
    value, unit = match.groups()
    out.say(f"{numbers.number(value)} per {per_words(unit)}", "measure", *match.span())
    return True


def _feet_inches(out: Writer, match: re.Match[str]) -> bool:
    feet, inches = match.groups()
    words = numbers.cardinal(feet) + (" foot" if feet == "1" else " feet")
    if inches:
        words += f" {numbers.number(inches)} " + ("inch" if inches == "1" else "inches")
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


def _by(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or out.tokens[-1].kind not in ("measure", "cardinal", "decimal"):
        return False
    out.say("by", "measure", *match.span())
    return True


_N = NUMBER
NUMBER_RULES = (
    (re.compile(r"(\d{1,3})['′] ?(\d{1,2})(?:\"|″|'')"), _feet_inches),
    (re.compile(r"(\d{1,3})(?:′|'(?= (?:tall|long|wide|deep|high|by|x)\b))"), _feet),
    (
        re.compile(
            rf"({_N})°(?: ?(\d{{1,2}})['′](?: ?(\d{{1,2}}(?:\.\d{{1,6}})?)(?:\"|″|''))?)?"
            r"(?: ?([NSEW])(?![A-Za-z]))?(?!C|F)"
        ),
        _degrees,
    ),
    (re.compile(rf"({_N})[\"″](?![A-Za-z0-9])"), _inches),
    (
        re.compile(
            rf"(?P<first>{_N})(?:(?P<link> ?[-–x×] ?)(?P<second>{_N}))?(?P<space>[ -]?)"
            rf"(?P<unit>{_UNIT}{_POWER})(?P<rate>/(?:[A-Za-z]{{1,6}}|°C){_POWER})?"
            rf"(?![A-Za-z0-9/'])(?P<dot>{_DOT})?"
        ),
        _measure,
    ),
    (re.compile(rf"({_N})/([A-Za-z]{{1,12}})(?![A-Za-z0-9/])"), _per),
)
WORD_RULES = {
    "x": ((re.compile(r"x(?= ?\d)"), _by),),
    **{
        name: ((re.compile(rf"({name})(?![A-Za-z0-9/'])(?:{_DOT})?", re.IGNORECASE), _unit_alone),)
        for name in _SURE
    },
}
