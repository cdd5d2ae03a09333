"""The model with a canvas of one length, as a module to be trained."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn

from tts_pipeline.acoustic.encoder import MaskedBlocks
from tts_pipeline.acoustic.fixed_length.config import FixedLengthConfig, FixedLengthOptions

__all__ = ["Canvas", "FixedLengthConfig", "FixedLengthModel", "FixedLengthOptions"]


class Canvas(NamedTuple):
    """What is written in one pass.

    Attributes:
        mel: ``(B, M, T)``.
        end: logits of having ended ``(B, T)``.
        attention: of each layer, the mean over its heads ``(B, layers, T, N)``.
    """

    mel: torch.Tensor
    end: torch.Tensor
    attention: torch.Tensor


def sinusoids(places: torch.Tensor, channels: int) -> torch.Tensor:
    """Sines and cosines of places in frames ``(...)``, of wave lengths from ``2 pi`` to ``2 pi *
    10000`` (Vaswani et al. 2017, arXiv 1706.03762, section 3.5) ``(..., channels)``."""
    exponents = torch.arange(channels // 2, device=places.device) * (2 / channels)
    angles = places[..., None] * torch.exp(-math.log(10000.0) * exponents)
    return torch.cat([torch.sin(angles), torch.cos(angles)], -1)


class Attention(nn.Module):
    """Frames ask tokens, drawn to those that the speaking rate lets expect at their place.

    The logits of a frame at ``t`` and a token expected around ``m`` fall by half of ``((t - m) /
    width) ** 2``, with a width that is learned. Places are also told to queries and keys, in
    frames, as the position encodings of Deep Voice 3 (Ping et al. 2017, arXiv 1710.07654, section
    3.4).
    """

    def __init__(self, config: FixedLengthConfig) -> None:
        super().__init__()
        c = config.channels
        self.n_heads = config.n_heads
        self.query = nn.Linear(2 * c, c)
        self.key = nn.Linear(2 * c, c)
        self.value = nn.Linear(c, c)
        self.output = nn.Linear(c, c)
        self.log_width = nn.Parameter(torch.full((), math.log(config.bias_frames)))

    def forward(
        self,
        frames: torch.Tensor,
        frame_places: torch.Tensor,
        tokens: torch.Tensor,
        token_places: torch.Tensor,
        valid: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Frames ``(B, T, C)`` at places ``(T,)`` ask tokens ``(B, N, C)`` at places ``(B, N)``,
        those that are ``valid`` ``(B, N)``: answers ``(B, T, C)`` and attention ``(B, T, N)``."""
        c = frames.shape[2]
        where = sinusoids(frame_places, c).expand(len(frames), -1, -1)
        queries = self.query(torch.cat([frames, where], -1)).unflatten(-1, (self.n_heads, -1))
        told = torch.cat([tokens, sinusoids(token_places, c)], -1)
        keys = self.key(told).unflatten(-1, (self.n_heads, -1))
        values = self.value(tokens).unflatten(-1, (self.n_heads, -1))
        logits = torch.einsum("bthc,bnhc->bhtn", queries, keys) / queries.shape[-1] ** 0.5
        away = (frame_places[:, None] - token_places[:, None, :]) * torch.exp(-self.log_width)
        logits = logits - (away.square() / 2)[:, None]
        attention = torch.softmax(logits.masked_fill(~valid[:, None, None], -torch.inf), -1)
        answers = torch.einsum("bhtn,bnhc->bthc", attention, values).flatten(2)
        return self.output(answers), attention.mean(1)


class FixedLengthModel(nn.Module):
    """A canvas of ``T`` frames whose positions ask the tokens what to be; the speech ends where the
    model says so, and what comes after is thrown away.

    No durations: where a token is expected follows from its number and the speaking rate alone, and
    attention must find the rest.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: FixedLengthConfig, n_mels: int) -> None:
        super().__init__()
        self.config, self.n_mels = config, n_mels
        c = config.channels
        self.token_input = nn.Linear(config.text_channels, c)
        self.frame_input = nn.Linear(c, c)
        self.attentions = nn.ModuleList(Attention(config) for _ in range(config.n_layers))
        self.blocks = nn.ModuleList(
            MaskedBlocks(
                c, config.hidden, config.blocks_per_layer, config.kernel_size, config.dropout
            )
            for _ in range(config.n_layers)
        )
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.output = nn.Linear(c, n_mels)
        self.end = nn.Linear(c, 1)
        self.mel_mean: torch.Tensor
        self.mel_std: torch.Tensor
        self.token_frames: torch.Tensor
        self.register_buffer("mel_mean", torch.full((n_mels,), -5.0))
        self.register_buffer("mel_std", torch.full((n_mels,), 2.0))
        # Frames per token of the recordings.
        self.register_buffer("token_frames", torch.full((1,), 6.0))

    def places(self, rate: torch.Tensor) -> torch.Tensor:
        """Where tokens are expected, in frames, of their speaking rates; both ``(B, N)``."""
        lasting = self.token_frames / rate
        return lasting.cumsum(1) - lasting / 2

    def forward(
        self, vectors: torch.Tensor, token_lengths: torch.Tensor, rate: torch.Tensor
    ) -> Canvas:
        """Write the canvas.

        Args:
            vectors: of the tokens ``(B, N, text_channels)``.
            token_lengths: ``(B,)``.
            rate: factor on the speaking rate of each token ``(B, N)``.
        """
        tokens = self.token_input(vectors)
        numbers = torch.arange(vectors.shape[1], device=vectors.device)
        valid = numbers < token_lengths[:, None]
        token_places = self.places(rate)
        frame_places = torch.arange(self.config.canvas, device=vectors.device) + 0.5
        x = self.frame_input(sinusoids(frame_places, self.config.channels))
        x = x.expand(len(vectors), -1, -1)
        everywhere = torch.ones_like(x[..., :1])
        attentions = []
        for attention, blocks in zip(self.attentions, self.blocks):
            answers, weights = attention(x, frame_places, tokens, token_places, valid)
            attentions.append(weights)
            x = blocks(x + answers, everywhere)
        x = self.norm(x)
        mel = (self.output(x) * self.mel_std + self.mel_mean).transpose(1, 2)
        return Canvas(mel, self.end(x)[..., 0], torch.stack(attentions, 1))
