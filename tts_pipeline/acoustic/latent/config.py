"""Size of the latent model, and its settings per call."""

from __future__ import annotations

import dataclasses
import math

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig
from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError

# Deviations are kept within these powers of e, so that no one of them decides alone.
LOG_STD = (-5.0, 1.0)


@dataclasses.dataclass(frozen=True)
class LatentConfig:
    """Size of the latent model.

    Attributes:
        token_channels: width of the token vectors that it is told.
        utterance_size: numbers drawn for the whole utterance.
        phone_size: numbers drawn for each token.
        channels: width of the prior's blocks over tokens, and of the posterior's over frames.
        hidden: inner width of these blocks.
        prior_blocks: blocks over tokens.
        prior_kernel: tokens seen by a block.
        posterior_blocks: blocks over frames, in training only.
        posterior_kernel: frames seen by a block.
        decoder: what writes the frames.
        temperature: factor on the deviation of what is drawn unless a call says otherwise.
    """

    token_channels: int = within(256, 1, 8192)
    utterance_size: int = within(16, 1, 4096)
    phone_size: int = within(8, 1, 4096)
    channels: int = within(128, 1, 8192)
    hidden: int = within(256, 1, 8192)
    prior_blocks: int = within(3, 0, 64)
    prior_kernel: int = within(5, 1, 255)
    posterior_blocks: int = within(4, 0, 64)
    posterior_kernel: int = within(5, 1, 255)
    decoder: FrameDecoderConfig = FrameDecoderConfig()
    temperature: float = within(0.5, 0, 1)


@dataclasses.dataclass(frozen=True)
class LatentOptions(BlockOptions):
    """Settings of one call.

    Attributes:
        temperature: factor on the deviation of what is drawn, 0 to 1; 0: the mean; None: as the
            voice says.

    Raises:
        ConfigError: if it is out of range.
    """

    temperature: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        value = self.temperature
        if value is not None and not (
            isinstance(value, (int, float)) and math.isfinite(value) and 0 <= value <= 1
        ):
            raise ConfigError(f"temperature={value!r}: expected a number from 0 to 1")
