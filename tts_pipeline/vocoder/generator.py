"""Stage 2: the parallel vocoder, mel in and waveform out in one pass without a loop over time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import nn

from tts_pipeline.audio import AudioConfig, mel_filterbank
from tts_pipeline.convnext import ConvNeXtBlock
from tts_pipeline.errors import AudioError
from tts_pipeline.vocoder.excitation import phase_of, pulse_train, upsample_linear
from tts_pipeline.vocoder.pitch import PitchConfig, PitchHead
from tts_pipeline.vocoder.streaming import GeneratorStream

# Frames worked on at once on a CPU: few enough for its caches, enough for its matrix products.
_FRAMES_AT_ONCE = 512


@dataclasses.dataclass(frozen=True)
class GeneratorConfig:
    """Size of the harmonic-plus-noise generator.

    Attributes:
        channels: width of the frame-rate network.
        hidden: inner width of its blocks.
        n_blocks: number of ConvNeXt blocks.
        n_fft: FFT and window size of the output spectrum in samples.
        max_log_gain: largest natural-log gain of either filter.
        pitch: the pitch head.
    """

    channels: int = 256
    hidden: int = 512
    n_blocks: int = 6
    n_fft: int = 640
    max_log_gain: float = 4.0
    pitch: PitchConfig = PitchConfig()


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
        if config.n_fft < 2 * audio.hop_length or (config.n_fft - audio.hop_length) % 2:
            raise AudioError(
                f"generator n_fft={config.n_fft}: expected at least {2 * audio.hop_length} samples "
                "(two hops) and an even difference from the hop"
            )
        self.config = config
        self.audio = audio
        self.n_bins = config.n_fft // 2 + 1
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
        self.register_buffer("envelope", self._envelope_matrix(), persistent=False)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)

    def _envelope_matrix(self) -> torch.Tensor:
        """Interpolation from mel bands to output bins, and a last column to add, ``(F, M + 1)``.

        The log gains start from the mel's own envelope, so that the network only learns what the
        mel does not say. The column turns a band's value into the gain that white noise needs.
        """
        filters = mel_filterbank(self.audio)
        grid = torch.linspace(0, 1, filters.shape[1])
        centres = (filters @ grid / filters.sum(1)).contiguous()
        bins = torch.linspace(0, 1, self.n_bins)
        right = torch.searchsorted(centres, bins).clamp(1, len(centres) - 1)
        share = ((bins - centres[right - 1]) / (centres[right] - centres[right - 1])).clamp(0, 1)
        matrix = torch.zeros(self.n_bins, self.audio.n_mels + 1)
        rows = torch.arange(self.n_bins)
        matrix[rows, right - 1] = 1 - share
        matrix[rows, right] = share
        noise_level = torch.hann_window(self.audio.win_length).square().sum().sqrt()
        band_level = torch.log(filters.sum(1) * noise_level)
        matrix[:, -1] = -(matrix[:, :-1] @ band_level)
        return matrix

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
        engine = GeneratorStream(self, seed)
        at_once = _FRAMES_AT_ONCE if batch.device.type == "cpu" else batch.shape[2]
        pieces = batch.split(at_once, 2)
        made = [engine.push(piece, last=False) for piece in pieces[:-1]]
        made.append(engine.push(pieces[-1], last=True))
        waveform = torch.cat(made, 1).clamp_(-1.0, 1.0)
        return waveform[0] if single else waveform

    @torch.inference_mode()
    def stream(self, mel: Iterable[torch.Tensor], *, seed: int = 0) -> Iterator[torch.Tensor]:
        """:meth:`infer` of a mel that comes block by block; memory does not grow with its length.

        Args:
            mel: blocks ``(M, t)`` natural-log amplitude, finite.
            seed: of the noise source.

        Yields:
            ``(S,)`` samples as soon as they are settled, which is :attr:`lookahead` frames of mel
            later; all of them together are what :meth:`infer` returns.

        Raises:
            AudioError: if a block has another shape, is empty or not finite.
        """
        engine = GeneratorStream(self, seed)
        for block in mel:
            samples = engine.push(self._checked(block[None], block), last=False)
            if samples.shape[1]:
                yield samples[0].clamp_(-1.0, 1.0)
        rest = engine.finish()
        if rest is not None:
            yield rest[0].clamp_(-1.0, 1.0)

    @property
    def lookahead(self) -> int:
        """Frames of mel that must follow a frame before :meth:`stream` gives all its samples, for
        blocks of 64, 128, 256, 256... frames; with others up to 255 more."""
        return GeneratorStream(self, 0).lookahead

    @property
    def margin(self) -> int:
        """Samples that a window of the output reaches beyond its hop to either side."""
        return (self.config.n_fft - self.audio.hop_length) // 2

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
