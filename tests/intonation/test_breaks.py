"""Short pauses in long sentences without a comma, where a person would make them."""

from __future__ import annotations

import pytest

from tts_pipeline.intonation.breaks import MOST_WORDS, breaks
from tts_pipeline.intonation.explain import explain_tunes
from tts_pipeline.text.english.frontend import EnglishFrontEnd

PARTED = [
    "the committee decided to postpone the meeting | because several of its members were "
    "still travelling through the northern provinces",
    "the children were playing in the garden behind the house | while their parents prepared "
    "dinner in the kitchen",
    "the doctor explained that the patient would need at least six weeks of rest | before he "
    "could return to work",
    "scientists at the institute have developed a new material | that can store the energy of"
    " the sun for several months",
    "if you want to change your password | you must click on the link in the message that we "
    "sent you",
    "our neighbours sold their house last autumn | and moved to a small apartment in the "
    "centre of the city",
    "you can save a lot of money by cooking at home | instead of eating in expensive "
    "restaurants every night",
    "a good friend of mine works as an engineer for a company | that builds bridges all over "
    "the world",
    "we walked along the river | until the sun went down | and the lights of the city began "
    "to shine on the water",
    "the prime minister said on monday | that the talks between the two countries had made "
    "good progress over the weekend",
]
WHOLE = [
    "the old man with the white beard sat by the fire and read.",
    "the price of bread and milk and butter and cheese went up once more last week.",
    "when the rain stopped, the children ran into the garden, and the dog ran after them.",
]


@pytest.fixture(scope="module")
def front_end() -> EnglishFrontEnd:
    return EnglishFrontEnd()


def parted(front_end: EnglishFrontEnd, text: str) -> str:
    (sentence,), _ = front_end(text)
    places = breaks(sentence)
    return " ".join(
        word.text + (" |" if index in places else "") for index, word in enumerate(sentence.words)
    )


@pytest.mark.parametrize("text", PARTED)
def test_long_sentences_are_parted_between_phrases(front_end, text):
    assert parted(front_end, text.replace(" |", "") + ".") == text


@pytest.mark.parametrize("text", WHOLE)
def test_short_stretches_and_lists_stay_whole(front_end, text):
    assert "|" not in parted(front_end, text)


def test_no_break_stands_inside_what_surely_belongs_together(front_end):
    text = (
        "He was looking for the very old and very tired keeper of the light on the island of the "
        "seven winds at the end of the bay of the two rivers in the county of the king of hearts."
    )
    words = parted(front_end, text).split()
    places = [index for index, word in enumerate(words) if word == "|"]
    assert places
    for index in places:
        assert words[index - 1] not in ("the", "of", "for", "at", "in", "on", "very", "and", "two")
        assert words[index + 1] != "of"
        assert 4 <= index <= len(words) - 5


def test_an_endless_sentence_is_parted_again_and_again(front_end):
    text = " ".join(["the dog saw a cat that ran"] * 9) + "."
    (sentence,), _ = front_end(text)
    edges = [-1, *breaks(sentence), len(sentence.words) - 1]
    assert max(b - a for a, b in zip(edges, edges[1:])) <= MOST_WORDS


def test_a_break_is_explained(front_end):
    sentences, _ = front_end(PARTED[0].replace(" |", "") + ".")
    assert explain_tunes(sentences) == (
        "sentence 1: statement: short pause between 'meeting' and 'because'"
    )
