"""What a model of given durations is told of each step of frames, as a module to be trained."""

from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.acoustic.durations import expand, position_features


class StepInput(nn.Module):
    """Vectors of tokens spread over their frames, with the place of each frame in its token, and
    ``r`` frames at a time through a linear layer.

    Args:
        text_channels: width of the vectors of tokens.
        channels: width of the result, ``C``.
        frames_per_step: ``r``.
    """

    def __init__(self, text_channels: int, channels: int, frames_per_step: int) -> None:
        super().__init__()
        self.frames_per_step = frames_per_step
        self.position = nn.Linear(3, text_channels)
        self.output = nn.Linear(frames_per_step * text_channels, channels)

    def forward(self, vectors: torch.Tensor, durations: torch.Tensor, n_steps: int) -> torch.Tensor:
        """Vectors ``(B, N, text_channels)`` and frames of each token ``(B, N)`` int64 to ``(B, L,
        C)``; frames beyond an item's end are zeros."""
        n_frames = n_steps * self.frames_per_step
        rows = expand(vectors, durations, n_frames)
        rows = rows + self.position(position_features(durations, n_frames))
        return self.output(rows.reshape(len(rows), n_steps, -1))


def step_mask(durations: torch.Tensor, frames_per_step: int, n_steps: int) -> torch.Tensor:
    """1 where an item has frames, ``(B, L, 1)``."""
    lengths = -(-durations.sum(1, keepdim=True) // frames_per_step)
    return (torch.arange(n_steps, device=durations.device) < lengths)[..., None].float()
