from __future__ import annotations

import librosa
import numpy as np
import pytest

from tts_pipeline.audio.f0 import normalised_difference, track_f0
from tts_pipeline.audio.files import read_audio
from tts_pipeline.errors import AudioError


def by_librosa(samples, sample_rate=16000, hop=160, window=768, f0_min=70.0, f0_max=420.0):
    n_frames = -(-len(samples) // hop)
    margin = (window - hop) // 2
    tail = n_frames * hop - len(samples)
    f0, _, _ = librosa.pyin(
        np.pad(samples.astype(np.float64), (margin, margin + tail)),
        fmin=f0_min,
        fmax=f0_max,
        sr=sample_rate,
        frame_length=window,
        hop_length=hop,
        center=False,
        fill_na=0.0,
    )
    return f0[:n_frames].astype(np.float32)


def voice(seed: int, n_frames: int = 150, hop: int = 160, rate: int = 16000) -> np.ndarray:
    """Harmonics of a wandering F0 in noise, with gaps, hoarse stretches and jumps of an octave."""
    rng = np.random.default_rng(seed)
    f0 = 170 * np.exp(np.cumsum(rng.standard_normal(n_frames)) * 0.03).clip(0.45, 2.4)
    f0[n_frames // 2 :: 37] *= 2
    phase = 2 * np.pi * np.cumsum(np.repeat(f0, hop)) / rate
    wave = sum(np.cos(k * phase + k) / k for k in range(1, 15))
    loud = np.repeat(rng.choice([0, 0.3, 1.0], n_frames // 10), 10 * hop)
    wave = 0.1 * loud * wave[: len(loud)]
    return (wave + 0.02 * rng.standard_normal(len(wave))).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_librosa_on_a_made_up_voice(seed):
    samples = voice(seed)
    found, expected = track_f0(samples), by_librosa(samples)
    assert 0.1 < (expected > 0).mean() < 0.95, "else nothing is compared"
    np.testing.assert_array_equal(found, expected)


def test_equal_to_librosa_on_recordings(tiny_corpus):
    for path in sorted((tiny_corpus / "wavs").iterdir())[:3]:
        samples = read_audio(path, sample_rate=16000).samples
        np.testing.assert_array_equal(track_f0(samples), by_librosa(samples))


def test_equal_to_librosa_at_another_rate_and_range():
    samples = voice(9, hop=256, rate=22050)
    found = track_f0(samples, 22050, 256, f0_min=80, f0_max=500, window=1024)
    expected = by_librosa(samples, 22050, 256, 1024, 80, 500)
    assert (expected > 0).any()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("n_samples", [1, 159, 160, 161, 1500])
def test_lengths_and_silence(n_samples):
    found = track_f0(np.zeros(n_samples, np.float32))
    assert found.shape == (-(-n_samples // 160),) and found.dtype == np.float32
    assert not found.any()


def test_a_known_contour():
    n_frames = 100
    f0 = 180 + 30 * np.sin(np.arange(n_frames) / 20)
    phase = 2 * np.pi * np.cumsum(np.repeat(f0, 160)) / 16000
    wave = (0.1 * sum(np.cos(k * phase) / k for k in range(1, 12))).astype(np.float32)
    wave[8000:10000] = 1e-4 * np.random.default_rng(0).standard_normal(2000)
    found = track_f0(wave)
    assert found.shape == (n_frames,)
    steady = np.r_[5:45, 68:95]
    cents = 1200 * np.log2(found[steady] / f0[steady])
    assert np.abs(cents).max() < 25
    assert not found[54:58].any()


def test_the_difference_function_by_its_definition():
    frame = np.random.default_rng(0).standard_normal(60)
    # What is shifted in from beyond the frame's end is zero.
    shifted = [np.append(frame[period:], np.zeros(period)) for period in range(1, 21)]
    plain = np.square(frame - shifted).sum(axis=1)
    expected = plain / (np.cumsum(plain) / np.arange(1, 21))
    np.testing.assert_allclose(normalised_difference(frame[None], 5, 20)[0], expected[4:])


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(AudioError, match="a period of f0_min in a window"):
        track_f0(np.zeros(1000), f0_min=20)
    with pytest.raises(AudioError, match="half the sample rate"):
        track_f0(np.zeros(1000), f0_max=9000)
    with pytest.raises(AudioError, match="expected finite"):
        track_f0(np.array([0.0, np.nan]))
