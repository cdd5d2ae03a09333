"""From what is known of the tokens to what every frame is told: shared by the families that write
all frames at once along given durations."""

from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.acoustic.durations import expand, position_features, token_of_frame


class FrameConditioning(nn.Module):
    """Each token's vector repeated for its frames, with the frame's place in it.

    Args:
        token_channels: width of the token vectors.
        channels: width of the result ``C``.
    """

    def __init__(self, token_channels: int, channels: int) -> None:
        super().__init__()
        self.token_input = nn.Linear(token_channels, channels)
        self.position_input = nn.Linear(3, channels)

    def forward(
        self, vectors: torch.Tensor, durations: torch.Tensor, n_frames: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the frames are told.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
            n_frames: length of the result ``T``; frames beyond an item's end are 0.

        Returns:
            ``(B, T, C)``, and 1.0 where there is a frame, else 0.0, ``(B, T, 1)``.
        """
        _, valid = token_of_frame(durations, n_frames)
        mask = valid[..., None].to(vectors.dtype)
        frames = expand(self.token_input(vectors), durations, n_frames)
        frames = frames + self.position_input(position_features(durations, n_frames))
        return frames * mask, mask


class MelScaling(nn.Module):
    """Mels in units of each band's mean and standard deviation over the corpus.

    Args:
        n_mels: mel bands ``M``.
    """

    def __init__(self, n_mels: int) -> None:
        super().__init__()
        self.mean: torch.Tensor
        self.std: torch.Tensor
        self.register_buffer("mean", torch.full((n_mels,), -5.0))
        self.register_buffer("std", torch.full((n_mels,), 2.0))

    def set_statistics(self, mean: torch.Tensor, std: torch.Tensor) -> None:
        """Take means and standard deviations ``(M,)`` of natural-log amplitude."""
        self.mean.copy_(mean)
        self.std.copy_(std)

    def scale(self, mel: torch.Tensor) -> torch.Tensor:
        """``(B, M, T)`` natural-log amplitude to scaled frames ``(B, T, M)``."""
        return (mel.transpose(1, 2) - self.mean) / self.std

    def unscale(self, frames: torch.Tensor) -> torch.Tensor:
        """Scaled frames ``(B, T, M)`` to natural-log amplitude ``(B, M, T)``."""
        return (frames * self.std + self.mean).transpose(1, 2)
