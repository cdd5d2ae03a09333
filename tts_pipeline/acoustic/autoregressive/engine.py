"""The acoustic model on a CPU, without PyTorch: products of NumPy and fused kernels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig
from tts_pipeline.acoustic.autoregressive.kernel import gru_steps
from tts_pipeline.acoustic.autoregressive.packed import CpuDecoder
from tts_pipeline.acoustic.steps import block_steps
from tts_pipeline.errors import TextError
from tts_pipeline.nn.numpy_layers import Block, Conv, Linear, Norm, Queue, SlidingStack, blocks_over
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import Request, Written
from tts_pipeline.text.symbols import N_STRESS, PAD_ID, STRESS_STEP, SYMBOLS, UNSPOKEN

# What the decoder is told is worked out in pieces of these lengths, whatever is asked for: how a
# matrix product rounds depends on its size, so blocks equal the whole to the last bit.
_FIRST_PIECE, _LONGEST_PIECE = 48, 192


class Told(NamedTuple):
    """What is settled before the first frame is written.

    Attributes:
        vectors: of the tokens ``(N, C)``.
        durations: frames of each token ``(N,)`` int64.
        f0: F0 of each token in Hz ``(N,)``, as asked of the decoder.
    """

    vectors: np.ndarray
    durations: np.ndarray
    f0: np.ndarray


class AutoregressiveEngine:
    """``AutoregressiveModel`` in NumPy, text by text.

    Equal to it up to float32 rounding, seeds included. What the decoder is told is worked out as
    frames are asked for, so that the first ones come soon.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
        weights: those of the PyTorch model by name, float16 or float32. Large ones are used where
            they lie.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    def __init__(
        self, config: AutoregressiveConfig, n_mels: int, weights: Mapping[str, np.ndarray]
    ) -> None:
        self.config, self.n_mels = config, n_mels
        c, h, r = config.channels, config.hidden, config.frames_per_step
        taken = Weights(weights)
        self._mel_mean = taken.take("mel_mean", n_mels)
        self._mel_std = taken.take("mel_std", n_mels)
        self._statistics = taken.take("statistics", 6)
        self._symbol = taken.take("encoder.embedding.symbol.weight", len(SYMBOLS), c)
        self._stress = taken.take("encoder.embedding.stress.weight", N_STRESS, c)

        def blocks(name: str, n_blocks: int, size: int) -> list[Block]:
            names = [f"{name}.blocks.{k}" for k in range(n_blocks)]
            return [Block(taken, each, c, h, size) for each in names]

        self._encoder = blocks("encoder.blocks", config.encoder_blocks, config.token_kernel)
        self._forwards = _Gru(taken, "encoder.recurrent", c, backwards=False)
        self._backwards = _Gru(taken, "encoder.recurrent", c, backwards=True)
        self._predictors = [
            (
                blocks(f"{name}.blocks", config.predictor_blocks, config.token_kernel),
                Norm(taken, f"{name}.norm", c),
                Linear(taken, f"{name}.output", c, 1),
            )
            for name in ("duration", "pitch", "energy")
        ]
        self._prosody_input = Conv(taken, "prosody_input", 2, c, 3)
        self._position_input = Linear(taken, "position_input", 3, c)
        self._step_input = Linear(taken, "step_input", r * c, c)
        self._frame_blocks = blocks("frame_blocks", config.frame_blocks, config.frame_kernel)
        self.decoder = CpuDecoder(taken, "decoder", c, config.prenet, r * n_mels)
        taken.finish()

    def write_all(self, requests: Sequence[Request], *, seed: int) -> list[Written]:
        """Write texts one after another, each in one block."""
        return [self._written(request, seed, 2**31, 2**31) for request in requests]

    def write(
        self, request: Request, *, seed: int, first_frames: int = 64, block_frames: int = 256
    ) -> Written:
        """Write a text block by block.

        Args:
            request: what to speak.
            seed: of the prenet's dropout.
            first_frames: as for :meth:`AutoregressiveModel.stream`.
            block_frames: as for :meth:`AutoregressiveModel.stream`.

        Raises:
            ConfigError: if a length is not positive.
        """
        return self._written(request, seed, first_frames, block_frames)

    def _written(
        self, request: Request, seed: int, first_frames: int, block_frames: int
    ) -> Written:
        per_step = self.config.frames_per_step
        told = self._told(request)
        n_steps = -(-int(told.durations.sum()) // per_step)
        sizes = block_steps(n_steps, first_frames, block_frames, per_step)
        return Written(told.durations, told.f0, self._blocks(told, seed, sizes))

    def _blocks(self, told: Told, seed: int, sizes: list[int]) -> Iterator[np.ndarray]:
        # MT19937 as PyTorch seeds it: the masks are those of Decoder.masks.
        random = np.random.RandomState(seed % 2**32)
        conditioning = _Conditioning(self, told)
        state = self.decoder.initial_state()
        n_left = int(told.durations.sum())
        for size in sizes:
            masks = self._masks(random, size)
            steps = self.decoder.run(conditioning.take(size), masks, state)
            frames = steps.reshape(-1, self.n_mels)[:n_left]
            n_left -= len(frames)
            yield np.ascontiguousarray((frames * self._mel_std + self._mel_mean).T)

    def _masks(self, random: np.random.RandomState, n_steps: int) -> np.ndarray:
        shape = (n_steps, 2, self.config.prenet)
        # The 24 bits that PyTorch makes a float32 in [0, 1) of.
        bits = random.randint(0, 2**32, shape, dtype=np.uint32) & np.uint32(2**24 - 1)
        dropout = self.config.prenet_dropout
        return (bits >= dropout * 2.0**24) * np.float32(1 / (1 - dropout))

    def _told(self, request: Request) -> Told:
        tokens = request.tokens
        encoded = blocks_over(
            self._symbol[tokens % STRESS_STEP] + self._stress[tokens // STRESS_STEP], self._encoder
        )
        encoded = encoded + np.concatenate([self._forwards(encoded), self._backwards(encoded)], 1)
        log_durations, scaled_pitch, scaled_energy = (
            output(normed(blocks_over(encoded, blocks)))[:, 0]
            for blocks, normed, output in self._predictors
        )
        mean, std, _, energy_std, duration_scale, pitch_range = self._statistics
        frames = np.expm1(log_durations).clip(0) * duration_scale / request.rate
        frames = frames.clip(None, self.config.max_token_frames)
        frames = np.where(request.fixed_frames > 0, request.fixed_frames, frames)
        durations = _rounded(frames, ~np.isin(tokens, [*UNSPOKEN, PAD_ID]))
        if not durations.any():
            raise TextError("tokens that last no frame: expected one that is spoken")
        scaled_pitch = scaled_pitch * pitch_range + np.log(request.pitch) / std
        scaled_energy = scaled_energy + np.log(request.energy) / energy_std
        spoken = np.zeros((len(tokens) + 2, 2), np.float32)
        spoken[1:-1, 0], spoken[1:-1, 1] = scaled_pitch, scaled_energy
        vectors = encoded + self._prosody_input(spoken)
        return Told(vectors, durations, np.exp(scaled_pitch * std + mean))

    def step_inputs(self, told: Told, begin: int, end: int) -> np.ndarray:
        """What enters the blocks over decoder steps, of the steps from ``begin`` to ``end``."""
        r = self.config.frames_per_step
        frames = np.arange(begin * r, end * r)
        ends = told.durations.cumsum()
        valid = frames < ends[-1]
        index = np.searchsorted(ends, frames, side="right").clip(None, len(ends) - 1)
        length = told.durations[index].astype(np.float32).clip(1)
        before = (frames - ends[index] + told.durations[index]).astype(np.float32) + np.float32(0.5)
        after = length - before
        where = np.stack([np.tanh(before / 8), np.tanh(after / 8), before / length], 1)
        rows = told.vectors[index] * valid[:, None]
        rows += self._position_input(where * valid[:, None])
        return self._step_input(rows.reshape(end - begin, -1))

    def frame_stack(self) -> SlidingStack:
        """The blocks over decoder steps, at the start of a text."""
        return SlidingStack(self._frame_blocks)


class _Conditioning:
    """What the decoder is told at each step, worked out when it is needed."""

    def __init__(self, model: AutoregressiveEngine, told: Told) -> None:
        self._model, self._told = model, told
        self._stack = model.frame_stack()
        self._ready = Queue()
        self._n_steps = -(-int(told.durations.sum()) // model.config.frames_per_step)
        self._begin, self._piece = 0, _FIRST_PIECE

    def take(self, n_steps: int) -> np.ndarray:
        """The next steps, as :meth:`CpuDecoder.run` wants them."""
        while len(self._ready) < n_steps:
            end = min(self._begin + self._piece, self._n_steps)
            steps = self._model.step_inputs(self._told, self._begin, end)
            made = self._stack.push(steps, last=end == self._n_steps)
            self._ready.push(self._model.decoder.prepare(made))
            self._begin, self._piece = end, min(2 * self._piece, _LONGEST_PIECE)
        return self._ready.pop(n_steps)


class _Gru:
    """One direction of a bidirectional ``torch.nn.GRU`` with half the channels."""

    def __init__(self, weights: Weights, name: str, channels: int, *, backwards: bool) -> None:
        c, suffix = channels // 2, "_l0_reverse" if backwards else "_l0"
        self._backwards = backwards
        n_r_z = np.roll(np.arange(3 * c), c)
        on_input = weights.take(f"{name}.weight_ih{suffix}", 3 * c, channels)
        on_state = weights.take(f"{name}.weight_hh{suffix}", 3 * c, c)
        bias = weights.vector(f"{name}.bias_ih{suffix}", 3 * c)
        state_bias = weights.take(f"{name}.bias_hh{suffix}", 3 * c)
        bias[: 2 * c] += state_bias[: 2 * c]
        self._input, self._bias = on_input[n_r_z].T, bias[n_r_z]
        self._state, self._state_bias = np.array(on_state.T, order="C"), state_bias[2 * c :].copy()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """``(N, C)`` to the states ``(N, C / 2)``."""
        told = x @ self._input
        told += self._bias
        written = np.empty((len(x), len(self._state)), np.float32)
        gru_steps(told, self._state, self._state_bias, self._backwards, written)
        return written


def _rounded(durations: np.ndarray, least: np.ndarray) -> np.ndarray:
    """:func:`~tts_pipeline.acoustic.durations.round_durations` of one text."""
    ends = np.floor(np.maximum(durations, least).astype(np.float64).cumsum() + 0.5)
    return np.diff(ends.astype(np.int64), prepend=0)
