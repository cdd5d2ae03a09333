"""Size of the pyramid."""

from __future__ import annotations

import dataclasses

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.config import within

# The mel is written at a quarter of time and bands, then at a half, then whole.
FACTORS = (4, 2, 1)


@dataclasses.dataclass(frozen=True)
class PyramidConfig:
    """Size of the pyramid.

    Attributes:
        token_channels: width of the token vectors that it is told.
        channels: width of the ConvNeXt blocks of every level.
        hidden: inner width of the blocks.
        n_blocks: blocks of each level.
        kernel: frames of its level seen by a block.
        dropout: of the blocks, in training.
    """

    token_channels: int = within(256, 1, 8192)
    channels: int = within(176, 1, 8192)
    hidden: int = within(448, 1, 8192)
    n_blocks: int = within(3, 1, 64)
    kernel: int = within(7, 1, 255)
    dropout: float = within(0.15, 0, 0.95)


@dataclasses.dataclass(frozen=True)
class PyramidOptions(BlockOptions):
    """Settings of one call: the blocks of a stream alone."""
