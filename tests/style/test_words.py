"""Plain words to factors: by hand, by direction, and what is not understood."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tts_pipeline.errors import ConfigError
from tts_pipeline.style.factors import LIMITS, Style
from tts_pipeline.style.words import DEGREES, known_words, understood

# Rows of the table, copied by hand.
SLOW = Style(0.80, 1, 1, 1, 1.25, 1.10, 1)
LOW = Style(1, 0.88, 1, 1, 1, 1, 1)
SAD = Style(0.84, 0.94, 0.70, 0.75, 1.35, 1.15, 1.20)
LOUD = Style(1, 1, 1, 1.90, 1, 1, 1)


def close(found: Style, expected: Style) -> None:
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)


def factors(text: str) -> Style:
    found = understood(text)
    assert found.unknown == (), text
    return found.style


def test_several_words_are_multiplied():
    expected = (0.80 * 0.84, 0.88 * 0.94, 0.70, 0.75, 1.25 * 1.35, 1.10 * 1.15, 1.20)
    np.testing.assert_allclose(factors("slow, low and sad").values, expected)
    close(factors("sad slow low"), factors("slow, low and sad"))


def test_no_words_change_nothing():
    assert factors("") == factors("in a voice, please") == Style()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("very slow", SLOW**1.5),
        ("a bit sad", SAD**0.5),
        ("extremely loud", LOUD**2),
        ("not slow", SLOW**-0.5),
        ("very very low", LOW ** (1.5 * 1.5)),
        ("not slow or sad", SLOW**-0.5 * SAD**-0.5),
        ("not slow, sad", SLOW**-0.5 * SAD),
        ("not slow but sad", SLOW**-0.5 * SAD),
        ("very slow sad", SLOW**1.5 * SAD),
        ("Don't sound sad!", SAD**-0.5),
        ("less loud", LOUD**-0.4),
    ],
)
def test_words_of_degree(text, expected):
    close(factors(text), expected.limited())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("slowly", "slow"), ("SLOWER", "slow"), ("Sadly", "sad"), ("sadness", "sad"),
        ("sadder", "sad"), ("happily", "happy"), ("happier", "happy"), ("gently", "gentle"),
        ("gentler", "gentle"), ("dramatically", "dramatic"), ("ironically", "ironic"),
        ("angrily", "angry"), ("matter-of-fact", "matter of fact"), ("severer", "severe"),
        ("in a deep, tired voice", "deep tired"), ("speaking softly, as if afraid", "soft afraid"),
        ("愤慨", "憤慨"), ("很慢、哭", "哭，很慢"), ("用憤慨的語氣", "用憤慨"),
    ],
)  # fmt: skip
def test_forms_of_a_word_mean_the_same(text, plain):
    close(understood(text).style, understood(plain).style)
    assert understood(text).style != Style()


def test_superlatives_say_more():
    close(factors("saddest"), SAD**1.5)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("purple", ("purple",)),
        ("slow and purple, 42% sad", ("purple", "4", "2", "%")),
        ("very", ("very",)),
        ("sad, not", ("not",)),
        ("哭著", ("著",)),
        ("lowly flying", ("flying",)),
    ],
)
def test_what_is_not_understood_is_named(text, unknown):
    assert understood(text).unknown == unknown


def test_the_words_of_the_classic_demonstrations():
    words = "高昂 洪亮 憤慨 嚴厲 鎮定 平和 惆悵 苦澀 哭 疲憊".split()
    styles = [factors(word) for word in words]
    assert all(style != Style() for style in styles)
    by_word = dict(zip(words, styles))
    assert by_word["高昂"].pitch > 1 and by_word["洪亮"].energy > 1.4
    assert by_word["憤慨"].rate > 1 > by_word["嚴厲"].pitch
    for calm in ("鎮定", "平和", "惆悵", "苦澀", "哭", "疲憊"):
        assert by_word[calm].rate < 1 and by_word[calm].energy < 1
    close(factors("非常憤慨"), factors("憤慨") ** 1.8)
    close(factors("有點疲憊，不快"), factors("疲憊") ** 0.5 * factors("快") ** -0.5)


def test_directions_are_those_of_the_literature():
    # Murray and Arnott 1993, table 1: anger, happiness, fear, sadness, disgust against neutral.
    angry, happy, afraid = factors("angry"), factors("happy"), factors("afraid")
    sad, disgusted = factors("sad"), factors("disgusted")
    assert angry.rate > 1 and angry.pitch > 1 and angry.range > 1 and angry.energy > 1
    assert happy.pitch > 1 and happy.range > 1 and happy.energy > 1
    assert afraid.rate > angry.rate and afraid.pitch > happy.pitch
    assert sad.rate < 1 and sad.pitch < 1 and sad.range < 1 and sad.energy < 1
    assert disgusted.rate < 1 and disgusted.pitch < 1 and disgusted.range > 1


def test_the_table_is_large_readable_and_within_reach():
    words = known_words()
    english = [word for word in words if word[0] < "z"]
    assert len(english) >= 150 and len(words) - len(english) >= 20
    for word in words:
        found = understood(word)
        assert found.unknown == () and found.style != Style(), word
        # No row alone touches what several may come to.
        assert found.style.distance(found.style.limited()) == 0, word
    assert not set(words) & set(DEGREES)


def test_however_much_is_asked_for_it_stays_speech():
    for text in ("extremely " * 40 + "slow", "angry " * 50, "not " * 31 + "sad"):
        values = dataclasses.asdict(understood(text).style)
        assert all(low <= values[name] <= high for name, (low, high) in LIMITS.items())


def test_what_is_no_text_is_an_error():
    with pytest.raises(ConfigError, match="style=3: expected words"):
        understood(3)
