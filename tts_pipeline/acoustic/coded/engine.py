"""The model that writes codes one after another on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.along_plan import PlanEngine, pieces
from tts_pipeline.acoustic.coded.config import CodedConfig, CodedOptions
from tts_pipeline.acoustic.coded.kernel import write_codes
from tts_pipeline.acoustic.step_rows import StepRows
from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.features.codes.engine import CodesEngine
from tts_pipeline.nn.numpy_layers import Block, SlidingStack
from tts_pipeline.nn.packed import gate_biases
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, Operations


class CodedEngine(PlanEngine):
    """:class:`~tts_pipeline.acoustic.coded.model.CodedModel` in NumPy and a fused kernel, and the
    parallel decoder of its codes behind it.

    A code depends on no later code; the conditioning looks ahead by ``n_blocks * (kernel_size //
    2)`` steps and the decoder of codes by a bounded number of frames, so that the mel comes in
    blocks.

    Args:
        config: sizes.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along; ``codes``: the auto-encoder
            whose codes it was trained on.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    options = CodedOptions

    def __init__(
        self,
        config: CodedConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        super().__init__(audio, uses, config.text_channels)
        self.config = config
        self.codes: CodesEngine = uses["codes"]
        self.codes.require(config.frames_per_code, config.n_groups, config.n_codes)
        c, g, v, r = config.channels, config.n_groups, config.n_codes, config.frames_per_code
        taken = Weights(weights)
        self.rows = StepRows(taken, "step_input", config.text_channels, c, r)
        names = [f"blocks.blocks.{k}" for k in range(config.n_blocks)]
        self.blocks = [Block(taken, name, c, config.hidden, config.kernel_size) for name in names]
        n_r_z = np.roll(np.arange(3 * c), c)
        lower_input = taken.take("lower.weight_ih_l0", 3 * c, config.past + c)[n_r_z].T
        base = taken.take("base.weight", c, 2 * c).T
        lower_bias, lower_state_bias = gate_biases(taken, "lower", c)
        outputs = [taken.take(f"outputs.{k}.weight", v, c).T for k in range(g)]
        self._conditioning = np.concatenate([lower_input[config.past :], base[c:]], 1)
        self._bias = np.concatenate([lower_bias, taken.take("base.bias", c)])
        self._weights = (
            taken.take("past", g, v + 1, config.past) @ lower_input[: config.past],
            _in_order(taken.take("lower.weight_hh_l0", 3 * c, c).T),
            lower_state_bias,
            _in_order(taken.take("upper.weight_ih_l0", 3 * c, c)[n_r_z].T),
            _in_order(taken.take("upper.weight_hh_l0", 3 * c, c).T),
            np.concatenate(gate_biases(taken, "upper", c)),
            _in_order(base[:c]),
            taken.vector("group", g, c),
            taken.vector("within", g, v, c),
            _in_order(np.stack(outputs)),
            np.stack([taken.take(f"outputs.{k}.bias", v) for k in range(g)]),
        )
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters + self.codes.n_parameters

    def write_codes(
        self, given: AcousticInput, *, seed: int = 0, options: CodedOptions | None = None
    ) -> np.ndarray:
        """The codes of a sentence ``(L, G)`` int64; arguments as of :meth:`infer`."""
        plan = self.text.plan(given)
        writing = CodesPass(self, plan, seed, options or CodedOptions())
        return np.concatenate([writing.push(*span) for span in pieces(plan.n_frames)])

    def prepare(self, conditioning: np.ndarray) -> np.ndarray:
        """What ``(L, C)`` adds to the lower GRU's gates and to the base of the outputs, with their
        biases ``(L, 4 C)``: all that does not depend on the past."""
        rows = conditioning @ self._conditioning
        rows += self._bias
        return rows

    def run(
        self, rows: np.ndarray, uniforms: np.ndarray, options: CodedOptions, state: CodesState
    ) -> np.ndarray:
        """Write the next steps.

        Args:
            rows: of ``L`` steps, from :meth:`prepare`.
            uniforms: a random number of [0, 1) for each code ``(L, G)``.
            options: how codes are drawn.
            state: where to go on from; changed to what it is after the last step.

        Returns:
            Codes ``(L, G)`` int64.
        """
        codes = np.empty(uniforms.shape, np.int64)
        how = (float(options.temperature), float(options.top_p))
        past = (state.lower, state.upper, state.codes)
        write_codes(rows, uniforms, *how, *self._weights, *past, codes)
        return codes

    def _pass(self, plan: TokenPlan, seed: int, options: CodedOptions) -> DecodedPass:
        return DecodedPass(CodesPass(self, plan, seed, options), self.codes, plan.n_frames)

    def _work(self, plan: TokenPlan, options: CodedOptions) -> Operations:
        config = self.config
        c, g, v = config.channels, config.n_groups, config.n_codes
        n_steps = -(-plan.n_frames // config.frames_per_code)
        ahead = self.rows.step_macs + 4 * c * c
        ahead += config.n_blocks * c * (2 * config.hidden + config.kernel_size)
        # Three products of a state with three gates, the base, and an output for each group.
        loop = 9 * c * c + c * c + g * c * v
        return Operations(n_steps * (ahead + loop + self.codes.step_macs), n_steps * g)

    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(frames.T)


class CodesState:
    """All that the loop remembers of the past; changed from step to step.

    Attributes:
        lower: state of the first GRU ``(C,)``.
        upper: state of the second GRU ``(C,)``.
        codes: of the last step ``(G,)``.
    """

    def __init__(self, config: CodedConfig) -> None:
        self.lower = np.zeros(config.channels, np.float32)
        self.upper = np.zeros(config.channels, np.float32)
        self.codes = np.full(config.n_groups, config.n_codes, np.int64)


class CodesPass:
    """The codes of a sentence in the making."""

    def __init__(
        self, engine: CodedEngine, plan: TokenPlan, seed: int, options: CodedOptions
    ) -> None:
        self._engine, self._plan, self._options = engine, plan, options
        self._per_step = engine.config.frames_per_code
        n_steps = -(-plan.n_frames // self._per_step)
        shape = (n_steps, engine.config.n_groups)
        self._uniforms = np.random.default_rng(seed).random(shape, np.float32)
        self._stack, self._state = SlidingStack(engine.blocks), CodesState(engine.config)
        self._done = 0

    def push(self, begin: int, end: int) -> np.ndarray:
        """Go on to the frames from ``begin`` to ``end``; codes ``(l, G)`` that are settled now."""
        steps = begin // self._per_step, -(-end // self._per_step)
        rows = self._engine.rows(self._plan, *steps)
        made = self._stack.push(rows, last=steps[1] == len(self._uniforms))
        uniforms = self._uniforms[self._done : self._done + len(made)]
        self._done += len(made)
        return self._engine.run(self._engine.prepare(made), uniforms, self._options, self._state)


class DecodedPass:
    """Codes in the making as frames of a mel."""

    def __init__(self, writing: CodesPass, codes: CodesEngine, n_frames: int) -> None:
        self._writing, self._decoding, self._n_frames = writing, codes.decoding(), n_frames
        self._n_left = n_frames

    def push(self, begin: int, end: int) -> np.ndarray:
        """See :class:`~tts_pipeline.acoustic.along_plan.FramePass`; natural-log amplitude."""
        codes = self._writing.push(begin, end)
        mel = self._decoding.push(codes, last=end == self._n_frames)[:, : self._n_left]
        self._n_left -= mel.shape[1]
        return mel.T


def _in_order(matrix: np.ndarray) -> np.ndarray:
    return np.array(matrix, order="C")
