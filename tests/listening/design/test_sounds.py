"""Loudness, anchors, headphone tones and files without traces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from tests.listening.simulation import RATE, tone
from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import AudioError
from tts_pipeline.listening.design import sounds


def test_loudness_of_a_full_scale_sine_as_bs1770_states_it() -> None:
    # BS.1770-4: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LKFS.
    time = np.arange(5 * 48_000) / 48_000
    sine = Audio(np.sin(2 * np.pi * 997 * time).astype(np.float32), 48_000)
    assert sounds.loudness_lufs(sine) == pytest.approx(-3.01, abs=0.05)


def test_matched_sounds_measure_the_same() -> None:
    given = {n: Audio(tone(1.0, 100 + 50 * n, 0.03 * (n + 1)), RATE) for n in range(4)}
    matched = sounds.match_loudness(given, -30.0)
    assert matched.level_lufs == -30.0
    assert matched.limiting is None
    for n, sound in matched.sounds.items():
        measured = pyloudnorm.Meter(RATE).integrated_loudness(sound.samples.astype(np.float64))
        assert measured == pytest.approx(-30.0, abs=0.01)
        np.testing.assert_allclose(
            sound.samples, given[n].samples * 10 ** (matched.gains_db[n] / 20), rtol=1e-5
        )


def test_one_sound_that_would_clip_lowers_all() -> None:
    # A click train is quiet for its peaks.
    clicks = np.zeros(RATE, np.float32)
    clicks[::2000] = 0.5
    given = {"clicks": Audio(clicks, RATE), "tone": Audio(tone(1.0, 120), RATE)}
    matched = sounds.match_loudness(given, -16.0)
    peaks = [np.abs(sound.samples).max() for sound in matched.sounds.values()]
    assert max(peaks) == pytest.approx(10 ** (sounds.PEAK_LIMIT_DB / 20), rel=1e-4)
    assert matched.level_lufs < -20
    assert matched.limiting == "clicks"
    for sound in matched.sounds.values():
        assert sounds.loudness_lufs(sound) == pytest.approx(matched.level_lufs, abs=0.02)


def test_sounds_shorter_than_the_gating_block_are_measured_and_silence_is_refused() -> None:
    long, short = (Audio(tone(s, 200), RATE) for s in (0.4, 0.15))
    assert sounds.loudness_lufs(short) == pytest.approx(sounds.loudness_lufs(long), abs=1.5)
    with pytest.raises(AudioError, match="quiet.wav: too quiet"):
        sounds.loudness_lufs(Audio(tone(1.0, 200, 1e-5), RATE), "quiet.wav")


@pytest.mark.parametrize(("cutoff", "rate"), [(3500, 16_000), (3500, 48_000), (7000, 44_100)])
def test_anchor_meets_the_limits_of_bs1534(cutoff: int, rate: int) -> None:
    impulse = np.zeros(4 * rate // 10, np.float32)
    impulse[len(impulse) // 2] = 1
    filtered = sounds.low_pass(Audio(impulse, rate), cutoff).samples
    assert len(filtered) == len(impulse)
    assert filtered.argmax() == len(impulse) // 2  # in step with the other sounds
    frequencies = np.fft.rfftfreq(len(impulse), 1 / rate)
    gain_db = 20 * np.log10(np.maximum(np.abs(np.fft.rfft(filtered)), 1e-9))
    assert np.abs(gain_db[frequencies <= cutoff]).max() < 0.1
    assert gain_db[frequencies >= cutoff * 8 / 7].max() < -25
    assert gain_db[frequencies >= cutoff * 9 / 7].max() < -50


def test_anchor_that_would_remove_nothing_is_refused() -> None:
    with pytest.raises(AudioError, match="7000 Hz of sound at 16000 Hz"):
        sounds.low_pass(Audio(tone(0.5, 100), RATE), 7000)


def test_headphone_tones_cancel_over_loudspeakers_and_not_over_headphones() -> None:
    samples = sounds.headphone_tones(("antiphase", "loud", "quiet"))
    assert samples.shape == (4 * RATE, 2)
    parts = [samples[round(1.5 * n * RATE) :][:RATE] for n in range(3)]
    at_ear = [np.sqrt(np.mean(part[:, 0] ** 2)) for part in parts]
    in_air = [np.sqrt(np.mean(part.sum(axis=1) ** 2)) for part in parts]
    assert at_ear[0] == pytest.approx(at_ear[1])
    assert 20 * np.log10(at_ear[2] / at_ear[1]) == pytest.approx(-6)
    assert in_air[0] == 0.0
    assert in_air[2] > 0
    spectrum = np.abs(np.fft.rfft(parts[1][:, 0]))
    assert np.fft.rfftfreq(RATE, 1 / RATE)[spectrum.argmax()] == 200


def test_files_hold_format_and_samples_only(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    samples = tone(0.2, 300)
    sounds.write_plain_wav(path, samples, RATE)
    assert path.stat().st_size == 44 + 2 * len(samples)
    read, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(read, samples, atol=1 / 32768)
    with pytest.raises(AudioError, match="outside"):
        sounds.write_plain_wav(path, 2 * np.ones(10), RATE)
