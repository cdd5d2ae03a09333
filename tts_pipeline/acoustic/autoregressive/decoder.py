"""The autoregressive decoder: every step writes a few frames from those before it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn


class DecoderState(NamedTuple):
    """All that is remembered of the past.

    Attributes:
        lower: state of the first GRU ``(B, C)``.
        upper: state of the second GRU ``(B, C)``.
        frames: the last step's scaled frames ``(B, r * M)``.
    """

    lower: torch.Tensor
    upper: torch.Tensor
    frames: torch.Tensor


class Recurrence(nn.Module):
    """Prenet and two GRUs over past frames and conditioning: what is known before each step.

    The decoder of Non-Attentive Tacotron (Shen et al. 2020, arXiv 2010.04301, section 2) with GRUs
    in place of LSTMs, telling of ``r`` frames a step (Wang et al. 2017, arXiv 1703.10135, section
    3.3). The prenet's dropout is part of the model, in use as in training: it keeps the decoder
    from trusting its own past more than the text.

    Args:
        channels: width of the conditioning and of both GRUs.
        prenet: width of the prenet.
        frame_size: ``r * M``, numbers of a step.
        dropout: share of prenet units dropped.
    """

    def __init__(self, channels: int, prenet: int, frame_size: int, dropout: float) -> None:
        super().__init__()
        self.channels, self.frame_size, self.dropout = channels, frame_size, dropout
        self.prenet_size = prenet
        self.prenet_lower = nn.Linear(frame_size, prenet)
        self.prenet_upper = nn.Linear(prenet, prenet)
        self.lower = nn.GRU(prenet + channels, channels, batch_first=True)
        self.upper = nn.GRU(channels, channels, batch_first=True)

    def initial_state(self, batch_size: int) -> DecoderState:
        """Silence before the first step: zeros, which in scaled frames is the average."""
        weight = self.prenet_upper.weight
        zeros = weight.new_zeros(batch_size, self.channels)
        return DecoderState(zeros, zeros, weight.new_zeros(batch_size, self.frame_size))

    def masks(self, n_steps: int, generator: torch.Generator) -> torch.Tensor:
        """Prenet dropout masks ``(steps, 2, P)``, drawn in order of the steps, so that a stream
        and a whole utterance of the same seed get the same ones."""
        uniform = torch.rand(n_steps, 2, self.prenet_size, generator=generator)
        return (uniform >= self.dropout).float() / (1 - self.dropout)

    def prenet(self, frames: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Bottleneck on past frames ``(..., r * M)`` with masks ``(..., 2, P)``."""
        x = torch.relu(self.prenet_lower(frames)) * masks[..., 0, :]
        return torch.relu(self.prenet_upper(x)) * masks[..., 1, :]

    def forward(
        self, past: torch.Tensor, conditioning: torch.Tensor, masks: torch.Tensor
    ) -> torch.Tensor:
        """Teacher-forced pass.

        Args:
            past: scaled frames of the step before each step ``(B, L, r * M)``.
            conditioning: ``(B, L, C)``.
            masks: prenet masks ``(B, L, 2, P)`` or broadcastable.

        Returns:
            What is known before each step ``(B, L, 2 C)``.
        """
        lower, _ = self.lower(torch.cat([self.prenet(past, masks), conditioning], -1))
        upper, _ = self.upper(lower)
        return torch.cat([lower + upper, conditioning], -1)

    def advance(
        self, condition: torch.Tensor, masks: torch.Tensor, state: DecoderState
    ) -> tuple[torch.Tensor, DecoderState]:
        """One step on.

        Args:
            condition: of this step ``(B, C)``.
            masks: prenet masks ``(2, P)``, or ``(B, 2, P)`` for each item.
            state: after the step before.

        Returns:
            What is known before this step ``(B, 2 C)``, and the state after it but for its frames,
            which are still those before.
        """
        given = torch.cat([self.prenet(state.frames, masks), condition], -1)[:, None]
        lower, lower_state = self.lower(given, state.lower[None])
        upper, upper_state = self.upper(lower, state.upper[None])
        told = torch.cat([(lower + upper)[:, 0], condition], -1)
        return told, DecoderState(lower_state[0], upper_state[0], state.frames)


class Decoder(Recurrence):
    """:class:`Recurrence` with a linear output of the frames.

    Args:
        channels: as of :class:`Recurrence`, and so are the others.
        prenet: likewise.
        frame_size: likewise.
        dropout: likewise.
    """

    def __init__(self, channels: int, prenet: int, frame_size: int, dropout: float) -> None:
        super().__init__(channels, prenet, frame_size, dropout)
        self.output = nn.Linear(2 * channels, frame_size)

    def forward(
        self, past: torch.Tensor, conditioning: torch.Tensor, masks: torch.Tensor
    ) -> torch.Tensor:
        """As of :class:`Recurrence`, to scaled frames ``(B, L, r * M)``."""
        return self.output(super().forward(past, conditioning, masks))

    def generate(
        self, conditioning: torch.Tensor, masks: torch.Tensor, state: DecoderState
    ) -> tuple[torch.Tensor, DecoderState]:
        """Write one step after another, each from what was written before.

        Args:
            conditioning: ``(B, L, C)``.
            masks: prenet masks ``(L, 2, P)``, the same for every item, or ``(L, B, 2, P)``.
            state: where to go on from.

        Returns:
            Scaled frames ``(B, L, r * M)`` and the state after them.
        """
        steps = []
        for step in range(conditioning.shape[1]):
            told, state = self.advance(conditioning[:, step], masks[step], state)
            state = state._replace(frames=self.output(told))
            steps.append(state.frames)
        return torch.stack(steps, 1), state
