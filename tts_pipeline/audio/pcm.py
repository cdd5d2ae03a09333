"""Samples as 16-bit PCM, and the header of a wav file whose length is not known yet."""

from __future__ import annotations

import struct

import numpy as np

WIDTH = 2  # Bytes of a sample.
# "As long as it takes": players and libsndfile read on to the end of the stream.
UNKNOWN_SIZE = 0xFFFFFFFF
HEADER_SIZE = 44


def pcm_16(samples: np.ndarray) -> bytes:
    """Samples ``(S,)`` in [-1, 1] as 16-bit little-endian; what lies outside is clipped."""
    return np.rint(samples.clip(-1, 1) * 32767).astype("<i2").tobytes()


def wav_header(sample_rate: int, n_samples: int | None = None) -> bytes:
    """The header of a mono 16-bit wav file.

    Args:
        sample_rate: samples per second.
        n_samples: that follow; None or too many for the format: as long as it takes.
    """
    size = None if n_samples is None else n_samples * WIDTH
    if size is None or size + HEADER_SIZE - 8 >= UNKNOWN_SIZE:
        size, whole = UNKNOWN_SIZE, UNKNOWN_SIZE
    else:
        whole = size + HEADER_SIZE - 8
    form = struct.pack("<HHIIHH", 1, 1, sample_rate, sample_rate * WIDTH, WIDTH, 8 * WIDTH)
    return b"".join(
        [
            struct.pack("<4sI4s", b"RIFF", whole, b"WAVE"),
            struct.pack("<4sI", b"fmt ", len(form)),
            form,
            struct.pack("<4sI", b"data", size),
        ]
    )
