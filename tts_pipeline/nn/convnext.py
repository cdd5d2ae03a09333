"""ConvNeXt block in one dimension, the building block of both stages."""

from __future__ import annotations

import torch
from torch import nn


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, layer norm and a two-layer perceptron, added to the input.

    Liu et al. 2022, "A ConvNet for the 2020s" (arXiv 2201.03545), section 2.6, in one dimension as
    in Vocos (Siuzdak 2023, arXiv 2306.00814), with ReLU: cheaper on a CPU than GELU.

    Args:
        channels: width ``C``.
        hidden: width of the perceptron's inner layer.
        kernel_size: frames seen by the depthwise convolution, odd.
        scale: initial value of the per-channel weight of the residual branch.
        dropout: probability of dropping a channel of the residual branch in training.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        kernel_size: int = 7,
        scale: float = 0.2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(
            channels, channels, kernel_size, padding=kernel_size // 2, groups=channels
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.expand = nn.Linear(channels, hidden)
        self.project = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, modulation: torch.Tensor | None = None) -> torch.Tensor:
        """``(B, T, C)`` to ``(B, T, C)``.

        Args:
            x: the rows.
            modulation: what the normed rows are scaled by (less one) and shifted by ``(B, 1, 2 C)``
                (Perez et al. 2018, FiLM, arXiv 1709.07871); None: as they are.
        """
        y = self.norm(self.depthwise(x.transpose(1, 2)).transpose(1, 2))
        if modulation is not None:
            scale, shift = modulation.chunk(2, -1)
            y = y * (1 + scale) + shift
        y = self.project(torch.relu(self.expand(y)))
        return x + self.scale * self.dropout(y)
