"""The source signals of a parallel vocoder with detail on a CPU, as spectra, window by window."""

from __future__ import annotations

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.vocoder.harmonic_noise.config import DetailConfig
from tts_pipeline.vocoder.harmonic_noise.detail_kernel import shape_sources
from tts_pipeline.vocoder.harmonic_noise.sources import Sources


class DetailedSources(Sources):
    """Sources with the structure that the network gives them.

    Equal to :meth:`~tts_pipeline.vocoder.harmonic_noise.detail.DetailHead.sources`.

    Args:
        audio: settings of the voice.
        window: of the output ``(n_fft,)``.
        margin: samples that it reaches beyond its hop to either side.
        seed: of the noise.
        config: of the detail.
    """

    def __init__(
        self, audio: AudioConfig, window: np.ndarray, margin: int, seed: int, config: DetailConfig
    ) -> None:
        super().__init__(audio, window, margin, seed)
        self.config = config
        self._block = audio.hop_length // config.wander_per_hop
        # From the first hop on that is not shaped yet.
        self._pulses = self._nearest = self._noise = np.zeros(0, np.float32)
        self._gains, self._slow = np.zeros((2, 0), np.float32), np.zeros((1, 0), np.float32)
        # What stands before them, to be interpolated from; nothing at the start.
        self._gains_before, self._slow_before = self._gains, self._slow
        self._shaped = np.zeros((5, margin), np.float32)

    @property
    def lookahead(self) -> int:
        """Frames of F0 and gains that must follow a frame before its window is full."""
        return -(-self._margin // self._audio.hop_length) + 1

    def push(self, f0: np.ndarray, last: bool) -> None:
        """Go on with F0 in Hz ``(t,)``."""
        drawn = self._random.standard_normal(len(f0) * self._audio.hop_length, dtype=np.float32)
        pulses, nearest = self._pulses_of(f0, last, with_phase=True)
        slow = drawn.reshape(-1, self._block).sum(1) / np.float32(np.sqrt(self._block))
        self._pulses = np.concatenate([self._pulses, pulses])
        self._nearest = np.concatenate([self._nearest, nearest])
        self._noise = np.concatenate([self._noise, drawn])
        self._slow = np.concatenate([self._slow, slow[None]], 1)

    def shape(self, gains: np.ndarray, last: bool) -> None:
        """Go on with log gains of pulses and noise ``(t, 2 * gains_per_hop)``.

        Args:
            gains: as the network gives them.
            last: whether that is all; then F0 must have ended as well.
        """
        per_hop, limit = self.config.gains_per_hop, np.float32(self.config.max_log_gain)
        by_source = gains.reshape(-1, 2, per_hop).transpose(1, 0, 2).reshape(2, -1)
        self._gains = np.concatenate([self._gains, by_source.clip(-limit, limit)], 1)
        n_known = min(self._gains.shape[1] // per_hop, len(self._noise) // self._audio.hop_length)
        # The next hop's first point is needed too, where there is a next hop.
        n = n_known if last else min(n_known - 1, len(self._pulses) // self._audio.hop_length)
        edge = [np.zeros((5, self._margin), np.float32)] if last else []
        made = [self._shape(n)] if n > 0 else []
        self._shaped = np.concatenate([self._shaped, *made, *edge], 1)

    def _shape(self, n: int) -> np.ndarray:
        """The next ``n`` hops ``(5, n * hop_length)``."""
        n_samples, config = n * self._audio.hop_length, self.config
        n_gains, n_slow = n * config.gains_per_hop, n * config.wander_per_hop
        made = np.empty((5, n_samples), np.float32)
        shape_sources(
            self._pulses[:n_samples],
            self._nearest[:n_samples],
            self._noise[:n_samples],
            _with_neighbours(self._gains_before, self._gains, n_gains),
            _with_neighbours(self._slow_before, self._slow, n_slow)[0],
            made,
        )
        self._pulses, self._nearest = self._pulses[n_samples:], self._nearest[n_samples:]
        self._noise = self._noise[n_samples:]
        self._gains_before = self._gains[:, n_gains - 1 : n_gains]
        self._slow_before = self._slow[:, n_slow - 1 : n_slow]
        self._gains, self._slow = self._gains[:, n_gains:], self._slow[:, n_slow:]
        return made

    def __len__(self) -> int:
        """Number of full windows."""
        return self._n_windows(self._shaped.shape[1])

    def pop(self, n: int) -> np.ndarray:
        """Spectra of the next ``n`` windows ``(5, n, F)``: of pulses, wandering pulses, noise,
        noise times cosine and times sine of the phase."""
        spectra = self._spectra(self._shaped, n)
        self._shaped = self._shaped[:, n * self._audio.hop_length :]
        return spectra


def _with_neighbours(before: np.ndarray, points: np.ndarray, n: int) -> np.ndarray:
    """The first ``n`` points ``(P, n)`` with one before and one after, at the ends held."""
    first = before if before.shape[1] else points[:, :1]
    after = points[:, n : n + 1] if points.shape[1] > n else points[:, n - 1 : n]
    return np.ascontiguousarray(np.concatenate([first, points[:, :n], after], 1))


def band_matrix(n_bands: int, n_bins: int) -> np.ndarray:
    """Linear interpolation from bands to bins ``(n_bands, n_bins)``; columns sum to 1."""
    places = np.linspace(0, n_bands - 1, n_bins)[None]
    distance = np.abs(places - np.arange(n_bands)[:, None])
    return np.maximum(0, 1 - distance).astype(np.float32)
