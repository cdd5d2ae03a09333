"""The autoregressive acoustic model on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig, AutoregressiveOptions
from tts_pipeline.acoustic.autoregressive.fused_decoder import Decoder, prenet_masks
from tts_pipeline.acoustic.token_plan import TokenPlan, TokenPlanner, expand
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import Block, FrameBuffer, Linear, SlidingStack
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, MelStream, Operations
from tts_pipeline.text.symbols import ARPABET

# The decoder's conditioning is worked out in pieces of these lengths, whatever is asked for: the
# first one is short so that frames come soon, later ones are long so that they cost little.
_FIRST_PIECE, _LONGEST_PIECE = 48, 192


class AutoregressiveEngine:
    """:class:`~tts_pipeline.acoustic.autoregressive.model.AutoregressiveModel` in NumPy and fused
    kernels, sentence by sentence.

    Equal to it up to float32 rounding, seeds included. The decoder's conditioning is worked out as
    frames are asked for, so that the first ones come soon.

    Args:
        config: sizes.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32. Large ones are used where
            they lie.
        uses: ``alphabet``: of the tokens; default the English one.

    Attributes:
        text: its text side, for models that share it.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    controls = TokenPlanner.controls
    options = AutoregressiveOptions

    def __init__(
        self,
        config: AutoregressiveConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any] | None = None,
    ) -> None:
        self.config, self.features = config, audio
        c, h, r = config.channels, config.hidden, config.frames_per_step
        taken = Weights(weights)
        self.text = TokenPlanner(config, (uses or {}).get("alphabet", ARPABET), taken)
        self._mel_mean = taken.buffer("mel_mean", audio.n_mels)
        self._mel_std = taken.deviations("mel_std", audio.n_mels)
        self._position_input = Linear(taken, "position_input", 3, c)
        self._step_input = Linear(taken, "step_input", r * c, c)
        names = [f"frame_blocks.blocks.{k}" for k in range(config.frame_blocks)]
        self._frame_blocks = [Block(taken, name, c, h, config.frame_kernel) for name in names]
        self.decoder = Decoder(taken, "decoder", c, config.prenet, r * audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters

    def infer(
        self,
        inputs: Sequence[AcousticInput],
        *,
        seed: int = 0,
        options: AutoregressiveOptions | None = None,
    ) -> list[MelStream]:
        """Write sentences one after another, each in one block.

        Args:
            inputs: the sentences.
            seed: of the prenet's dropout.
            options: lengths of blocks, which do not matter here.

        Raises:
            TextError: if the tokens are empty, not of the voice's alphabet, or last no frame.
        """
        whole = AutoregressiveOptions(first_frames=2**31, block_frames=2**31)
        return [self.stream(given, seed=seed, options=whole) for given in inputs]

    def stream(
        self,
        given: AcousticInput,
        *,
        seed: int = 0,
        options: AutoregressiveOptions | None = None,
    ) -> MelStream:
        """Write a sentence block by block; arguments and errors as of :meth:`infer`."""
        plan = self.text.plan(given)
        sizes = (options or AutoregressiveOptions()).lengths(
            self._n_steps(plan), self.config.frames_per_step
        )
        blocks = self._blocks(plan, seed, sizes)
        return MelStream(blocks, plan.durations, plan.f0)

    def operations(
        self, given: AcousticInput, options: AutoregressiveOptions | None = None
    ) -> Operations:
        """Arithmetic of a sentence; prenet units that dropout leaves out, which the kernel skips,
        count in full."""
        config, n_mels = self.config, self.features.n_mels
        c, r, p = config.channels, config.frames_per_step, config.prenet
        n_steps = self._n_steps(self.text.plan(given))
        per_step = r * (3 * c + c * c)
        per_step += config.frame_blocks * (2 * c * config.hidden + c * config.frame_kernel)
        per_step += r * n_mels * p + p * p
        per_step += 3 * c * (p + c + c) + 3 * c * 2 * c + 2 * c * r * n_mels
        text = self.text.multiply_accumulates(len(given.tokens))
        return Operations(text + n_steps * per_step, n_steps)

    def _n_steps(self, plan: TokenPlan) -> int:
        return -(-plan.n_frames // self.config.frames_per_step)

    def _blocks(self, plan: TokenPlan, seed: int, sizes: list[int]) -> Iterator[np.ndarray]:
        # MT19937 as PyTorch seeds it: the masks are those of the PyTorch decoder.
        random = np.random.RandomState(seed % 2**32)
        conditioning = _Conditioning(self, plan)
        state = self.decoder.initial_state()
        n_left = plan.n_frames
        for size in sizes:
            masks = prenet_masks(random, size, self.config.prenet, self.config.prenet_dropout)
            steps = self.decoder.run(conditioning.take(size), masks, state)
            frames = steps.reshape(-1, self.features.n_mels)[:n_left]
            n_left -= len(frames)
            yield np.ascontiguousarray((frames * self._mel_std + self._mel_mean).T)

    def step_inputs(self, plan: TokenPlan, begin: int, end: int) -> np.ndarray:
        """What enters the blocks over decoder steps, of the steps from ``begin`` to ``end``."""
        r = self.config.frames_per_step
        rows, position = expand(plan, begin * r, end * r)
        rows += self._position_input(position)
        return self._step_input(rows.reshape(end - begin, -1))

    def frame_stack(self) -> SlidingStack:
        """The blocks over decoder steps, at the start of a sentence."""
        return SlidingStack(self._frame_blocks)


class _Conditioning:
    """The decoder's conditioning at each step, worked out when it is needed."""

    def __init__(self, engine: AutoregressiveEngine, plan: TokenPlan) -> None:
        self._engine, self._plan = engine, plan
        self._stack = engine.frame_stack()
        self._ready = FrameBuffer()
        self._n_steps = -(-plan.n_frames // engine.config.frames_per_step)
        self._begin, self._piece = 0, _FIRST_PIECE

    def take(self, n_steps: int) -> np.ndarray:
        """The next steps, as :meth:`Decoder.run` wants them."""
        while len(self._ready) < n_steps:
            end = min(self._begin + self._piece, self._n_steps)
            steps = self._engine.step_inputs(self._plan, self._begin, end)
            made = self._stack.push(steps, last=end == self._n_steps)
            self._ready.push(self._engine.decoder.prepare(made))
            self._begin, self._piece = end, min(2 * self._piece, _LONGEST_PIECE)
        return self._ready.pop(n_steps)
