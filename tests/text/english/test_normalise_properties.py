"""Properties that hold for any text at all."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tts_pipeline.text.english.normalise import Normalised, normalise

WORD = re.compile(r"'?[a-z]+(?:'[a-z]+)*'?")
LETTER = re.compile(r"[a-z](?:'s)?")
ANYTHING = st.text(st.characters(), max_size=60)
# Pieces that meet in real text, so that rules are reached and meet each other too.
PIECES = st.sampled_from(
    [
        *"abxAIVX1 05.,;:!?'\"-–—()[]/$%&@#*+=<>°½\n", "the ", "The ", "Dr. ", "St. ", "p.m. ",
        "etc.",
        "U.S. ", "No. ", "Mr. ", "Jan. ", "May 5", "2024", "1980s", "12:30", "3/4", "1st", "$5.50",
        "5 km", "http://", "a@b.com", "www.", ".com", "XIV", "Henry ", "NASA", "it's", "'em ", "-5",
        "555-1234", "\n\n", "...", "é", "e\u0301", "\u200b", "\0", "\ud800", "😀",
        "漢", "π", "ﬁ", "²", "Vol. ", "v. ", "CPUs", "401(k)", "1/2 ", "million ",
    ]
)  # fmt: skip
MIXED = st.lists(st.one_of(PIECES, PIECES, st.characters()), max_size=12).map("".join)
TEXTS = st.one_of(ANYTHING, MIXED)


def check_spans(text: str, result: Normalised) -> None:
    start = end = 0
    covered = set()
    for token in result.tokens:
        assert start <= token.span[0] <= token.span[1] <= len(text)
        assert token.span[1] >= end
        start, end = token.span
        assert text[start:end] == token.source
        covered.update(range(start, end))
    assert [d.span for d in result.dropped] == sorted(d.span for d in result.dropped)
    for record in result.dropped:
        covered.update(range(*record.span))
    assert all(index in covered or char.isspace() for index, char in enumerate(text))


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_spans_are_in_order_and_cover_the_source(text: str) -> None:
    check_spans(text, normalise(text))


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_the_alphabet_is_closed(text: str) -> None:
    marks_in_a_row = 0
    for token in normalise(text).tokens:
        if token.kind in ("silent", "paragraph"):
            assert token.text == ""
        elif token.kind in ("mark", "end"):
            assert token.text in (",", ".", "?", "!")
            marks_in_a_row += 1
            assert marks_in_a_row < 2
        else:
            assert (LETTER if token.kind == "letter" else WORD).fullmatch(token.text)
            marks_in_a_row = 0


@settings(max_examples=150, deadline=None)
@given(TEXTS)
@example("KKk")
@example("a/kkk/b")
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    first = normalise(text)
    again = normalise(first.text)
    assert not again.dropped or not any(record.text for record in again.dropped)
    assert again.text.split() == first.text.split()
    for before, after in zip(*([t for t in r.tokens if t.text] for r in (first, again))):
        assert before.text == after.text
        assert (before.kind == "letter") == (after.kind == "letter")
