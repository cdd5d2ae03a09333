"""The auto-encoder of mels: speech made short, and back by a parallel decoder."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from tts_pipeline.features.codes.config import CodesConfig
from tts_pipeline.features.codes.quantisation import bounds, coordinates_of
from tts_pipeline.nn.convnext import ConvNeXtBlock

__all__ = ["CodesAutoencoder", "CodesConfig"]


class Quantiser(nn.Module):
    """Finite scalar quantisation, its gradient passed straight through the rounding.

    Args:
        levels: values per coordinate ``(D,)``.
        n_groups: codes side by side, ``G``.
    """

    def __init__(self, levels: tuple[int, ...], n_groups: int) -> None:
        super().__init__()
        self.levels, self.n_groups = levels, n_groups
        self.reach: torch.Tensor
        self.offset: torch.Tensor
        self.shift: torch.Tensor
        self.middle: torch.Tensor
        self.steps: torch.Tensor
        self.table: torch.Tensor
        for name, values in zip(("reach", "offset", "shift"), bounds(levels), strict=True):
            self.register_buffer(name, torch.from_numpy(values), persistent=False)
        n_codes = math.prod(levels)
        steps = [math.prod(levels[:k]) for k in range(len(levels))]
        table = torch.from_numpy(coordinates_of(np.arange(n_codes), levels))
        self.register_buffer("middle", torch.tensor(levels) // 2, persistent=False)
        self.register_buffer("steps", torch.tensor(steps), persistent=False)
        self.register_buffer("table", table, persistent=False)

    def forward(self, outputs: torch.Tensor) -> torch.Tensor:
        """``(B, L, G * D)`` real to the coordinates of its codes, in [-1, 1]."""
        bounded = self._bounded(outputs)
        rounded = bounded + (torch.round(bounded) - bounded).detach()
        return (rounded / self.middle).flatten(-2)

    def codes(self, outputs: torch.Tensor) -> torch.Tensor:
        """``(B, L, G * D)`` real to its codes ``(B, L, G)`` int64."""
        places = torch.round(self._bounded(outputs)).long()
        return ((places + self.middle) * self.steps).sum(-1)

    def coordinates(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes ``(..., G)`` to coordinates ``(..., G * D)``."""
        return self.table[codes].flatten(-2)

    def _bounded(self, outputs: torch.Tensor) -> torch.Tensor:
        grouped = outputs.unflatten(-1, (self.n_groups, len(self.levels)))
        return torch.tanh(grouped + self.shift) * self.reach - self.offset


class _Encoder(nn.Module):
    """Scaled frames ``(B, L * r, M)`` to real coordinates ``(B, L, G * D)``."""

    def __init__(self, config: CodesConfig, n_mels: int) -> None:
        super().__init__()
        c, self.n_frames = config.channels, config.frames_per_code
        self.input = nn.Linear(self.n_frames * n_mels, c)
        self.blocks = nn.Sequential(
            *(
                ConvNeXtBlock(c, config.hidden, config.encoder_kernel)
                for _ in range(config.encoder_blocks)
            )
        )
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.output = nn.Linear(c, config.n_coordinates)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        steps = frames.reshape(len(frames), frames.shape[1] // self.n_frames, -1)
        return self.output(self.norm(self.blocks(self.input(steps))))


class _Decoder(nn.Module):
    """Coordinates ``(B, L, G * D)`` to scaled frames ``(B, L * r, M)``."""

    def __init__(self, config: CodesConfig, n_mels: int) -> None:
        super().__init__()
        c, self.n_frames = config.channels, config.frames_per_code

        def blocks(n_blocks: int) -> nn.Sequential:
            sizes = (c, config.hidden, config.decoder_kernel)
            return nn.Sequential(*(ConvNeXtBlock(*sizes) for _ in range(n_blocks)))

        self.input = nn.Linear(config.n_coordinates, c)
        self.step_blocks = blocks(config.step_blocks)
        self.spread = nn.Linear(c, self.n_frames * c)
        self.frame_blocks = blocks(config.frame_blocks)
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.output = nn.Linear(c, n_mels)

    def forward(self, coordinates: torch.Tensor) -> torch.Tensor:
        steps = self.spread(self.step_blocks(self.input(coordinates)))
        frames = steps.reshape(len(steps), steps.shape[1] * self.n_frames, -1)
        return self.output(self.norm(self.frame_blocks(frames)))


class CodesAutoencoder(nn.Module):
    """Mel to codes and back.

    Encoder and decoder are ConvNeXt blocks over steps of ``r`` frames; between them every step is
    one point of a grid, see :mod:`tts_pipeline.features.codes.quantisation`. The decoder makes all
    frames at once.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: CodesConfig, n_mels: int) -> None:
        super().__init__()
        self.config, self.n_mels = config, n_mels
        self.encoder = _Encoder(config, n_mels)
        self.quantiser = Quantiser(config.levels, config.n_groups)
        self.decoder = _Decoder(config, n_mels)
        self.mel_mean: torch.Tensor
        self.mel_std: torch.Tensor
        self.register_buffer("mel_mean", torch.full((n_mels,), -5.0))
        self.register_buffer("mel_std", torch.full((n_mels,), 2.0))

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Mel through its codes: ``(B, M, T)`` to ``(B, M, T)``; ``T`` any length."""
        made = self._unscaled(self.decoder(self.quantiser(self.encoder(self._frames(mel)))))
        return made[:, :, : mel.shape[2]]

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        """``(B, M, T)`` to codes ``(B, L, G)`` int64, ``L = ceil(T / r)``."""
        return self.quantiser.codes(self.encoder(self._frames(mel)))

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes ``(B, L, G)`` to mel ``(B, M, L * r)``."""
        return self._unscaled(self.decoder(self.quantiser.coordinates(codes)))

    def _frames(self, mel: torch.Tensor) -> torch.Tensor:
        """Scaled frames; what is missing of the last step repeats the last frame."""
        missing = -mel.shape[2] % self.config.frames_per_code
        whole = torch.cat([mel, mel[:, :, -1:].expand(-1, -1, missing)], 2)
        return (whole.transpose(1, 2) - self.mel_mean) / self.mel_std

    def _unscaled(self, frames: torch.Tensor) -> torch.Tensor:
        return (frames * self.mel_std + self.mel_mean).transpose(1, 2)
