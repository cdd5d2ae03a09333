"""Size of the model that draws prosody, and its setting per call."""

from __future__ import annotations

import dataclasses
import math

from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class ProsodyConfig:
    """Size of the prosody model.

    Attributes:
        channels: width of the blocks.
        hidden: inner width of the blocks.
        text_blocks: blocks over tokens that see the text alone.
        n_blocks: blocks that see the values on their way as well.
        kernel: tokens seen by a block, beside the mean over the sentence.
        step_channels: width of the embedding of the time of a step.
        dropout: of the blocks, in training.
        steps: Euler steps from noise to values.
        temperature: how much of a draw goes into the plan unless a call says otherwise.
    """

    channels: int = within(96, 1, 8192)
    hidden: int = within(256, 1, 8192)
    text_blocks: int = within(2, 0, 64)
    n_blocks: int = within(4, 1, 64)
    kernel: int = within(7, 1, 255)
    step_channels: int = within(64, 2, 4096)
    dropout: float = within(0.2, 0, 0.95)
    steps: int = within(16, 1, 256)
    temperature: float = within(0.0, 0, 1)


@dataclasses.dataclass(frozen=True)
class ProsodyOptions:
    """Settings of one call.

    Attributes:
        prosody_temperature: how much of a draw goes into durations, pitch and energy, 0 to 1; 0:
            nothing, the plan as predicted; None: as the voice says.

    Raises:
        ConfigError: if it is out of range.
    """

    prosody_temperature: float | None = None

    def __post_init__(self) -> None:
        value = self.prosody_temperature
        if value is not None and not (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and math.isfinite(value)
            and 0 <= value <= 1
        ):
            raise ConfigError(f"prosody_temperature={value!r}: expected a number from 0 to 1")
