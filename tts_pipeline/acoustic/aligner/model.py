"""Learns which frames belong to which token, from texts and recordings alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tts_pipeline.acoustic.aligner.config import AlignerConfig
from tts_pipeline.acoustic.durations import needs_frames
from tts_pipeline.acoustic.encoder import TokenEmbedding
from tts_pipeline.acoustic.viterbi import monotonic_durations
from tts_pipeline.text.symbols import ARPABET, BOS, EOS, GAPS, Alphabet


class Aligner(nn.Module):
    """How well each token fits each frame, from the distance of their encodings.

    Badlani et al. 2021, "One TTS Alignment To Rule Them All" (arXiv 2108.10447), eq. 1. Tokens are
    encoded without their neighbours and all silences alike: then a token can only attract what
    it sounds like, and boundaries stay where they are heard.
    """

    def __init__(self, config: AlignerConfig, n_mels: int, alphabet: Alphabet = ARPABET) -> None:
        super().__init__()
        self.config, self.alphabet = config, alphabet
        c, k = config.channels, config.kernel_size
        self.embedding = TokenEmbedding(c, alphabet)
        self.mel_encoder = nn.Sequential(
            nn.Conv1d(n_mels, 2 * c, k, padding=k // 2),
            nn.ReLU(),
            nn.Conv1d(2 * c, c, 1),
            nn.ReLU(),
            nn.Conv1d(c, c, 1),
        )
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(self, tokens: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        """Scores (unnormalised log probabilities) ``(B, T, N)``.

        Args:
            tokens: ``(B, N)``.
            mel: ``(B, M, T)``, scaled to about zero mean and unit variance.
        """
        ids = self.alphabet.ids
        silent = torch.tensor([ids[mark] for mark in (BOS, EOS, *GAPS)], device=tokens.device)
        keys = self.embedding(tokens.masked_fill(torch.isin(tokens, silent), ids[BOS]))
        queries = self.mel_encoder(mel).transpose(1, 2)
        distance = (
            queries.square().sum(2, keepdim=True)
            + keys.square().sum(2)[:, None]
            - 2 * queries @ keys.transpose(1, 2)
        )
        return -self.log_scale.exp() * distance / keys.shape[2] ** 0.5


class VoiceAligner(nn.Module):
    """A trained aligner as a voice holds it: with the scaling of the mel that it was trained on.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
        alphabet: of the tokens.
    """

    def __init__(self, config: AlignerConfig, n_mels: int, alphabet: Alphabet = ARPABET) -> None:
        super().__init__()
        self.config = config
        self.scores = Aligner(config, n_mels, alphabet)
        self.mel_mean: torch.Tensor
        self.mel_std: torch.Tensor
        self.register_buffer("mel_mean", torch.full((n_mels, 1), -5.0))
        self.register_buffer("mel_std", torch.full((n_mels, 1), 2.0))

    def forward(self, tokens: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        """Scores ``(B, T, N)`` of tokens ``(B, N)`` and a mel ``(B, M, T)`` as it is."""
        return self.scores(tokens, (mel - self.mel_mean) / self.mel_std)


def align(scores: torch.Tensor, tokens: torch.Tensor, alphabet: Alphabet = ARPABET) -> torch.Tensor:
    """Frames per token ``(N,)`` of one item's best path; word boundaries and the end may have none.

    Args:
        scores: ``(T, N)`` of :class:`Aligner`.
        tokens: ``(N,)``, begin to end.
        alphabet: of the tokens.
    """
    optional = ~needs_frames(tokens, alphabet)
    durations = monotonic_durations(scores[:, :-1].numpy(), optional[:-1].numpy())
    return torch.from_numpy(np.append(durations, 0))


def beta_binomial_prior(
    token_lengths: torch.Tensor, mel_lengths: torch.Tensor, n_tokens: int, n_frames: int
) -> torch.Tensor:
    """Log of the beta-binomial prior along the diagonal, ``(B, T, N)``.

    ``P(n | t) = BetaBinomial(n; N - 1, t + 1, T - t)`` for counts from zero (arXiv 2108.10447,
    section 2.4, with omega = 1). Padded places hold meaningless finite values.
    """
    last = (token_lengths - 1).double()[:, None, None]
    total = mel_lengths.double()[:, None, None]
    n = torch.arange(n_tokens, device=token_lengths.device)[None, None].double().minimum(last)
    t = torch.arange(n_frames, device=token_lengths.device)[None, :, None].double()
    t = t.minimum(total - 1)
    a, b = t + 1, total - t

    def log_beta(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y)

    log_choose = -torch.log(last + 1) - log_beta(n + 1, last - n + 1)
    return (log_choose + log_beta(n + a, last - n + b) - log_beta(a, b)).float()
