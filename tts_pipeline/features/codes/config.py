"""Size of the auto-encoder of mels."""

from __future__ import annotations

import dataclasses
import math

from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError

MOST_CODES = 65_536


@dataclasses.dataclass(frozen=True)
class CodesConfig:
    """Size of the auto-encoder of mels.

    Attributes:
        frames_per_code: frames told by one step of codes, ``r``; 2 gives 50 steps a second.
        n_groups: codes of one step, ``G``.
        levels: values that each coordinate of a code may take; their product is the number of
            different codes, ``V``.
        channels: width of encoder and decoder.
        hidden: inner width of the ConvNeXt blocks.
        encoder_blocks: blocks over steps before the quantisation.
        step_blocks: blocks of the decoder over steps.
        frame_blocks: blocks of the decoder over frames.
        encoder_kernel: steps seen by a block of the encoder: few, so that a code tells of its own
            moment.
        decoder_kernel: steps or frames seen by a block of the decoder.
    """

    frames_per_code: int = within(2, 1, 4)
    n_groups: int = within(4, 1, 64)
    levels: tuple[int, ...] = (5, 5, 5)
    channels: int = within(160, 1, 8192)
    hidden: int = within(384, 1, 8192)
    encoder_blocks: int = within(2, 0, 64)
    step_blocks: int = within(3, 0, 64)
    frame_blocks: int = within(3, 0, 64)
    encoder_kernel: int = within(7, 1, 255)
    decoder_kernel: int = within(7, 1, 255)

    def __post_init__(self) -> None:
        if not 1 <= len(self.levels) <= 16 or min(self.levels) < 3 or self.n_codes > MOST_CODES:
            raise ConfigError(
                f"levels={self.levels!r}: expected 1 to 16 numbers of at least 3, together of at "
                f"most {MOST_CODES} codes"
            )
        if self.frames_per_code not in (1, 2, 4):
            raise ConfigError(f"frames_per_code={self.frames_per_code}: expected 1, 2 or 4")
        if self.n_groups < 1:
            raise ConfigError(f"n_groups={self.n_groups}: expected at least 1")

    @property
    def n_codes(self) -> int:
        """Different codes of a group, ``V``."""
        return math.prod(self.levels)

    @property
    def n_coordinates(self) -> int:
        """Coordinates of all groups of a step together, ``G * D``."""
        return self.n_groups * len(self.levels)
