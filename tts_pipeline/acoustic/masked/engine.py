"""The model that writes all codes at once on a CPU, without PyTorch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.along_plan import PlanEngine
from tts_pipeline.acoustic.masked.config import MaskedConfig, MaskedOptions
from tts_pipeline.acoustic.step_rows import StepRows
from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.features.codes.engine import CodesEngine
from tts_pipeline.nn.numpy_layers import Block, Linear, Norm, blocks_over
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, Operations


class MaskedEngine(PlanEngine):
    """:class:`~tts_pipeline.acoustic.masked.model.MaskedModel` in NumPy, and the parallel decoder
    of its codes behind it.

    Every code may depend on every other one near it, before and after: nothing is known until all
    is, so the first block of a stream takes as long as all of them.

    Args:
        config: sizes.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along; ``codes``: the auto-encoder
            whose codes it was trained on.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    options = MaskedOptions

    def __init__(
        self,
        config: MaskedConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        super().__init__(audio, uses, config.text_channels)
        self.config = config
        self.codes: CodesEngine = uses["codes"]
        self.codes.require(config.frames_per_code, config.n_groups, config.n_codes)
        c, g, v = config.channels, config.n_groups, config.n_codes
        taken = Weights(weights)
        self._rows = StepRows(taken, "step_input", config.text_channels, c, config.frames_per_code)
        self._settled = taken.take("settled", g, v + 1, c)
        names = [f"blocks.blocks.{k}" for k in range(config.n_blocks)]
        self._blocks_over = [
            Block(taken, name, c, config.hidden, config.kernel_size) for name in names
        ]
        self._norm = Norm(taken, "norm", c)
        self._output = Linear(taken, "output", c, g * v)
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters + self.codes.n_parameters

    def write_codes(
        self, given: AcousticInput, *, seed: int = 0, options: MaskedOptions | None = None
    ) -> np.ndarray:
        """The codes of a sentence ``(L, G)`` int64; arguments as of :meth:`infer`."""
        return self.write_plan(self.text.plan(given), seed, options or MaskedOptions())

    def write_plan(self, plan: TokenPlan, seed: int, options: MaskedOptions) -> np.ndarray:
        """The codes of a plan ``(L, G)`` int64."""
        config = self.config
        n_steps = -(-plan.n_frames // config.frames_per_code)
        random = np.random.default_rng(seed)
        rows = self._rows(plan, 0, n_steps)
        codes = np.full((n_steps, config.n_groups), config.n_codes, np.int64)
        groups = np.arange(config.n_groups)
        for step in range(options.steps):
            hidden = codes == config.n_codes
            x = rows + self._settled[groups, codes].sum(1)
            made = self._output(self._norm(blocks_over(x, self._blocks_over)))
            logits = made.reshape(n_steps, config.n_groups, config.n_codes)[hidden]
            # Of all codes, so that the numbers of one do not depend on which others are settled.
            uniforms = random.random((2, *codes.shape), np.float32)[:, hidden]
            drawn = _drawn(logits, uniforms[0], options.temperature)
            codes[hidden] = drawn
            done = (step + 1) / options.steps
            n_hidden = math.floor(math.cos(math.pi / 2 * done) * codes.size + 1e-9)
            if n_hidden == 0:
                break
            shifted = logits - logits.max(1, keepdims=True)
            sure = shifted[np.arange(len(drawn)), drawn] - np.log(np.exp(shifted).sum(1))
            least = np.finfo(np.float32).tiny
            gumbel = -np.log(-np.log(uniforms[1].clip(least)))
            sure += np.float32(options.choice_temperature * (1 - done)) * gumbel
            again = np.argsort(sure, kind="stable")[:n_hidden]
            codes.reshape(-1)[np.flatnonzero(hidden)[again]] = config.n_codes
        return codes

    def _pass(self, plan: TokenPlan, seed: int, options: MaskedOptions) -> WholePass:
        return WholePass(self, plan, seed, options)

    def _work(self, plan: TokenPlan, options: MaskedOptions) -> Operations:
        config = self.config
        c = config.channels
        n_steps = -(-plan.n_frames // config.frames_per_code)
        of_round = config.n_blocks * c * (2 * config.hidden + config.kernel_size)
        of_round += c * config.n_groups * config.n_codes
        of_step = self._rows.step_macs + options.steps * of_round + self.codes.step_macs
        return Operations(n_steps * of_step, options.steps)

    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(frames.T)


class WholePass:
    """All codes and all frames, made when the first are asked for."""

    def __init__(
        self, engine: MaskedEngine, plan: TokenPlan, seed: int, options: MaskedOptions
    ) -> None:
        self._given = (plan, seed, options)
        self._engine = engine

    def push(self, begin: int, end: int) -> np.ndarray:
        """See :class:`~tts_pipeline.acoustic.along_plan.FramePass`; natural-log amplitude."""
        if begin:
            return np.empty((0, self._engine.features.n_mels), np.float32)
        codes = self._engine.write_plan(*self._given)
        return self._engine.codes.decode(codes)[:, : self._given[0].n_frames].T


def _drawn(logits: np.ndarray, uniforms: np.ndarray, temperature: float) -> np.ndarray:
    """Codes out of logits ``(K, V)`` by a random number each ``(K,)``."""
    if temperature == 0:
        return logits.argmax(1)
    scaled = (logits - logits.max(1, keepdims=True)) / np.float32(temperature)
    sums = np.exp(scaled).cumsum(1)
    aims = uniforms[:, None] * sums[:, -1:]
    return (sums <= aims).sum(1).clip(None, logits.shape[1] - 1)
