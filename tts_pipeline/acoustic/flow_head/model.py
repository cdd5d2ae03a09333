"""Frames one after another, each drawn by a flow of its own: a head in place of a linear output.

Li et al. 2024, "Autoregressive Image Generation without Vector Quantization" (arXiv 2406.11838,
section 3): the recurrent layers say what is known before a step, and a small net that only sees
this step brings noise to frames. A linear output trained on differences writes the mean of all that
may come; this one settles on one of it, and the next step is told which. Paths and what the net
tells are those of :mod:`tts_pipeline.acoustic.flow.model`.
"""

from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.acoustic.autoregressive.decoder import DecoderState, Recurrence
from tts_pipeline.acoustic.encoder import MaskedBlocks
from tts_pipeline.acoustic.flow.model import StepEmbedding
from tts_pipeline.acoustic.flow_head.config import FlowHeadConfig
from tts_pipeline.acoustic.frame_conditioning import MelScaling
from tts_pipeline.acoustic.step_input import StepInput, step_mask


class HeadBlock(nn.Module):
    """Layer norm under the modulation of a time, and a two-layer perceptron, added to the input.

    Args:
        channels: width ``W``.
        hidden: inner width.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.expand = nn.Linear(channels, hidden)
        self.project = nn.Linear(hidden, channels)

    def forward(self, x: torch.Tensor, modulation: torch.Tensor) -> torch.Tensor:
        """``(..., W)`` to ``(..., W)``; ``modulation`` ``(..., 2 W)`` is scale, less one, and
        shift of the normed rows."""
        scale, shift = modulation.chunk(2, -1)
        y = self.norm(x) * (1 + scale) + shift
        return x + self.project(torch.relu(self.expand(y)))


class FlowHead(nn.Module):
    """Where the frames of one decoder step are going that are on their way from noise.

    Args:
        told: width of what the recurrent layers say.
        frame_size: numbers of a decoder step.
        config: sizes.
    """

    def __init__(self, told: int, frame_size: int, config: FlowHeadConfig) -> None:
        super().__init__()
        w = config.head_channels
        self.told_input = nn.Linear(told, w)
        self.noisy_input = nn.Linear(frame_size, w)
        self.step = StepEmbedding(config.step_channels, config.head_blocks * 2 * w)
        self.blocks = nn.ModuleList(
            HeadBlock(w, config.head_hidden) for _ in range(config.head_blocks)
        )
        self.norm = nn.LayerNorm(w, eps=1e-6)
        self.output = nn.Linear(w, frame_size)

    def forward(self, noisy: torch.Tensor, times: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """The frames that they are going to, as far as a time lets it be known.

        Args:
            noisy: scaled frames on their way ``(S, r * M)``.
            times: in [0, 1], ``(S,)`` or ``(1,)``.
            told: of the same decoder steps ``(S, told)``.
        """
        x = self.told_input(told) + self.noisy_input(noisy)
        modulations = self.step(times).chunk(len(self.blocks), -1)
        for block, modulation in zip(self.blocks, modulations):
            x = block(x, modulation)
        return self.output(self.norm(x))


class FlowHeadModel(nn.Module):
    """The autoregressive decoder along given durations, with a flow head.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: FlowHeadConfig, n_mels: int) -> None:
        super().__init__()
        self.config, self.n_mels = config, n_mels
        c, r = config.channels, config.frames_per_step
        self.scaling = MelScaling(n_mels)
        self.step_input = StepInput(config.token_channels, c, r)
        self.blocks = MaskedBlocks(c, config.hidden, config.n_blocks, config.kernel, config.dropout)
        self.recurrence = Recurrence(c, config.prenet, r * n_mels, config.prenet_dropout)
        self.head = FlowHead(2 * c, r * n_mels, config)

    def condition(self, vectors: torch.Tensor, durations: torch.Tensor) -> torch.Tensor:
        """What every decoder step is told whatever the past ``(B, L, C)``, of the vectors of tokens
        ``(B, N, token_channels)`` and their frames ``(B, N)`` int64."""
        r = self.config.frames_per_step
        n_steps = -(-int(durations.sum(1).max()) // r)
        told = self.step_input(vectors, durations, n_steps)
        return self.blocks(told, step_mask(durations, r, n_steps))

    def steps(self, frames: torch.Tensor) -> torch.Tensor:
        """Scaled frames ``(B, T, M)`` by decoder steps ``(B, L, r * M)``, the last one filled up
        with zeros."""
        r = self.config.frames_per_step
        frames = nn.functional.pad(frames, (0, 0, 0, -frames.shape[1] % r))
        return frames.reshape(len(frames), -1, r * self.n_mels)

    def forward(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        steps: torch.Tensor,
        past_noise: torch.Tensor,
        masks: torch.Tensor,
        noise: torch.Tensor,
        times: torch.Tensor,
    ) -> torch.Tensor:
        """Teacher-forced pass: where noisy steps are going, each told the true ones before it.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
            steps: the true frames, scaled ``(B, L, r * M)``.
            past_noise: added to the past ``(B, L, r * M)``.
            masks: prenet masks ``(B, L, 2, P)``.
            noise: what steps start from ``(K, B, L, r * M)``, ``K`` draws.
            times: where on their way each draw of each step is ``(K, B, L)``, in [0, 1].

        Returns:
            ``(K, B, L, r * M)``.
        """
        past = nn.functional.pad(steps, (0, 0, 1, -1)) + past_noise
        told = self.recurrence(past, self.condition(vectors, durations), masks)
        t = times[..., None]
        noisy = (1 - t) * noise + t * steps
        told = told.expand(*noisy.shape[:-1], -1)
        made = self.head(noisy.flatten(0, -2), times.flatten(), told.flatten(0, -2))
        return made.view_as(noisy)

    def generate(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        masks: torch.Tensor,
        noise: torch.Tensor,
        *,
        steps: int,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Mel ``(B, M, T)`` from its own past; what the engine is checked against.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
            masks: prenet masks ``(L, 2, P)``, the same for every item.
            noise: standard normal ``(B, L, r * M)``.
            steps: Euler steps within every decoder step.
            temperature: factor on the noise.
        """
        conditioning = self.condition(vectors, durations)
        state: DecoderState = self.recurrence.initial_state(len(conditioning))
        written = []
        for step in range(conditioning.shape[1]):
            told, state = self.recurrence.advance(conditioning[:, step], masks[step], state)
            frames = temperature * noise[:, step]
            for euler in range(steps):
                goal = self.head(frames, frames.new_full((1,), euler / steps), told)
                # A step of 1 / N with the velocity (goal - frames) / (1 - t).
                frames = frames + (goal - frames) / (steps - euler)
            state = state._replace(frames=frames)
            written.append(frames)
        made = torch.stack(written, 1).reshape(len(noise), -1, self.n_mels)
        return self.scaling.unscale(made[:, : int(durations.sum(1).max())])
