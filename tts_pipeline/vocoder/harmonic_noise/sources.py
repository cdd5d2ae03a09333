"""The source signals of the parallel vocoder on a CPU, as spectra, window by window."""

from __future__ import annotations

import functools

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.vocoder.harmonic_noise.kernel import pulse_samples


@functools.lru_cache(maxsize=8)
def hann(size: int) -> np.ndarray:
    """Periodic Hann window ``(size,)`` float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)


class Sources:
    """Spectra of the pulse train and of white noise, window by window.

    Args:
        audio: settings of the voice.
        window: of the output ``(n_fft,)``.
        margin: samples that it reaches beyond its hop to either side.
        seed: of the noise.
    """

    def __init__(self, audio: AudioConfig, window: np.ndarray, margin: int, seed: int) -> None:
        self._audio, self._window, self._margin = audio, window, margin
        self._scaled_window = len(window) * window
        # One source of numbers drawn in order, so that a longer text begins with the same noise.
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._last_f0: np.ndarray | None = None
        self._phase = 0.0
        self._pulses = self._noise = np.zeros(margin, np.float32)

    @property
    def lookahead(self) -> int:
        """Frames of F0 that must follow a frame before its window is full."""
        return -(-self._margin // self._audio.hop_length) + 1

    def push(self, f0: np.ndarray, last: bool) -> None:
        """Go on with F0 in Hz ``(t,)``."""
        drawn = self._random.standard_normal(len(f0) * self._audio.hop_length, dtype=np.float32)
        edge = [np.zeros(self._margin, np.float32)] if last else []
        self._pulses = np.concatenate([self._pulses, self._pulses_of(f0, last)[0], *edge])
        self._noise = np.concatenate([self._noise, drawn, *edge])

    def __len__(self) -> int:
        """Number of full windows."""
        return self._n_windows(min(len(self._pulses), len(self._noise)))

    def _n_windows(self, n_samples: int) -> int:
        return max(0, (n_samples - len(self._window)) // self._audio.hop_length + 1)

    def pop(self, n: int) -> np.ndarray:
        """Spectra of the next ``n`` windows, of the pulses and of the noise ``(2, n, F)``."""
        n_samples = n * self._audio.hop_length
        end = n_samples + len(self._window)
        spectra = self._spectra(np.stack([self._pulses[:end], self._noise[:end]]), n)
        self._pulses, self._noise = self._pulses[n_samples:], self._noise[n_samples:]
        return spectra

    def _spectra(self, samples: np.ndarray, n: int) -> np.ndarray:
        """Of the first ``n`` windows of signals ``(P, S)``, ``(P, n, F)`` complex64."""
        n_fft, (row, step) = len(self._window), samples.strides
        shape, strides = (len(samples), n, n_fft), (row, self._audio.hop_length * step, step)
        windows = np.lib.stride_tricks.as_strided(samples, shape, strides, writeable=False)
        # With this scaling, which the window undoes, NumPy stays in float32; without any it
        # computes in float64, four times as slow.
        spectra = np.fft.rfft(windows * self._scaled_window, axis=2, norm="forward")
        return spectra.astype(np.complex64, copy=False)

    def _pulses_of(
        self, f0: np.ndarray, last: bool, *, with_phase: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """The pulse train up to the centre of the last frame's hop, at the end up to the end; and
        the phase in cycles from the nearest pulse, if it is wanted.

        Before the centre of the first frame and after that of the last one F0 is held.
        """
        hop, rate = self._audio.hop_length, self._audio.sample_rate
        first = self._last_f0 is None
        known = np.concatenate([f0[:1] if self._last_f0 is None else self._last_f0, f0])
        if not len(known):
            return known, known
        self._last_f0 = known[-1:]
        if last:
            known = np.concatenate([known, self._last_f0])
        n_samples = (len(known) - 1) * hop
        begin, end = hop - hop // 2 if first else 0, n_samples - (hop // 2 if last else 0)
        pulses = np.empty(end - begin, np.float32)
        nearest = np.empty(len(pulses) if with_phase else 0, np.float32)
        self._phase = pulse_samples(known, hop, float(rate), self._phase, begin, pulses, nearest)
        return pulses, nearest
