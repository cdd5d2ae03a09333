"""The families that share a text side, in a voice, from text to sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.acoustic.families import MODULES
from tests.acoustic.plans import shaken
from tests.tiny import make_tiny_voice
from tts_pipeline.errors import ConfigError, VoiceError
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.synthesis import stream, synthesize, synthesize_batch
from tts_pipeline.voice.voice import Voice

ACOUSTICS = ("flow", "flow-head", "latent", "one-shot", "pyramid", "autoregressive+flow-refiner")
TEXT = "Two sentences, of a kind. The other one!"


@pytest.fixture(scope="module")
def voice() -> Voice:
    voice = make_tiny_voice()
    for name, make in MODULES.items():
        voice = voice.with_model(name, shaken(make))
    return voice


@pytest.mark.parametrize("acoustic", ACOUSTICS)
def test_text_becomes_sound_the_same_on_every_road(voice, acoustic):
    whole = synthesize(TEXT, voice=voice, acoustic=acoustic, seed=3)
    assert len(whole.samples) > 16000 and np.isfinite(whole.samples).all()
    again = synthesize(TEXT, voice=voice, acoustic=acoustic, seed=3)
    np.testing.assert_array_equal(again.samples, whole.samples)
    blocks = np.concatenate(
        [block.samples for block in stream(TEXT, voice=voice, acoustic=acoustic, seed=3)]
    )
    np.testing.assert_allclose(blocks, whole.samples, atol=1e-4)
    both = synthesize_batch([TEXT, "Short."], voice=voice, acoustic=acoustic, seed=3)
    np.testing.assert_allclose(both[0].samples, whole.samples, atol=1e-4)
    plain = synthesize(TEXT, voice=voice, seed=3)
    assert whole.timestamps == plain.timestamps
    assert not np.array_equal(whole.samples, plain.samples)


@pytest.mark.parametrize("acoustic", ACOUSTICS)
def test_rate_and_pauses_are_honoured(voice, acoustic):
    sentences, _ = voice.front_end("A few words of it, and then some more of them.")
    given = AcousticInput.plain(sentences[0].tokens)
    ones = given.rate
    twice = AcousticInput(given.tokens, 2 * ones, ones, ones, given.fixed_frames)
    model, default = voice.choose_acoustic(acoustic), voice.acoustic
    assert model.controls == {"rate", "pitch", "energy", "fixed_frames"}
    for asked in (given, twice):
        made, expected = (each.infer([asked], seed=0)[0] for each in (model, default))
        np.testing.assert_array_equal(made.durations, expected.durations)
        assert made.read().shape[1] == expected.durations.sum()
    fixed = np.where(np.arange(len(given.tokens)) == 4, 77, 0)
    held = AcousticInput(given.tokens, ones, ones, ones, fixed)
    assert model.infer([held], seed=0)[0].durations[4] == 77


@pytest.mark.parametrize("acoustic", ACOUSTICS)
def test_pitch_and_energy_change_what_is_written(voice, acoustic):
    sentences, _ = voice.front_end("A few words of it.")
    given = AcousticInput.plain(sentences[0].tokens)
    model = voice.choose_acoustic(acoustic)
    plain = model.infer([given], seed=0)[0].read()
    for pitch, energy in ((1.3, 1.0), (1.0, 2.0)):
        ones = given.pitch
        other = AcousticInput(given.tokens, ones, pitch * ones, energy * ones, given.fixed_frames)
        made = model.infer([other], seed=0)[0].read()
        assert made.shape == plain.shape and not np.allclose(made, plain)


def test_settings_reach_the_models_that_have_them(voice):
    def spoken(acoustic: str, **options: float) -> np.ndarray:
        return synthesize("Some words.", voice=voice, acoustic=acoustic, **options).samples

    assert not np.array_equal(spoken("flow"), spoken("flow", steps=3))
    assert not np.array_equal(spoken("latent", temperature=0.0), spoken("latent", temperature=1.0))
    chain = "autoregressive+flow-refiner"
    assert not np.array_equal(spoken(chain, temperature=0.0), spoken(chain, temperature=1.0))
    with pytest.raises(ConfigError, match="steps"):
        spoken("one-shot", steps=2)
    with pytest.raises(ConfigError, match="steps=99"):
        spoken("flow", steps=99)


def test_a_voice_keeps_them_in_files(voice, tmp_path):
    voice.save(tmp_path / "v", dtype="float32")
    read = Voice.load(tmp_path / "v")
    assert read.names("acoustic") == [
        "autoregressive",
        "flow",
        "flow-head",
        "latent",
        "one-shot",
        "pyramid",
    ]
    assert read.names("refiner") == ["flow-refiner"]
    for acoustic in ACOUSTICS:
        made = (synthesize("Yes.", voice=each, acoustic=acoustic).samples for each in (voice, read))
        np.testing.assert_array_equal(*made)
    # The module of a read voice is the one that was given.
    for name in MODULES:
        ours, theirs = voice.module(name).state_dict(), read.module(name).state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_what_shares_a_text_side_needs_one(voice):
    with pytest.raises(VoiceError, match="uses the text of a model of kind 'autoregressive'"):
        Voice("lone", voice.audio, {"flow": shaken(MODULES["flow"])})


@pytest.mark.parametrize("acoustic", ACOUSTICS)
def test_hostile_texts_are_spoken_or_refused_as_on_the_default_road(voice, acoustic):
    for text in ("a", "Hm? " * 3, "\u200b\ud800 x", "9" * 40, "word " * 60):
        made = synthesize(text, voice=voice, acoustic=acoustic)
        plain = synthesize(text, voice=voice)
        assert len(made.samples) == len(plain.samples) and np.isfinite(made.samples).all()
