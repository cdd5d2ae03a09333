"""Tokens into vectors, and what is predicted per token: duration, pitch and energy."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tts_pipeline.nn.convnext import ConvNeXtBlock
from tts_pipeline.text.symbols import ARPABET, Alphabet


class TokenEmbedding(nn.Module):
    """Sum of a symbol's and a stress' vector; see :mod:`tts_pipeline.text.symbols`."""

    def __init__(self, channels: int, alphabet: Alphabet = ARPABET) -> None:
        super().__init__()
        self.step = alphabet.stress_step
        self.symbol = nn.Embedding(len(alphabet.symbols), channels)
        self.stress = nn.Embedding(alphabet.n_stress, channels)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """``(B, N)`` int64 to ``(B, N, C)``."""
        return self.symbol(tokens % self.step) + self.stress(tokens // self.step)


class MaskedBlocks(nn.Module):
    """ConvNeXt blocks that see silence, not leftovers, beyond the end of each item."""

    def __init__(
        self, channels: int, hidden: int, n_blocks: int, kernel_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(channels, hidden, kernel_size, dropout=dropout) for _ in range(n_blocks)
        )

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """``(B, N, C)`` with ``mask`` ``(B, N, 1)``; an item alone gives the same as in a batch."""
        for block in self.blocks:
            x = block(x * mask)
        return x * mask


class Encoder(nn.Module):
    """Embedding, ConvNeXt blocks and a bidirectional GRU over the sentence."""

    def __init__(
        self,
        channels: int,
        hidden: int,
        n_blocks: int,
        kernel_size: int,
        dropout: float,
        alphabet: Alphabet = ARPABET,
    ) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(channels, alphabet)
        self.blocks = MaskedBlocks(channels, hidden, n_blocks, kernel_size, dropout)
        self.recurrent = nn.GRU(channels, channels // 2, batch_first=True, bidirectional=True)

    def forward(
        self, tokens: torch.Tensor, token_lengths: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """``tokens`` ``(B, N)`` to ``(B, N, C)``."""
        x = self.blocks(self.embedding(tokens), mask)
        packed = pack_padded_sequence(
            x, token_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        context, _ = pad_packed_sequence(
            self.recurrent(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        return x + context


class TokenPredictor(nn.Module):
    """One real number per token: log duration, pitch or energy."""

    def __init__(
        self, channels: int, hidden: int, n_blocks: int, kernel_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.blocks = MaskedBlocks(channels, hidden, n_blocks, kernel_size, dropout)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(channels, 1)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """``(B, N, C)`` to ``(B, N)``."""
        return self.output(self.dropout(self.norm(self.blocks(x, mask))))[..., 0]
