"""The flow model's net on a CPU, and frames on their way through its steps, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tts_pipeline.acoustic.along_plan import FrameStack
from tts_pipeline.acoustic.flow.config import TIME_SCALE, FlowConfig, FlowOptions
from tts_pipeline.nn.numpy_layers import Block, FrameBuffer, Linear, SlidingStack
from tts_pipeline.nn.weights import Weights


class StepModulations:
    """:class:`~tts_pipeline.acoustic.flow.model.StepEmbedding`.

    Args:
        weights: of the whole model.
        name: of the embedding in them.
        n_waves: its width.
        n_blocks: blocks that it modulates.
        channels: width of the blocks.
    """

    def __init__(
        self, weights: Weights, name: str, n_waves: int, n_blocks: int, channels: int
    ) -> None:
        self._n_waves, self._shape = n_waves, (n_blocks, 2, channels)
        self._hidden = Linear(weights, f"{name}.hidden", n_waves, n_waves)
        self._output = Linear(weights, f"{name}.output", n_waves, n_blocks * 2 * channels)

    def at(self, time: float) -> np.ndarray:
        """Scale, less one, and shift of each block at a time in [0, 1], ``(n_blocks, 2, C)``."""
        half = self._n_waves // 2
        rates = np.exp(np.arange(half, dtype=np.float32) * (-math.log(10_000.0) / half))
        angles = np.float32(TIME_SCALE * time) * rates[None].astype(np.float32)
        waves = self._hidden(np.concatenate([np.sin(angles), np.cos(angles)], 1))
        return self._output(waves / (1 + np.exp(-waves)))[0].reshape(self._shape)


class BlocksAtTimes:
    """Blocks under the modulation of a time.

    Args:
        modulations: of the time.
        blocks: what is modulated.
    """

    def __init__(self, modulations: StepModulations, blocks: Sequence[Block]) -> None:
        self._modulations, self._blocks = modulations, blocks
        self._kept: dict[float, list[Block]] = {}

    def at(self, time: float) -> list[Block]:
        """The blocks at a time in [0, 1]."""
        if time not in self._kept:
            parts = zip(self._blocks, self._modulations.at(time))
            self._kept[time] = [block.modulated(*part) for block, part in parts]
        return self._kept[time]


class FlowNet:
    """The net of :class:`~tts_pipeline.acoustic.flow.model.FlowModel` behind its conditioning.

    Args:
        weights: of the whole model.
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, weights: Weights, config: FlowConfig, n_mels: int) -> None:
        c = config.channels
        self._stack = FrameStack(
            weights, "", c, config.hidden, config.n_blocks, config.kernel, n_mels
        )
        self.noisy_input = Linear(weights, "noisy_input", n_mels, c)
        modulations = StepModulations(weights, "step", config.step_channels, config.n_blocks, c)
        self._at_times = BlocksAtTimes(modulations, self._stack.blocks)
        self.frame_macs = self._stack.frame_macs + n_mels * c

    def start(self, time: float) -> SlidingStack:
        """The blocks under the modulation of a time, at the start of a signal."""
        return self._stack.start(self._at_times.at(time))


class StepDefaults(Protocol):
    """A configuration that says how steps are made where a call does not."""

    @property
    def steps(self) -> int:
        """Euler steps."""

    @property
    def temperature(self) -> float:
        """Standard deviation of the noise."""


class Settings:
    """What a call works with: the options where they say something, else the voice's numbers.

    Args:
        config: of the voice.
        options: of the call.
    """

    def __init__(self, config: StepDefaults, options: FlowOptions) -> None:
        self.steps = config.steps if options.steps is None else options.steps
        given = options.temperature
        self.temperature = np.float32(config.temperature if given is None else given)


class Noise:
    """Standard normal rows times the temperature, the same in any pieces.

    Args:
        seed: of the chance.
        temperature: 0: no chance at all.
        size: numbers of a row.
    """

    def __init__(self, seed: int, temperature: np.float32, size: int) -> None:
        self._random = np.random.default_rng(seed % 2**64)
        self._temperature, self._size = temperature, size

    def __call__(self, n_rows: int) -> np.ndarray:
        shape = (n_rows, self._size)
        if not self._temperature:
            return np.zeros(shape, np.float32)
        return self._temperature * self._random.standard_normal(shape, np.float32)


class Fixed(NamedTuple):
    """Frames that are not to be written anew.

    Attributes:
        noise: what they started from ``(t, M)``.
        frames: what they are, scaled ``(t, M)``.
        mask: ``(t, 1)`` bool, True for frames to write.
    """

    noise: np.ndarray
    frames: np.ndarray
    mask: np.ndarray


class StepPass:
    """Frames through all Euler steps, each step as far behind the one before as it looks ahead.

    Args:
        net: tells where they go.
        steps: number of steps.
    """

    def __init__(self, net: FlowNet, steps: int) -> None:
        self._net, self._n_steps = net, steps
        self._stacks = [net.start(step / steps) for step in range(steps)]
        self._waiting = [FrameBuffer() for _ in range(steps)]

    def push(
        self, told: np.ndarray, noise: np.ndarray, last: bool, fixed: Fixed | None = None
    ) -> np.ndarray:
        """Add frames; return the scaled frames ``(n, M)`` that are settled by now.

        Args:
            told: conditioning of the new frames ``(t, C)``.
            noise: what they start from ``(t, M)``.
            last: whether no more will come.
            fixed: which of them stay as they are; given with every push or with none.
        """
        columns = [noise, told] if fixed is None else [noise, told, *fixed]
        widths = np.cumsum([column.shape[1] for column in columns])[:-1]
        rows = np.concatenate(columns, 1).astype(np.float32, copy=False)
        for step, (stack, waiting) in enumerate(zip(self._stacks, self._waiting)):
            frames, told = rows[:, : widths[0]], rows[:, widths[0] : widths[0] + told.shape[1]]
            waiting.push(rows)
            goal = stack.push(told + self._net.noisy_input(frames), last)
            rows = waiting.pop(len(goal))
            frames = rows[:, : widths[0]]
            frames += (goal - frames) / np.float32(self._n_steps - step)
            if fixed is not None:
                self._put_back(rows, widths, (step + 1) / self._n_steps)
        return rows[:, : widths[0]]

    @staticmethod
    def _put_back(rows: np.ndarray, widths: np.ndarray, time: float) -> None:
        """Let the fixed frames stand where their own way leads them."""
        frames, _, noise, known, mask = np.split(rows, widths, 1)
        np.copyto(frames, (1 - time) * noise + time * known, where=mask == 0)
