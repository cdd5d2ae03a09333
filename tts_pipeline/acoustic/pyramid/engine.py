"""The pyramid on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.along_plan import (
    FrameRows,
    FrameRowsOfPlan,
    FrameStack,
    MelScale,
    PlanEngine,
)
from tts_pipeline.acoustic.pyramid.config import FACTORS, PyramidConfig, PyramidOptions
from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import FrameBuffer, Linear
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import Operations


class PyramidEngine(PlanEngine):
    """:class:`~tts_pipeline.acoustic.pyramid.model.PyramidModel` in NumPy and fused kernels; the
    seed makes no difference to it.

    Args:
        config: sizes.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    options = PyramidOptions

    def __init__(
        self,
        config: PyramidConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        super().__init__(audio, uses, config.token_channels)
        n_mels, c = audio.n_mels, config.channels
        taken = Weights(weights)
        self._scale = MelScale(taken, "scaling", n_mels)
        self._rows = FrameRows(taken, "conditioning", config.token_channels, c)
        self._coarse_inputs = [
            Linear(taken, f"coarse_inputs.{k}", n_mels // f, c) for k, f in enumerate(FACTORS[:-1])
        ]
        sizes = (c, config.hidden, config.n_blocks, config.kernel)
        self._levels = [
            FrameStack(taken, f"levels.{k}.", *sizes, n_mels // f) for k, f in enumerate(FACTORS)
        ]
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters
        coarse = [n_mels // f * c for f in FACTORS[:-1]]
        self._level_macs = [
            level.frame_macs + more for level, more in zip(self._levels, [0, *coarse])
        ]

    def _pass(self, plan: TokenPlan, seed: int, options: PyramidOptions) -> _PyramidPass:
        levels = [
            _LevelPass(level, coarse_input, -(-plan.n_frames // factor))
            for factor, level, coarse_input in zip(
                FACTORS, self._levels, [None, *self._coarse_inputs]
            )
        ]
        return _PyramidPass(plan.n_frames, self._rows.of(plan), levels)

    def _work(self, plan: TokenPlan, options: PyramidOptions) -> Operations:
        n = plan.n_frames
        work = sum(-(-n // factor) * macs for factor, macs in zip(FACTORS, self._level_macs))
        work += n * self._rows.frame_macs + len(plan.durations) * self._rows.token_macs
        return Operations(work, len(FACTORS))

    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        return self._scale.unscale(frames)


class _PyramidPass:
    """All levels piece by piece, each as far behind the one before as it looks ahead."""

    def __init__(self, n_frames: int, rows: FrameRowsOfPlan, levels: list[_LevelPass]) -> None:
        self._n_frames, self._rows, self._levels = n_frames, rows, levels

    def push(self, begin: int, end: int) -> np.ndarray:
        """See :class:`~tts_pipeline.acoustic.along_plan.FramePass`."""
        rows, last = self._rows(begin, end), end == self._n_frames
        written = np.empty((0, 0), np.float32)
        for factor, level in zip(FACTORS, self._levels):
            written = level.push(_pooled(rows, factor), written, last)
        return written


class _LevelPass:
    """One level: conditioning and the level before in, scaled rows of this level out."""

    def __init__(self, level: FrameStack, coarse_input: Linear | None, n_rows: int) -> None:
        self._stack, self._coarse_input = level.start(), coarse_input
        self._conditions, self._coarse, self._n_left = FrameBuffer(), FrameBuffer(), n_rows

    def push(self, condition: np.ndarray, coarse: np.ndarray, last: bool) -> np.ndarray:
        """``condition`` ``(t, C)``; ``coarse`` ``(n, M / 2 f)``, which may lag behind, of the level
        before, if there is one."""
        if self._coarse_input is None:
            return self._stack.push(condition, last)
        twice = np.repeat(coarse, 2, 0)[: self._n_left]
        self._n_left -= len(twice)
        self._conditions.push(condition)
        told = self._conditions.pop(len(twice)) + self._coarse_input(twice)
        self._coarse.push(np.repeat(twice, 2, 1))
        made = self._stack.push(told, last)
        return made + self._coarse.pop(len(made))


def _pooled(rows: np.ndarray, factor: int) -> np.ndarray:
    """Means over ``factor`` rows ``(t, C)``, the last one over those that are left."""
    starts = np.arange(0, len(rows), factor)
    counts = np.minimum(factor, len(rows) - starts).astype(np.float32)
    return np.add.reduceat(rows, starts, 0) / counts[:, None]
