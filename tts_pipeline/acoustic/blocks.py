"""How long the blocks of a streamed mel are."""

from __future__ import annotations

import dataclasses

from tts_pipeline.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class BlockOptions:
    """Settings of a stream.

    Attributes:
        first_frames: length of the first block. Each later block is twice as long as the one
            before, up to ``block_frames``.
        block_frames: length of the longest block.

    Raises:
        ConfigError: if a length is not a positive whole number.
    """

    first_frames: int = 64
    block_frames: int = 256

    def __post_init__(self) -> None:
        for name in ("first_frames", "block_frames"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"{name}={value!r}: expected a whole number of at least 1")

    def lengths(self, n_steps: int, per_step: int = 1) -> list[int]:
        """Steps of each block of a sentence.

        Args:
            n_steps: of the sentence.
            per_step: frames that a step writes; blocks are rounded up to whole steps.
        """
        size = -(-min(self.first_frames, self.block_frames) // per_step)
        longest = -(-self.block_frames // per_step)
        lengths = []
        while n_steps > 0:
            lengths.append(min(size, n_steps))
            n_steps -= size
            size = min(2 * size, longest)
        return lengths
