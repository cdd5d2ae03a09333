"""Coarse to fine: a quarter of the mel's time and bands, then a half, then the whole.

Each level is written in one parallel pass, told by the text and by the level before: the cascade of
Saharia et al. 2022 (Imagen, arXiv 2205.11487, section 2.3, noise on the coarser level in training
included) over the sizes of Karras et al. 2017 (arXiv 1710.10196), each level trained on mean
absolute differences and added to the one before as in a Laplacian pyramid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from tts_pipeline.acoustic.frame_conditioning import FrameConditioning, MelScaling
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig
from tts_pipeline.acoustic.one_shot.model import FrameDecoder
from tts_pipeline.acoustic.pyramid.config import FACTORS, PyramidConfig


class PyramidModel(nn.Module):
    """Three levels of blocks over frames.

    Args:
        config: sizes.
        n_mels: mel bands ``M``, a multiple of 4.
    """

    def __init__(self, config: PyramidConfig, n_mels: int) -> None:
        super().__init__()
        self.config, self.n_mels = config, n_mels
        c = config.channels
        sizes = FrameDecoderConfig(c, config.hidden, config.n_blocks, config.kernel, config.dropout)
        self.scaling = MelScaling(n_mels)
        self.conditioning = FrameConditioning(config.token_channels, c)
        self.coarse_inputs = nn.ModuleList(nn.Linear(n_mels // f, c) for f in FACTORS[:-1])
        self.levels = nn.ModuleList(FrameDecoder(sizes, n_mels // f) for f in FACTORS)

    def forward(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        n_frames: int,
        told: Sequence[torch.Tensor] = (),
        use_told: torch.Tensor | None = None,
    ) -> list[torch.Tensor]:
        """Scaled levels, coarsest first: ``(B, ceil(T / f), M / f)`` for ``f`` of ``FACTORS``.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
            n_frames: length of the whole ``T``.
            told: what the second and the third level may be told of the level before.
            use_told: 1.0 for the items where they are, else 0.0, ``(B, 1, 1)``; the others are
                told what was written, as in use.
        """
        n_padded = n_frames + -n_frames % FACTORS[0]
        conditioned, valid = self.conditioning(vectors, durations, n_padded)
        levels: list[torch.Tensor] = []
        for place, (factor, level) in enumerate(zip(FACTORS, self.levels)):
            x = pooled(conditioned, valid, factor)
            mask = pooled(valid, valid, factor)
            n_rows = -(-n_frames // factor)
            x, mask = x[:, :n_rows], mask[:, :n_rows]
            if not place:
                levels.append(level(x, mask))
                continue
            before = levels[-1].detach()
            if use_told is not None:
                before = torch.where(use_told > 0, told[place - 1], before)
            before = before.repeat_interleave(2, 1)[:, :n_rows] * mask
            x = x + self.coarse_inputs[place - 1](before)
            levels.append((before.repeat_interleave(2, 2) + level(x, mask)) * mask)
        return levels

    def generate(self, vectors: torch.Tensor, durations: torch.Tensor) -> torch.Tensor:
        """Mel ``(B, M, T)``; what the engine is checked against."""
        n_frames = int(durations.sum(1).max())
        return self.scaling.unscale(self(vectors, durations, n_frames)[-1])


def pooled(x: torch.Tensor, valid: torch.Tensor, factor: int) -> torch.Tensor:
    """Means over ``factor`` frames, of those that there are.

    Args:
        x: ``(B, T, C)``, a multiple of ``factor`` frames, 0 where there is none.
        valid: 1.0 where there is a frame, else 0.0, ``(B, T, 1)``.
        factor: frames in a group.

    Returns:
        ``(B, T / factor, C)``.
    """
    sums = x.unflatten(1, (-1, factor)).sum(2)
    return sums / valid.unflatten(1, (-1, factor)).sum(2).clamp_min(1)


def coarser(frames: torch.Tensor, valid: torch.Tensor, factor: int) -> torch.Tensor:
    """Scaled frames ``(B, T, M)`` at a fraction of time and bands ``(B, ceil(T / f), M / f)``.

    Args:
        frames: scaled frames.
        valid: 1.0 where there is a frame, else 0.0, ``(B, T, 1)``.
        factor: ``f``, frames and bands in a group.
    """
    missing = -frames.shape[1] % factor
    frames = nn.functional.pad(frames * valid, (0, 0, 0, missing))
    valid = nn.functional.pad(valid, (0, 0, 0, missing))
    return pooled(frames, valid, factor).unflatten(2, (-1, factor)).mean(3)
