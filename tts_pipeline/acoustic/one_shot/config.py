"""Size of the one-shot model."""

from __future__ import annotations

import dataclasses

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.config import within


@dataclasses.dataclass(frozen=True)
class FrameDecoderConfig:
    """Size of what writes all frames in parallel.

    Attributes:
        channels: width of the ConvNeXt blocks.
        hidden: inner width of the blocks.
        n_blocks: blocks over frames.
        kernel: frames seen by a block.
        dropout: of the blocks, in training.
    """

    channels: int = within(224, 1, 8192)
    hidden: int = within(576, 1, 8192)
    n_blocks: int = within(5, 1, 64)
    kernel: int = within(7, 1, 255)
    dropout: float = within(0.15, 0, 0.95)

    @property
    def lookahead(self) -> int:
        """Frames seen after each frame."""
        return self.n_blocks * (self.kernel // 2)


@dataclasses.dataclass(frozen=True)
class OneShotConfig:
    """Size of the one-shot model.

    Attributes:
        token_channels: width of the token vectors that it is told.
        decoder: what writes the frames.
    """

    token_channels: int = within(256, 1, 8192)
    decoder: FrameDecoderConfig = FrameDecoderConfig()


@dataclasses.dataclass(frozen=True)
class OneShotOptions(BlockOptions):
    """Settings of one call: the blocks of a stream alone."""
