"""The audio settings that both stages share, and the mel filters that follow from them."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from tts_pipeline.config import within
from tts_pipeline.errors import AudioError


@dataclasses.dataclass(frozen=True)
class AudioConfig:
    """What both stages must agree on; saved in every voice and compared when it is loaded.

    Attributes:
        sample_rate: samples per second.
        hop_length: samples per frame.
        n_fft: FFT size in samples.
        win_length: length of the Hann window in samples.
        n_mels: number of mel bands (Slaney scale, area-normalised).
        fmin: lower edge of the first band in Hz.
        fmax: upper edge of the last band in Hz.
        log_floor: smallest amplitude before the natural logarithm.
    """

    sample_rate: int = within(16000, 4000, 384000)
    hop_length: int = within(160, 16, 4096)
    n_fft: int = within(1024, 32, 16384)
    win_length: int = within(1024, 32, 16384)
    n_mels: int = within(80, 8, 512)
    fmin: float = within(0.0, 0, 4000)
    fmax: float = within(8000.0, 1000, 192000)
    log_floor: float = within(1e-5, 1e-10, 0.1)

    def __post_init__(self) -> None:
        for name in ("sample_rate", "hop_length", "n_fft", "win_length", "n_mels"):
            value = getattr(self, name)
            if not isinstance(value, int) or value <= 0:
                raise AudioError(f"{name}={value!r}: expected a positive whole number")
        if self.win_length > self.n_fft:
            raise AudioError(f"win_length={self.win_length} exceeds n_fft={self.n_fft}")
        if (self.n_fft - self.hop_length) % 2:
            raise AudioError(
                f"n_fft={self.n_fft} and hop_length={self.hop_length} must differ by an even "
                "number, so that a frame is centred on its hop"
            )
        if not 0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            raise AudioError(
                f"fmin={self.fmin}, fmax={self.fmax}: expected 0 <= fmin < fmax <= "
                f"{self.sample_rate / 2}"
            )
        if not self.log_floor > 0:
            raise AudioError(f"log_floor={self.log_floor!r}: expected a positive amplitude")

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    def n_frames(self, n_samples: int) -> int:
        """Frames of a waveform of ``n_samples``: the ceiling, so that no sample is left out."""
        return -(-n_samples // self.hop_length)


def _hz_to_mel(hz: np.ndarray) -> np.ndarray:
    # Slaney's scale: linear below 1 kHz (200/3 Hz per mel), logarithmic above (27 mels per 6.4x).
    linear = hz * 3 / 200
    return np.where(hz < 1000, linear, 15 + 27 / np.log(6.4) * np.log(np.maximum(hz, 1e-9) / 1000))


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


@functools.lru_cache(maxsize=8)
def mel_filters(config: AudioConfig) -> np.ndarray:
    """Triangular Slaney filters of unit area, ``(n_mels, n_fft // 2 + 1)`` float32.

    Equal to ``librosa.filters.mel(htk=False, norm="slaney")`` (Slaney 1998, Auditory Toolbox).
    """
    edges = _mel_to_hz(
        np.linspace(
            _hz_to_mel(np.array(config.fmin)),
            _hz_to_mel(np.array(config.fmax)),
            config.n_mels + 2,
        )
    )
    bins = np.linspace(0, config.sample_rate / 2, config.n_fft // 2 + 1)
    ramps = edges[:, None] - bins[None]
    widths = np.diff(edges)[:, None]
    rising, falling = -ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]
    weights = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return weights.astype(np.float32)
