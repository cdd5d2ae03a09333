"""Stage 2: the parallel vocoder, mel in and waveform out in one pass without a loop over time."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError
from tts_pipeline.modules import CpuTwin
from tts_pipeline.nn.convnext import ConvNeXtBlock
from tts_pipeline.vocoder.harmonic_noise.config import GeneratorConfig
from tts_pipeline.vocoder.harmonic_noise.engine import HarmonicNoiseEngine, envelope_matrix
from tts_pipeline.vocoder.harmonic_noise.excitation import phase_of, pulse_train, upsample_linear
from tts_pipeline.vocoder.harmonic_noise.pitch import PitchHead

__all__ = ["Generated", "GeneratorConfig", "HarmonicPlusNoiseVocoder"]


class Generated(NamedTuple):
    """What a training step needs of one pass."""

    waveform: torch.Tensor
    f0_logits: torch.Tensor
    voicing_logits: torch.Tensor


class HarmonicPlusNoiseVocoder(nn.Module):
    """A pulse train and white noise, each filtered in the STFT domain by a frame-rate network.

    The source-filter idea of NSF (Wang et al. 2019, arXiv 1904.12088) and of the DDSP vocoder
    (Agrawal et al. 2024, arXiv 2401.10460) with the backbone and inverse-STFT output of Vocos
    (Siuzdak 2023, arXiv 2306.00814): ``Y = exp(a + i p) * STFT(pulses) + exp(b) * STFT(noise)``
    with ``a``, ``p``, ``b`` real ``(B, F, T)`` out of the network, ``a`` and ``b`` on top of the
    mel's envelope. F0 comes from a head on the mel.

    Args:
        config: sizes.
        audio: the audio settings of the mel it expects.
    """

    def __init__(self, config: GeneratorConfig, audio: AudioConfig) -> None:
        super().__init__()
        self.margin = config.margin(audio)
        self.config = config
        self.audio = audio
        self.n_bins = config.n_bins
        self.pitch = PitchHead(config.pitch, audio.n_mels)
        self.input = nn.Conv1d(audio.n_mels + 2, config.channels, 7, padding=3)
        self.blocks = nn.Sequential(
            *(ConvNeXtBlock(config.channels, config.hidden) for _ in range(config.n_blocks))
        )
        self.norm = nn.LayerNorm(config.channels, eps=1e-6)
        self.output = nn.Linear(config.channels, 3 * self.n_bins)
        nn.init.normal_(self.output.weight, std=0.01)
        nn.init.zeros_(self.output.bias)
        self.mel_mean: torch.Tensor
        self.mel_scale: torch.Tensor
        self.envelope: torch.Tensor
        self.window: torch.Tensor
        self.register_buffer("mel_mean", torch.full((audio.n_mels, 1), -5.0))
        self.register_buffer("mel_scale", torch.full((audio.n_mels, 1), 0.5))
        envelope = torch.from_numpy(envelope_matrix(config, audio).T.copy())
        self.register_buffer("envelope", envelope, persistent=False)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)
        self._twin = CpuTwin(self, functools.partial(HarmonicNoiseEngine, config, audio))

    def set_statistics(self, mean: torch.Tensor, std: torch.Tensor) -> None:
        """Set the per-band mean and standard deviation ``(M,)`` used to scale the mel."""
        self.mel_mean.copy_(mean[:, None])
        self.mel_scale.copy_(1 / std[:, None])

    def forward(
        self,
        mel: torch.Tensor,
        *,
        noise: torch.Tensor,
        f0: torch.Tensor | None = None,
        start: torch.Tensor | float = 0.0,
    ) -> Generated:
        """One differentiable pass.

        Args:
            mel: ``(B, M, T)`` natural-log amplitude.
            noise: white Gaussian noise of unit variance ``(B, T * hop_length)``.
            f0: F0 in Hz ``(B, T)`` to use in place of the head's own.
            start: phase of the pulse train before the first sample in cycles.
        """
        scaled = (mel - self.mel_mean) * self.mel_scale
        f0_logits, voicing_logits = self.pitch(scaled)
        if f0 is None:
            f0 = self.pitch.decode(f0_logits.detach())
        voiced = torch.sigmoid(voicing_logits.detach())
        features = torch.cat([scaled, torch.log(f0 / 150.0)[:, None], voiced[:, None]], 1)
        x = self.blocks(self.input(features).transpose(1, 2))
        log_harmonic, phase, log_noise = (
            self.output(self.norm(x)).transpose(1, 2).split(self.n_bins, 1)
        )
        envelope = self.envelope[:, :-1] @ mel + self.envelope[:, -1:]
        f0_samples = upsample_linear(f0, self.audio.hop_length)
        rate = self.audio.sample_rate
        pulses = pulse_train(phase_of(f0_samples, rate, start), f0_samples, rate)
        limit = self.config.max_log_gain
        harmonic = torch.exp((log_harmonic + envelope).clamp(-14.0, limit))
        noisy = torch.exp((log_noise + envelope).clamp(-14.0, limit))
        spectrum = torch.polar(harmonic, phase) * self._stft(pulses) + noisy * self._stft(noise)
        return Generated(self._istft(spectrum), f0_logits, voicing_logits)

    @torch.inference_mode()
    def infer(self, mel: torch.Tensor, *, seed: int = 0) -> torch.Tensor:
        """Waveform of a mel: ``(B, M, T)`` to ``(B, T * hop_length)``, or both without ``B``.

        Args:
            mel: natural-log amplitude, finite.
            seed: of the noise source; the same seed gives the same samples, and every item of a
                batch gets the noise it would get alone.

        Raises:
            AudioError: if the mel has another shape, is empty or not finite.
        """
        single = mel.ndim == 2
        batch = self._checked(mel[None] if single else mel, mel)
        engine = self.cpu_engine()
        if engine is not None:
            made = [torch.from_numpy(engine.infer(item.numpy(), seed=seed)) for item in batch]
            waveform = torch.stack(made)
        else:
            random = np.random.Generator(np.random.PCG64(seed))
            n_samples = batch.shape[2] * self.audio.hop_length
            noise = torch.from_numpy(random.standard_normal((1, n_samples), dtype=np.float32))
            waveform = self(batch, noise=noise.to(batch.device)).waveform.clamp_(-1.0, 1.0)
        return waveform[0] if single else waveform

    @torch.inference_mode()
    def stream(self, mel: Iterable[torch.Tensor], *, seed: int = 0) -> Iterator[torch.Tensor]:
        """:meth:`infer` of a mel that comes block by block; memory does not grow with its length.

        Args:
            mel: blocks ``(M, t)`` natural-log amplitude, finite.
            seed: of the noise source.

        Yields:
            ``(S,)`` samples, on a CPU as soon as they are settled, elsewhere at the end; together
            they are what :meth:`infer` returns.

        Raises:
            AudioError: if a block has another shape, is empty or not finite.
        """
        checked = (self._checked(block[None], block)[0] for block in mel)
        engine = self.cpu_engine()
        if engine is not None:
            blocks = (block.numpy() for block in checked)
            yield from map(torch.from_numpy, engine.stream(blocks, seed=seed))
            return
        gathered = list(checked)
        if gathered:
            yield self.infer(torch.cat(gathered, 1), seed=seed)

    def cpu_engine(self) -> HarmonicNoiseEngine | None:
        """The same weights at work without PyTorch; None unless they are float32 on a CPU."""
        return self._twin.current()

    def _checked(self, batch: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        if batch.ndim != 3 or batch.shape[1] != self.audio.n_mels or batch.shape[2] == 0:
            raise AudioError(
                f"mel of shape {tuple(mel.shape)}: expected (B, {self.audio.n_mels}, T) "
                f"or ({self.audio.n_mels}, T) with at least one frame"
            )
        if not torch.isfinite(batch).all():
            raise AudioError("mel holds NaN or infinity: check the acoustic model's output")
        return batch.float()

    def _stft(self, waveform: torch.Tensor) -> torch.Tensor:
        return torch.stft(
            nn.functional.pad(waveform, (self.margin, self.margin)),
            self.config.n_fft,
            self.audio.hop_length,
            window=self.window,
            center=False,
            return_complex=True,
        )

    def _istft(self, spectrum: torch.Tensor) -> torch.Tensor:
        # torch.istft insists on a non-zero window at the edges; overlap-add and divide ourselves.
        n_fft, hop = self.config.n_fft, self.audio.hop_length
        n_frames = spectrum.shape[-1]
        frames = torch.fft.irfft(spectrum, n_fft, dim=1) * self.window[:, None]
        length = (n_frames - 1) * hop + n_fft

        def overlap_add(columns: torch.Tensor) -> torch.Tensor:
            return nn.functional.fold(columns, (1, length), (1, n_fft), stride=(1, hop))[:, 0, 0]

        envelope = overlap_add(self.window.square()[None, :, None].expand(1, -1, n_frames))
        kept = slice(self.margin, self.margin + n_frames * hop)
        return overlap_add(frames)[:, kept] / envelope[:, kept].clamp_min(1e-3)
