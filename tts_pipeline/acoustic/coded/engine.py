"""The model that writes codes one after another on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tts_pipeline.acoustic.coded.config import CodedConfig, CodedOptions
from tts_pipeline.acoustic.coded.kernel import write_codes
from tts_pipeline.acoustic.step_rows import StepRows
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import Block, SlidingStack
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, MelStream, Operations

# Steps worked out together, whatever is asked for, so that blocks equal the whole to the last bit.
_FIRST_PIECE, _LONGEST_PIECE = 24, 96


class _State(NamedTuple):
    """All that the loop remembers of the past; changed from step to step."""

    lower: np.ndarray
    upper: np.ndarray
    codes: np.ndarray


class CodedEngine:
    """:class:`~tts_pipeline.acoustic.coded.model.CodedModel` in NumPy and a fused kernel, and the
    parallel decoder of its codes behind it: an acoustic model.

    A code depends on no later code; the conditioning looks ahead by ``n_blocks * (kernel_size //
    2)`` steps and the decoder of codes by a bounded number of frames, so that the mel comes in
    blocks.

    Args:
        config: sizes.
        audio: of the mel.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``, which plans the tokens, and ``codes``, which decodes
            (:class:`~tts_pipeline.features.codes.engine.CodesEngine`).

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    controls = frozenset({"rate", "pitch", "energy", "fixed_frames"})
    options = CodedOptions

    def __init__(
        self,
        config: CodedConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.config, self.features = config, audio
        self._planner, self.codes = uses["text"], uses["codes"]
        c, g, v = config.channels, config.n_groups, config.n_codes
        taken = Weights(weights)
        self._rows = StepRows(taken, "step_input", config.text_channels, c, config.frames_per_code)
        names = [f"blocks.blocks.{k}" for k in range(config.n_blocks)]
        self._blocks = [Block(taken, name, c, config.hidden, config.kernel_size) for name in names]
        n_r_z = np.roll(np.arange(3 * c), c)
        lower_input = taken.take("lower.weight_ih_l0", 3 * c, config.past + c)[n_r_z].T
        base = taken.take("base.weight", c, 2 * c).T
        lower_bias, lower_state_bias = _gate_biases(taken, "lower", c)
        past = taken.take("past", g, v + 1, config.past) @ lower_input[: config.past]
        outputs = [taken.take(f"outputs.{k}.weight", v, c).T for k in range(g)]
        output_bias = [taken.take(f"outputs.{k}.bias", v) for k in range(g)]
        self._conditioning = np.concatenate([lower_input[config.past :], base[c:]], 1)
        self._bias = np.concatenate([lower_bias, taken.take("base.bias", c)])
        self._weights = (
            past,
            _ordered(taken.take("lower.weight_hh_l0", 3 * c, c).T),
            lower_state_bias,
            _ordered(taken.take("upper.weight_ih_l0", 3 * c, c)[n_r_z].T),
            _ordered(taken.take("upper.weight_hh_l0", 3 * c, c).T),
            np.concatenate(_gate_biases(taken, "upper", c)),
            _ordered(base[:c]),
            taken.vector("group", g, c),
            taken.vector("within", g, v, c),
            np.stack([_ordered(matrix) for matrix in outputs]),
            np.stack(output_bias),
        )
        taken.finish()
        self.n_parameters = sum(array.size for array in weights.values())

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int, options: CodedOptions | None = None
    ) -> list[MelStream]:
        """Write sentences one after another, each in one block."""
        written = []
        for given in inputs:
            made = self.stream(given, seed=seed, options=options)
            made.blocks = iter([made.read()])
            written.append(made)
        return written

    def stream(
        self, given: AcousticInput, *, seed: int, options: CodedOptions | None = None
    ) -> MelStream:
        """Write one sentence block by block."""
        planned = self._planner.plan(given)
        pieces = self._pieces(planned.vectors, planned.durations, seed, options or CodedOptions())
        return MelStream(
            self._mel(pieces, int(planned.durations.sum())), planned.durations, planned.f0
        )

    def write(
        self, given: AcousticInput, *, seed: int, options: CodedOptions | None = None
    ) -> np.ndarray:
        """The codes of one sentence ``(L, G)`` int64."""
        planned = self._planner.plan(given)
        pieces = self._pieces(planned.vectors, planned.durations, seed, options or CodedOptions())
        return np.concatenate(list(pieces))

    def operations(self, given: AcousticInput, options: CodedOptions | None = None) -> Operations:
        """Arithmetic of writing the sentence, the planning of its tokens left out."""
        config = self.config
        c, g, v = config.channels, config.n_groups, config.n_codes
        n_steps = -(-int(self._planner.plan(given).durations.sum()) // config.frames_per_code)
        around = config.frames_per_code * (3 + c) * config.text_channels
        around += config.n_blocks * c * (2 * config.hidden + config.kernel_size) + 4 * c * c
        loop = 9 * c * c + c * c + g * c * v
        decoding = self.codes.operations(n_steps)
        return Operations(n_steps * (around + loop) + decoding, n_steps * g)

    def _pieces(
        self, vectors: np.ndarray, durations: np.ndarray, seed: int, options: CodedOptions
    ) -> Iterator[np.ndarray]:
        """Codes ``(l, G)``, some steps at a time."""
        config = self.config
        n_steps = -(-int(durations.sum()) // config.frames_per_code)
        shape = (n_steps, config.n_groups)
        uniforms = np.random.default_rng(seed).random(shape, np.float32)
        stack = SlidingStack(self._blocks)
        zeros = np.zeros((2, config.channels), np.float32)
        none = np.full(config.n_groups, config.n_codes, np.int64)
        state = _State(zeros[0], zeros[1], none)
        begin, piece, done = 0, _FIRST_PIECE, 0
        while begin < n_steps:
            end = min(begin + piece, n_steps)
            rows = self._rows(vectors, durations, begin, end)
            made = stack.push(rows, last=end == n_steps)
            told = made @ self._conditioning
            told += self._bias
            codes = np.empty((len(told), config.n_groups), np.int64)
            drawn = uniforms[done : done + len(told)]
            how = (options.temperature, options.top_p)
            write_codes(told, drawn, *map(float, how), *self._weights, *state, codes)
            yield codes
            done += len(codes)
            begin, piece = end, min(2 * piece, _LONGEST_PIECE)

    def _mel(self, pieces: Iterator[np.ndarray], n_frames: int) -> Iterator[np.ndarray]:
        """Codes as mel; frames beyond the sentence's end are left away."""
        decoding = self.codes.decoding()
        n_steps, n_left = -(-n_frames // self.config.frames_per_code), n_frames
        for codes in pieces:
            n_steps -= len(codes)
            mel = decoding.push(codes, last=n_steps == 0)[:, :n_left]
            n_left -= mel.shape[1]
            if mel.shape[1]:
                yield mel


def _ordered(matrix: np.ndarray) -> np.ndarray:
    return np.array(matrix, order="C")


def _gate_biases(weights: Weights, name: str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Biases of ``[input's n | r | z]`` and of the state's n."""
    on_input = weights.take(f"{name}.bias_ih_l0", 3 * channels)
    on_state = weights.take(f"{name}.bias_hh_l0", 3 * channels)
    n_begin = 2 * channels
    open_gates = on_input[:n_begin] + on_state[:n_begin]
    return np.concatenate([on_input[n_begin:], open_gates]), on_state[n_begin:].copy()
