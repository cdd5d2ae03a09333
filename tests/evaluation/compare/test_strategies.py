"""Strategies: what a voice permits, and how later ones join."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.small_corpus import speech_like
from tests.tiny_voice import make_tiny_voice
from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.material import Material, read_rows
from tts_pipeline.evaluation.compare.strategies import (
    Speech,
    Strategy,
    register,
    strategies_of,
    unregister,
)
from tts_pipeline.synthesis import synthesize
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.model import WaveNet
from tts_pipeline.voice.voice import Voice

BUILT_IN = ["natural", "copy-parallel", "copy-griffin-lim", "two-stage", "ar-griffin-lim"]

SMALL_WAVENET = WaveNetConfig(
    n_stacks=1,
    layers_per_stack=2,
    residual_channels=16,
    gate_channels=16,
    skip_channels=16,
    conditioning_channels=16,
)


@dataclasses.dataclass(frozen=True)
class Louder(Speech):
    """Toy strategy: twice as loud."""

    def make(self, voice, material, seed):
        audio = super().make(voice, material, seed)
        return Audio(np.clip(2 * audio.samples, -1, 1), audio.sample_rate)


@pytest.fixture
def voice():
    return make_tiny_voice()


@pytest.fixture
def material(voice) -> Material:
    return Material("a", "A big dog ran.", voice.audio, speech_like("A big dog ran."))


def by_name(voice) -> dict[str, Strategy]:
    return {strategy.name: strategy for strategy in strategies_of(voice)}


def test_what_a_voice_permits(voice):
    assert list(by_name(voice)) == BUILT_IN
    # A vocoder that a voice holds takes part by itself, between the default and Griffin-Lim.
    vocoders = {"wavenet": WaveNet(SMALL_WAVENET, voice.audio), "parallel": voice.vocoder}
    richer = Voice("richer", voice.audio, voice.acoustic, vocoders)
    found = by_name(richer)
    assert list(found) == [
        *("natural", "copy-parallel", "copy-wavenet", "copy-griffin-lim"),
        *("two-stage", "ar-wavenet", "ar-griffin-lim"),
    ]
    assert found["ar-wavenet"].label == "AR acoustic model + WaveNet"


def test_sounds_are_those_of_the_models(voice, material):
    found = by_name(voice)
    np.testing.assert_array_equal(
        found["natural"].make(voice, material, 0).samples, material.recording
    )
    copy = found["copy-parallel"].make(voice, material, 3).samples
    assert len(copy) == len(material.natural)
    whole = voice.vocoder.infer(torch.from_numpy(material.mel), seed=3).numpy()
    np.testing.assert_allclose(copy, whole[: len(copy)], atol=1e-4)
    speech = found["two-stage"].make(voice, material, 3).samples
    np.testing.assert_array_equal(speech, synthesize(material.text, voice=voice, seed=3).samples)


@pytest.mark.parametrize("name", ["copy-parallel", "two-stage"])
def test_streams_are_the_same_sound(voice, material, name):
    strategy = by_name(voice)[name]
    material = dataclasses.replace(material, text="A big dog ran to me and sat on the old red mat.")
    blocks = [block.samples for block in strategy.stream(voice, material, 3)]
    assert len(blocks) > 1
    whole = strategy.make(voice, material, 3).samples
    joined = np.concatenate(blocks)
    assert len(joined) - len(whole) in range(voice.audio.hop_length)
    np.testing.assert_allclose(joined[: len(whole)], whole, atol=1e-4)


def test_parameters_are_those_that_work(voice):
    def count(module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    found = {name: strategy.parameters(voice) for name, strategy in by_name(voice).items()}
    acoustic, vocoder = count(voice.acoustic), count(voice.vocoder)
    assert list(found.values()) == [0, vocoder, 0, acoustic + vocoder, acoustic]


def test_later_strategies_register_themselves(voice):
    def louder(asked):
        return [Louder("louder", f"louder {asked.name}", "parallel")]

    register(louder)
    try:
        assert register(louder) is louder
        assert list(by_name(voice)) == [*BUILT_IN, "louder"]
        assert by_name(voice)["louder"].label == "louder tiny"
    finally:
        unregister(louder)
    assert list(by_name(voice)) == BUILT_IN


def test_names_are_unique_and_name_folders(voice):
    def twice(_):
        return [Louder("two-stage", "another one", "parallel")]

    register(twice)
    try:
        with pytest.raises(ConfigError, match="'two-stage': registered twice"):
            strategies_of(voice)
    finally:
        unregister(twice)
    with pytest.raises(ConfigError, match=r"'\.\./up': expected a name"):
        Louder("../up", "escapes", "parallel")


def test_a_text_without_recording_says_so(voice):
    silent = Material("a", "A text.", voice.audio)
    with pytest.raises(ConfigError, match="a: there is no recording"):
        _ = silent.mel


def test_rows_with_recordings(tmp_path):
    path = tmp_path / "texts.tsv"
    path.write_text("a\tOne text.\twavs/a.wav\nb\tAnother.\n\nc\tThird.\t\n")
    rows = read_rows(path)
    assert [(row.name, row.text) for row in rows] == [
        *(("a", "One text."), ("b", "Another.")),
        ("c", "Third."),
    ]
    assert [row.recording for row in rows] == [tmp_path / "wavs" / "a.wav", None, None]
    path.write_text("a\tOne\twav\tmore\n")
    with pytest.raises(ConfigError, match=":1: expected name<TAB>text"):
        read_rows(path)
    path.write_text("\n")
    with pytest.raises(ConfigError, match="holds no texts"):
        read_rows(path)
