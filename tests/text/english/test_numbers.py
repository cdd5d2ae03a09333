"""Number words against an independent evaluator that reads words back into integers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_pipeline.text.english import numbers

UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15,
    "quintillion": 18, "sextillion": 21, "septillion": 24,
}  # fmt: skip


def read_back(words: str) -> int:
    total = group = 0
    for word in words.split():
        if word == "hundred":
            group *= 100
        elif word in SCALES:
            total, group = total + group * 10 ** SCALES[word], 0
        else:
            group += UNITS[word]
    return total + group


@given(st.integers(0, 10**27 - 1))
def test_a_cardinal_reads_back_to_its_value(value: int) -> None:
    assert read_back(numbers.cardinal(str(value))) == value


@given(st.integers(0, 9999))
def test_small_cardinals_and_zeros_in_front(value: int) -> None:
    assert numbers.cardinal(f"{value:08d}") == numbers.cardinal(str(value))


def test_up_to_27_digits_are_a_number_and_more_are_digits() -> None:
    assert numbers.cardinal("1" + "0" * 26) == "one hundred septillion"
    assert numbers.cardinal("1" + "0" * 27) == "one" + " zero" * 27
    assert numbers.cardinal("9" * 5000) == " ".join(["nine"] * 5000)


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0", "zeroth"), ("1", "first"), ("2", "second"), ("3", "third"), ("5", "fifth"),
        ("8", "eighth"), ("9", "ninth"), ("12", "twelfth"), ("20", "twentieth"),
        ("21", "twenty first"), ("100", "one hundredth"), ("1000000", "one millionth"),
        ("342", "three hundred forty second"),
    ],
)  # fmt: skip
def test_ordinals(digits: str, words: str) -> None:
    assert numbers.ordinal(digits) == words


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("1900", "nineteen hundred"), ("1905", "nineteen oh five"), ("1066", "ten sixty six"),
        ("2000", "two thousand"), ("2009", "two thousand nine"), ("2010", "twenty ten"),
        ("1999", "nineteen ninety nine"), ("1000", "one thousand"), ("476", "four seventy six"),
    ],
)  # fmt: skip
def test_years(digits: str, words: str) -> None:
    assert numbers.year(digits) == words


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("66", "sixty six"), ("405", "four oh five"), ("350", "three fifty"),
        ("1200", "twelve hundred"), ("1211", "twelve eleven"), ("3000", "three thousand"),
        ("007", "zero zero seven"), ("12345", "one two three four five"),
    ],
)  # fmt: skip
def test_pairs(digits: str, words: str) -> None:
    assert numbers.pairs(digits) == words


@pytest.mark.parametrize(
    ("top", "below", "words"),
    [
        ("1", "2", "one half"), ("3", "2", "three halves"), ("3", "4", "three quarters"),
        ("2", "3", "two thirds"), ("1", "100", "one one hundredth"),
        ("31", "32", "thirty one thirty seconds"),
        ("1", "128", "one over one hundred twenty eight"),
        ("5", "1", "five over one"),
    ],
)  # fmt: skip
def test_fractions(top: str, below: str, words: str) -> None:
    assert numbers.fraction(top, below) == words


@given(st.integers(1, 3999))
def test_roman_numerals_read_back(value: int) -> None:
    assert numbers.roman(numbers.to_roman(value)) == value


@pytest.mark.parametrize(
    ("letters", "value"),
    [("XIV", 14), ("mcmxcix", 1999), ("IIII", None), ("VX", None), ("", None), ("ABC", None)],
)
def test_roman_numerals_are_well_formed(letters: str, value: int | None) -> None:
    assert numbers.roman(letters) == value


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("1,234.50", "one thousand two hundred thirty four point five zero"),
        (".5", "point five"), ("007", "zero zero seven"), ("0.04", "zero point zero four"),
    ],
)  # fmt: skip
def test_written_numbers(written: str, words: str) -> None:
    assert numbers.number(written) == words


def test_plurals() -> None:
    words = ["nineteen eighty", "six", "nine", "eighteen hundred"]
    assert [numbers.plural(word) for word in words] == [
        "nineteen eighties", "sixes", "nines", "eighteen hundreds",
    ]  # fmt: skip
