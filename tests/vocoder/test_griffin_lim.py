from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
import torchaudio
from threadpoolctl import threadpool_limits

from tests.small_corpus import speech_like
from tts_pipeline.audio.config import AudioConfig, mel_filters
from tts_pipeline.audio.mel import log_mel
from tts_pipeline.errors import AudioError
from tts_pipeline.vocoder.griffin_lim import (
    GriffinLimOptions,
    GriffinLimVocoder,
    griffin_lim,
    initial_phases,
)


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    speech = speech_like("a red fish").astype(np.float32)
    speech += 1e-3 * np.random.default_rng(0).standard_normal(len(speech), np.float32)
    return speech[: len(speech) // 160 * 160]


@pytest.fixture(scope="module")
def mel(wave) -> np.ndarray:
    return log_mel(wave)


@pytest.mark.parametrize("n_frames", [1, 2, 5, 13])
def test_length_is_frames_times_hop(n_frames):
    mel = np.full((2, 80, n_frames), -3.0)
    vocoder = GriffinLimVocoder(n_iter=2)
    assert vocoder.infer(mel).shape == (2, n_frames * 160)
    assert vocoder.infer(mel[0]).shape == (n_frames * 160,)


def test_phases_are_those_of_pytorch():
    torch.manual_seed(2**40 + 5)
    expected = torch.rand(1, 5, 7, dtype=torch.complex64)[0].numpy()
    np.testing.assert_array_equal(initial_phases((5, 7), 2**40 + 5), expected)


@pytest.mark.parametrize("momentum", [0.0, 0.99])
@pytest.mark.parametrize(
    "audio", [AudioConfig(), AudioConfig(n_fft=640, win_length=400, hop_length=100)]
)
def test_equals_torchaudio(audio, momentum):
    random = np.random.default_rng(3)
    magnitudes = random.random((audio.n_fft // 2 + 1, 40), np.float32)
    torch.manual_seed(4)
    expected = torchaudio.functional.griffinlim(
        torch.from_numpy(magnitudes)[None],
        torch.hann_window(audio.win_length),
        audio.n_fft,
        audio.hop_length,
        audio.win_length,
        power=1.0,
        n_iter=8,
        momentum=momentum,
        length=None,
        rand_init=True,
    )[0].numpy()
    phases = initial_phases(magnitudes.shape, 4)
    found = griffin_lim(
        np.ascontiguousarray(magnitudes.T), phases.T, audio, n_iter=8, momentum=momentum
    )
    assert found.dtype == np.float32 and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(expected).max())


def test_linear_spectrum_has_the_wanted_mel(mel):
    spectrum = GriffinLimVocoder().linear_spectrum(mel)
    assert spectrum.shape == (513, mel.shape[1]) and (spectrum >= 0).all()
    filters = mel_filters(AudioConfig())

    def distance(spectrum: np.ndarray) -> float:
        return float(np.abs(np.log(np.maximum(filters @ spectrum, 1e-5)) - mel).mean())

    inverse = torchaudio.transforms.InverseMelScale(
        513, 80, 16000, 0.0, 8000.0, norm="slaney", mel_scale="slaney"
    )
    reference = inverse(torch.from_numpy(mel).exp()).numpy()
    assert distance(spectrum) < 0.02 and distance(spectrum) < distance(reference)


def test_sound_has_the_wanted_mel(wave, mel):
    result = GriffinLimVocoder(n_iter=30).infer(mel)
    assert result.dtype == np.float32 and result.shape == wave.shape
    assert np.abs(log_mel(result) - mel).mean() < 0.2
    level = np.square(result).mean() / np.square(wave).mean()
    assert 0.8 < level < 1.25


def test_sound_is_where_the_frames_are():
    at = 40 * 160 + 80  # the centre of frame 40
    burst = np.zeros(80 * 160, np.float32)
    time = np.arange(-800, 801)
    burst[at - 800 : at + 801] = 0.5 * np.hanning(1601) * np.sin(2 * np.pi * 1000 / 16000 * time)
    result = GriffinLimVocoder(n_iter=30).infer(log_mel(burst))
    power = result.astype(np.float64) ** 2
    assert (power * np.arange(len(power))).sum() / power.sum() == pytest.approx(at, abs=30)


def test_seed_decides_and_the_global_generator_is_left_alone(mel):
    vocoder = GriffinLimVocoder(n_iter=3)
    torch_state = torch.random.get_rng_state()
    first = vocoder.infer(mel, seed=1)
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    np.testing.assert_array_equal(vocoder.infer(mel, seed=1), first)
    assert not np.allclose(vocoder.infer(mel, seed=2), first, atol=1e-3)


def test_threads_of_the_matrix_products_make_no_difference(mel):
    vocoder = GriffinLimVocoder(n_iter=3)
    made = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            made.append(vocoder.infer(mel, seed=1))
    np.testing.assert_array_equal(*made)


def test_four_threads_at_once_give_the_same_samples(mel):
    vocoder = GriffinLimVocoder(n_iter=10)
    expected = [vocoder.infer(mel, seed=seed) for seed in range(4)]
    found: dict[int, np.ndarray] = {}
    threads = [
        threading.Thread(
            target=lambda seed=seed: found.update({seed: vocoder.infer(mel, seed=seed)})
        )
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        np.testing.assert_array_equal(found[seed], expected[seed])


def test_batch_equals_singles(mel):
    vocoder = GriffinLimVocoder(n_iter=3)
    batch = np.stack([mel, mel[:, ::-1]])
    for one, together in zip(batch, vocoder.infer(batch), strict=True):
        np.testing.assert_array_equal(vocoder.infer(one), together)


def test_stream_and_tensors_give_the_same_samples(mel):
    vocoder = GriffinLimVocoder(n_iter=3)
    whole = vocoder.infer(mel, seed=5)
    (streamed,) = vocoder.stream(iter([mel[:, :20], mel[:, 20:]]), seed=5)
    np.testing.assert_array_equal(streamed, whole)
    np.testing.assert_array_equal(vocoder.infer(torch.from_numpy(mel), seed=5), whole)


def test_rounds_may_be_chosen_per_call(mel):
    few = GriffinLimVocoder(n_iter=2).infer(mel)
    vocoder = GriffinLimVocoder(n_iter=9)
    np.testing.assert_array_equal(vocoder.infer(mel, options=GriffinLimOptions(n_iter=2)), few)
    assert vocoder.operations(100, GriffinLimOptions(n_iter=4)).sequential_steps == 4
    with pytest.raises(AudioError, match="n_iter=0"):
        GriffinLimOptions(n_iter=0)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros(80), r"\(80,\)"),
        (np.zeros((79, 10)), r"\(79, 10\)"),
        (np.zeros((1, 80, 0)), "at least one frame"),
        (np.full((80, 10), np.nan), "NaN"),
    ],
)
def test_bad_mel_is_refused(bad, message):
    with pytest.raises(AudioError, match=message):
        GriffinLimVocoder().infer(bad)


@pytest.mark.parametrize(
    "options", [{"n_iter": 0}, {"n_iter": 2.5}, {"momentum": 1.0}, {"momentum": -0.1}]
)
def test_bad_options_are_refused(options):
    with pytest.raises(AudioError, match=next(iter(options))):
        GriffinLimVocoder(**options)
