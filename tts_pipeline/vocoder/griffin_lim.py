"""Griffin-Lim behind the vocoder interface: the plain reference, with nothing to train."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import mel_filterbank
from tts_pipeline.errors import AudioError

# Updates of the linear spectrum, after which its log-mel is 0.003 from the wanted one on average.
_SPECTRUM_UPDATES = 50


class GriffinLimVocoder:
    """Waveform of a log-mel by iterated phase estimation.

    Griffin and Lim 1984 with the momentum of Perraudin, Balazs and Sondergaard 2013, as
    implemented in ``torchaudio.functional.griffinlim``. The linear spectrum comes from the mel by
    non-negative least squares.

    Args:
        audio: settings of the mel; default ``AudioConfig()``.
        n_iter: rounds of phase estimation, at least 1.
        momentum: in [0, 1); 0 is the original algorithm.

    Raises:
        AudioError: if an option is out of range.
    """

    def __init__(
        self, audio: AudioConfig | None = None, *, n_iter: int = 60, momentum: float = 0.99
    ):
        if isinstance(n_iter, bool) or not isinstance(n_iter, int) or n_iter < 1:
            raise AudioError(f"n_iter={n_iter!r}: expected a whole number of at least 1")
        if not 0 <= momentum < 1:
            raise AudioError(f"momentum={momentum!r}: expected at least 0 and below 1")
        self.audio = audio or AudioConfig()
        self.n_iter = n_iter
        self.momentum = momentum

    @torch.inference_mode()
    def infer(self, mel: torch.Tensor, *, seed: int = 0) -> torch.Tensor:
        """Waveform of a mel: ``(B, M, T)`` to ``(B, T * hop_length)``, or both without ``B``.

        Args:
            mel: natural-log amplitude, finite.
            seed: of the phases to begin with; every item of a batch gets those it would get alone.

        Returns:
            float32 in [-1, 1].

        Raises:
            AudioError: if the mel has another shape, is empty or not finite, or torchaudio is not
                installed.
        """
        single = mel.ndim == 2
        batch = mel[None] if single else mel
        if batch.ndim != 3 or batch.shape[1] != self.audio.n_mels or 0 in batch.shape:
            raise AudioError(
                f"mel of shape {tuple(mel.shape)}: expected (B, {self.audio.n_mels}, T) "
                f"or ({self.audio.n_mels}, T) with at least one frame"
            )
        if not torch.isfinite(batch).all():
            raise AudioError("mel holds NaN or infinity: check the acoustic model's output")
        waveform = torch.stack([self._one(item, seed) for item in batch.float()])
        return waveform[0] if single else waveform

    def stream(self, mel: Iterable[torch.Tensor], *, seed: int = 0) -> Iterator[torch.Tensor]:
        """:meth:`infer` once the last block ``(M, t)`` is in: every round needs the whole mel."""
        blocks = list(mel)
        if blocks:
            yield self.infer(torch.cat(blocks, 1), seed=seed)

    def linear_spectrum(self, mel: torch.Tensor) -> torch.Tensor:
        """Magnitudes ``(n_fft // 2 + 1, T)`` whose mel is closest to ``(M, T)`` natural log.

        Multiplicative updates for the Euclidean distance (Lee and Seung 2001, eq. 4) keep every
        bin at or above zero; they begin at the pseudo-inverse.
        """
        filters = mel_filterbank(self.audio).to(mel.device)
        wanted = mel.exp()
        spectrum = (torch.linalg.pinv(filters) @ wanted).clamp_min(self.audio.log_floor)
        numerator = filters.T @ wanted
        for _ in range(_SPECTRUM_UPDATES):
            spectrum = spectrum * numerator / (filters.T @ (filters @ spectrum) + 1e-12)
        return spectrum

    def _one(self, mel: torch.Tensor, seed: int) -> torch.Tensor:
        try:
            from torchaudio.functional import griffinlim
        except ImportError as error:
            raise AudioError(
                "Griffin-Lim needs torchaudio: install the extra [train] of this package"
            ) from error
        audio = self.audio
        # Frame t of torchaudio is centred on t * hop_length, ours half a hop later: with one more
        # frame before, ours begin half a hop after the start of its waveform.
        padded = torch.cat([mel[:, :1], mel, mel[:, -1:]], dim=1)
        # torchaudio needs more than half an FFT of waveform.
        n_extra = max(0, audio.n_fft // audio.hop_length + 1 - padded.shape[1])
        padded = torch.nn.functional.pad(padded, (0, n_extra), mode="replicate")
        devices = [mel.device] if mel.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            waveform = griffinlim(
                self.linear_spectrum(padded),
                torch.hann_window(audio.win_length, device=mel.device),
                audio.n_fft,
                audio.hop_length,
                audio.win_length,
                power=1.0,
                n_iter=self.n_iter,
                momentum=self.momentum,
                length=None,
                rand_init=True,
            )
        start = audio.hop_length // 2
        n_samples = mel.shape[1] * audio.hop_length
        return waveform[start : start + n_samples].clamp(-1.0, 1.0)
