"""Numbers with units: percent, degrees, lengths to data rates, and compound units with a slash."""

from __future__ import annotations

import re

from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.writer import NUMBER, Writer

# symbol: singular (plural made by adding s), or "singular/plural". Exact case first, then lower.
_BASE = {
    "m": "meter", "g": "gram", "L": "liter", "l": "liter", "W": "watt", "Wh": "watt hour",
    "V": "volt", "F": "farad", "A": "amp", "ohm": "ohm", "pc": "parsec", "s": "second",
    "Hz": "hertz/hertz", "B": "byte", "bit": "bit", "J": "joule", "N": "newton",
    "Pa": "pascal", "cal": "calorie", "bps": "bit per second/bits per second",
    "eV": "electron volt",
    "Bq": "becquerel", "mol": "mole", "Sv": "sievert",
}  # fmt: skip
_PREFIXES = {
    "p": "pico", "k": "kilo", "M": "mega", "G": "giga", "T": "tera", "m": "milli", "c": "centi",
    "d": "deci", "u": "micro", "n": "nano", "h": "hecto", "P": "peta",
}  # fmt: skip
_PREFIXED = (
    "km cm mm dm um nm kg mg ug ng mL ml cL cl dL dl kL hL kW MW GW TW mW kWh MWh GWh TWh Wh kV mV "
    "MV kHz MHz GHz THz kB KB MB GB TB PB kJ MJ GJ kN MN kPa MPa GPa hPa kcal kbps Mbps Gbps "
    "keV MeV GeV TeV kbit Mbit Gbit uL ul uA uV uF nF pF mF uW us ns ps nmol mmol umol kohm Mohm "
    "kpc Mpc mW kHz mSv"
).split()


def _with_prefix(symbol: str) -> str:
    prefix = _PREFIXES["k" if symbol[0] == "K" else symbol[0]]
    space = " " if symbol[1:] == "eV" else ""
    return "/".join(prefix + space + form for form in _BASE[symbol[1:]].split("/"))


UNITS = {
    **{symbol: _with_prefix(symbol) for symbol in _PREFIXED if symbol not in _BASE},
    "kohm": "kilohm", "Mohm": "megohm",
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
    "mmHg": "millimeter of mercury/millimeters of mercury", "fl oz": "fluid ounce",
    "deg": "degree", "bps": "bit per second/bits per second", "doz": "dozen/dozen",
    "nautical mile": "nautical mile", "K": "kelvin/kelvin", "bar": "bar", "lm": "lumen",
    "pts": "point", "dpi": "D P I/D P I", "kn": "knot", "IU": "I U/I U", "A": "amp",
    "Ma": "million year", "Ga": "billion year", "ka": "thousand year", "day": "day",
    "week": "week", "month": "month", "year": "year", "hour": "hour",
    "minute": "minute", "second": "second", "person": "person/people", "d": "day",
}  # fmt: skip
# A unit of several letters may be in the wrong case ("12 KM"), the first in the table wins.
_LOWER = {symbol.lower(): spoken for symbol, spoken in reversed(UNITS.items()) if len(symbol) > 1}
# Written in capitals these are something else: a grade point average, a master's degree, a plural.
_EXACT = frozenset("ga ka gpa mpa pa ma ms ev ha pt at hrs yrs mins bar as ns ps us ac".split())
# After a number with a blank between, these letters are a unit where a device follows.
_AMPS = re.compile(
    r" (?:fuse|breaker|circuit|outlet|socket|plug|charger|current|supply|load|relay)s?\b"
)
_FOLLOWING = re.compile(r" ([a-z]{2,})(?:[ -]|\W|$)|[- ]([A-Z])")
# A unit before one of these has no noun behind it: "a 5 km away".
_NO_NOUN = frozenset(
    "of in and or per to for on at from by with away long tall wide deep high thick apart above "
    "below more less is are was were than that which who into ago later over under each an the as "
    "if when because until before after so but have has had will would can could should may might "
    "must be been being do does did not left remaining total daily weekly then while since through "
    "across along between within without against about around up down off out back behind beyond "
    "near north south east west it its he she they we you his her their our only just also too "
    "again now today yesterday tomorrow last next every any some these those this all both off "
    "heavy old short shorter longer taller wider higher deeper older younger lower faster slower "
    "farther further earlier sooner plus minus times equals".split()
)
# With an article these describe a noun that is still to come: "a 6 ft tall man".
_SIZES = frozenset("long tall wide deep high thick old heavy short".split())
_ARTICLES = frozenset(
    "a an the this that another each every one first second third my your his her our their its "
    "no".split()
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
# A quotation mark that stands for no inches.
_QUOTES = re.compile(r'(?<!\d)"')
# After a fraction or a number in words these are units too: "1/2 tsp."
_SURE = frozenset("tsp tbsp oz lb lbs kg km cm mm ml mph ft yd gal qt hr hrs mi kwh mg".split())
# A unit that is also a common word or letter counts as one only where it touches its number.
_TOUCHING = frozenset("in d mo pt ac person day week month year hour minute second".split())
_INCHES_AHEAD = re.compile(r"[.,;)]|\s*$| (?:x|×|by|tall|long|wide|deep|high|thick)\b")
_VOWEL = re.compile("[aeiouyAEIOUY]")
_SQUARES = {"2": "square ", "²": "square ", "3": "cubic ", "³": "cubic "}
_UNIT = r"(?:°[CF]?|%|(?:sq|cu)\.? ?(?:ft|m|km|mi|in|yd)|fl\.? ?oz|[A-Za-z]{1,6})"
# The full stop of an abbreviation, where no sentence can end.
_DOT = r"\.(?=[ \n][a-z(\d]|[,;:)])"
_POWER = r"(?:\^?[23²³](?!\d)|\^-[12](?!\d))?"


def unit_words(symbol: str, plural: bool) -> str | None:
    """Return the words of a unit symbol ("km", "m2", "sq ft"), None where there is none."""
    symbol = symbol.strip()
    inverse = symbol.endswith(("^-1", "^-2"))
    if inverse:
        symbol, square = symbol[:-3], symbol[-1] == "2"
        one = unit_words(symbol, plural=False)
        if one is None:
            return None
        return (
            f"per {one} squared"
            if square and one == "second"
            else (f"per square {one}" if square else f"per {one}")
        )
    symbol = symbol.replace("^", "")
    shape = ""
    if symbol[:2] in ("sq", "cu") and symbol not in UNITS:
        shape = "square " if symbol[0] == "s" else "cubic "
        symbol = symbol[2:].lstrip(". ")
    if symbol[:2] == "fl":
        symbol = "fl oz"
    if symbol[-1:] in _SQUARES:
        shape, symbol = _SQUARES[symbol[-1]], symbol[:-1]
    spoken = UNITS.get(symbol)
    if spoken is None and symbol and symbol.lower() not in _EXACT and not _is_plural(symbol):
        spoken = _LOWER.get(symbol.lower())
    if spoken is None:
        return None
    one, _, many = spoken.partition("/")
    if shape and one == "second":
        return "seconds squared" if plural else "second squared"
    return shape + ((many or one + "s") if plural else one)


def _is_plural(symbol: str) -> bool:
    """True for capitals with a small s: "HRs" are home runs, no hours."""
    return len(symbol) > 2 and symbol[:-1].isupper() and symbol[-1] == "s"


def is_attribute(out: Writer, start: int, end: int) -> bool:
    """True where a measure stands between an article and a noun: "a 500 ml bottle"."""
    before = out.words_before(1)
    if not before or before[0] not in _ARTICLES:
        return False
    following = _FOLLOWING.match(out.text, end, out.limit)
    if following is None:
        return False
    if following.group(2):
        return out.text[end] == " "
    word = following.group(1)
    if word in _SIZES:
        return before[0] in ("a", "an")
    return word not in _NO_NOUN and not word.endswith("ly")


def per_words(name: str) -> str:
    """Return what a number is "per": a unit in full, another word as it is, else letters."""
    return unit_words(name, plural=False) or (
        name.lower() if len(name) > 2 and _VOWEL.search(name) else name.upper()
    )


def _rate(symbols: str | None) -> str | None:
    """Return "per hour" for "/hr"; empty for no rate, None for an unknown one."""
    if not symbols:
        return ""
    spoken = ""
    for symbol in re.split("[/ *]", symbols.strip("/ *")):
        words = unit_words(symbol, plural=False)
        if words is None:
            return None
        spoken += f" {words}" if words.startswith("per ") else f" per {words}"
    return spoken


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
    per = _rate(rate)
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


def _by(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or out.tokens[-1].kind not in ("measure", "cardinal", "decimal"):
        return False
    out.say("by", "measure", *match.span())
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


def _per_unit(out: Writer, match: re.Match[str]) -> bool:
    """Say "km/h", "mg/dL" and "$/sqft" where no number stands before."""
    first, second = unit_words(match.group(1), True), _rate(match.group(2))
    counted = out.tokens[-1:] and out.tokens[-1].kind in ("decimal", "cardinal", "sign")
    if first is None or second is None:
        return False
    if not counted and len(match.group(1)) + len(match.group(2)) < 4:
        return False
    out.say(first + second, "measure", *match.span())
    return True


_N = NUMBER
_P = rf"(?:{NUMBER})"
_MARKED = {"'": ("foot", "feet"), "′": ("foot", "feet"), '"': ("inch", "inches"),
           "″": ("inch", "inches"), "''": ("inch", "inches")}  # fmt: skip
_ROADS = frozenset("route rte rt highway hwy interstate exit gate apt apartment unit seat".split())
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
LETTER_RULES = (
    (
        re.compile(rf"([A-Za-z]{{1,4}})((?:/[A-Za-z]{{1,4}}{_POWER}){{1,2}})(?![A-Za-z0-9/])"),
        _per_unit,
    ),
)
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
            rf"(?P<first>{_N})(?:(?P<link> ?[-–x×] ?)(?P<second>{_N}))?{_MAGNITUDE}(?P<space>[ -]?)"
            rf"(?P<unit>{_UNIT}{_POWER})"
            rf"(?P<rate>(?:/(?:[A-Za-z]{{1,6}}|°C){_POWER}|[ *][A-Za-z]{{1,4}}\^-[12]){{1,2}})?"
            rf"(?![A-Za-z0-9/'])(?P<dot>{_DOT})?"
        ),
        _measure,
    ),
    (re.compile(rf"({_N})/([A-Za-z]{{1,12}})(?![A-Za-z0-9/])"), _per),
)


def _cups(out: Writer, match: re.Match[str]) -> bool:
    """Say the "c." of a recipe after a number."""
    if not out.tokens or out.tokens[-1].kind not in ("fraction", "cardinal", "decimal"):
        return False
    said = [token.text for token in out.tokens[-6:] if token.span == out.tokens[-1].span]
    part = out.tokens[-1].kind == "fraction" and "and" not in said
    out.say("cup" if part or said == ["one"] else "cups", "measure", *match.span())
    return True


WORD_RULES = {
    "c": ((re.compile(r"c\.(?= [a-z])"), _cups),),
    "x": ((re.compile(r"x(?= ?\d)"), _by),),
    **{
        name: ((re.compile(rf"({name})(?![A-Za-z0-9/'])(?:{_DOT})?", re.IGNORECASE), _unit_alone),)
        for name in _SURE
    },
}
