"""From a plan to frames: the autoregressive loop, in as many pieces as one likes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

from tts_pipeline.acoustic.decoder import Decoder, DecoderState
from tts_pipeline.acoustic.engine import CpuDecoder
from tts_pipeline.errors import ConfigError


class Plan(NamedTuple):
    """What is settled before the first frame is written.

    Attributes:
        conditioning: of every decoder step ``(B, L, C)``.
        durations: frames per token ``(B, N)``.
        mel_lengths: ``(B,)`` frames.
        f0: F0 per token in Hz ``(B, N)``.
    """

    conditioning: torch.Tensor
    durations: torch.Tensor
    mel_lengths: torch.Tensor
    f0: torch.Tensor


class AcousticOutput(NamedTuple):
    """What :meth:`AcousticModel.infer` returns.

    Attributes:
        mel: ``(B, M, T)`` natural-log amplitude.
        mel_lengths: ``(B,)`` frames.
        durations: frames per token ``(B, N)``; their sum is the length.
        f0: F0 per token in Hz ``(B, N)``, as asked of the decoder.
    """

    mel: torch.Tensor
    mel_lengths: torch.Tensor
    durations: torch.Tensor
    f0: torch.Tensor


@dataclasses.dataclass(frozen=True)
class MelStream:
    """What :meth:`AcousticModel.stream` returns: all but the mel is known at once.

    Attributes:
        n_frames: length of the mel.
        durations: frames per token ``(N,)``.
        f0: F0 per token in Hz ``(N,)``, as asked of the decoder.
        blocks: the mel block by block, ``(M, t)`` natural-log amplitude, each written when it is
            asked for.
    """

    n_frames: int
    durations: torch.Tensor
    f0: torch.Tensor
    blocks: Iterator[torch.Tensor]


class FrameWriter:
    """Writes the frames of a plan; stops after any step and goes on.

    Args:
        decoder: the reference, which also runs on a GPU.
        engine: the same weights packed for the CPU; None: the decoder itself does the work.
        plan: what to write.
        seed: of the prenet's dropout.
    """

    def __init__(self, decoder: Decoder, engine: CpuDecoder | None, plan: Plan, seed: int) -> None:
        self._decoder = decoder
        self._run: Callable[..., tuple[torch.Tensor, DecoderState]]
        if engine is None:
            self._told, self._run = plan.conditioning, decoder.generate
        else:
            # At once for all steps, so that the pieces equal the whole to the last bit.
            self._told, self._run = engine.prepare(plan.conditioning), engine.run
        self._random = torch.Generator().manual_seed(seed)
        self._state = decoder.initial_state(len(plan.conditioning))
        self._done = 0

    @property
    def n_left(self) -> int:
        """Steps that are still to be written."""
        return self._told.shape[1] - self._done

    def write(self, n_steps: int) -> torch.Tensor:
        """The next steps, at most those that are left: scaled frames ``(B, L, r * M)``."""
        told = self._told[:, self._done : self._done + n_steps]
        masks = self._decoder.masks(told.shape[1], self._random).to(told.device)
        written, self._state = self._run(told, masks, self._state)
        self._done += told.shape[1]
        return written


def block_steps(n_steps: int, first_frames: int, block_frames: int, per_step: int) -> list[int]:
    """Decoder steps of each block: the first as asked, each later one twice as long up to the
    limit.

    Raises:
        ConfigError: if a length is not a positive whole number.
    """
    for name, value in (("first_frames", first_frames), ("block_frames", block_frames)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigError(f"{name}={value!r}: expected a whole number of at least 1")
    size, most = -(-min(first_frames, block_frames) // per_step), -(-block_frames // per_step)
    sizes = []
    while n_steps > 0:
        sizes.append(min(size, n_steps))
        n_steps -= size
        size = min(2 * size, most)
    return sizes
