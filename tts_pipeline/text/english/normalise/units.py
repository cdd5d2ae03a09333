"""Units of measure and their names: from "km" to "millimeters of mercury"."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re

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


_VOWEL = re.compile("[aeiouyAEIOUY]")


_SQUARES = {"2": "square ", "²": "square ", "3": "cubic ", "³": "cubic "}


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


def per_words(name: str) -> str:
    """Return what a number is "per": a unit in full, another word as it is, else letters."""
    return unit_words(name, plural=False) or (
        name.lower() if len(name) > 2 and _VOWEL.search(name) else name.upper()
    )


def rate_words(symbols: str | None) -> str | None:
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
