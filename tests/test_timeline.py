"""Sentences into sound: what reaches the models, and where everything stands in time."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from tests.test_synthesis import TEXTS
from tts_pipeline import Voice
from tts_pipeline.acoustic.autoregressive.generation import AutoregressiveOnDevice
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.speech_options import SpeechOptions
from tts_pipeline.text.protocol import Prosody, Sentence
from tts_pipeline.timeline import Speaker, Timeline
from tts_pipeline.timestamps import timestamps_of


def module_of(voice: Voice) -> AutoregressiveModel:
    return cast(AutoregressiveModel, voice.module("autoregressive"))


@pytest.fixture(scope="module")
def voice(tiny_voice: Path) -> Voice:
    return Voice.load(tiny_voice)


def _sentence(voice: Voice, text: str, **changes: Any) -> Sentence:
    (sentence,), _ = voice.front_end(text)
    return dataclasses.replace(sentence, **changes)


def test_timestamps_of_known_durations(voice: Voice) -> None:
    sentence = _sentence(voice, "A cat.", marks=(("here", 1), ("end", 2)))
    n_phones = [len(word.phones) for word in sentence.words]
    durations = [2, *[3] * n_phones[0], 4, *[5] * n_phones[1], 6, 7]
    stamps = timestamps_of(sentence, durations, 1600, voice.audio)
    first_end = 2 + 3 * n_phones[0]
    second = first_end + 4
    found = {(s.kind, s.text): (s.start_s, s.end_s) for s in stamps if s.kind != "phone"}
    assert found["word", "a"] == pytest.approx((0.12, 0.1 + first_end / 100))
    assert found["word", "cat"] == pytest.approx((0.1 + second / 100, 0.1 + second / 100 + 0.15))
    assert found["mark", "here"] == pytest.approx((0.1 + second / 100,) * 2)
    assert found["mark", "end"] == pytest.approx((0.1 + (sum(durations) - 7) / 100,) * 2)
    assert [s.text for s in stamps if s.kind == "phone"][-3:] == ["K", "AE1", "T"]


def test_pitch_and_energy_reach_the_acoustic_model(voice: Voice) -> None:
    speaker = Speaker(SpeechOptions(voice, pitch=1.5, energy=2.0))
    sentence = _sentence(voice, "Hello there.", prosody=(Prosody(pitch=0.8), Prosody(energy=0.5)))
    tokens = torch.tensor([sentence.tokens])
    n_first = 1 + len(sentence.words[0].phones) + 1
    pitch = torch.full(tokens.shape, 1.5)
    pitch[:, 1:n_first] = 1.2
    energy = torch.full(tokens.shape, 2.0)
    energy[:, n_first:-1] = 1.0
    given = AcousticInput.plain(tokens[0], pitch=pitch[0], energy=energy[0])
    (expected,) = AutoregressiveOnDevice(module_of(voice), voice.audio).infer([given])
    made, mel = speaker.mels([sentence], 0)[0].read(), expected.read()
    np.testing.assert_allclose(made, mel, atol=1e-5, rtol=0)
    plain = Speaker(SpeechOptions(voice)).mels([_sentence(voice, "Hello there.")], 0)[0].read()
    assert abs(plain - mel).max() > 1e-2


def test_word_rate_changes_that_word_alone(voice: Voice) -> None:
    speaker = Speaker(SpeechOptions(voice))
    plain = _sentence(voice, "Hello there friend.")
    slowed = dataclasses.replace(plain, prosody=(Prosody(), Prosody(rate=0.25), Prosody()))
    lengths = []
    for sentence in (plain, slowed):
        durations = speaker.mels([sentence], 0)[0].durations
        lengths.append(
            [
                sum(d for d, word in zip(durations, sentence.token_words) if word == index)
                for index in range(3)
            ]
        )
    assert lengths[1][1] > 2 * lengths[0][1]
    assert abs(lengths[1][0] - lengths[0][0]) <= 1
    assert abs(lengths[1][2] - lengths[0][2]) <= 1


@pytest.mark.parametrize("seconds", [0.05, 0.25, 2.0])
def test_pause_that_was_asked_for_lasts_so_long(voice: Voice, seconds: float) -> None:
    sentence = _sentence(voice, "Hello there.", pause_s=(seconds, 0.0))
    gap = 1 + len(sentence.words[0].phones)
    mel = Speaker(SpeechOptions(voice, rate=2.0)).mels([sentence], 0)[0]
    assert mel.durations is not None
    frames = mel.read()
    assert mel.durations[gap] == pytest.approx(100 * seconds, abs=1)
    assert frames.shape[1] == sum(mel.durations)
    if seconds > 1:
        start = sum(mel.durations[:gap])
        middle = frames[:, start + 50 : start + 150]
        assert (middle == np.float32(np.log(1e-5))).all()


def test_sentences_are_put_on_one_line_of_time(voice: Voice) -> None:
    line = Timeline(Speaker(SpeechOptions(voice, rate=2.0)))
    first = line.add(_sentence(voice, "Hello.", pause_after_s=0.5))
    second = line.add(_sentence(voice, "Hello.", pause_after_s=0.5))
    assert not second.samples[:4000].any()
    assert second.samples[4000:4400].any()
    shift = len(first.samples) / 16000 + 0.25
    assert second.timestamps[0].start_s == pytest.approx(
        first.timestamps[0].start_s + shift, abs=0.2
    )
    assert second.timestamps[0].start_s >= shift


def test_batch_of_eight_equals_eight_singles_in_the_acoustic_model(voice: Voice) -> None:
    inputs = [AcousticInput.plain(voice.front_end(text)[0][0].tokens) for text in TEXTS]
    on_device = AutoregressiveOnDevice(module_of(voice), voice.audio)
    for given, together in zip(inputs, on_device.infer(inputs, seed=6)):
        (single,) = on_device.infer([given], seed=6)
        assert np.array_equal(together.durations, single.durations)
        np.testing.assert_allclose(together.read(), single.read(), atol=1e-4, rtol=0)
