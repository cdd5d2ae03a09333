"""Size of the flow model, and its settings per call."""

from __future__ import annotations

import dataclasses
import math

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError

MOST_STEPS = 32

# Times are in [0, 1], and sines tell them apart as they would the 1,000 steps of diffusion models.
TIME_SCALE = 1000.0


@dataclasses.dataclass(frozen=True)
class FlowConfig:
    """Size of the flow model.

    Attributes:
        token_channels: width of the token vectors that it is told.
        channels: width of the ConvNeXt blocks.
        hidden: inner width of the blocks.
        n_blocks: blocks over frames.
        kernel: frames seen by a block.
        step_channels: width of the embedding of the time of a step.
        told_mel: whether it is told a mel as well, and so is a refiner.
        dropout: of the blocks, in training.
        steps: Euler steps unless a call says otherwise.
        temperature: standard deviation of the noise that it starts from unless a call says
            otherwise.
    """

    token_channels: int = within(256, 1, 8192)
    channels: int = within(224, 1, 8192)
    hidden: int = within(640, 1, 8192)
    n_blocks: int = within(7, 1, 64)
    kernel: int = within(7, 1, 255)
    step_channels: int = within(64, 2, 4096)
    told_mel: bool = False
    dropout: float = within(0.1, 0, 0.95)
    steps: int = within(1, 1, MOST_STEPS)
    temperature: float = within(0.0, 0, 1)

    @property
    def lookahead(self) -> int:
        """Frames seen after each frame by one step."""
        return self.n_blocks * (self.kernel // 2)


@dataclasses.dataclass(frozen=True)
class FlowRefinerConfig(FlowConfig):
    """:class:`FlowConfig` of a refiner."""

    told_mel: bool = True


@dataclasses.dataclass(frozen=True)
class FlowOptions(BlockOptions):
    """Settings of one call.

    Attributes:
        steps: Euler steps from noise to mel, 1 to 32; None: as the voice says.
        temperature: standard deviation of the noise, 0 to 1; 0: no chance at all; None: as the
            voice says.

    Raises:
        ConfigError: if one is out of range.
    """

    steps: int | None = None
    temperature: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        steps, temperature = self.steps, self.temperature
        if steps is not None and (
            isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS
        ):
            raise ConfigError(f"steps={steps!r}: expected a whole number from 1 to {MOST_STEPS}")
        if temperature is not None and not (
            isinstance(temperature, (int, float))
            and math.isfinite(temperature)
            and 0 <= temperature <= 1
        ):
            raise ConfigError(f"temperature={temperature!r}: expected a number from 0 to 1")
