"""Metrics against values that are known beforehand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tests.small_corpus import speech_like
from tts_pipeline.audio.files import read_audio
from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.cepstral import (
    ORDER,
    WARPING,
    mel_cepstra,
    mel_cepstral_distortion,
)
from tts_pipeline.evaluation.metrics.distillmos import distill_mos
from tts_pipeline.evaluation.metrics.naturalness import dnsmos
from tts_pipeline.evaluation.metrics.perceptual import log_spectral_distance, pesq_wb, stoi
from tts_pipeline.evaluation.metrics.pitch import log_f0_sums, pitch_error
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE, Sound
from tts_pipeline.evaluation.statistics import standard_deviation_ratio


def needs(*packages: str) -> pytest.MarkDecorator:
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")


@pytest.fixture(scope="module")
def speech() -> Sound:
    return Sound(speech_like("A big dog ran to me and sat on a mat."))


@pytest.fixture(scope="module")
def noisy(speech: Sound) -> list[Sound]:
    """With white noise at 20, 10 and 0 dB."""
    noise = np.random.default_rng(1).standard_normal(len(speech.samples))
    power = np.mean(speech.samples.astype(np.float64) ** 2)
    return [
        Sound(speech.samples + noise * np.sqrt(power * 10 ** (-snr / 10))) for snr in (20, 10, 0)
    ]


def tone(f0: np.ndarray | float, seconds: float = 1.0) -> np.ndarray:
    """Ten harmonics of F0 in Hz, of falling amplitude."""
    f0 = np.broadcast_to(f0, (round(seconds * SAMPLE_RATE),))
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    return 0.1 * sum(np.sin(k * phase) / k for k in range(1, 11))


def rising(noisy: list[Sound], speech: Sound, metric) -> list[float]:
    return [metric(speech, sound) for sound in (speech, *noisy)]


@needs("pyworld", "librosa")
def test_mcd_is_zero_for_the_same_sound_and_grows_with_noise(speech, noisy):
    same, *others = rising(noisy, speech, mel_cepstral_distortion)
    assert same == pytest.approx(0, abs=1e-5)
    assert 0.5 < others[0] < others[1] < others[2]


@needs("pyworld", "librosa")
def test_mcd_ignores_loudness_and_forgives_timing(speech):
    quiet = Sound(0.25 * speech.samples)
    assert mel_cepstral_distortion(speech, quiet) < 0.3
    middle = len(speech.samples) // 2
    late = np.concatenate([speech.samples[:middle], speech.samples[middle - 1600 :]])
    assert mel_cepstral_distortion(speech, Sound(late)) < 1.0


@needs("pyworld")
def test_mel_cepstra_are_the_fourier_series_of_the_warped_envelope(speech):
    import pyworld

    wave = speech.samples.astype(np.float64)
    power = pyworld.cheaptrick(wave, *pyworld.harvest(wave, SAMPLE_RATE), SAMPLE_RATE)
    log_amplitude = 0.5 * np.log(power[50])
    # Independent of the recursion: the integral of log amplitude over the warped frequency.
    warped = np.linspace(0, np.pi, 20001)
    linear = warped - 2 * np.arctan(WARPING * np.sin(warped) / (1 + WARPING * np.cos(warped)))
    values = np.interp(linear, np.linspace(0, np.pi, len(log_amplitude)), log_amplitude)
    for m in (1, 2, 7, ORDER):
        expected = 2 * np.trapezoid(values * np.cos(m * warped), warped) / np.pi
        assert mel_cepstra(speech)[m - 1, 50] == pytest.approx(expected, abs=2e-3)


@needs("librosa")
@pytest.mark.parametrize("cents", [-200, 100, 300])
def test_a_pitch_shift_gives_its_cents(cents):
    found = pitch_error(Sound(tone(150.0)), Sound(tone(150.0 * 2 ** (cents / 1200))))
    # pYIN's candidates lie 10 cents apart.
    assert found.rmse_cents == pytest.approx(abs(cents), abs=8)
    assert found.voicing_error == 0


@needs("librosa")
def test_f0_of_the_same_sound_has_no_error(speech):
    assert pitch_error(speech, Sound(speech.samples)) == (0, 0)


@needs("librosa")
def test_voicing_error_is_the_share_of_the_silenced_part():
    reference = tone(150.0)
    half = reference.copy()
    half[: len(half) // 2] = 0
    found = pitch_error(Sound(reference), Sound(half))
    assert found.voicing_error == pytest.approx(0.5, abs=0.05)
    assert found.rmse_cents < 10


@needs("librosa")
def test_f0_of_noise_cannot_be_compared():
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE)
    unvoiced = Sound(noise, f0=np.zeros(100))
    assert np.isnan(pitch_error(Sound(tone(150.0)), unvoiced).rmse_cents)
    with pytest.raises(AudioError, match="nothing is voiced"):
        log_f0_sums(unvoiced)


@needs("librosa")
def test_log_f0_deviation_of_a_sweep_twice_as_wide_is_twice_as_large():
    ramp = np.linspace(-1, 1, 2 * SAMPLE_RATE)
    narrow, wide = (Sound(tone(180 * 2 ** (octaves * ramp), 2.0)) for octaves in (0.25, 0.5))
    sums = np.array(log_f0_sums(wide) + log_f0_sums(narrow))
    assert standard_deviation_ratio(sums) == pytest.approx(2.0, rel=0.03)


def test_log_spectral_distance(speech, noisy):
    same, *others = rising(noisy, speech, log_spectral_distance)
    assert same == 0
    assert others[0] < others[1] < others[2]
    # A factor on a sound that is everywhere above the floor moves every bin alike.
    loud = Sound(np.random.default_rng(0).standard_normal(8000))
    assert log_spectral_distance(loud, Sound(loud.samples * 10)) == pytest.approx(20, abs=0.05)


@needs("pesq")
def test_pesq(speech, noisy):
    same, *others = rising(noisy, speech, pesq_wb)
    assert same == pytest.approx(4.64, abs=0.01)
    assert others[0] > others[1] > others[2] >= 1


@needs("pystoi")
def test_stoi(speech, noisy):
    same, *others = rising(noisy, speech, stoi)
    assert same == pytest.approx(1, abs=1e-6)
    assert others[0] > others[1] > others[2]
    with pytest.raises(AudioError, match=r"0\.4 s"):
        stoi(Sound(speech.samples[:3000]), Sound(speech.samples[:3000]))


@needs("speechmos", "onnxruntime", "requests", "librosa")
def test_dnsmos_hears_noise(speech, noisy):
    heard = [dnsmos(sound) for sound in (speech, *noisy)]
    backgrounds = [opinion.background for opinion in heard]
    assert backgrounds == sorted(backgrounds, reverse=True)
    assert all(1 <= value <= 5 for opinion in heard for value in opinion)


def speakers() -> list[Path]:
    """A recording where there are some, and a published sample of the voice."""
    root = Path(__file__).resolve().parents[3]
    recording = root.parent / "shared/corpora/kathleen/wavs/arctic_a0009_1.flac"
    samples = [
        path
        for path in (root / "samples" / "audio").rglob("*.flac")
        if not path.parent.name.endswith(("griffin-lim", "wavenet"))
    ]
    sample = max(samples, key=lambda path: path.stat().st_size)
    return [path for path in (recording, sample) if path.is_file()]


@needs("distillmos", "torch")
@pytest.mark.parametrize("path", speakers(), ids=lambda path: path.stem)
def test_distillmos_orders_what_is_known_to_be_worse(path):
    from scipy.signal import butter, sosfiltfilt

    samples = read_audio(path).samples
    noise = np.random.default_rng(1).standard_normal(len(samples))
    level = np.sqrt(np.mean(samples.astype(np.float64) ** 2))
    worse = [samples + level * 10 ** (-snr / 20) * noise for snr in (30, 20, 10)]
    heard = [distill_mos(Sound(sound)) for sound in (samples, *worse)]
    assert heard == sorted(heard, reverse=True)
    assert all(first - second > 0.05 for first, second in zip(heard, heard[1:]))
    # As a telephone lets it through.
    band = butter(6, [300, 3400], "bandpass", fs=SAMPLE_RATE, output="sos")
    assert 1 < distill_mos(Sound(sosfiltfilt(band, samples))) < heard[0] - 0.2
    assert 3 < heard[0] < 5
    # Loudness does not matter.
    assert distill_mos(Sound(0.1 * samples)) == pytest.approx(heard[0], abs=1e-3)


@pytest.mark.parametrize("metric", [pesq_wb, stoi, log_spectral_distance, pitch_error])
def test_metrics_sample_by_sample_refuse_other_timing(metric, speech):
    pytest.importorskip({"pesq_wb": "pesq", "stoi": "pystoi"}.get(metric.__name__, "numpy"))
    with pytest.raises(AudioError, match="same timing"):
        metric(speech, Sound(speech.samples[:-1600]))


@pytest.mark.parametrize(
    "samples",
    [np.zeros(8000), np.ones((2, 8000)), np.ones(100), np.full(8000, np.nan)],
    ids=["silent", "stereo", "short", "nan"],
)
def test_unusable_sounds_are_refused(samples):
    with pytest.raises(AudioError, match="samples"):
        Sound(samples)
