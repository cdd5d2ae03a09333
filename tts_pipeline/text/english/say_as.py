"""What ``say-as`` asks for, as tokens: numbers, spelling, dates, times, telephones, money."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from tts_pipeline.errors import TextError
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise import normalise
from tts_pipeline.text.protocol import Token

_MONTHS = (
    "January February March April May June July August September October November December"
).split()
# Order of the fields for each value of the attribute "format".
_DATE_ORDERS = ("mdy", "dmy", "ymd", "ydm", "md", "dm", "my", "ym", "y", "m", "d")
_SIGN_NAMES = {
    ".": "dot", ",": "comma", "-": "dash", "/": "slash", "@": "at", "#": "hash", "&": "and",
    "+": "plus", "*": "star", "_": "underscore", ":": "colon", ";": "semicolon", "'": "apostrophe",
    '"': "quote", "(": "left parenthesis", ")": "right parenthesis", "%": "percent",
    "$": "dollar", "=": "equals", "!": "exclamation mark", "?": "question mark",
    "\\": "backslash", "<": "less than", ">": "greater than", "~": "tilde", "^": "caret",
    "|": "bar", "[": "left bracket", "]": "right bracket", "{": "left brace", "}": "right brace",
    "`": "backtick",
}  # fmt: skip


def say_as(text: str, kind: str, form: str | None) -> tuple[Token, ...]:
    """Return the tokens of a text read as its author asked.

    Args:
        text: content of the element.
        kind: attribute ``interpret-as``.
        form: attribute ``format`` (dates: an order such as "mdy"; times: "hms12" or "hms24").

    Raises:
        TextError: if the kind is unknown or the text is none of its kind.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise TextError(f"unknown interpret-as {kind!r}: expected one of {', '.join(_READERS)}")
    tokens = reader(" ".join(text.split()), form)
    if not tokens:
        raise TextError(f"cannot read {text!r} as {kind}")
    return tokens


def _words(spoken: str, kind: str) -> tuple[Token, ...]:
    return tuple(Token(word, kind, (0, 0), "") for word in spoken.split())


def _read(written: str) -> tuple[Token, ...]:
    """Return the words that the normaliser makes of an expression in its usual form."""
    return tuple(token for token in normalise(written).tokens if token.is_word)


def _digits_of(text: str, kind: str) -> str:
    plain = text.replace(",", "").replace(" ", "")
    if plain.isascii() and plain.isdigit():
        return plain
    value = numbers.roman(plain.upper()) if plain.isascii() and plain.isalpha() else None
    if value is None:
        raise TextError(f"cannot read {text!r} as {kind}: expected digits")
    return str(value)


def _cardinal(text: str, form: str | None) -> tuple[Token, ...]:
    del form
    sign, rest = ("minus ", text[1:]) if text[:1] in ("-", "−") else ("", text.lstrip("+"))
    if "." in rest:
        if not re.fullmatch(r"[\d, ]*\.\d+", rest, re.ASCII):
            raise TextError(f"cannot read {text!r} as cardinal: expected digits")
        return _words(sign + numbers.number(rest.replace(" ", "")), "cardinal")
    return _words(sign + numbers.cardinal(_digits_of(rest, "cardinal")), "cardinal")


def _ordinal(text: str, form: str | None) -> tuple[Token, ...]:
    del form
    digits = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text, flags=re.IGNORECASE)
    return _words(numbers.ordinal(_digits_of(digits, "ordinal")), "ordinal")


def _characters(text: str, form: str | None) -> tuple[Token, ...]:
    del form
    tokens: list[Token] = []
    for character in unicodedata.normalize("NFKD", text):
        if character.isascii() and character.isalpha():
            tokens.append(Token(character.lower(), "letter", (0, 0), character))
        elif character.isascii() and character.isdigit():
            tokens.extend(_words(numbers.spell_digits(character), "characters"))
        elif character in _SIGN_NAMES:
            tokens.extend(_words(_SIGN_NAMES[character], "characters"))
        elif not character.isspace() and not unicodedata.combining(character):
            raise TextError(f"cannot spell {character!r}: it has no name here")
    return tuple(tokens)


def _date(text: str, form: str | None) -> tuple[Token, ...]:
    if form is None:
        return _read(text)
    if form not in _DATE_ORDERS:
        raise TextError(f"unknown date format {form!r}: expected one of {', '.join(_DATE_ORDERS)}")
    fields = re.findall(r"[^\W_]+", text)
    if len(fields) != len(form):
        raise TextError(f"cannot read {text!r} as a date of format {form!r}")
    parts = dict(zip(form, fields))
    month = parts.get("m", "")
    if month.isascii() and month.isdigit():
        if len(month) > 2 or not 1 <= int(month) <= 12:
            raise TextError(f"cannot read {text!r} as a date: no month {month}")
        month = _MONTHS[int(month) - 1]
    spoken: list[Token] = list(_read(month)) if month else []
    if "d" in parts:
        spoken.extend(_ordinal(parts["d"], None))
    if "y" in parts:
        year = parts["y"]
        if not (year.isascii() and year.isdigit()):
            raise TextError(f"cannot read {text!r} as a date: no year {year!r}")
        reader = numbers.year if len(year) <= 4 else numbers.cardinal
        spoken.extend(_words(reader(year), "date"))
    return tuple(spoken)


def _time(text: str, form: str | None) -> tuple[Token, ...]:
    if form not in (None, "hms12", "hms24", "hm12", "hm24", "hms", "hm"):
        raise TextError(f"unknown time format {form!r}: expected hms12 or hms24")
    if not re.search(r"\d", text):
        raise TextError(f"cannot read {text!r} as time: expected hours and minutes")
    return _read(text)


def _telephone(text: str, form: str | None) -> tuple[Token, ...]:
    del form
    tokens: list[Token] = []
    for character in unicodedata.normalize("NFKD", text):
        if character.isascii() and character.isdigit():
            tokens.extend(_words(numbers.spell_digits(character), "telephone"))
        elif character.isascii() and character.isalpha():
            tokens.append(Token(character.lower(), "letter", (0, 0), character))
        elif character in "+*#":
            tokens.extend(_words({"+": "plus", "*": "star", "#": "pound"}[character], "telephone"))
        elif character not in " -()./":
            raise TextError(f"cannot read {text!r} as telephone: {character!r}")
    return tuple(tokens)


def _currency(text: str, form: str | None) -> tuple[Token, ...]:
    del form
    if not re.search(r"\d", text):
        raise TextError(f"cannot read {text!r} as currency: expected an amount such as '$5.20'")
    return _read(text)


def _digits(text: str, form: str | None) -> tuple[Token, ...]:
    del form
    plain = re.sub(r"[ ,.:/-]", "", text)
    if not (plain.isascii() and plain.isdigit()):
        raise TextError(f"cannot read {text!r} as digits: expected digits alone")
    return _words(numbers.spell_digits(plain), "digits")


_READERS: dict[str, Callable[[str, str | None], tuple[Token, ...]]] = {
    "cardinal": _cardinal, "number": _cardinal, "ordinal": _ordinal, "characters": _characters,
    "spell-out": _characters, "verbatim": _characters, "date": _date, "time": _time,
    "telephone": _telephone, "currency": _currency, "digits": _digits,
}  # fmt: skip
