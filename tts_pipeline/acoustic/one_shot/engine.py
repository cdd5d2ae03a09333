"""The one-shot model on a CPU, without PyTorch."""

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
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig, OneShotConfig, OneShotOptions
from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import SlidingStack
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import Operations


class OneShotEngine(PlanEngine):
    """:class:`~tts_pipeline.acoustic.one_shot.model.OneShotModel` in NumPy and fused kernels; the
    seed makes no difference to it.

    Args:
        config: sizes.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    options = OneShotOptions

    def __init__(
        self,
        config: OneShotConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        super().__init__(audio, uses, config.token_channels)
        taken = Weights(weights)
        self._scale = MelScale(taken, "scaling", audio.n_mels)
        channels = config.decoder.channels
        self._rows = FrameRows(taken, "conditioning", config.token_channels, channels)
        self._decoder = frame_stack(taken, "decoder.", config.decoder, audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters

    def _pass(self, plan: TokenPlan, seed: int, options: OneShotOptions) -> DecoderPass:
        return DecoderPass(plan.n_frames, self._rows.of(plan), self._decoder.start())

    def _work(self, plan: TokenPlan, options: OneShotOptions) -> Operations:
        of_frames = plan.n_frames * (self._rows.frame_macs + self._decoder.frame_macs)
        return Operations(of_frames + len(plan.durations) * self._rows.token_macs, 1)

    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        return self._scale.unscale(frames)


class DecoderPass:
    """Conditioning through the decoder, piece by piece."""

    def __init__(self, n_frames: int, rows: FrameRowsOfPlan, stack: SlidingStack) -> None:
        self._n_frames, self._rows, self._stack = n_frames, rows, stack

    def push(self, begin: int, end: int) -> np.ndarray:
        """See :class:`~tts_pipeline.acoustic.along_plan.FramePass`."""
        return self._stack.push(self._rows(begin, end), last=end == self._n_frames)


def frame_stack(
    weights: Weights, prefix: str, config: FrameDecoderConfig, n_mels: int
) -> FrameStack:
    """The decoder of a configuration; arguments as for :class:`FrameStack`."""
    sizes = (config.channels, config.hidden, config.n_blocks, config.kernel)
    return FrameStack(weights, prefix, *sizes, n_mels)
