"""Models of codes and the canvas in a voice: saved, loaded, chosen by name, asked what they can."""

from __future__ import annotations

import numpy as np
import pytest

from tests.acoustic.families import CODES, write_voice_of_codes
from tts_pipeline.errors import ConfigError, VoiceError
from tts_pipeline.features.codes.model import CodesAutoencoder, CodesConfig
from tts_pipeline.synthesis import synthesize
from tts_pipeline.voice.models import FEATURES
from tts_pipeline.voice.voice import Voice

TEXT = "One. Two, three and four."


@pytest.fixture(scope="module")
def voice(tmp_path_factory) -> Voice:
    return write_voice_of_codes(tmp_path_factory.mktemp("voice"))


@pytest.mark.parametrize("acoustic", ["coded", "masked"])
def test_a_voice_speaks_with_models_of_codes(voice, acoustic):
    first, again = (synthesize(TEXT, voice=voice, acoustic=acoustic, seed=3) for _ in range(2))
    assert np.array_equal(first.samples, again.samples)
    slow = synthesize(TEXT, voice=voice, acoustic=acoustic, seed=3, rate=0.5)
    assert len(slow.samples) > 1.5 * len(first.samples)
    greedy = synthesize(TEXT, voice=voice, acoustic=acoustic, seed=3, temperature=0.0)
    assert len(greedy.samples) == len(first.samples)
    assert not np.array_equal(greedy.samples, first.samples)


def test_options_go_to_the_model_that_declares_them(voice):
    synthesize("One.", voice=voice, acoustic="masked", steps=2, choice_temperature=1.0)
    synthesize("One.", voice=voice, acoustic="coded", top_p=0.5)
    with pytest.raises(ConfigError, match="steps=2"):
        synthesize("One.", voice=voice, acoustic="coded", steps=2)
    with pytest.raises(ConfigError, match="top_p"):
        synthesize("One.", voice=voice, acoustic="coded", top_p=0.0)


def test_the_canvas_reports_what_it_could_not_do(voice):
    audio = synthesize("This sentence is far too long for so small a canvas.", voice=voice,
                       acoustic="fixed-length")  # fmt: skip
    assert len(audio.samples) > 0
    assert "frames of one canvas" in str(audio.report)


def test_the_codes_are_there_for_who_measures(voice):
    codes = voice.start("codes", FEATURES)
    made = codes.encode(np.full((80, 41), -6, np.float32))
    assert made.shape == (21, CODES.n_groups)


def test_a_voice_without_the_codes_says_what_is_missing(voice):
    models = {name: model for name, model in voice.models.items() if name != "codes"}
    module = voice.module("coded")
    with pytest.raises(VoiceError, match="uses the codes of a model of kind 'codes'"):
        Voice("codes", voice.audio, {**models, "coded": module})


def test_codes_of_another_auto_encoder_are_refused(voice):
    other = CodesAutoencoder(CodesConfig(n_groups=2, channels=24, hidden=32), 80)
    with pytest.raises(VoiceError, match="4 codes out of 125 every 2 frames"):
        voice.with_model("codes", other).choose_acoustic("coded")
