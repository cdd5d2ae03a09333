"""Where sentences end: abbreviations, quotes, brackets, ellipses, lists, no punctuation at all."""

from __future__ import annotations

import pytest

from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.protocol import Sentence
from tts_pipeline.text.symbols import PUNCTUATION


def said(sentence: Sentence) -> str:
    pairs = zip(sentence.words, sentence.gaps)
    return " ".join(word.text + (f" {gap}" if gap in PUNCTUATION else "") for word, gap in pairs)


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
    sentences, _ = EnglishFrontEnd()(text)
    assert [said(sentence) for sentence in sentences] == expected
