"""Diversity of renditions whose differences are known."""

from __future__ import annotations

import numpy as np
import pytest

from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.diversity import duration_spread, f0_spread_cents, speech_s
from tts_pipeline.evaluation.metrics.registry import GROUP, METRICS, Case, score
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE, Sound

pytest.importorskip("librosa")


def vowels(f0: float, seconds: float = 1.2, *, silence_s: float = 0.2) -> Sound:
    """Harmonics under a formant that glides, between two silences."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    glide = 500 + 1000 * time / seconds
    wave = sum(
        np.exp(-(((k * f0 - glide) / 300) ** 2)) * np.sin(2 * np.pi * k * f0 * time)
        for k in range(1, 25)
    )
    silence = np.zeros(round(silence_s * SAMPLE_RATE))
    return Sound(np.concatenate([silence, 0.1 * wave, silence]))


def test_f0_spread_is_the_standard_deviation_between_renditions():
    cents = np.array([-150.0, 0.0, 150.0])
    sounds = tuple(vowels(200 * 2 ** (c / 1200)) for c in cents)
    assert f0_spread_cents(sounds) == pytest.approx(np.std(cents, ddof=1), abs=10)
    assert f0_spread_cents((sounds[0], sounds[0])) == 0


def test_f0_is_compared_at_the_same_place_of_the_text():
    # Slower speech at the same pitch does not differ in F0.
    assert f0_spread_cents((vowels(180, 1.0), vowels(180, 1.4))) < 10


def test_octave_errors_do_not_count():
    with pytest.raises(AudioError, match="no frame is voiced in two renditions"):
        f0_spread_cents((vowels(120), vowels(240)))


def test_duration_spread_is_that_of_the_logarithm_without_silence():
    sounds = (vowels(200, 1.0, silence_s=0.5), vowels(200, 1.2, silence_s=0.1))
    assert [speech_s(sound) for sound in sounds] == pytest.approx([1.0, 1.2], abs=0.02)
    expected = 100 * np.std(np.log([1.0, 1.2]), ddof=1)
    assert duration_spread(sounds) == pytest.approx(expected, abs=1.0)


def test_one_rendition_has_no_spread():
    names = [name for name, metric in METRICS.items() if GROUP in metric.needs]
    assert names == ["f0_diversity", "duration_diversity"]
    sound = vowels(200)
    found = score(Case(sound, group=(sound,)), names)
    assert all("expected two or more" in reason for reason in found.unavailable.values())
