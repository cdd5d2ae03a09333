"""What a model of given durations is told of each step of frames, without PyTorch."""

from __future__ import annotations

import numpy as np

from tts_pipeline.nn.numpy_layers import Linear
from tts_pipeline.nn.weights import Weights


class StepRows:
    """:class:`~tts_pipeline.acoustic.step_input.StepInput` in NumPy, sentence by sentence and in
    any pieces.

    Args:
        weights: of the whole model.
        name: of the layer in it.
        text_channels: width of the vectors of tokens.
        channels: width of the result, ``C``.
        frames_per_step: ``r``.
    """

    def __init__(
        self,
        weights: Weights,
        name: str,
        text_channels: int,
        channels: int,
        frames_per_step: int,
    ) -> None:
        self.frames_per_step = frames_per_step
        self._position = Linear(weights, f"{name}.position", 3, text_channels)
        self._output = Linear(weights, f"{name}.output", frames_per_step * text_channels, channels)

    def __call__(
        self, vectors: np.ndarray, durations: np.ndarray, begin: int, end: int
    ) -> np.ndarray:
        """Rows ``(end - begin, C)`` of the steps from ``begin`` to ``end``.

        Args:
            vectors: of the tokens ``(N, text_channels)``.
            durations: frames of each token ``(N,)`` int64.
            begin: first step.
            end: step after the last one; frames beyond the sentence's end are zeros.
        """
        r = self.frames_per_step
        frames = np.arange(begin * r, end * r)
        ends = durations.cumsum()
        valid = (frames < ends[-1])[:, None]
        index = np.searchsorted(ends, frames, side="right").clip(None, len(ends) - 1)
        length = durations[index].astype(np.float32).clip(1)
        before = (frames - ends[index] + durations[index]).astype(np.float32) + np.float32(0.5)
        where = np.stack([np.tanh(before / 8), np.tanh((length - before) / 8), before / length], 1)
        rows = vectors[index] * valid
        rows += self._position(where * valid)
        return self._output(rows.reshape(end - begin, -1))
