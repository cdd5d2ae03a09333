"""Sentences: where they end, how long they get, and that a stream gives the same as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_pipeline.text import sentences
from tts_pipeline.text.sentences import Piece, rough_phones, split_text, stream


def said(pieces: list[Piece]) -> list[str]:
    return [" ".join(token.text for token in piece.tokens) for piece in pieces]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["one .", "two !", "three ?", "four ."]),
        ('He said "Go! Now." Then he left.', ["he said go !", "now .", "then he left ."]),
        ('"Why?" she asked. "No."', ["why ? she asked .", "no ."]),
        ("Mr. J. Smith of the U.S. Army met Dr. No. Yes.",
         ["mister j smith of the u s army met doctor no .", "yes ."]),
        ("He left at 5 p.m. It rained.", ["he left at five p m .", "it rained ."]),
        ("Wait... what? Well… no.", ["wait , what ?", "well , no ."]),
        ("(It is so. Really.) Yes.", ["it is so .", "really .", "yes ."]),
        ("Shopping\n- eggs\n- milk", ["shopping .", "eggs .", "milk ."]),
        ("1. Wash it.\n2. Dry it.", ["one , wash it .", "two , dry it ."]),
        ("no punctuation at all", ["no punctuation at all ."]),
        ("unfinished,", ["unfinished ."]),
        ("end.Next", ["end .", "next ."]),
    ],
)  # fmt: skip
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert said(split_text(text)) == expected


def test_pauses_after_parts_sentences_and_paragraphs() -> None:
    pieces = split_text("One. Two.\n\nThree " + "and more " * 80 + "end.")
    pauses = [piece.pause_after_s for piece in pieces]
    assert pauses[:2] == [sentences.SENTENCE_PAUSE_S, sentences.PARAGRAPH_PAUSE_S]
    assert set(pauses[2:-1]) == {sentences.CUT_PAUSE_S}
    assert pauses[-1] == sentences.SENTENCE_PAUSE_S


def test_spans_of_pieces_follow_each_other_and_hold_their_words() -> None:
    text = 'He said "Go!" and ran. (It was late.) ' + "more and " * 99
    end = 0
    for piece in split_text(text):
        assert end <= piece.span[0] <= piece.span[1] <= len(text)
        end = piece.span[1]
        for token in piece.tokens:
            assert piece.span[0] <= token.span[0] <= token.span[1] <= piece.span[1]


def test_a_long_sentence_is_cut_at_its_marks_rather_than_between_words() -> None:
    clause = "the road went on over the hills to the sea,"
    pieces = split_text(" ".join([clause] * 12) + " and ended.")
    assert len(pieces) > 1
    assert all(piece.tokens[-1].text == "," and piece.tokens[-1].span[0] < piece.tokens[-1].span[1]
               for piece in pieces[:-1])  # fmt: skip


@pytest.mark.parametrize("text", ["x" * 10_000, "7" * 5000, "ABCDEFG " * 400, "word " * 3000])
def test_pieces_are_bounded(text: str) -> None:
    for piece in split_text(text):
        assert sum(token.is_word for token in piece.tokens) <= sentences.MAX_WORDS
        assert sum(map(rough_phones, piece.tokens)) <= sentences.MAX_PHONES


def test_text_without_words_gives_a_silent_piece_with_what_was_dropped() -> None:
    (piece,) = split_text("😀 …")
    assert not piece.tokens
    assert [record.text for record in piece.dropped] == ["😀"]
    assert split_text("") == []


BOOK = (
    'It was a dark night. "Who is there?" asked Mr. Brown at 5 p.m. on May 5, 2021. '
    "Nobody, said the U.S. guard — he paid $3.50 😀 for it.\n\nChapter II\n\nThen it began.\n"
) * 300


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
def test_a_stream_gives_the_pieces_of_the_whole(size: int) -> None:
    book = BOOK[: 40_000 if size > 1 else 20_000]
    chunks = [book[place : place + size] for place in range(0, len(book), size)]
    assert list(stream(chunks)) == split_text(book)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["One two. ", "x", " y", "\n\n", "5 p.m. ", "?! "]), max_size=99))
def test_a_short_stream_is_its_text(chunks: list[str]) -> None:
    assert list(stream(chunks)) == split_text("".join(chunks))


def test_a_stream_holds_a_bounded_part_of_the_book() -> None:
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield "The cat sat on the mat. "

    pieces = stream(endless())
    for _ in range(3000):
        next(pieces)
    assert taken < 3000 + 2 * sentences.BUFFER // 24


def test_a_stream_without_sentence_ends_moves_on() -> None:
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield "word " * 100

    pieces = stream(endless())
    for _ in range(500):
        assert next(pieces).tokens
    assert taken * 500 < 500 * 300 + 10 * sentences.BUFFER
