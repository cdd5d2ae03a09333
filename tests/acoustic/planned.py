"""A stand-in for the planner of a voice's text side."""

from __future__ import annotations

import numpy as np

from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.protocols import AcousticInput


class RandomPlanner:
    """Vectors and durations that depend on tokens and controls alone."""

    n_parameters = 0

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self._table = np.random.default_rng(5).standard_normal((512, channels), np.float32)

    def plan(self, given: AcousticInput) -> TokenPlan:
        vectors = self._table[given.tokens] * given.energy[:, None]
        frames = np.round((2 + given.tokens % 7) / given.rate).astype(np.int64)
        durations = np.where(given.fixed_frames > 0, given.fixed_frames, frames)
        f0 = (200 * given.pitch).astype(np.float32)
        return TokenPlan(vectors, durations, f0, np.log(given.pitch), np.log(given.energy))

    def multiply_accumulates(self, n_tokens: int) -> int:
        return 0


def sentence(n_tokens: int, seed: int = 0) -> AcousticInput:
    """Tokens of no language."""
    return AcousticInput.plain(np.random.default_rng(seed).integers(40, size=n_tokens))
