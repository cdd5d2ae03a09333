"""The autoregressive decoder with a flow head on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.along_plan import MelScale, PlanEngine
from tts_pipeline.acoustic.autoregressive.fused_decoder import (
    DecoderState,
    Recurrence,
    initial_state,
    prenet_masks,
)
from tts_pipeline.acoustic.flow.way import Noise, Settings, StepModulations
from tts_pipeline.acoustic.flow_head.config import FlowHeadConfig, FlowHeadOptions
from tts_pipeline.acoustic.flow_head.kernel import write_frames
from tts_pipeline.acoustic.step_rows import StepRows
from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.matrix_product import PackedMatrix
from tts_pipeline.nn.numpy_layers import Block, SlidingStack
from tts_pipeline.nn.packed import pack_matrices
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import Operations


class FlowHeadEngine(PlanEngine):
    """:class:`~tts_pipeline.acoustic.flow_head.model.FlowHeadModel` in NumPy and a fused kernel.

    A frame depends on no later frame; the conditioning looks ahead by ``n_blocks * (kernel // 2)``
    decoder steps.

    Args:
        config: sizes, and the voice's number of Euler steps and temperature.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    options = FlowHeadOptions

    def __init__(
        self,
        config: FlowHeadConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        super().__init__(audio, uses, config.token_channels)
        self.config = config
        c, r = config.channels, config.frames_per_step
        taken = Weights(weights)
        self._scale = MelScale(taken, "scaling", audio.n_mels)
        self.rows = StepRows(taken, "step_input", config.token_channels, c, r)
        names = [f"blocks.blocks.{k}" for k in range(config.n_blocks)]
        self.blocks = [Block(taken, name, c, config.hidden, config.kernel) for name in names]
        self.loop = FlowHeadLoop(taken, config, r * audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters

    def _pass(self, plan: TokenPlan, seed: int, options: FlowHeadOptions) -> _FlowHeadPass:
        return _FlowHeadPass(self, plan, seed, Settings(self.config, options))

    def _work(self, plan: TokenPlan, options: FlowHeadOptions) -> Operations:
        config, steps = self.config, Settings(self.config, options).steps
        n_steps = -(-plan.n_frames // config.frames_per_step)
        ahead = self.rows.step_macs
        ahead += config.n_blocks * config.channels * (2 * config.hidden + config.kernel)
        work = ahead + self.loop.fixed_macs + steps * self.loop.euler_macs
        return Operations(n_steps * work, n_steps * steps)

    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        return self._scale.unscale(frames)


class FlowHeadLoop:
    """Recurrent layers and head as :func:`~tts_pipeline.acoustic.flow_head.kernel.write_frames`
    wants them.

    Args:
        weights: of the whole model.
        config: sizes.
        frame_size: ``r * M``.

    Attributes:
        fixed_macs: multiplications with addition of a decoder step, its Euler steps left out.
        euler_macs: those of an Euler step.
    """

    def __init__(self, weights: Weights, config: FlowHeadConfig, frame_size: int) -> None:
        c, w, h, p = config.channels, config.head_channels, config.head_hidden, config.prenet
        self.frame_size = frame_size
        recurrence = Recurrence(weights, "recurrence", c, p, frame_size)
        told = weights.take("head.told_input.weight", w, 2 * c).T
        noisy = weights.take("head.noisy_input.weight", w, frame_size).T
        output = weights.take("head.output.weight", frame_size, w).T
        pairs = {}
        names = [f"head.blocks.{k}" for k in range(config.head_blocks)]
        for name in names:
            pairs[f"{name}.expand"] = weights.take(f"{name}.expand.weight", h, w).T
            pairs[f"{name}.project"] = weights.take(f"{name}.project.weight", w, h).T
        head = {"told": told[:c], "noisy": noisy, "output": output}
        packed = pack_matrices({**recurrence.matrices, **head, **pairs})
        self._kernel_weights = (
            *recurrence.ordered(packed),
            packed["told"],
            packed["noisy"],
            np.stack([packed[f"{name}.expand"] for name in names]),
            np.stack([weights.take(f"{name}.expand.bias", h) for name in names]),
            np.stack([packed[f"{name}.project"] for name in names]),
            np.stack([weights.take(f"{name}.project.bias", w) for name in names]),
            packed["output"],
            weights.vector("head.output.bias", frame_size),
            np.stack([weights.take(f"head.norm.{k}", w) for k in ("weight", "bias")]),
        )
        self._norms = np.stack(
            [[weights.take(f"{name}.norm.{k}", w) for k in ("weight", "bias")] for name in names]
        )
        self._modulations = StepModulations(
            weights, "head.step", config.step_channels, config.head_blocks, w
        )
        on_noise = weights.take("head.told_input.bias", w) + weights.take(
            "head.noisy_input.bias", w
        )
        self._conditioning = PackedMatrix(
            np.concatenate([recurrence.on_conditioning, told[c:]], 1),
            np.concatenate([recurrence.bias, on_noise]),
        )
        self.fixed_macs = frame_size * p + p * p + 3 * c * (p + 4 * c) + 2 * c * w
        self.euler_macs = 2 * frame_size * w + config.head_blocks * 2 * w * h

    def prepare(self, conditioning: np.ndarray) -> np.ndarray:
        """What ``(L, C)`` adds to the lower GRU's gates and to the head's input, with the biases
        ``(L, 3 C + W)``: all that does not depend on the past."""
        return self._conditioning(conditioning)

    def modulations(self, n_steps: int) -> np.ndarray:
        """Scale and shift of the normed rows of each block in each Euler step ``(S, K, 2, W)``."""
        made = []
        for step in range(n_steps):
            scale, shift = np.moveaxis(self._modulations.at(step / n_steps), 1, 0)
            weight, bias = np.moveaxis(self._norms, 1, 0)
            made.append(np.stack([weight * (1 + scale), bias * (1 + scale) + shift], 1))
        return np.array(made, np.float32)

    def run(
        self,
        rows: np.ndarray,
        masks: np.ndarray,
        noise: np.ndarray,
        modulations: np.ndarray,
        state: DecoderState,
    ) -> np.ndarray:
        """Write the next steps.

        Args:
            rows: of ``L`` steps, from :meth:`prepare`.
            masks: prenet masks ``(L, 2, P)``.
            noise: what each step starts from ``(L, r * M)``.
            modulations: of all Euler steps, from :meth:`modulations`.
            state: where to go on from; changed to what it is after the last step.

        Returns:
            Scaled frames ``(L, r * M)``.
        """
        out = np.empty_like(noise)
        write_frames(rows, masks, noise, *self._kernel_weights, modulations, *state, out)
        return out


class _FlowHeadPass:
    """One mel in the making."""

    def __init__(
        self, engine: FlowHeadEngine, plan: TokenPlan, seed: int, settings: Settings
    ) -> None:
        self._engine, self._plan = engine, plan
        self._per_step = engine.config.frames_per_step
        self._n_steps = -(-plan.n_frames // self._per_step)
        self._stack = SlidingStack(engine.blocks)
        # MT19937 as PyTorch seeds it: the masks are those of the PyTorch decoder.
        self._random = np.random.RandomState(seed % 2**32)
        self._noise = Noise(seed, settings.temperature, engine.loop.frame_size)
        self._modulations = engine.loop.modulations(settings.steps)
        self._state = initial_state(engine.config.channels, engine.loop.frame_size)
        self._n_left = plan.n_frames

    def push(self, begin: int, end: int) -> np.ndarray:
        """See :class:`~tts_pipeline.acoustic.along_plan.FramePass`."""
        config, loop = self._engine.config, self._engine.loop
        steps = begin // self._per_step, -(-end // self._per_step)
        rows = self._engine.rows(self._plan, *steps)
        made = self._stack.push(rows, last=steps[1] == self._n_steps)
        masks = prenet_masks(self._random, len(made), config.prenet, config.prenet_dropout)
        noise = self._noise(len(made))
        written = loop.run(loop.prepare(made), masks, noise, self._modulations, self._state)
        frames = written.reshape(-1, self._engine.features.n_mels)[: self._n_left]
        self._n_left -= len(frames)
        return frames
