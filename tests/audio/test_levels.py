from __future__ import annotations

import librosa
import numpy as np
import pytest

from tests.small_corpus import speech_like
from tts_pipeline.audio.levels import (
    active_level_db,
    high_pass,
    normalise_loudness,
    resample,
    speech_span,
    trim_silence,
)
from tts_pipeline.errors import AudioError


def sine(frequency: float, rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def rms_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_resample_keeps_time_and_shape_of_a_sine(rate):
    result = resample(sine(1000, rate), rate, 16000)
    assert result.dtype == np.float32 and len(result) == 16000
    middle = slice(1000, -1000)
    np.testing.assert_allclose(result[middle], sine(1000, 16000)[middle], atol=1e-4)


def test_resample_keeps_the_band_and_damps_aliases():
    assert rms_db(resample(sine(7200, 48000), 48000, 16000)[2000:-2000]) > -9.1
    assert rms_db(resample(sine(8100, 48000), 48000, 16000)[2000:-2000]) < -90


def test_resample_equals_an_independent_resampler():
    wave = resample(speech_like("five old maps"), 16000, 48000)  # nothing above 8 kHz
    ours = resample(wave, 48000, 22050)
    reference = librosa.resample(wave, orig_sr=48000, target_sr=22050, res_type="soxr_vhq")
    assert len(ours) == len(reference)
    np.testing.assert_allclose(ours[500:-500], reference[500:-500], atol=1e-3)


@pytest.mark.parametrize("rate", [0, -1, 16000.5, True])
def test_resample_refuses_rates(rate):
    with pytest.raises(AudioError, match="sample rate"):
        resample(np.zeros(100), rate, 16000)


def test_high_pass_removes_offset_and_hum_and_moves_nothing():
    rate = 16000
    speech = sine(200, rate)
    dirty = speech + 0.3 + sine(25, rate, amplitude=0.1)
    clean = high_pass(dirty, rate)
    assert clean.dtype == np.float32
    np.testing.assert_allclose(clean[3000:-3000], speech[3000:-3000], atol=2e-3)
    assert abs(float(high_pass(np.full(8000, 0.3), rate).max())) < 1e-3


def test_high_pass_takes_very_short_sounds():
    assert high_pass(np.array([0.1, -0.1]), 16000).shape == (2,)


def test_active_level_ignores_silence_around():
    rate = 16000
    tone = sine(300, rate)
    expected = rms_db(tone)
    assert active_level_db(tone, rate) == pytest.approx(expected, abs=0.01)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(10 * rate)
    alone = np.concatenate([noise, tone, noise])
    assert active_level_db(alone, rate) == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize("gain", [0.01, 0.3, 1.0])
def test_loudness_reaches_the_target(gain):
    wave = gain * speech_like("like hot soup")
    result = normalise_loudness(wave, 16000, level_db=-25.0)
    assert active_level_db(result, 16000) == pytest.approx(-25.0, abs=0.05)
    np.testing.assert_allclose(result / np.abs(result).max(), wave / np.abs(wave).max(), atol=1e-5)


def test_loudness_respects_the_peak_limit():
    wave = speech_like("like hot soup")
    wave[5000] = 3.0
    result = normalise_loudness(wave, 16000, level_db=-3.0, peak_limit=0.9)
    assert np.abs(result).max() == pytest.approx(0.9, abs=1e-5)


def test_levels_refuse_silence_and_wrong_options():
    with pytest.raises(AudioError, match="silent"):
        normalise_loudness(np.zeros(1000), 16000)
    with pytest.raises(AudioError, match="level_db=1"):
        normalise_loudness(sine(200, 16000), 16000, level_db=1)
    with pytest.raises(AudioError, match="int16"):
        high_pass(np.zeros(1000, np.int16), 16000)
    with pytest.raises(AudioError, match="NaN"):
        trim_silence(np.full(1000, np.nan), 16000)
    with pytest.raises(AudioError, match="cutoff_hz"):
        high_pass(sine(200, 16000), 16000, cutoff_hz=9000)
    with pytest.raises(AudioError, match="threshold_db"):
        speech_span(sine(200, 16000), 16000, threshold_db=3)
    with pytest.raises(AudioError, match="margins"):
        trim_silence(sine(200, 16000), 16000, margin_after_s=-0.1)


@pytest.mark.parametrize("noise_db", [-90, -60, -45])
def test_speech_span_finds_the_edges_in_noise(noise_db):
    rng = np.random.default_rng(1)
    tone = sine(300, 16000, 0.8, 0.1)
    wave = np.concatenate([np.zeros(5003), tone, np.zeros(9001)])
    wave += 10 ** (noise_db / 20) * rng.standard_normal(len(wave))
    start, end = speech_span(wave, 16000)
    assert abs(start - 5003) <= 160 and abs(end - (5003 + len(tone))) <= 160


def test_speech_span_is_not_fooled_by_clicks():
    wave = np.concatenate([np.zeros(8000), sine(300, 16000, 0.8, 0.1), np.zeros(8000)])
    wave += 1e-4 * np.random.default_rng(2).standard_normal(len(wave))
    wave[1000:1020] += 0.2
    wave[-1000:-980] -= 0.2
    start, end = speech_span(wave, 16000)
    assert abs(start - 8000) <= 160 and abs(end - 20800) <= 160


@pytest.mark.parametrize("silence_s", [0.0, 0.03, 0.5])
def test_trim_gives_the_margins_whatever_the_edges(silence_s):
    noise = 1e-5 * np.random.default_rng(3).standard_normal(round(silence_s * 16000))
    tone = sine(300, 16000, 1.0, 0.1)
    trimmed = trim_silence(
        np.concatenate([noise, tone, noise]), 16000, margin_before_s=0.1, margin_after_s=0.2
    )
    assert trimmed.dtype == np.float32
    assert abs(len(trimmed) - 1.3 * 16000) <= 320
    assert rms_db(trimmed[:1200]) < -60 and rms_db(trimmed[-2800:]) < -60
    np.testing.assert_allclose(np.abs(trimmed).max(), 0.1, rtol=1e-2)
