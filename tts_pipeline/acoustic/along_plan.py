"""What the engines have in common that write a mel along a plan of tokens, without PyTorch."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.acoustic.token_plan import TokenPlan, TokenPlanner, expand, require_channels
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import Block, FrameBuffer, Linear, Norm, SlidingStack
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, MelStream, Operations

# Frames are written in pieces of these lengths, whatever is asked for: the first one is short so
# that frames come soon, later ones are long so that they cost little.
_FIRST_PIECE, _LONGEST_PIECE = 48, 192


def pieces(n_frames: int, first: int = _FIRST_PIECE) -> Iterator[tuple[int, int]]:
    """First frame and the one after the last of each piece; every length but the last one is a
    multiple of 4.

    Args:
        n_frames: of all pieces together.
        first: frames of the first one, rounded up to such a multiple.
    """
    begin, size = 0, -(-first // 4) * 4
    while begin < n_frames:
        end = min(begin + size, n_frames)
        yield begin, end
        begin, size = end, min(2 * size, _LONGEST_PIECE)


class FramePass(Protocol):
    """One mel in the making."""

    def push(self, begin: int, end: int) -> np.ndarray:
        """Go on to the frames from ``begin`` to ``end``, which follow those before; return the
        frames ``(n, M)``, scaled, that are settled by now: all of them at the end of the plan."""


class MelScale:
    """:class:`~tts_pipeline.acoustic.frame_conditioning.MelScaling`."""

    def __init__(self, weights: Weights, name: str, n_mels: int) -> None:
        self.mean = weights.buffer(f"{name}.mean", n_mels)
        self.std = weights.deviations(f"{name}.std", n_mels)

    def scale(self, mel: np.ndarray) -> np.ndarray:
        """``(M, t)`` natural-log amplitude to scaled frames ``(t, M)``."""
        return np.ascontiguousarray((mel.T - self.mean) / self.std, np.float32)

    def unscale(self, frames: np.ndarray) -> np.ndarray:
        """Scaled frames ``(t, M)`` to ``(M, t)`` natural-log amplitude."""
        return np.ascontiguousarray((frames * self.std + self.mean).T)


class FrameRows:
    """:class:`~tts_pipeline.acoustic.frame_conditioning.FrameConditioning`, in any pieces."""

    def __init__(self, weights: Weights, name: str, token_channels: int, channels: int) -> None:
        self._token_input = Linear(weights, f"{name}.token_input", token_channels, channels)
        self._position_input = Linear(weights, f"{name}.position_input", 3, channels)
        self.token_macs, self.frame_macs = token_channels * channels, 3 * channels

    def of(self, plan: TokenPlan) -> FrameRowsOfPlan:
        """What the frames of a plan are told."""
        vectors = self._token_input(plan.vectors)
        return FrameRowsOfPlan(plan._replace(vectors=vectors), self._position_input)


class FrameRowsOfPlan:
    """See :meth:`FrameRows.of`."""

    def __init__(self, plan: TokenPlan, position_input: Linear) -> None:
        self._plan, self._position_input = plan, position_input

    def __call__(self, begin: int, end: int) -> np.ndarray:
        """``(end - begin, C)``."""
        rows, position = expand(self._plan, begin, end)
        rows += self._position_input(position)
        return rows


class FrameStack:
    """Blocks over frames, norm and output, as in
    :class:`~tts_pipeline.acoustic.one_shot.model.FrameDecoder`; several signals may be under way
    with the same one.

    Args:
        weights: of the whole model.
        prefix: of its names in them.
        channels: width of the blocks.
        hidden: their inner width.
        n_blocks: their number.
        kernel: frames seen by a block.
        n_out: width of the result.
    """

    def __init__(
        self,
        weights: Weights,
        prefix: str,
        channels: int,
        hidden: int,
        n_blocks: int,
        kernel: int,
        n_out: int,
    ) -> None:
        names = [f"{prefix}blocks.{k}" for k in range(n_blocks)]
        self.blocks = [Block(weights, each, channels, hidden, kernel) for each in names]
        self._pointwise = (
            Norm(weights, f"{prefix}norm", channels),
            Linear(weights, f"{prefix}output", channels, n_out),
        )
        self.frame_macs = n_blocks * channels * (2 * hidden + kernel) + channels * n_out

    def start(self, blocks: Sequence[Block] | None = None) -> SlidingStack:
        """At the start of a signal.

        Args:
            blocks: in place of its own, such as the same ones modulated.
        """
        return SlidingStack(blocks or self.blocks, self._pointwise)


class PlanEngine(abc.ABC):
    """An :class:`~tts_pipeline.protocols.AcousticModel` that writes along a plan of tokens.

    What it is told is settled before the first frame, and every frame sees a bounded number of
    frames ahead, so a stream's blocks are those of the whole to the last bit.

    Args:
        audio: settings of the mel that it writes.
        uses: ``text``: the planner whose plans it was trained along.
        token_channels: width of the plans' vectors that it was trained on.

    Raises:
        VoiceError: if the planner's are of another width.
    """

    controls = TokenPlanner.controls
    options: type[Any] = BlockOptions
    n_parameters: int

    def __init__(self, audio: AudioConfig, uses: Mapping[str, Any], token_channels: int) -> None:
        self.features = audio
        self.text: TokenPlanner = uses["text"]
        require_channels(self.text, token_channels)

    @abc.abstractmethod
    def _pass(self, plan: TokenPlan, seed: int, options: Any) -> FramePass:
        """The mel of a plan, at its first frame."""

    @abc.abstractmethod
    def _work(self, plan: TokenPlan, options: Any) -> Operations:
        """Arithmetic of writing along a plan."""

    @abc.abstractmethod
    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        """Scaled frames ``(t, M)`` to ``(M, t)``."""

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int = 0, options: Any = None
    ) -> list[MelStream]:
        """Write sentences one after another, each in one block.

        Args:
            inputs: the sentences.
            seed: same seed, same mels; each sentence gets what it would get alone.
            options: of the type of :attr:`options`; None: its defaults.

        Raises:
            TextError: if the tokens are empty, not of the voice's alphabet, or last no frame.
        """
        options = options or self.options()
        return [self._stream(given, seed, options, BlockOptions(2**31, 2**31)) for given in inputs]

    def stream(self, given: AcousticInput, *, seed: int = 0, options: Any = None) -> MelStream:
        """Write a sentence block by block; arguments and errors as of :meth:`infer`."""
        options = options or self.options()
        return self._stream(given, seed, options, options)

    def operations(self, given: AcousticInput, options: Any = None) -> Operations:
        """Arithmetic of a sentence, its plan included."""
        plan = self.text.plan(given)
        work = self._work(plan, options or self.options())
        planning = self.text.multiply_accumulates(len(given.tokens))
        return work._replace(multiply_accumulates=work.multiply_accumulates + planning)

    def _stream(
        self, given: AcousticInput, seed: int, options: Any, blocks: BlockOptions
    ) -> MelStream:
        plan = self.text.plan(given)
        lengths = blocks.lengths(plan.n_frames)
        written = self._blocks(plan, seed, options, lengths)
        return MelStream(written, plan.durations, plan.f0)

    def _blocks(
        self, plan: TokenPlan, seed: int, options: Any, lengths: list[int]
    ) -> Iterator[np.ndarray]:
        writing, ready = self._pass(plan, seed, options), FrameBuffer()
        spans = pieces(plan.n_frames)
        for length in lengths:
            while len(ready) < length:
                ready.push(writing.push(*next(spans)))
            yield self._unscale(ready.pop(length))
