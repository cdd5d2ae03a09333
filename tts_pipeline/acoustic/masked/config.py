"""Size and options of the model that writes all codes at once, again and again."""

from __future__ import annotations

import dataclasses

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class MaskedConfig:
    """Size of the model that writes all codes at once, again and again.

    Attributes:
        text_channels: width of the vectors of tokens, from the text encoder that it shares.
        frames_per_code: frames told by one step of codes, as of the auto-encoder.
        n_groups: codes of one step, ``G``, as of the auto-encoder.
        n_codes: different codes of a group, ``V``, as of the auto-encoder.
        channels: width ``C``.
        hidden: inner width of the ConvNeXt blocks.
        n_blocks: blocks over steps of codes.
        kernel_size: steps seen by a block.
        dropout: in training.
    """

    text_channels: int = within(256, 1, 8192)
    frames_per_code: int = within(2, 1, 4)
    n_groups: int = within(4, 1, 64)
    n_codes: int = within(125, 2, 65536)
    channels: int = within(192, 1, 8192)
    hidden: int = within(512, 1, 8192)
    n_blocks: int = within(6, 0, 64)
    kernel_size: int = within(9, 1, 255)
    dropout: float = within(0.2, 0, 0.95)


@dataclasses.dataclass(frozen=True)
class MaskedOptions(BlockOptions):
    """How codes are drawn; lengths of blocks as of
    :class:`~tts_pipeline.acoustic.blocks.BlockOptions`.

    Attributes:
        steps: rounds, in each of which all codes that are not settled are drawn anew.
        temperature: divides the logits; 1: as learned, 0: always the likeliest code.
        choice_temperature: weight of the noise in the choice of the surest, of the first round; it
            falls to 0 along the rounds.
    """

    steps: int = 8
    temperature: float = 0.8
    choice_temperature: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.steps <= 64:
            raise ConfigError(f"steps={self.steps!r}: expected 1 to 64")
        if not 0 <= self.temperature <= 10:
            raise ConfigError(f"temperature={self.temperature!r}: expected 0 to 10")
        if not 0 <= self.choice_temperature <= 100:
            raise ConfigError(f"choice_temperature={self.choice_temperature!r}: expected 0 to 100")
