"""Size and options of the model that writes codes one after another."""

from __future__ import annotations

import dataclasses

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class CodedConfig:
    """Size of the model that writes codes one after another.

    Attributes:
        text_channels: width of the vectors of tokens, from the text encoder that it shares.
        frames_per_code: frames told by one step of codes, as of the auto-encoder.
        n_groups: codes of one step, ``G``, as of the auto-encoder.
        n_codes: different codes of a group, ``V``, as of the auto-encoder.
        channels: width of the conditioning and of the recurrent layers, ``C``.
        hidden: inner width of the ConvNeXt blocks.
        n_blocks: blocks over steps, which look ahead of the autoregressive loop.
        kernel_size: steps seen by a block.
        past: width of the embedding of past codes.
        dropout: in training.
    """

    text_channels: int = within(256, 1, 8192)
    frames_per_code: int = within(2, 1, 4)
    n_groups: int = within(4, 1, 64)
    n_codes: int = within(125, 2, 65536)
    channels: int = within(192, 1, 8192)
    hidden: int = within(448, 1, 8192)
    n_blocks: int = within(3, 0, 64)
    kernel_size: int = within(7, 1, 255)
    past: int = within(96, 1, 8192)
    dropout: float = within(0.2, 0, 0.95)


@dataclasses.dataclass(frozen=True)
class CodedOptions(BlockOptions):
    """How codes are drawn; lengths of blocks as of
    :class:`~tts_pipeline.acoustic.blocks.BlockOptions`.

    Attributes:
        temperature: divides the logits; 1: as learned, 0: always the likeliest code.
        top_p: a code is drawn among the likeliest ones that together have this probability.
    """

    temperature: float = 0.8
    top_p: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.temperature <= 10:
            raise ConfigError(f"temperature={self.temperature!r}: expected 0 to 10")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p={self.top_p!r}: expected above 0, at most 1")
