"""How many decoder steps go into each block of a stream."""

from __future__ import annotations

from tts_pipeline.errors import ConfigError


def block_steps(n_steps: int, first_frames: int, block_frames: int, per_step: int) -> list[int]:
    """Decoder steps of each block: the first as asked, each later one twice as long up to the
    limit.

    Raises:
        ConfigError: if a length is not a positive whole number.
    """
    for name, value in (("first_frames", first_frames), ("block_frames", block_frames)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigError(f"{name}={value!r}: expected a whole number of at least 1")
    size, most = -(-min(first_frames, block_frames) // per_step), -(-block_frames // per_step)
    sizes = []
    while n_steps > 0:
        sizes.append(min(size, n_steps))
        n_steps -= size
        size = min(2 * size, most)
    return sizes
