"""Faults that readers reported, by kind: each example with the reading that is right."""

from __future__ import annotations

import pytest

from tests.text.english.spoken import FRONT_END, canonical, phones_of, rows, said


@pytest.mark.parametrize(("kind", "written", "expected"), rows("reported", "readings.tsv"))
def test_reported_reading(kind: str, written: str, expected: str) -> None:
    assert said(written).replace("okay", "ok") == canonical(expected), kind


@pytest.mark.parametrize(("kind", "written", "expected"), rows("reported", "kinds.tsv"))
def test_example_of_a_kind(kind: str, written: str, expected: str) -> None:
    assert said(written).replace("okay", "ok") == canonical(expected), kind


@pytest.mark.parametrize(("written", "expected"), rows("reported", "sentences.tsv"))
def test_sentence_ends(written: str, expected: str) -> None:
    sentences, _ = FRONT_END(written)
    assert [sentence.words[0].text for sentence in sentences] == expected.split("|")


@pytest.mark.parametrize(("kind", "written", "word", "expected"), rows("reported", "phones.tsv"))
def test_reported_sound(kind: str, written: str, word: str, expected: str) -> None:
    assert phones_of(written, word)[0] in expected.split("|"), kind
