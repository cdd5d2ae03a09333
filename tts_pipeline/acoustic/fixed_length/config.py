"""Size and options of the model with a canvas of one length."""

from __future__ import annotations

import dataclasses

from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class FixedLengthConfig:
    """Size of the model with a canvas of one length.

    Attributes:
        text_channels: width of the vectors of tokens, from the text encoder that it shares.
        canvas: frames written whatever the text, ``T``.
        channels: width ``C``.
        hidden: inner width of the ConvNeXt blocks.
        n_layers: attentions over the tokens, each with blocks over frames behind it.
        blocks_per_layer: those blocks.
        kernel_size: frames seen by a block.
        n_heads: heads of an attention.
        bias_frames: width of the bias towards the expected place in frames, at the start of
            training; each attention learns its own.
        dropout: in training.
    """

    text_channels: int = within(256, 1, 8192)
    canvas: int = within(1024, 1, 16384)
    channels: int = within(192, 1, 8192)
    hidden: int = within(320, 1, 8192)
    n_layers: int = within(3, 1, 64)
    blocks_per_layer: int = within(2, 0, 64)
    kernel_size: int = within(7, 1, 255)
    n_heads: int = within(2, 1, 64)
    bias_frames: float = within(40.0, 0.1, 10000)
    dropout: float = within(0.15, 0, 0.95)

    def __post_init__(self) -> None:
        if self.channels % (2 * self.n_heads):
            raise ConfigError(
                f"channels={self.channels}: expected a multiple of twice n_heads={self.n_heads}"
            )


@dataclasses.dataclass(frozen=True)
class FixedLengthOptions:
    """How the end is found.

    Attributes:
        end_threshold: probability of the end at which the canvas is cut.
    """

    end_threshold: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.end_threshold < 1:
            raise ConfigError(f"end_threshold={self.end_threshold!r}: expected between 0 and 1")
