"""Blur against variances and energies that are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from tests.small_corpus import speech_like
from tts_pipeline.evaluation.metrics.blur import (
    band_deviations,
    fast_modulation,
    mean_of_band_ratios,
    mel_of,
)
from tts_pipeline.evaluation.metrics.registry import METRICS, Case, score
from tts_pipeline.evaluation.metrics.sound import Sound


def waves(hz: float, amplitude: float, n_frames: int = 200) -> np.ndarray:
    """Bands that swing together, whole periods in two seconds."""
    wave = amplitude * np.sin(2 * np.pi * hz * np.arange(n_frames) / 100)
    return np.tile(wave - 3, (80, 1)).astype(np.float32)


def test_variance_of_a_sine_is_half_its_squared_amplitude():
    np.testing.assert_allclose(band_deviations(waves(4, 0.5)) / 200, 0.125, rtol=1e-5)


def test_what_lies_below_60_db_counts_as_there():
    mel = waves(4, 0.5)
    mel[40] = -20
    mel[40, ::2] = -12
    assert band_deviations(mel)[40] == 0


def test_ratio_is_the_mean_over_bands():
    first = [*np.full(40, 2.0), *np.full(40, 6.0), 10.0]
    second = [*np.full(80, 8.0), 20.0]
    # Per band 2 / 10 by 8 / 20, and 6 / 10 by 8 / 20.
    assert mean_of_band_ratios(np.array([*first, *second])) == pytest.approx((0.5 + 1.5) / 2)


def test_only_modulation_above_8_hz_counts():
    assert fast_modulation(waves(4, 0.5)) == pytest.approx(0, abs=1e-6)
    assert fast_modulation(waves(8, 0.5)) == pytest.approx(0, abs=1e-6)
    expected = 80 * 200 * 0.5**2 / 2
    assert fast_modulation(waves(8.5, 0.5)) == pytest.approx(expected, rel=1e-5)
    both = waves(20, 0.5) + waves(4, 0.5) + 3
    assert fast_modulation(both) == pytest.approx(expected, rel=1e-5)


def test_a_sound_is_as_sharp_as_itself_and_a_smoothed_mel_is_blurred():
    sound = Sound(speech_like("A big dog ran to me and sat on a mat."))
    mel = mel_of(sound)
    names = [name for name in METRICS if "band_variance" in name or "modulation" in name]
    assert len(names) == 4
    same = score(Case(sound, sound, arrays={"mel": mel}), names)
    assert [same.value(name) for name in names] == pytest.approx([1.0] * 4)
    smooth = uniform_filter1d(mel, 9, axis=1, mode="nearest")
    blurred = score(Case(sound, sound, arrays={"mel": smooth}), names)
    assert blurred.value("mel_band_variance") < 0.95
    assert blurred.value("mel_modulation") < 0.2
    assert blurred.value("band_variance") == pytest.approx(1)


def test_a_strategy_without_a_mel_is_named():
    sound = Sound(speech_like("A big dog."))
    found = score(Case(sound, sound), ["mel_modulation"])
    assert found.unavailable == {"mel_modulation": "the strategy gives no mel"}
