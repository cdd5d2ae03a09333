"""The parallel vocoder for training: one differentiable pass without a loop over time."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.convnext import ConvNeXtBlock
from tts_pipeline.vocoder.harmonic_noise.config import GeneratorConfig
from tts_pipeline.vocoder.harmonic_noise.detail import DetailHead
from tts_pipeline.vocoder.harmonic_noise.engine import envelope_matrix
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
    mel's envelope. F0 comes from a head on the mel. With ``config.detail`` either source has finer
    structure (:mod:`tts_pipeline.vocoder.harmonic_noise.detail`).

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
        self.detail = DetailHead(config, audio.hop_length) if config.detail else None
        self.mel_mean: torch.Tensor
        self.mel_scale: torch.Tensor
        self.envelope: torch.Tensor
        self.window: torch.Tensor
        self.register_buffer("mel_mean", torch.full((audio.n_mels, 1), -5.0))
        self.register_buffer("mel_scale", torch.full((audio.n_mels, 1), 0.5))
        envelope = torch.from_numpy(envelope_matrix(config, audio).T.copy())
        self.register_buffer("envelope", envelope, persistent=False)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)

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
        x = self.norm(x)
        log_harmonic, angle, log_noise = self.output(x).transpose(1, 2).split(self.n_bins, 1)
        envelope = self.envelope[:, :-1] @ mel + self.envelope[:, -1:]
        f0_samples = upsample_linear(f0, self.audio.hop_length)
        rate = self.audio.sample_rate
        phase = phase_of(f0_samples, rate, start)
        pulses = pulse_train(phase, f0_samples, rate)
        limit = self.config.max_log_gain
        harmonic = torch.exp((log_harmonic + envelope).clamp(-14.0, limit))
        noisy = torch.exp((log_noise + envelope).clamp(-14.0, limit))
        voice = torch.polar(harmonic, angle)
        if self.detail is None:
            spectrum = voice * self.stft(pulses) + noisy * self.stft(noise)
        else:
            told = self.detail(x)
            signals = self.detail.sources(told.gains, pulses, phase, noise)
            steady, wandering, hiss, cosine, sine = map(self.stft, signals)
            swollen = hiss + told.swell[:, 0] * cosine + told.swell[:, 1] * sine
            spectrum = voice * (steady + told.wander * wandering) + noisy * swollen
        return Generated(self.istft(spectrum), f0_logits, voicing_logits)

    def stft(self, waveform: torch.Tensor) -> torch.Tensor:
        """Spectra of the windows about every hop: ``(B, S)`` to ``(B, F, T)`` complex."""
        return torch.stft(
            nn.functional.pad(waveform, (self.margin, self.margin)),
            self.config.n_fft,
            self.audio.hop_length,
            window=self.window,
            center=False,
            return_complex=True,
        )

    def istft(self, spectrum: torch.Tensor) -> torch.Tensor:
        """The waveform ``(B, T * hop_length)`` of spectra ``(B, F, T)``; undoes :meth:`stft`."""
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
