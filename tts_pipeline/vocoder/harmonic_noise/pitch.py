"""F0 and voicing out of the mel spectrogram, so that the vocoder's only input is the mel."""

from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.nn.convnext import ConvNeXtBlock
from tts_pipeline.vocoder.harmonic_noise.config import PitchConfig

__all__ = ["PitchConfig", "PitchHead"]


class PitchHead(nn.Module):
    """Classifies each frame's F0 into bins of equal width in cents, and its voicing.

    As in CREPE (Kim et al. 2018, arXiv 1802.06182): targets are bins blurred by a Gaussian of 25
    cents (eq. 3), F0 is the weighted mean of the bins around the best one (eq. 2).
    """

    def __init__(self, config: PitchConfig, n_mels: int) -> None:
        super().__init__()
        self.config = config
        self.input = nn.Conv1d(n_mels, config.channels, 5, padding=2)
        self.blocks = nn.Sequential(
            *(ConvNeXtBlock(config.channels, config.hidden) for _ in range(config.n_blocks))
        )
        self.norm = nn.LayerNorm(config.channels, eps=1e-6)
        self.output = nn.Linear(config.channels, config.n_bins + 1)

    def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the F0 bins ``(B, T, n_bins)`` and of voicing ``(B, T)`` from a scaled mel."""
        x = self.blocks(self.input(mel).transpose(1, 2))
        logits = self.output(self.norm(x))
        return logits[..., :-1], logits[..., -1]

    def targets(self, f0: torch.Tensor) -> torch.Tensor:
        """Blurred bins ``(B, T, n_bins)`` in [0, 1] of an F0 in Hz ``(B, T)``."""
        cents = 1200 * torch.log2(f0.clamp_min(1.0) / self.config.f0_min)
        bins = torch.arange(self.config.n_bins, device=f0.device) * self.config.bin_cents
        return torch.exp(-((bins - cents[..., None]) ** 2) / (2 * 25.0**2))

    def decode(self, logits: torch.Tensor) -> torch.Tensor:
        """F0 in Hz ``(B, T)`` for every frame, unvoiced ones included (the source needs one)."""
        best = logits.argmax(-1, keepdim=True)
        offsets = torch.arange(-4, 5, device=logits.device)
        index = (best + offsets).clamp(0, self.config.n_bins - 1)
        # In float64: rounding of F0 would add up in the phase of the pulses.
        weight = torch.sigmoid(logits.gather(-1, index).double())
        cents = (weight * index).sum(-1) / weight.sum(-1).clamp_min(1e-6) * self.config.bin_cents
        return (self.config.f0_min * torch.exp2(cents / 1200)).float()
