"""Intonation on sentences of the voice in the package, before anything sounds."""

from __future__ import annotations

import numpy as np
import pytest

from tts_pipeline.intonation.applied import SentenceIntonation
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.text.protocol import Sentence
from tts_pipeline.voice.voice import Voice


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice.load()


def sentence_of(voice: Voice, text: str) -> Sentence:
    (sentence,), _ = voice.front_end(text)
    return sentence


def plain(sentence: Sentence, **wishes) -> AcousticInput:
    return AcousticInput.plain(np.array(sentence.tokens), **wishes)


def applied(voice: Voice, text: str, **wishes) -> tuple[AcousticInput, AcousticInput]:
    sentence = sentence_of(voice, text)
    given = plain(sentence, **wishes)
    intonation = SentenceIntonation(voice.acoustic, voice.language)
    return given, intonation.applied(intonation.parted(given, sentence), sentence)


def test_statements_are_not_touched(voice):
    for text in ("She left.", "The birch canoe slid on the smooth planks.", "Yes, I did."):
        given, made = applied(voice, text)
        assert made is given


def test_other_languages_and_models_without_pitch_are_not_touched(voice):
    sentence = sentence_of(voice, "You went home?")
    given = plain(sentence)
    assert SentenceIntonation(voice.acoustic, "de-DE").applied(given, sentence) is given
    fixed = voice.choose_acoustic("fixed-length")
    assert SentenceIntonation(fixed, "en-US").applied(given, sentence) is given


def test_wishes_are_multiplied(voice):
    _, alone = applied(voice, "You went home?")
    _, made = applied(voice, "You went home?", pitch=1.2, energy=1.5)
    np.testing.assert_allclose(made.pitch / alone.pitch, 1.2, rtol=1e-5)
    assert (alone.pitch != 1).any()
    np.testing.assert_allclose(made.energy, 1.5)


def test_f0_stays_what_a_voice_can_sing(voice):
    for text in ("You went home?", "Is it Tom?", "We went, Tom!", "Tea or coffee?", "What is it?"):
        given, made = applied(voice, text)
        f0 = voice.acoustic.stream(given, seed=0).f0 * made.pitch
        assert f0.min() > 75
        assert f0.max() < 400


def test_pitch_in_ssml_wins(voice):
    text = '<speak>You went <prosody pitch="-2st">home</prosody>?</speak>'
    _, made = applied(voice, text)
    sentence = sentence_of(voice, text)
    own = np.array([owner >= 2 for owner in sentence.token_owners])
    assert (made.pitch[own] == 1).all()
    emphasis = "<speak>You went <emphasis>home</emphasis>?</speak>"
    assert (applied(voice, emphasis)[1].pitch[own] != 1).all()


def test_a_pitch_for_the_whole_sentence_is_its_register(voice):
    plainly = applied(voice, "<speak>You went home?</speak>")[1]
    high = applied(voice, '<speak><prosody pitch="high">You went home?</prosody></speak>')[1]
    assert (high.pitch == plainly.pitch).all()
    assert (high.pitch != 1).any()


def test_the_last_consonants_of_a_word_alone_are_clear(voice):
    for text, clear in (("Book.", ["K"]), ("Next.", ["K", "S", "T"]), ("Go.", []), ("A book.", [])):
        given, made = applied(voice, text)
        louder = np.flatnonzero(made.energy != given.energy)
        assert [voice.alphabet.decode(int(token)) for token in made.tokens[louder]] == clear
        np.testing.assert_allclose(made.energy[louder], 1.5)
        assert (made.rate == given.rate).all()
        assert (made.pitch == given.pitch).all()


def test_exclamations_move_further_and_are_louder(voice):
    stop = voice.alphabet.ids["."]
    given, made = applied(voice, "Stop that right now!")
    assert made.tokens[-2] == stop
    assert (made.energy > 1).all()
    statement = plain(sentence_of(voice, "Stop that right now."))
    assert (made.tokens == statement.tokens).all()
    f0 = voice.acoustic.stream(statement, seed=0).f0
    ratio = np.std(np.log(f0 * made.pitch)[1:-2]) / np.std(np.log(f0)[1:-2])
    assert ratio == pytest.approx(1.25, abs=0.02)
    assert given.tokens[-2] == voice.alphabet.ids["!"]
