"""Sound as bytes, block by block."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from tts_pipeline.audio.levels import StreamResampler, resample
from tts_pipeline.serve.formats import RAW, SOUND_FORMATS, encoder

RATE = 16_000


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Two seconds of a tone that swells, in a little noise."""
    time_s = np.arange(2 * RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * time_s) * (1 + np.sin(2 * np.pi * 3 * time_s)) / 4
    return (tone + np.random.default_rng(0).normal(0, 0.02, len(tone))).astype(np.float32)


def _blocks(samples: np.ndarray, seed: int) -> list[np.ndarray]:
    cuts = np.sort(np.random.default_rng(seed).integers(0, len(samples), 12))
    return np.split(samples, cuts)


@pytest.mark.parametrize(("rate", "new_rate"), [(16000, 24000), (22050, 24000), (48000, 16000)])
@pytest.mark.parametrize("n_samples", [2, 97, 5001, 30_000])
def test_resampled_in_blocks_there_is_no_seam(rate: int, new_rate: int, n_samples: int) -> None:
    samples = np.random.default_rng(n_samples).normal(0, 0.1, n_samples).astype(np.float32)
    resampler = StreamResampler(rate, new_rate)
    made = [resampler.write(block) for block in _blocks(samples, rate)]
    whole = np.concatenate([*made, resampler.finish()])
    np.testing.assert_array_equal(whole, resample(samples, rate, new_rate))


def _encoded(sound: np.ndarray, name: str) -> tuple[bytes, list[int]]:
    coder = encoder(name, RATE)
    parts = [coder.write(block) for block in _blocks(sound, 1)] + [coder.finish()]
    return b"".join(parts), [len(part) for part in parts]


@pytest.mark.parametrize("name", SOUND_FORMATS)
def test_readers_get_all_of_the_sound(sound: np.ndarray, name: str) -> None:
    content, sizes = _encoded(sound, name)
    if name == "pcm":
        heard, rate = np.frombuffer(content, "<i2") / 32767, 24_000
    else:
        heard, rate = soundfile.read(io.BytesIO(content), dtype="float32")
        assert rate == RATE
    expected = resample(sound, RATE, rate)
    if name in ("wav", "flac", "pcm"):
        np.testing.assert_allclose(heard, expected, atol=4e-5)
    else:
        # A codec may start late, by no more than its delay, and pads its last frame.
        assert 0 <= len(heard) - len(expected) < 3 * 1152
        lags = np.correlate(heard[: RATE + 2000], expected[:RATE], "valid")
        lag = int(np.argmax(lags))
        assert lag <= 1200
        n = min(len(heard) - lag, len(expected))
        error = heard[lag : lag + n] - expected[:n]
        assert 10 * np.log10(np.mean(expected[:n] ** 2) / np.mean(error**2)) > 8
    if name != "flac":
        assert sum(size > 0 for size in sizes) > 2, "sound comes while more is being made"


def test_raw_is_what_went_in(sound: np.ndarray) -> None:
    content, _ = _encoded(sound, RAW)
    np.testing.assert_allclose(np.frombuffer(content, "<i2") / 32767, sound, atol=2e-5)


def test_too_loud_is_clipped_not_wrapped() -> None:
    for name in ("wav", "flac", "pcm"):
        coder = encoder(name, 24_000)
        content = coder.write(np.full(5000, 1.7, np.float32)) + coder.finish()
        if name == "flac":
            heard = soundfile.read(io.BytesIO(content), dtype="int16")[0]
        else:
            heard = np.frombuffer(content, "<i2")[100:]
        assert heard.min() > 32_000
