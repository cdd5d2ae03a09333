"""From a plan to frames: the autoregressive loop, in as many pieces as one likes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from tts_pipeline.acoustic.autoregressive.decoder import Decoder
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine
from tts_pipeline.protocols import Request

# Rate, pitch, energy and fixed frames, by name.
Controls = dict[str, Any]


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
    """What :meth:`AutoregressiveModel.infer` returns.

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
    """What :meth:`AutoregressiveModel.stream` returns: all but the mel is known at once.

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
    """Writes the frames of a plan with the PyTorch decoder; stops after any step and goes on.

    Args:
        decoder: on any device.
        plan: what to write.
        seed: of the prenet's dropout.
    """

    def __init__(self, decoder: Decoder, plan: Plan, seed: int) -> None:
        self._decoder, self._told = decoder, plan.conditioning
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
        written, self._state = self._decoder.generate(told, masks, self._state)
        self._done += told.shape[1]
        return written


def generated_on_cpu(
    engine: AutoregressiveEngine,
    tokens: torch.Tensor,
    token_lengths: torch.Tensor | None,
    seed: int,
    controls: Controls,
) -> AcousticOutput:
    """:meth:`AutoregressiveModel.infer` through the engine, one item after another.

    Beyond an item's end its mel is that of its last frame.
    """
    n_items, n_tokens = tokens.shape
    lengths = [n_tokens] * n_items if token_lengths is None else token_lengths.tolist()
    requests = [_request(tokens, item, n, controls) for item, n in enumerate(lengths)]
    mels, durations, f0 = [], torch.zeros_like(tokens), torch.zeros(n_items, n_tokens)
    for item, written in enumerate(engine.write_all(requests, seed=seed)):
        mels.append(torch.from_numpy(written.mel))
        durations[item, : lengths[item]] = torch.from_numpy(written.durations)
        f0[item, : lengths[item]] = torch.from_numpy(written.f0)
    mel_lengths = durations.sum(1)
    longest = int(mel_lengths.max())
    padded = [mel[:, torch.arange(longest).clamp_max(mel.shape[1] - 1)] for mel in mels]
    return AcousticOutput(torch.stack(padded), mel_lengths, durations, f0)


def streamed_on_cpu(
    engine: AutoregressiveEngine,
    tokens: torch.Tensor,
    seed: int,
    controls: Controls,
    first_frames: int,
    block_frames: int,
) -> MelStream:
    """:meth:`AutoregressiveModel.stream` through the engine."""
    request = _request(tokens, 0, tokens.shape[1], controls)
    written = engine.write(request, seed=seed, first_frames=first_frames, block_frames=block_frames)
    durations, f0 = torch.from_numpy(written.durations), torch.from_numpy(written.f0)
    blocks = map(torch.from_numpy, written.blocks)
    return MelStream(int(durations.sum()), durations, f0, blocks)


def _request(tokens: torch.Tensor, item: int, n_tokens: int, controls: Controls) -> Request:
    """One item of a batch; a control is a number, ``(B, N)``, or not there."""

    def row(name: str, dtype: torch.dtype) -> np.ndarray:
        value = controls[name]
        whole = torch.as_tensor(0 if value is None else value, dtype=dtype)
        return whole.expand(tokens.shape)[item, :n_tokens].contiguous().numpy()

    factors = [row(name, torch.float32) for name in ("rate", "pitch", "energy")]
    chosen = tokens[item, :n_tokens].contiguous().numpy()
    return Request(chosen, *factors, row("fixed_frames", torch.int64))
