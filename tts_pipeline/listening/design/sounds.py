"""What happens to sounds before they are heard: equal loudness, anchors, tones, opaque names."""

from __future__ import annotations

import dataclasses
import functools
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import AudioError

Key = TypeVar("Key")

# Room for what a converter makes between the samples.
PEAK_LIMIT_DB = -1.0
GATING_BLOCK_S = 0.4
# Attenuation of an anchor from 4 kHz on, see `low_pass`.
_STOP_BAND_DB = 60.0

TONE_HZ, TONE_S, TONE_GAP_S, TONE_RATE = 200.0, 1.0, 0.5, 16_000
TONE_KINDS = ("loud", "quiet", "antiphase")


@dataclasses.dataclass(frozen=True)
class Matched:
    """Sounds of equal loudness.

    Attributes:
        sounds: the scaled sounds.
        gains_db: by how much each was scaled.
        level_lufs: the loudness that all of them have now.
        limiting: the sound whose peak kept them from being as loud as asked for, if one did.
    """

    sounds: dict[Any, Audio]
    gains_db: dict[Any, float]
    level_lufs: float
    limiting: Any = None


def loudness_lufs(sound: Audio, where: str = "sound") -> float:
    """Integrated loudness by ITU-R BS.1770-4 (pyloudnorm), in LUFS.

    A sound shorter than the standard's gating block of 0.4 s is measured in one block of its own
    length.

    Raises:
        AudioError: if the sound is too quiet to have a loudness (gated below -70 LUFS).
    """
    import pyloudnorm

    block = min(GATING_BLOCK_S, len(sound.samples) / sound.sample_rate)
    meter = pyloudnorm.Meter(sound.sample_rate, block_size=block)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        level = float(meter.integrated_loudness(sound.samples.astype(np.float64)))
    if not np.isfinite(level):
        raise AudioError(f"{where}: too quiet to measure its loudness (below -70 LUFS)")
    return level


def match_loudness(sounds: Mapping[Key, Audio], target_lufs: float) -> Matched:
    """Scale sounds to one loudness, lower than asked for where a peak would clip.

    One sound that cannot be made as loud as asked lowers all, since one that is quieter than
    the others would be judged for that.

    Args:
        sounds: any names and their sounds.
        target_lufs: wanted integrated loudness.
    """
    ceiling = 10 ** (PEAK_LIMIT_DB / 20)
    levels = {key: loudness_lufs(sound, str(key)) for key, sound in sounds.items()}
    headroom = {
        key: float(20 * np.log10(ceiling / np.abs(sound.samples).max()))
        - (target_lufs - levels[key])
        for key, sound in sounds.items()
    }
    limiting = min(headroom, key=lambda key: headroom[key])
    level = target_lufs + min(0.0, headroom[limiting])
    gains = {key: level - levels[key] for key in sounds}
    scaled = {
        key: Audio(sound.samples * np.float32(10 ** (gains[key] / 20)), sound.sample_rate)
        for key, sound in sounds.items()
    }
    return Matched(scaled, gains, level, limiting if headroom[limiting] < 0 else None)


def low_pass(sound: Audio, cutoff_hz: float) -> Audio:
    """BS.1534-3's anchor: everything above ``cutoff_hz`` removed (annex 1, section 5.1).

    Linear phase, so that it stays in step with the other sounds. As asked there for 3.5 kHz:
    ripple below 0.1 dB up to the cut-off frequency, at least 25 dB down at 4 kHz and 50 dB at
    4.5 kHz; other cut-offs in proportion.

    Raises:
        AudioError: if the sound holds nothing above the cut-off frequency anyway.
    """
    if cutoff_hz * 8 / 7 >= sound.sample_rate / 2:
        raise AudioError(
            f"an anchor of {cutoff_hz:g} Hz of sound at {sound.sample_rate} Hz would be no worse "
            f"than the sound itself; expected anchors_hz below {sound.sample_rate * 7 / 16:g}"
        )
    from scipy.signal import fftconvolve

    taps = _low_pass_taps(cutoff_hz, sound.sample_rate)
    filtered = fftconvolve(sound.samples.astype(np.float64), taps, mode="full")
    delay = len(taps) // 2
    return Audio(filtered[delay : delay + len(sound.samples)], sound.sample_rate)


@functools.lru_cache(maxsize=8)
def _low_pass_taps(cutoff_hz: float, sample_rate: int) -> np.ndarray:
    from scipy.signal import firwin, kaiserord

    width = cutoff_hz / 7
    n_taps, beta = kaiserord(_STOP_BAND_DB, width / (sample_rate / 2))
    return firwin(n_taps | 1, cutoff_hz + width / 2, window=("kaiser", beta), fs=sample_rate)


def headphone_tones(order: tuple[str, ...]) -> np.ndarray:
    """Three tones, of which the quiet one is plain to hear on headphones only.

    Woods, Siegel, Traer and McDermott 2017 (Attention, Perception, & Psychophysics 79,
    2064-2072): tones of 200 Hz and one second with ramps of 100 ms; one is 6 dB below the others,
    another has the right channel inverted, so that over loudspeakers it cancels in the air and
    seems the quietest.

    Args:
        order: ``"loud"``, ``"quiet"`` and ``"antiphase"`` in the order they are played in.

    Returns:
        ``(S, 2)`` at 16 kHz.
    """
    time = np.arange(int(TONE_S * TONE_RATE)) / TONE_RATE
    ramp = np.minimum(1.0, np.minimum(time, TONE_S - time) / 0.1)
    tone = 0.25 * np.sin(2 * np.pi * TONE_HZ * time) * np.sin(np.pi / 2 * ramp) ** 2
    channels = {
        "loud": np.stack([tone, tone], axis=1),
        "quiet": np.stack([tone, tone], axis=1) * 10 ** (-6 / 20),
        "antiphase": np.stack([tone, -tone], axis=1),
    }
    gap = np.zeros((int(TONE_GAP_S * TONE_RATE), 2))
    return np.concatenate([part for kind in order for part in (channels[kind], gap)][:-1])


def write_plain_wav(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """Write 16-bit wav of ``(S,)`` or ``(S, channels)`` with nothing but format and samples.

    No comment, date or name of a program, since those could tell what made the sound.

    Raises:
        AudioError: if a sample would clip.
    """
    import soundfile

    if np.abs(samples).max() > 1:
        raise AudioError(f"{path.name}: samples outside [-1, 1]")
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="WAV", subtype="PCM_16")
    path.write_bytes(file.getvalue())
