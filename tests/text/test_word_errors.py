"""Word errors against counts made by hand."""

from __future__ import annotations

import pytest

from tts_pipeline.errors import TextError
from tts_pipeline.text.word_errors import character_errors, spoken_words, word_errors

CASES = [
    # reference, hypothesis, substitutions, deletions, insertions, words
    ("The cat sat.", "the cat sat", 0, 0, 0, 3),
    ("The cat sat.", "the dog sat", 1, 0, 0, 3),
    ("The cat sat on a mat.", "cat sat a mat", 0, 2, 0, 6),
    ("The cat sat.", "so the cat sat down", 0, 0, 2, 3),
    ("The cat sat on a mat.", "a cat sat on mat now", 1, 1, 1, 6),
    ("The cat sat.", "", 0, 3, 0, 3),
    ("The old clock struck nine.", "the OLD clocks struck", 1, 1, 0, 5),
    ("The old clock.", "the very old clock", 0, 0, 1, 3),
    ("It's the dogs' bone.", "its the dogs bone", 0, 0, 0, 4),
    ("Dr. Brown has 21 dogs!", "doctor brown has twenty one dogs", 0, 0, 0, 6),
]


@pytest.mark.parametrize("reference, hypothesis, wrong, gone, more, words", CASES)
def test_word_errors_counted_by_hand(reference, hypothesis, wrong, gone, more, words):
    pytest.importorskip("jiwer")
    found = word_errors(reference, hypothesis)
    assert found.length == words
    assert found.total == wrong + gone + more
    # Of equal totals an alignment may trade an insertion and a deletion for substitutions.
    assert found.insertions - found.deletions == more - gone


def test_character_errors_counted_by_hand():
    pytest.importorskip("jiwer")
    # "the cat" to "the bats": one letter wrong, one more; 7 characters with the space.
    assert character_errors("The cat.", "the bats") == (1, 0, 1, 7)
    assert character_errors("To day", "today") == (0, 1, 0, 6)


def test_text_is_normalised_alike():
    words = ["mister", "obrien", "paid", "five", "dollars"]
    assert spoken_words("Mr. O'Brien paid $5!") == words
    assert spoken_words("  MISTER o'brien, paid five dollars") == [w.lower() for w in words]


def test_what_cannot_be_heard_does_not_count():
    typed = "It's 7 o\u2019clock, Dr. Caf\u00e9 \u2014 isn\u2019t it?"
    assert spoken_words(typed) == "its seven oclock doctor cafe isnt it".split()
    assert spoken_words("1,234 well-known") == (
        "one thousand two hundred thirty four well known".split()
    )


def test_a_reference_without_words_is_refused():
    pytest.importorskip("jiwer")
    with pytest.raises(TextError, match="holds no words"):
        word_errors("...", "something")
