"""Finer structure of the harmonic-plus-noise vocoder's sources than a window can show.

Both sources get a gain that changes within a hop, for onsets and bursts. Pulses differ from each
other at random, in strength and in place (shimmer and jitter), by a slow noise that multiplies
them. The noise swells and fades with the pitch period, as breath does (Stylianou 2001, "Applying
the harmonic plus noise model in concatenative speech synthesis", section II): its products with
cosine and sine of the phase are added to it with a weight in each band.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn

from tts_pipeline.vocoder.harmonic_noise.config import GeneratorConfig
from tts_pipeline.vocoder.harmonic_noise.detailed_sources import band_matrix
from tts_pipeline.vocoder.harmonic_noise.excitation import upsample_linear

# Speech's pulses differ in strength by some percent; from 0 training would not know where to go.
_FIRST_WANDER = 0.03


class Detail(NamedTuple):
    """What the network says of a mel's sources.

    Attributes:
        gains: log gains of pulses and noise ``(B, 2, T * gains_per_hop)``.
        wander: complex share of the wandering pulses, relative to the steady ones ``(B, F, T)``.
        swell: weights of the noise times cosine and sine of the phase ``(B, 2, F, T)``.
    """

    gains: torch.Tensor
    wander: torch.Tensor
    swell: torch.Tensor


class DetailHead(nn.Module):
    """From the network's features to :class:`Detail`; at first it says next to nothing.

    Args:
        config: sizes, with ``detail``.
        hop_length: samples per frame.
    """

    def __init__(self, config: GeneratorConfig, hop_length: int) -> None:
        super().__init__()
        if config.detail is None:
            raise ValueError("the configuration has no detail")
        self.config, self.hop_length = config.detail, hop_length
        self.output = nn.Linear(config.channels, self.config.n_outputs)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        with torch.no_grad():
            self.output.bias[: self.config.n_bands].fill_(_FIRST_WANDER)
        self.bands: torch.Tensor
        matrix = torch.from_numpy(band_matrix(self.config.n_bands, config.n_bins))
        self.register_buffer("bands", matrix, persistent=False)

    def forward(self, features: torch.Tensor) -> Detail:
        """``(B, T, C)``."""
        config, made = self.config, self.output(features)
        by_band = made[..., : 4 * config.n_bands].unflatten(-1, (4, config.n_bands))
        wander_real, wander_imag, *swell = (by_band @ self.bands).permute(2, 0, 3, 1)
        gains = made[..., 4 * config.n_bands :].unflatten(-1, (2, config.gains_per_hop))
        limit = config.max_log_gain
        return Detail(
            gains.transpose(1, 2).flatten(2).clamp(-limit, limit),
            torch.complex(wander_real, wander_imag),
            torch.stack(swell, 1),
        )

    def sources(
        self, gains: torch.Tensor, pulses: torch.Tensor, phase: torch.Tensor, noise: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Pulses, wandering pulses, noise, noise times cosine and times sine, ``(B, S)`` each.

        Args:
            gains: of :class:`Detail`.
            pulses: ``(B, S)``.
            phase: of the pulses in cycles ``(B, S)`` float64.
            noise: ``(B, S)``; its slow part is what pulses wander by.
        """
        config, hop = self.config, self.hop_length
        at_samples = [
            upsample_linear(part, hop // config.gains_per_hop) for part in gains.unbind(1)
        ]
        length = hop // config.wander_per_hop
        slow = noise.unflatten(-1, (-1, length)).sum(-1) / math.sqrt(length)
        pulses, noise = pulses * at_samples[0].exp(), noise * at_samples[1].exp()
        angle = 2 * math.pi * (phase - torch.round(phase)).float()
        swollen = math.sqrt(2) * noise
        return (
            pulses,
            pulses * upsample_linear(slow, length),
            noise,
            swollen * torch.cos(angle),
            swollen * torch.sin(angle),
        )
