"""English words for numbers, US style (no "and" inside a number). Strings of digits in, words out.

Digits travel as strings, so that leading zeros survive and a hostile number of 5,000 digits never
becomes an ``int``. Everything returns lower-case words separated by single spaces.
"""

from __future__ import annotations

MAX_CARDINAL_DIGITS = 27
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = (
    "",
    *"thousand million billion trillion quadrillion quintillion sextillion septillion".split(),
)
_IRREGULAR_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_DIGIT_NAMES = dict(zip("0123456789", ONES))


def _below_hundred(value: int) -> str:
    if value < 20:
        return ONES[value]
    tens, ones = divmod(value, 10)
    return TENS[tens] + (" " + ONES[ones] if ones else "")


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [ONES[hundreds], "hundred"] if hundreds else []
    if rest or not hundreds:
        words.append(_below_hundred(rest))
    return " ".join(words)


def spell_digits(digits: str, *, zero: str = "zero") -> str:
    """Return the digits one by one: ``"407"`` is "four zero seven" (or "oh" for ``zero``)."""
    return " ".join(zero if digit == "0" else _DIGIT_NAMES[digit] for digit in digits)


def cardinal(digits: str) -> str:
    """Return a whole number in words: ``"1234"`` is "one thousand two hundred thirty four".

    Leading zeros are ignored; more than 27 significant digits are read one by one.
    """
    significant = digits.lstrip("0")
    if not significant:
        return "zero"
    if len(significant) > MAX_CARDINAL_DIGITS:
        return spell_digits(significant)
    words = []
    first = len(significant) % 3 or 3
    groups = [significant[:first]]
    groups += [significant[i : i + 3] for i in range(first, len(significant), 3)]
    for scale, group in zip(range(len(groups) - 1, -1, -1), groups):
        if int(group):
            words.append(_below_thousand(int(group)))
            if scale:
                words.append(SCALES[scale])
    return " ".join(words)


def to_ordinal(words: str) -> str:
    """Turn a cardinal in words into its ordinal: "twenty one" into "twenty first"."""
    head, _, last = words.rpartition(" ")
    if last in _IRREGULAR_ORDINALS:
        last = _IRREGULAR_ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return f"{head} {last}" if head else last


def ordinal(digits: str) -> str:
    """Return ``"23"`` as "twenty third"."""
    return to_ordinal(cardinal(digits))


def number(text: str) -> str:
    """Return a written number (``"1,234.50"``, ``".5"``, ``"007"``) in words.

    Commas group digits, a leading zero means digit by digit, decimals are read one by one.
    """
    whole, point, decimals = text.replace(",", "").partition(".")
    if not whole:
        words = ""
    elif len(whole) > 1 and whole[0] == "0":
        words = spell_digits(whole)
    else:
        words = cardinal(whole)
    if point:
        words += (" " if words else "") + "point " + spell_digits(decimals)
    return words


def year(digits: str) -> str:
    """Return three or four digits as a year: "nineteen oh five", "two thousand six"."""
    value = int(digits)
    century, rest = divmod(value, 100)
    if len(digits) not in (3, 4) or value < 100 or (century % 10 == 0 and (rest < 10)):
        return cardinal(digits)
    if rest == 0:
        return _below_hundred(century) + " hundred"
    return _below_hundred(century) + " " + ("oh " if rest < 10 else "") + _below_hundred(rest)


def pairs(digits: str) -> str:
    """Return digits as in street and model numbers: "twelve eleven", "four oh five", "three fifty".

    Up to two digits are a cardinal, three and four are read as one or two pairs, round hundreds
    and thousands as such, and longer or zero-led ones digit by digit.
    """
    if digits[0] == "0" and len(digits) > 1 or len(digits) > 4:
        return spell_digits(digits)
    if len(digits) < 3 or digits.endswith("000"):
        return cardinal(digits)
    head, rest = digits[:-2], digits[-2:]
    if rest == "00":
        return cardinal(head) + " hundred"
    if head.endswith("0") and rest[0] == "0":
        return cardinal(digits)
    return cardinal(head) + " " + ("oh " if rest[0] == "0" else "") + cardinal(rest)


def fraction(numerator: str, denominator: str) -> str:
    """Return "three quarters", "one half", "five over one hundred twenty eight"."""
    top = cardinal(numerator)
    below = int(denominator) if len(denominator) < 4 else 0
    if not 2 <= below <= 100:
        return f"{top} over {cardinal(denominator)}"
    name = {2: "half", 4: "quarter"}.get(below) or ordinal(denominator)
    if int(numerator) != 1 if len(numerator) < 4 else True:
        name = "halves" if below == 2 else name + "s"
    return f"{top} {name}"


def plural(words: str) -> str:
    """Return the plural of the last number word: "nineteen eighty" gives "nineteen eighties"."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith(("x", "s")) else "s")


_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_ROMAN_UNITS = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def roman(letters: str) -> int | None:
    """Return the value of a well-formed Roman numeral below 4000 (either case), else None."""
    low = letters.lower()
    if not 0 < len(low) <= 15 or any(letter not in _ROMAN for letter in low):
        return None
    values = [_ROMAN[letter] for letter in low]
    pairwise = zip(values, [*values[1:], 0])
    total = sum(-value if value < following else value for value, following in pairwise)
    return total if to_roman(total) == low else None


def to_roman(value: int) -> str:
    """Return the lower-case Roman numeral of ``1 <= value < 4000``, empty outside."""
    letters = ""
    if 0 < value < 4000:
        for unit, name in _ROMAN_UNITS:
            count, value = divmod(value, unit)
            letters += name * count
    return letters
