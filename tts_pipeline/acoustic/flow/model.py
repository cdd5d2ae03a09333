"""A mel out of noise in N steps: conditional flow matching, told by the text or by a mel as well.

The straight paths from noise to data of Lipman et al. 2022, "Flow Matching for Generative Modeling"
(arXiv 2210.02747, section 4.1, example II with a smallest deviation of 0), on mels as in Matcha-TTS
(Mehta et al. 2023, arXiv 2309.03199): at time ``t`` in [0, 1] a frame stands at
``(1 - t) noise + t mel``, and moves with the velocity ``mel - noise``. The net tells where a frame
is going, not how fast (as Li and He 2025, arXiv 2511.13720, find better for small nets), so it need
not carry the noise through; the velocity is what is left of the way by the time that is left.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from tts_pipeline.acoustic.flow.config import TIME_SCALE, FlowConfig
from tts_pipeline.acoustic.frame_conditioning import FrameConditioning, MelScaling
from tts_pipeline.nn.convnext import ConvNeXtBlock


class StepEmbedding(nn.Module):
    """The time of a step as scale and shift of every block.

    Args:
        channels: width of the embedding.
        n_outputs: numbers for all blocks together.
    """

    def __init__(self, channels: int, n_outputs: int) -> None:
        super().__init__()
        self.channels = channels
        self.hidden = nn.Linear(channels, channels)
        self.output = nn.Linear(channels, n_outputs)
        # The blocks start unmodulated.
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, times: torch.Tensor) -> torch.Tensor:
        """``(B,)`` to ``(B, n_outputs)``."""
        half = self.channels // 2
        places = torch.arange(half, device=times.device, dtype=times.dtype)
        rates = torch.exp(places * (-math.log(10_000.0) / half))
        angles = TIME_SCALE * times[:, None] * rates
        waves = torch.cat([angles.sin(), angles.cos()], 1)
        return self.output(nn.functional.silu(self.hidden(waves)))


class FlowModel(nn.Module):
    """Where frames are going that are on their way from noise to mel.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: FlowConfig, n_mels: int) -> None:
        super().__init__()
        self.config, self.n_mels = config, n_mels
        c = config.channels
        self.scaling = MelScaling(n_mels)
        self.conditioning = FrameConditioning(config.token_channels, c)
        self.told_input = nn.Linear(n_mels, c) if config.told_mel else None
        self.noisy_input = nn.Linear(n_mels, c)
        self.step = StepEmbedding(config.step_channels, config.n_blocks * 2 * c)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(c, config.hidden, config.kernel, dropout=config.dropout)
            for _ in range(config.n_blocks)
        )
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.output = nn.Linear(c, n_mels)

    def forward(
        self,
        noisy: torch.Tensor,
        times: torch.Tensor,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        told: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The mel that frames are going to, as far as a time lets it be known.

        Args:
            noisy: scaled frames on their way ``(B, T, M)``.
            times: ``(B,)`` in [0, 1].
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
            told: scaled frames of the mel that a refiner is told ``(B, T, M)``.

        Returns:
            Scaled frames ``(B, T, M)``, 0 beyond an item's end.
        """
        x, mask = self.conditioning(vectors, durations, noisy.shape[1])
        x = x + self.noisy_input(noisy)
        if self.told_input is not None:
            x = x + self.told_input(told)
        modulations = self.step(times)[:, None].chunk(len(self.blocks), -1)
        for block, modulation in zip(self.blocks, modulations):
            x = block(x * mask, modulation)
        return self.output(self.norm(x)) * mask

    def generate(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        noise: torch.Tensor,
        *,
        steps: int,
        temperature: float = 1.0,
        told: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Mel ``(B, M, T)`` by Euler steps of equal length; what the engine is checked against.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
            noise: standard normal ``(B, T, M)``.
            steps: number of steps.
            temperature: factor on the noise.
            told: the mel that a refiner is told ``(B, M, T)``.
        """
        told = None if told is None else self.scaling.scale(told)
        frames = temperature * noise
        for step in range(steps):
            times = torch.full((len(frames),), step / steps, device=frames.device)
            goal = self(frames, times, vectors, durations, told)
            # A step of 1 / N with the velocity (goal - frames) / (1 - t).
            frames = frames + (goal - frames) / (steps - step)
        return self.scaling.unscale(frames)
