"""Powers, scientific notation, minus signs in formulas, and signs that rarely mean something."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.units import unit_words
from tts_pipeline.text.english.normalise.writer import Writer

_POWER = re.compile(
    r"\^(?:\{(?P<braced>[-−]?[A-Za-z0-9.]{1,40})\}|\((?P<bracketed>[-−]?[A-Za-z0-9.]{1,40})\)"
    r"|(?P<bare>[-−]?(?:\d{1,40}(?:\.\d{1,10})?|[A-Za-z](?![A-Za-z]))))"
)
_SCIENTIFIC = re.compile(
    r"(?P<value>\d{1,9}(?:\.\d{1,20})?)(?:[eE](?P<sign>[+\-−])|(?<=\d)e)(?P<power>\d{1,3})"
    r"(?![A-Za-z0-9.]*[A-Za-z])(?!\d)"
)
_SIGNS = frozenset("=+*^√×÷≤≥≠≈±<>")
_LOOK = 24
_FORMULA = re.compile(r"[\s\d().,+*/^=x×÷A-Za-z-]*")
_VARIABLE = re.compile(r"(?<![A-Za-z0-9'])[A-Za-z](?![A-Za-z0-9'])")


def power_words(value: str) -> str:
    """Return how a power is said after its base: "squared", "to the power of minus nineteen"."""
    value = value.replace("−", "-")
    if value in ("2", "3"):
        return "squared" if value == "2" else "cubed"
    sign, digits = ("minus ", value[1:]) if value[0] == "-" else ("", value)
    if digits[:1].isdecimal() or digits[:1] == ".":
        return f"to the power of {sign}{numbers.number(digits)}"
    return f"to the power of {sign}{' '.join(digits.upper())}"


def power(out: Writer, place: int) -> int:
    """Say the power that begins at a "^"; a raised number after a word is a footnote's."""
    match = _POWER.match(out.text, place, out.limit)
    if match is None:
        out.silent(place, place + 1)
        return place + 1
    value = match.group("braced") or match.group("bracketed") or match.group("bare")
    if not re.fullmatch(r"[-−]?(?:\d{1,40}(?:\.\d{1,10})?|[A-Za-z]{1,3})", value):
        out.silent(place, place + 1)
        return place + 1
    before = out.text[max(place - 2, 0) : place]
    spelled = bool(out.tokens) and out.tokens[-1].kind == "letter"
    variable = before[-1:].isalpha() and (spelled or not before[:-1].isalpha())
    if before[-1:].isdecimal() or variable or before[-1:] in (")", "]", "}"):
        out.say(power_words(value), "sign", *match.span())
    else:
        out.silent(*match.span())
    return match.end()


def _scientific(out: Writer, match: re.Match[str]) -> bool:
    """Say "1.6e-19"; "2e5" without point or sign may be a code unless it stands alone."""
    value, sign, digits = match.group("value", "sign", "power")
    power_ = ("-" if sign in ("-", "−") else "") + (digits.lstrip("0") or "0")
    words = f"{numbers.number(value)} times ten to the power of "
    words += ("minus " if power_[0] == "-" else "") + numbers.cardinal(power_.lstrip("-"))
    out.say(words, "decimal", *match.span())
    return True


def _to_the_power(out: Writer, match: re.Match[str]) -> bool:
    """Say "3×10^8": times, because a power of ten follows."""
    out.say(numbers.number(match.group(1)), "decimal", match.start(), match.end(1))
    out.say("times", "sign", *match.span(2))
    out.say("ten", "decimal", *match.span(3))
    return True


def is_formula(text: str, place: int) -> bool:
    """True where the signs around a place are those of arithmetic or of an equation."""
    around = text[max(place - _LOOK, 0) : place] + text[place + 1 : place + _LOOK]
    return any(sign in around for sign in _SIGNS)


def is_difference(out: Writer, place: int) -> bool:
    """True for a hyphen with blanks around it that takes one quantity from another."""
    text = out.text
    left, right = text[:place][-12:].rstrip(), text[place + 1 : place + 14].lstrip()
    first = re.search(r"(?:^|[\s(=+*/^])(\d+(?:\.\d+)?|[A-Za-z])$", left)
    second = re.match(r"(\d{1,9}(?:\.\d{1,9})?|[A-Za-z])(?![A-Za-z0-9'])", right)
    if not first or not second:
        return False
    if is_formula(text, place):
        return True
    both = first.group(1)[0].isdecimal() and second.group(1)[0].isdecimal()
    bracketed = _bracketed(text, place)
    larger = both and float(first.group(1)) > float(second.group(1))
    after = right[second.end() :].lstrip()
    ends = not after or after[0] in ").=+*/" or after.startswith("is ")
    return bracketed or (larger and ends)


def is_variable_difference(out: Writer, place: int) -> bool:
    """True for the hyphen of "x-1" and "a-b" inside a formula."""
    text = out.text
    left = re.search(r"(?:^|[^A-Za-z0-9'])([A-Za-z]|\d{1,9})$", text[max(place - 10, 0) : place])
    right = re.match(r"(?:[a-z]|\d{1,9}[a-z]?)(?![A-Za-z0-9'-])", text[place + 1 : place + 12])
    if not left or not right or left.group(1).isdecimal() and right.group().isdecimal():
        return False
    return left.group(1).islower() | left.group(1).isdecimal() and is_formula(text, place)


def is_range(out: Writer, place: int) -> bool:
    """True for "5 - 10 people" and "pages 5 - 10": a smaller number before a larger one."""
    text = out.text
    first = re.search(r"(?:^|[\s($])(\d{1,4})$", text[max(place - 6, 0) : place].rstrip())
    second = re.match(r"(\d{1,4})(?![\d:,.]*\d|[A-Za-z])", text[place + 1 : place + 8].lstrip())
    if not first or not second:
        return False
    return int(first.group(1)) < int(second.group(1))


def _bracketed(text: str, place: int) -> bool:
    """True where nothing but numbers, variables and signs stands in the bracket around a place."""
    opening = text.rfind("(", max(place - 30, 0), place)
    closing = text.find(")", place, place + 30)
    if opening < 0 or closing < 0:
        return False
    inside = text[opening + 1 : closing]
    return not re.search("[A-Za-z]{2}", inside)


def sometimes(out: Writer, place: int) -> int:
    """Say * / ~ # where they mean something; they are decoration elsewhere."""
    text, end = out.text, place + 1
    char = text[place]
    before, after = text[place - 1 : place], text[end : end + 1]
    words = ""
    if (
        char == "*"
        and re.compile(r" ?[\dA-Za-z(]").match(text, end)
        and re.search(r"(?:\d|\)|(?:^|[^A-Za-z])[A-Za-z]) ?$", text[max(place - 3, 0) : place])
        and not (before == " ") ^ (after == " ")
        and (after == " " or after.isdecimal() or before.isdecimal())
    ):
        words = "times"
    elif char == "/":
        words = _slash(out, place, before, after)
    elif char == "~" and (after.isdecimal() or after in "$€£" and after):
        words = "about"
    elif char == "#" and before.isalpha():
        words = "sharp"
    if words:
        out.say(words, "sign", place, end)
    else:
        out.silent(place, end)
    return end


def _slash(out: Writer, place: int, before: str, after: str) -> str:
    text, end = out.text, place + 1
    if (not before or before.isspace()) and (not after or after.isspace()):
        digits = text[place - 2 : place - 1].isdecimal() and text[end + 1 : end + 2].isdecimal()
        return "divided by" if digits or is_formula(text, place) else "slash"
    if before in (")", "]") and (after.isdecimal() or after == "("):
        return "divided by"
    last = out.last_spoken()
    greek = last is not None and last.text in _GREEK_NAMES and text[place - 1] == " "
    return "over" if greek and after.isdecimal() else ""


_GREEK_NAMES = frozenset("pi theta phi alpha beta gamma delta lambda sigma omega tau".split())
_ELEMENTS = "Na|K|Ca|Mg|Cl|H|Li|Fe|Cu|Zn|Al|Ag|F|Br|I|Mn|Ni|Co|Pb|Ba|Sr|Cs|Rb|OH|NH"


def _product(out: Writer, match: re.Match[str]) -> bool:
    """Say "mc²" and "ax^2": variables side by side, unless they are a unit."""
    if unit_words(match.group(), plural=False) is not None:
        return False
    out.spell(match.group(), match.start())
    return True


def _ion(out: Writer, match: re.Match[str]) -> bool:
    """Say "Na+" and "Ca2+"; a letter with a hyphen is no ion."""
    if match.group(3) == "-" and len(match.group(1)) == 1:
        return False
    out.spell(match.group(1), match.start())
    if match.group(2):
        out.say(numbers.cardinal(match.group(2)), "code", *match.span(2))
    out.say({"+": "plus"}.get(match.group(3), "minus"), "sign", *match.span(3))
    return True


LETTER_RULES = (
    (re.compile(r"[A-Za-z]{2,3}(?=[²³]|\^[-{(]?[\dA-Za-z])"), _product),
    (re.compile(rf"({_ELEMENTS})(\d?)([+−-])(?=[ ,.;)]|$)"), _ion),
)
EARLY_RULES = (
    (re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([x×*]) ?(10)(?=\^)"), _to_the_power),
    (_SCIENTIFIC, _scientific),
)
