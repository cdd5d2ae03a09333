"""Strategies: what a voice permits, and how later ones join."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.small_corpus import speech_like
from tests.tiny import make_tiny_voice
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.material import Material, read_rows
from tts_pipeline.evaluation.compare.strategies import Speech, strategies_of
from tts_pipeline.evaluation.compare.strategy import Strategy, register, unregister
from tts_pipeline.protocols import MelStream, NoOptions, Operations
from tts_pipeline.synthesis import synthesize
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.model import WaveNet

BUILT_IN = [
    *("natural", "copy-parallel", "copy-griffin-lim"),
    *("autoregressive", "autoregressive-griffin-lim"),
]

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


@dataclasses.dataclass(frozen=True)
class StepOptions:
    """Of a toy model: from one to four steps."""

    steps: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 4:
            raise ConfigError(f"steps={self.steps}: expected 1 to 4")


class Stepper:
    """Toy acoustic model without durations, whose mel gets louder with the steps."""

    options, n_parameters, controls = StepOptions, 7, frozenset()

    def __init__(self, audio: AudioConfig) -> None:
        self.features = audio

    def stream(self, given, *, seed=0, options=None):
        steps = (options or StepOptions()).steps
        shape = self.features.n_mels, 5 * len(given.tokens)
        return MelStream(iter([np.full(shape, steps - 6.0, np.float32)]))

    def infer(self, inputs, *, seed=0, options=None):
        return [self.stream(given, seed=seed, options=options) for given in inputs]

    def operations(self, given, options=None):
        steps = (options or StepOptions()).steps
        return Operations(1000 * steps, steps)


class Raiser:
    """Toy refiner that raises every level."""

    options, n_parameters = NoOptions, 5

    def __init__(self, audio: AudioConfig) -> None:
        self.features = audio

    def refine(self, mel, given, durations, *, mask=None, seed=0, options=None):
        return mel + 1

    def stream(self, mel, given, durations, *, seed=0, options=None):
        return (block + 1 for block in mel)

    def operations(self, n_frames, options=None):
        return Operations(n_frames, 1)


def test_what_a_voice_permits(voice):
    assert list(by_name(voice)) == BUILT_IN
    # A vocoder that a voice holds takes part by itself, between the default and Griffin-Lim.
    richer = voice.with_model("wavenet", WaveNet(SMALL_WAVENET, voice.audio))
    found = by_name(richer)
    assert list(found) == [
        *("natural", "copy-parallel", "copy-wavenet", "copy-griffin-lim"),
        *("autoregressive", "autoregressive-wavenet", "autoregressive-griffin-lim"),
    ]
    label = "autoregressive acoustic model, wavenet vocoder"
    assert found["autoregressive-wavenet"].label == label


def test_every_acoustic_model_refiner_and_number_of_steps_takes_part(voice, material):
    richer = voice.with_model("stepper", Stepper(voice.audio))
    richer = richer.with_model("raiser", Raiser(voice.audio))
    found = by_name(richer)
    assert [name for name in found if name not in BUILT_IN] == [
        *("autoregressive+raiser", "stepper"),
        *("stepper-steps-1", "stepper-steps-2", "stepper-steps-4"),
    ]
    # What speaks by default changes neither what takes part nor what it is called.
    others = by_name(richer.with_defaults(acoustic="autoregressive+raiser"))
    assert others == found
    longer = by_name(richer.with_defaults(acoustic="stepper+raiser+raiser"))
    assert [name for name in longer if name.startswith("stepper") and "steps" not in name] == [
        *("stepper", "stepper+raiser+raiser", "stepper+raiser", "stepper-griffin-lim"),
    ]
    points = [strategy for strategy in found.values() if strategy.curve]
    assert [(point.curve, point.steps) for point in points] == [("stepper", n) for n in (1, 2, 4)]
    for point in points:
        assert point.arrays(richer, material, 0)["mel"].mean() == point.steps - 6
        own = point.operations(richer, material, 0)
        frames = round(own.audio_s * 100)
        vocoder = richer.vocoder.operations(frames)
        assert own.multiply_accumulates == 1000 * point.steps + vocoder.multiply_accumulates
        assert own.sequential_steps == point.steps + vocoder.sequential_steps
    plain, refined = (
        found[name].arrays(richer, material, 3)["mel"]
        for name in ("autoregressive", "autoregressive+raiser")
    )
    np.testing.assert_allclose(refined, plain + 1, atol=1e-5)
    assert found["autoregressive+raiser"].parameters(richer) == (
        5 + found["autoregressive"].parameters(voice)
    )


def test_sounds_are_those_of_the_models(voice, material):
    found = by_name(voice)
    np.testing.assert_array_equal(
        found["natural"].make(voice, material, 0).samples, material.recording
    )
    copy = found["copy-parallel"].make(voice, material, 3).samples
    assert len(copy) == len(material.natural)
    whole = voice.vocoder.infer(material.mel, seed=3)
    np.testing.assert_array_equal(copy, whole[: len(copy)])
    mel = found["autoregressive"].arrays(voice, material, 3)["mel"]
    assert mel.shape[0] == 80
    speech = found["autoregressive"].make(voice, material, 3).samples
    np.testing.assert_array_equal(speech, synthesize(material.text, voice=voice, seed=3).samples)


@pytest.mark.parametrize("name", ["copy-parallel", "autoregressive"])
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
    def count(name: str) -> int:
        return sum(parameter.numel() for parameter in voice.module(name).parameters())

    found = {name: strategy.parameters(voice) for name, strategy in by_name(voice).items()}
    acoustic, vocoder = count("autoregressive"), count("parallel")
    assert list(found.values()) == [0, vocoder, 0, acoustic + vocoder, acoustic]


def test_later_strategies_register_themselves(voice):
    def louder(asked):
        return [Louder("louder", f"louder {asked.name}", "autoregressive", "parallel")]

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
        return [Louder("autoregressive", "another one", "autoregressive", "parallel")]

    register(twice)
    try:
        with pytest.raises(ConfigError, match="'autoregressive': registered twice"):
            strategies_of(voice)
    finally:
        unregister(twice)
    with pytest.raises(ConfigError, match=r"'\.\./up': expected a name"):
        Louder("../up", "escapes", "autoregressive", "parallel")


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
