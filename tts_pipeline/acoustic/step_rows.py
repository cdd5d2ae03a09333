"""What a model of given durations is told of each step of frames, without PyTorch."""

from __future__ import annotations

import numpy as np

from tts_pipeline.acoustic.token_plan import TokenPlan, expand
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

    Attributes:
        step_macs: multiplications with addition of a step.
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
        self.step_macs = frames_per_step * text_channels * (3 + channels)

    def __call__(self, plan: TokenPlan, begin: int, end: int) -> np.ndarray:
        """Rows ``(end - begin, C)`` of the steps from ``begin`` to ``end``; frames beyond the
        sentence's end count as zeros."""
        r = self.frames_per_step
        rows, position = expand(plan, begin * r, end * r)
        rows += self._position(position)
        return self._output(rows.reshape(end - begin, -1))
