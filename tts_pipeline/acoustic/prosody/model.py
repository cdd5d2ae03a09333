"""Duration, pitch and energy of a sentence's tokens, drawn together by flow matching.

Predictors of a mean say every sentence the same way. Here the three numbers of all tokens go along
the straight paths of Lipman et al. 2022 (arXiv 2210.02747) from noise to what a speaker might do,
as Matcha-TTS' mels and, by another flow, VITS' durations (Kim et al. 2021, arXiv 2106.06103) do.

The model has an embedding of its own and is not told the voice's token vectors: these know the
recordings that they were trained on, so that what is drawn along them varies far too little for a
text that is new.
"""

from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.acoustic.encoder import TokenEmbedding
from tts_pipeline.acoustic.flow.model import StepEmbedding
from tts_pipeline.acoustic.prosody.config import ProsodyConfig
from tts_pipeline.acoustic.prosody.marks import read_tokens
from tts_pipeline.nn.convnext import ConvNeXtBlock
from tts_pipeline.text.symbols import ARPABET, Alphabet

VALUES = ("duration", "pitch", "energy")
"""What is drawn of a token: log(1 + frames), and scaled pitch and energy as of a plan."""


class SentenceBlock(nn.Module):
    """A ConvNeXt block over tokens, and what the mean over the sentence adds to each.

    Args:
        channels: width ``C``.
        hidden: inner width.
        kernel: tokens seen by the convolution.
        dropout: in training.
    """

    def __init__(self, channels: int, hidden: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.local = ConvNeXtBlock(channels, hidden, kernel, dropout=dropout)
        self.whole = nn.Linear(channels, channels)

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor, modulation: torch.Tensor | None = None
    ) -> torch.Tensor:
        """``(B, N, C)`` with ``mask`` ``(B, N, 1)``; ``modulation`` as of ConvNeXtBlock."""
        x = self.local(x * mask, modulation)
        mean = (x * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)
        return x + self.whole(mean)


class ProsodyModel(nn.Module):
    """Tells what values are going to, from what they are on their way and the text.

    Args:
        config: sizes.
        alphabet: of the tokens.
    """

    def __init__(self, config: ProsodyConfig, alphabet: Alphabet = ARPABET) -> None:
        super().__init__()
        self.config = config
        c, n_values = config.channels, len(VALUES)

        def blocks(n_blocks: int) -> nn.ModuleList:
            sizes = (c, config.hidden, config.kernel, config.dropout)
            return nn.ModuleList(SentenceBlock(*sizes) for _ in range(n_blocks))

        self.read_tokens: torch.Tensor
        read = torch.from_numpy(read_tokens(alphabet))
        self.register_buffer("read_tokens", read, persistent=False)
        self.embedding = TokenEmbedding(c, alphabet)
        self.text_blocks = blocks(config.text_blocks)
        self.noisy_input = nn.Linear(n_values, c)
        self.step = StepEmbedding(config.step_channels, config.n_blocks * 2 * c)
        self.blocks = blocks(config.n_blocks)
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.output = nn.Linear(c, n_values)
        self.mean: torch.Tensor
        self.std: torch.Tensor
        self.agreement: torch.Tensor
        self.register_buffer("mean", torch.zeros(n_values))
        self.register_buffer("std", torch.ones(n_values))
        # Correlation of the plan's values with the speaker's, see mixture.kept_of_plan.
        self.register_buffer("agreement", torch.ones(n_values))

    def forward(
        self, tokens: torch.Tensor, mask: torch.Tensor, noisy: torch.Tensor, times: torch.Tensor
    ) -> torch.Tensor:
        """The values that tokens are going to, as far as a time lets them be known.

        Args:
            tokens: ``(B, N)`` int64.
            mask: 1.0 where there is a token, else 0.0, ``(B, N, 1)``.
            noisy: scaled values on their way ``(B, N, 3)``.
            times: ``(B,)`` in [0, 1].

        Returns:
            Scaled values ``(B, N, 3)``, 0 beyond an item's end.
        """
        return self._goal(self._told(tokens, mask), mask, noisy, times)

    def _told(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the text says of each token, ``(B, N, C)``."""
        x = self.embedding(self.read_tokens[tokens])
        for block in self.text_blocks:
            x = block(x, mask)
        return x

    def _goal(
        self, told: torch.Tensor, mask: torch.Tensor, noisy: torch.Tensor, times: torch.Tensor
    ) -> torch.Tensor:
        x = told + self.noisy_input(noisy)
        modulations = self.step(times)[:, None].chunk(len(self.blocks), -1)
        for block, modulation in zip(self.blocks, modulations):
            x = block(x, mask, modulation)
        return self.output(self.norm(x)) * mask

    def generate(
        self, tokens: torch.Tensor, mask: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Values ``(B, N, 3)`` by Euler steps of equal length; what the engine is checked against.

        Args:
            tokens: ``(B, N)`` int64.
            mask: 1.0 where there is a token, else 0.0, ``(B, N, 1)``.
            noise: standard normal ``(B, N, 3)``.
        """
        told, values, n_steps = self._told(tokens, mask), noise, self.config.steps
        for step in range(n_steps):
            times = torch.full((len(values),), step / n_steps, device=values.device)
            values = values + (self._goal(told, mask, values, times) - values) / (n_steps - step)
        return (values * self.std + self.mean) * mask
