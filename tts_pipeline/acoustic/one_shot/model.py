"""The length first, then all frames at once: nothing depends on anything that is written.

FastSpeech (Ren et al. 2019, arXiv 1905.09263; pitch and energy per token as in FastSpeech 2, arXiv
2006.04558), with ConvNeXt blocks in place of its transformer. Trained on mean absolute differences,
it writes the middle of all ways to say a frame.
"""

from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.acoustic.frame_conditioning import FrameConditioning, MelScaling
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig, OneShotConfig
from tts_pipeline.nn.convnext import ConvNeXtBlock


class FrameDecoder(nn.Module):
    """ConvNeXt blocks over frames, then scaled mel bands.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: FrameDecoderConfig, n_mels: int) -> None:
        super().__init__()
        c = config.channels
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(c, config.hidden, config.kernel, dropout=config.dropout)
            for _ in range(config.n_blocks)
        )
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.output = nn.Linear(c, n_mels)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """``(B, T, C)`` with ``mask`` ``(B, T, 1)`` to scaled frames ``(B, T, M)``."""
        for block in self.blocks:
            x = block(x * mask)
        return self.output(self.norm(x)) * mask


class OneShotModel(nn.Module):
    """Conditioning per frame, then the decoder.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: OneShotConfig, n_mels: int) -> None:
        super().__init__()
        self.config, self.n_mels = config, n_mels
        self.scaling = MelScaling(n_mels)
        self.conditioning = FrameConditioning(config.token_channels, config.decoder.channels)
        self.decoder = FrameDecoder(config.decoder, n_mels)

    def forward(
        self, vectors: torch.Tensor, durations: torch.Tensor, n_frames: int
    ) -> torch.Tensor:
        """Scaled frames ``(B, T, M)``, 0 beyond an item's end.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
            n_frames: length of the result ``T``.
        """
        return self.decoder(*self.conditioning(vectors, durations, n_frames))

    def generate(self, vectors: torch.Tensor, durations: torch.Tensor) -> torch.Tensor:
        """Mel ``(B, M, T)``; what the engine is checked against."""
        n_frames = int(durations.sum(1).max())
        return self.scaling.unscale(self(vectors, durations, n_frames))
