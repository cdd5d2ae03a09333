"""Size of the auto-encoder of mels."""

from __future__ import annotations

import dataclasses
import math

from tts_pipeline.errors import ConfigError


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

    frames_per_code: int = 2
    n_groups: int = 4
    levels: tuple[int, ...] = (5, 5, 5)
    channels: int = 160
    hidden: int = 384
    encoder_blocks: int = 2
    step_blocks: int = 3
    frame_blocks: int = 3
    encoder_kernel: int = 7
    decoder_kernel: int = 7

    def __post_init__(self) -> None:
        if not self.levels or min(self.levels) < 3:
            raise ConfigError(f"levels={self.levels!r}: expected numbers of at least 3")
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
