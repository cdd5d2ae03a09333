"""Griffin-Lim behind the vocoder contract: the plain reference, with nothing to train."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tts_pipeline.audio.config import AudioConfig, mel_filters
from tts_pipeline.errors import AudioError
from tts_pipeline.nn.threads import blas_threads
from tts_pipeline.protocols import Operations, checked_mel

# Updates of the linear spectrum, after which its log-mel is 0.003 from the wanted one on average.
_SPECTRUM_UPDATES = 50
# A real FFT of n points takes about 2.5 n log2(n) operations, half of them multiplications.
_FFT_MACS = 1.25


@dataclasses.dataclass(frozen=True)
class GriffinLimOptions:
    """Settings per call.

    Attributes:
        n_iter: rounds of phase estimation, at least 1; None: those of the vocoder.
    """

    n_iter: int | None = None

    def __post_init__(self) -> None:
        if self.n_iter is not None:
            _check_n_iter(self.n_iter)


class GriffinLimVocoder:
    """Waveform of a log-mel by iterated phase estimation.

    Griffin and Lim 1984 with the momentum of Perraudin, Balazs and Sondergaard 2013; equal to
    ``torchaudio.functional.griffinlim`` from the same initial phases. The linear spectrum comes
    from the mel by non-negative least squares. Calls share nothing that changes, so threads may
    use one instance side by side.

    Args:
        audio: settings of the mel; default ``AudioConfig()``.
        n_iter: rounds of phase estimation, at least 1.
        momentum: in [0, 1); 0 is the original algorithm.

    Raises:
        AudioError: if an option is out of range.
    """

    options = GriffinLimOptions
    n_parameters = 0

    def __init__(
        self, audio: AudioConfig | None = None, *, n_iter: int = 60, momentum: float = 0.99
    ):
        _check_n_iter(n_iter)
        if not 0 <= momentum < 1:
            raise AudioError(f"momentum={momentum!r}: expected at least 0 and below 1")
        self.features = self.audio = audio or AudioConfig()
        self.n_iter, self.momentum = n_iter, momentum

    def infer(
        self, mel: np.ndarray, *, seed: int = 0, options: GriffinLimOptions | None = None
    ) -> np.ndarray:
        """Waveform of a mel: ``(M, T)`` to ``(T * hop_length,)``, or both with ``B`` before.

        Args:
            mel: natural-log amplitude, finite; an array or a tensor.
            seed: of the phases to begin with; every item of a batch gets those it would get alone.
            options: settings of this call.

        Returns:
            float32 in [-1, 1].

        Raises:
            AudioError: if the mel has another shape, is empty or not finite.
        """
        checked = checked_mel(mel, self.audio)
        n_iter = self._rounds(options)
        # How matrix products round depends on the number of their threads.
        with blas_threads(1):
            if checked.ndim == 2:
                return self._one(checked, seed, n_iter)
            return np.stack([self._one(item, seed, n_iter) for item in checked])

    def stream(
        self,
        mel: Iterable[np.ndarray],
        *,
        seed: int = 0,
        options: GriffinLimOptions | None = None,
    ) -> Iterator[np.ndarray]:
        """:meth:`infer` once the last block ``(M, t)`` is in: every round needs the whole mel."""
        blocks = [checked_mel(block, self.audio) for block in mel]
        if blocks:
            yield self.infer(np.concatenate(blocks, 1), seed=seed, options=options)

    def operations(self, n_frames: int, options: Any = None) -> Operations:
        """Arithmetic of so many frames; the rounds wait for one another."""
        n_fft, n_bins = self.audio.n_fft, self.audio.n_fft // 2 + 1
        n_iter = self._rounds(options)
        per_frame = (2 * n_iter + 1) * _FFT_MACS * n_fft * np.log2(n_fft)
        per_frame += 2 * _SPECTRUM_UPDATES * self.audio.n_mels * n_bins
        return Operations(int(per_frame * n_frames), n_iter)

    def linear_spectrum(self, mel: np.ndarray) -> np.ndarray:
        """Magnitudes ``(n_fft // 2 + 1, T)`` whose mel is closest to ``(M, T)`` natural log.

        Multiplicative updates for the Euclidean distance (Lee and Seung 2001, eq. 4) keep every
        bin at or above zero; they begin at the pseudo-inverse.
        """
        filters, inverse = _filters(self.audio)
        wanted = np.exp(checked_mel(mel, self.audio))
        spectrum = np.maximum(inverse @ wanted, np.float32(self.audio.log_floor))
        numerator = filters.T @ wanted
        for _ in range(_SPECTRUM_UPDATES):
            rebuilt = filters.T @ (filters @ spectrum)
            spectrum = spectrum * numerator / (rebuilt + np.float32(1e-12))
        return spectrum

    def _rounds(self, options: GriffinLimOptions | None) -> int:
        return self.n_iter if options is None or options.n_iter is None else options.n_iter

    def _one(self, mel: np.ndarray, seed: int, n_iter: int) -> np.ndarray:
        audio = self.audio
        # Frame t of a centred STFT lies on t * hop_length, ours half a hop later: with one more
        # frame before, ours begin half a hop after the start of the waveform.
        # Reflection at the ends needs more than half an FFT of waveform.
        n_extra = max(1, audio.n_fft // audio.hop_length - mel.shape[1])
        padded = np.pad(mel, ((0, 0), (1, n_extra)), mode="edge")
        spectrum = self.linear_spectrum(padded).T
        waveform = griffin_lim(
            np.ascontiguousarray(spectrum),
            initial_phases(spectrum.shape[::-1], seed).T,
            audio,
            n_iter=n_iter,
            momentum=self.momentum,
        )
        start = audio.hop_length // 2
        n_samples = mel.shape[1] * audio.hop_length
        return waveform[start : start + n_samples].clip(-1.0, 1.0)


def initial_phases(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Complex numbers with real and imaginary part uniform in [0, 1), complex64.

    They are those of ``torch.rand`` after ``torch.manual_seed(seed)``: 24 bits of MT19937 each.
    """
    random = np.random.RandomState(seed % 2**32)
    bits = random.randint(0, 2**32, (*shape, 2), dtype=np.uint32) & np.uint32(2**24 - 1)
    return (bits.astype(np.float32) * np.float32(2.0**-24)).view(np.complex64)[..., 0]


def griffin_lim(
    magnitudes: np.ndarray,
    phases: np.ndarray,
    audio: AudioConfig,
    *,
    n_iter: int,
    momentum: float,
) -> np.ndarray:
    """Waveform ``((T - 1) * hop_length,)`` float32 whose centred STFT comes near the magnitudes.

    Args:
        magnitudes: ``(T, n_fft // 2 + 1)`` float32.
        phases: complex numbers of the same shape, with whose direction the first round starts.
        audio: FFT, hop and window; the window is Hann's.
        n_iter: rounds.
        momentum: in [0, 1).
    """
    share = np.float32(momentum / (1 + momentum))
    frames = _Frames(len(magnitudes), audio)
    angles, previous = phases, np.complex64(0)
    for _ in range(n_iter):
        rebuilt = frames.analyse(frames.synthesise(magnitudes * angles))
        angles = rebuilt - share * previous
        angles /= np.abs(angles) + np.float32(1e-16)
        previous = rebuilt
    return frames.synthesise(magnitudes * angles)


class _Frames:
    """Centred STFT of a length and its inverse by least squares (Griffin and Lim, eq. 6)."""

    def __init__(self, n_frames: int, audio: AudioConfig) -> None:
        self._n_fft, self._hop = audio.n_fft, audio.hop_length
        window = np.zeros(audio.n_fft, np.float32)
        left = (audio.n_fft - audio.win_length) // 2
        turns = np.arange(audio.win_length) / audio.win_length
        window[left : left + audio.win_length] = 0.5 - 0.5 * np.cos(2 * np.pi * turns)
        self._window = window
        self._n_samples = (n_frames - 1) * audio.hop_length
        squares = np.broadcast_to(np.square(window), (n_frames, audio.n_fft))
        self._weight = self._overlap_add(squares)

    def synthesise(self, spectrum: np.ndarray) -> np.ndarray:
        windows = np.fft.irfft(spectrum, self._n_fft, axis=1).astype(np.float32, copy=False)
        windows *= self._window
        return self._overlap_add(windows) / self._weight

    def analyse(self, waveform: np.ndarray) -> np.ndarray:
        padded = np.pad(waveform, self._n_fft // 2, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self._n_fft)[:: self._hop]
        return np.fft.rfft(windows * self._window, axis=1).astype(np.complex64, copy=False)

    def _overlap_add(self, windows: np.ndarray) -> np.ndarray:
        """Sum of windows a hop apart, without the half FFT at either end."""
        n_frames, hop = len(windows), self._hop
        n_hops = -(-self._n_fft // hop)
        out = np.zeros((n_frames + n_hops - 1, hop), np.float32)
        for k in range(n_hops):
            part = windows[:, k * hop : (k + 1) * hop]
            out[k : k + n_frames, : part.shape[1]] += part
        half = self._n_fft // 2
        return out.ravel()[half : half + self._n_samples]


@functools.lru_cache(maxsize=8)
def _filters(audio: AudioConfig) -> tuple[np.ndarray, np.ndarray]:
    """The mel filterbank ``(M, F)`` and its pseudo-inverse ``(F, M)``."""
    filters = mel_filters(audio)
    return filters, np.linalg.pinv(filters)


def _check_n_iter(n_iter: object) -> None:
    if isinstance(n_iter, bool) or not isinstance(n_iter, int) or n_iter < 1:
        raise AudioError(f"n_iter={n_iter!r}: expected a whole number of at least 1")
