"""Critics for adversarial fine-tuning of the vocoder; used in training only."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


@dataclasses.dataclass(frozen=True)
class DiscriminatorConfig:
    """Which critics listen, and their size.

    Attributes:
        resolutions: FFT sizes in samples of the multi-resolution critics.
        resolution_channels: their width.
        periods: periods in samples of the multi-period critics; empty on a CPU, where they cost
            more than the generator.
        period_channels: their width in the first layer.
        period_widths: widths of all their layers, in place of ``period_channels`` and its doubles.
        complex_resolutions: FFT sizes of critics that hear complex spectra; for a GPU as well.
        complex_channels: their width.
    """

    resolutions: tuple[int, ...] = (256, 512, 1024)
    resolution_channels: int = 16
    periods: tuple[int, ...] = ()
    period_channels: int = 16
    period_widths: tuple[int, ...] = ()
    complex_resolutions: tuple[int, ...] = ()
    complex_channels: int = 32

    @property
    def widths_by_layer(self) -> tuple[int, ...]:
        """Widths of a period critic's layers."""
        return self.period_widths or tuple(self.period_channels * 2**k for k in range(4))


class Judgement(NamedTuple):
    """Scores of every critic, and the features of all their layers."""

    scores: list[torch.Tensor]
    features: list[torch.Tensor]

    def halves(self) -> tuple[Judgement, Judgement]:
        """Of the first and of the second half of the batch."""
        parts = [[x.chunk(2) for x in column] for column in self]
        first, second = ([[pair[k] for pair in column] for column in parts] for k in (0, 1))
        return Judgement(*first), Judgement(*second)


class ResolutionDiscriminator(nn.Module):
    """Convolutions over one log-magnitude spectrogram (Jang et al. 2021, UnivNet, 2106.07889)."""

    def __init__(self, n_fft: int, channels: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.window: torch.Tensor
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        widths = [1, channels, channels, channels, channels]
        # Strides along frequency only: time is short, and detail in time is what metal sounds like.
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 3), (2, 1), (2, 1)))
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.output = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, waveform: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Score map and features of waveforms ``(B, S)``."""
        spectrum = torch.stft(
            waveform,
            self.n_fft,
            self.n_fft // 4,
            window=self.window,
            center=False,
            return_complex=True,
        )
        power = spectrum.real.square() + spectrum.imag.square()
        x = (power / self.n_fft + 1e-6).log()[:, None] * 0.25 + 1.0
        features = []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.output(x), features


def _prepared(layer: nn.Conv2d) -> nn.Module:
    """A layer that keeps the level of what passes, so that training of minutes suffices."""
    nn.init.kaiming_normal_(layer.weight, 0.1, nonlinearity="leaky_relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return weight_norm(layer)


class ComplexDiscriminator(nn.Module):
    """Convolutions over one complex spectrogram, its phase included.

    After EnCodec (Défossez et al. 2022, arXiv 2210.13438, section 3.4), with the magnitude
    compressed to its 0.3rd power, or the loudest partials would be all that is heard.
    """

    def __init__(self, n_fft: int, channels: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.window: torch.Tensor
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        layers = [nn.Conv2d(3, channels, (9, 3), padding=(4, 1))]
        layers += [
            nn.Conv2d(channels, channels, (9, 3), (2, 1), (4, dilation), (1, dilation))
            for dilation in (1, 2, 4)
        ]
        layers.append(nn.Conv2d(channels, channels, 3, padding=1))
        self.layers = nn.ModuleList(map(_prepared, layers))
        self.output = _prepared(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, waveform: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Score map and features of waveforms ``(B, S)``."""
        spectrum = torch.stft(
            waveform,
            self.n_fft,
            self.n_fft // 4,
            window=self.window,
            center=False,
            return_complex=True,
        )
        parts = torch.view_as_real(spectrum) / math.sqrt(self.n_fft)
        power = parts.square().sum(-1, keepdim=True) + 1e-6
        magnitude = power.log() * 0.25 + 1.0
        x = torch.cat([magnitude, parts * power**-0.35], -1).permute(0, 3, 1, 2)
        features = []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.output(x), features


class PeriodDiscriminator(nn.Module):
    """Convolutions over every p-th sample (Kong et al. 2020, HiFi-GAN, arXiv 2010.05646).

    Args:
        period: ``p``.
        widths: of the layers.
    """

    def __init__(self, period: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.period = period
        widths = [1, *widths]
        self.layers = nn.ModuleList(
            _prepared(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0)))
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.output = _prepared(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, waveform: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Score map and features of waveforms ``(B, S)``."""
        rows = -(-waveform.shape[-1] // self.period)
        x = nn.functional.pad(waveform, (0, rows * self.period - waveform.shape[-1]))
        # Speech at its usual level has a deviation of about an eighth.
        x = 8 * x.reshape(-1, 1, rows, self.period)
        features = []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), 0.1)
            features.append(x)
        return self.output(x), features


class Discriminators(nn.Module):
    """All critics of a :class:`DiscriminatorConfig` as one module."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        critics: list[nn.Module] = [
            ResolutionDiscriminator(n_fft, config.resolution_channels)
            for n_fft in config.resolutions
        ]
        critics += [
            ComplexDiscriminator(n_fft, config.complex_channels)
            for n_fft in config.complex_resolutions
        ]
        critics += [PeriodDiscriminator(p, config.widths_by_layer) for p in config.periods]
        self.critics = nn.ModuleList(critics)

    def forward(self, waveform: torch.Tensor) -> Judgement:
        """Judge waveforms ``(B, S)``."""
        judged = [critic(waveform) for critic in self.critics]
        return Judgement([score for score, _ in judged], [f for _, fs in judged for f in fs])
