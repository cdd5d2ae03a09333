"""Sums of money: signs and codes before or after, cents, magnitudes, ranges and rates."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.units import per_words
from tts_pipeline.text.english.normalise.writer import NUMBER, Writer

# sign or code: unit, units, hundredth, hundredths (empty where none is in use).
_DOLLAR = ("dollar", "dollars", "cent", "cents")
CURRENCIES = {
    "$": _DOLLAR,
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "", ""),
    "₩": ("won", "won", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("ruble", "rubles", "kopek", "kopeks"),
    "₺": ("lira", "lira", "kurush", "kurush"),
    "₫": ("dong", "dong", "", ""),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₱": ("peso", "pesos", "centavo", "centavos"),
    "฿": ("baht", "baht", "satang", "satang"),
    "₦": ("naira", "naira", "kobo", "kobo"),
    "₴": ("hryvnia", "hryvnias", "kopek", "kopeks"),
    "₿": ("bitcoin", "bitcoins", "", ""),
}
_CODES = {
    "USD": "U S dollar", "CAD": "canadian dollar", "AUD": "australian dollar", "EUR": "€",
    "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "RUB": "₽", "CHF": "swiss franc",
    "CNY": "yuan", "RMB": "yuan", "SEK": "swedish krona", "NOK": "norwegian krone",
    "DKK": "danish krone", "HKD": "hong kong dollar", "NZD": "new zealand dollar",
    "SGD": "singapore dollar", "MXN": "mexican peso", "BRL": "brazilian real", "BTC": "₿",
    "PLN": "polish zloty", "ZAR": "south african rand", "TRY": "₺", "ILS": "₪", "THB": "฿",
    "PHP": "₱", "TWD": "taiwan dollar", "AED": "emirati dirham", "SAR": "saudi riyal",
    "CZK": "czech koruna", "HUF": "hungarian forint", "UAH": "₴", "NGN": "₦", "VND": "₫",
}  # fmt: skip
_PREFIXES = {
    "US": "U S ", "C": "canadian ", "CA": "canadian ", "A": "australian ", "AU": "australian ",
    "NZ": "new zealand ", "HK": "hong kong ", "S": "singapore ", "R": "brazilian ",
    "NT": "taiwan ",
}  # fmt: skip
_MAGNITUDES = {
    "k": "thousand", "m": "million", "mn": "million", "mm": "million", "mil": "million",
    "b": "billion", "bn": "billion", "t": "trillion", "tn": "trillion", "thousand": "thousand",
    "million": "million", "billion": "billion", "trillion": "trillion", "hundred": "hundred",
    "grand": "grand",
}  # fmt: skip
_INVARIABLE = ("yuan", "krona", "krone", "zloty", "rand", "real", "koruna", "forint")


def _currency(sign: str) -> tuple[str, str, str, str]:
    name = _CODES.get(sign.upper(), sign)
    if name in CURRENCIES:
        return CURRENCIES[name]
    plural = name if name.endswith(_INVARIABLE) else name + "s"
    return name, plural, "cent", "cents"


def amount(value: str, magnitude: str, sign: str, prefix: str = "") -> str:
    """Return a sum in words: value "20.50", magnitude "" or "million", sign "$", prefix "U S "."""
    one, many, cent, cents = _currency(sign)
    one, many = prefix + one, prefix + many
    if magnitude:
        return f"{numbers.number(value)} {magnitude} {many}"
    whole, _, decimals = value.replace(",", "").partition(".")
    if len(decimals) > 2 and not decimals[2:].strip("0"):
        # Zeros behind the cents say no more than the cents.
        decimals = decimals[:2]
    if not decimals or not cent or len(decimals) > 2:
        if not decimals.strip("0") and decimals and len(decimals) <= 2:
            value = whole
        return f"{numbers.number(value)} {one if value == '1' else many}"
    hundredths = int(decimals.ljust(2, "0"))
    small = f"{numbers.cardinal(str(hundredths))} {cent if hundredths == 1 else cents}"
    if not whole.strip("0"):
        return small if hundredths else f"zero {many}"
    large = f"{numbers.cardinal(whole)} {one if whole.strip('0') == '1' == whole[-1] else many}"
    return f"{large} and {small}" if hundredths else large


def _say_sum(out: Writer, match: re.Match[str]) -> bool:
    group = match.groupdict("")
    sign, value, second, rate = group["sign"], group["value"], group["second"], group["rate"]
    prefix = _PREFIXES.get(group.get("prefix", ""), "")
    magnitude = _MAGNITUDES.get(group["magnitude"].lower(), "")
    last = _MAGNITUDES.get(group["magnitude2"].lower(), "")
    if second and group["sign2"]:
        words = f"{amount(value, magnitude, sign, prefix)} to {amount(second, last, sign, prefix)}"
    elif second:
        words = f"{numbers.number(value)} {magnitude} to {amount(second, last, sign, prefix)}"
    elif _is_attribute(out, match.end()):
        words = f"{numbers.number(value)} {magnitude} {prefix}{_currency(sign)[0]}"
    else:
        words = amount(value, magnitude, sign, prefix)
    if rate:
        words += " per " + per_words(rate)
    out.say("minus " * bool(group["minus"]) + words, "money", *match.span())
    return True


def _european(out: Writer, match: re.Match[str]) -> bool:
    """Say "€1.250,50" and "1,50 €": the comma parts the cents, points group the rest."""
    sign = match.group("sign")
    value = match.group("value").replace(".", "").replace(",", ".")
    out.say(amount(value, "", sign), "money", *match.span())
    return True


def _accounted(out: Writer, match: re.Match[str]) -> bool:
    """Say "($2.3) million": brackets make a sum negative."""
    sign, value, magnitude = match.group("sign", "value", "magnitude")
    spoken = _MAGNITUDES.get((magnitude or "").lower(), "")
    out.say("minus " + amount(value, spoken, sign), "money", *match.span())
    return True


def _rupees(out: Writer, match: re.Match[str]) -> bool:
    magnitude = {"lakh": "lakh", "crore": "crore"}.get((match.group(2) or "").lower(), "")
    out.say(amount(match.group(1), magnitude, "₹"), "money", *match.span())
    return True


def _is_attribute(out: Writer, end: int) -> bool:
    """True in "a $5 fee" and "the $20 bill": the currency stays singular."""
    if _NOTE.match(out.text, end, out.limit):
        return True
    before = out.words_before()
    if not before or before[0] not in ("a", "an", "the", "this", "that", "my", "his", "her", "our"):
        return False
    if before[0] not in ("a", "an"):
        return bool(_PRICED.match(out.text, end, out.limit))
    return bool(_NOUN.match(out.text, end, out.limit))


def _say_trailing(out: Writer, match: re.Match[str]) -> bool:
    value, magnitude, sign = match.group("value", "magnitude", "sign")
    if sign == "¢":
        words = f"{numbers.number(value)} {'cent' if value == '1' else 'cents'}"
        if match.group("rate"):
            words += " per " + per_words(match.group("rate"))
    else:
        words = amount(value, _MAGNITUDES.get((magnitude or "").lower(), ""), sign)
    out.say(words, "money", *match.span())
    return True


SIGNS = "".join(CURRENCIES)
_EDGE = r"(?![A-Za-z0-9])"
_MAGNITUDE = (
    r"(?: ?(?P<{}>(?:hundred|thousand|million|billion|trillion|grand|mil|[mMbBtT][nN]|MM|"
    r"[kKmMbBtT])"
    rf"{_EDGE}))?"
)
_SUM = (
    rf"(?P<sign>[{SIGNS}]) ?(?P<minus>-)?(?P<value>{NUMBER})"
    + _MAGNITUDE.format("magnitude")
    + rf"(?:(?:[-–]| [-–] )(?P<sign2>[{SIGNS}])?(?P<second>{NUMBER})"
    + _MAGNITUDE.format("magnitude2")
    + r")?(?:/(?P<rate>[A-Za-z]{1,8})(?![A-Za-z0-9/]))?"
)
_PRICED = re.compile(
    r"[ -](?:fee|bill|price|plan|ticket|tax|fine|gift|deal|budget|loan|deposit)s?\b"
)
_NOTE = re.compile(r"[ -](?:bill|note|coin)s?\b")
_NOUN = re.compile(
    r"-a-[a-z]|[ -](?!(?:and|or|per|to|for|in|on|more|less|each|a|an|the)\b)[a-z]{3}"
)
_CODE_NAMES = "|".join(_CODES)
_EUROPEAN = r"(?P<value>\d{1,3}(?:\.\d{3})*,\d\d|\d{1,3}(?:\.\d{3})+)(?![\d.,]*\d)"
SIGN_RULES = (
    (re.compile(rf"(?P<sign>[€₺₫]) ?{_EUROPEAN}"), _european),
    (re.compile(_SUM), _say_sum),
)
BRACKET_RULES = (
    (
        re.compile(
            rf"\((?P<sign>[{SIGNS}]) ?(?P<value>{NUMBER})\)" + _MAGNITUDE.format("magnitude")
        ),
        _accounted,
    ),
)
_RATE = r"(?:/(?P<rate>[A-Za-z]{1,8})(?![A-Za-z0-9/]))?"
_CODE_RULE = (
    re.compile(
        rf"(?P<sign>{_CODE_NAMES}) ?(?P<value>{NUMBER})"
        + _MAGNITUDE.format("magnitude")
        + r"(?![A-Za-z0-9])(?P<rate>)"
    ),
    _say_trailing,
)
LETTER_RULES = (
    (re.compile(rf"(?P<prefix>{'|'.join(_PREFIXES)})(?=\$){_SUM}"), _say_sum),
    _CODE_RULE,
)
WORD_RULES = {
    **{code.lower(): (_CODE_RULE,) for code in _CODES},
    "rs": ((re.compile(rf"Rs\.? ?({NUMBER})(?: (lakh|crore))?"), _rupees),),
}
NUMBER_RULES = (
    (re.compile(rf"{_EUROPEAN} ?(?P<sign>[€₺₫]|EUR\b)"), _european),
    (
        re.compile(
            rf"(?P<value>{NUMBER})"
            + _MAGNITUDE.format("magnitude")
            + rf" ?(?P<sign>[{SIGNS.replace('$', '')}¢]|(?:{_CODE_NAMES}){_EDGE}){_RATE}"
        ),
        _say_trailing,
    ),
)
