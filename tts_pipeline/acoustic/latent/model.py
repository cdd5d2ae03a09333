"""Draw what all frames share first, then write them all at once.

A conditional variational auto-encoder (Kingma and Welling 2013, arXiv 1312.6114; Sohn et al. 2015)
with a prior from the text as in VITS (Kim et al. 2021, arXiv 2106.06103): a few numbers for the
utterance, a few for each token given those. Where several ways to say something are right, the
frames agree on one, for all of them are told the same draw. The posterior, which looks at the
recording, is needed in training only.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from tts_pipeline.acoustic.durations import token_of_frame
from tts_pipeline.acoustic.encoder import MaskedBlocks
from tts_pipeline.acoustic.frame_conditioning import FrameConditioning, MelScaling
from tts_pipeline.acoustic.latent.config import LOG_STD, LatentConfig
from tts_pipeline.acoustic.one_shot.model import FrameDecoder


class Gaussian(NamedTuple):
    """Means and logarithms of standard deviations, of the same shape."""

    mean: torch.Tensor
    log_std: torch.Tensor

    @classmethod
    def of(cls, values: torch.Tensor) -> Gaussian:
        """From ``(..., 2 D)``."""
        mean, log_std = values.chunk(2, -1)
        return cls(mean, log_std.clamp(*LOG_STD))

    def draw(self, noise: torch.Tensor) -> torch.Tensor:
        """With standard normal numbers of the same shape."""
        return self.mean + noise * self.log_std.exp()

    def divergence_from(self, prior: Gaussian) -> torch.Tensor:
        """Kullback-Leibler divergence from a prior in nats, of each number by itself."""
        ratio = 2 * (self.log_std - prior.log_std)
        distance = (self.mean - prior.mean).square() * torch.exp(-2 * prior.log_std)
        return 0.5 * (ratio.exp() + distance - 1 - ratio)


class Posterior(nn.Module):
    """What was drawn, as the recording tells: for the utterance and for each token.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: LatentConfig, n_mels: int) -> None:
        super().__init__()
        c = config.channels
        self.conditioning = FrameConditioning(config.token_channels, c)
        self.mel_input = nn.Linear(n_mels, c)
        self.blocks = MaskedBlocks(
            c, config.hidden, config.posterior_blocks, config.posterior_kernel, 0.0
        )
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.utterance = nn.Linear(c, 2 * config.utterance_size)
        self.phone = nn.Linear(c, 2 * config.phone_size)

    def forward(
        self, mel: torch.Tensor, vectors: torch.Tensor, durations: torch.Tensor
    ) -> tuple[Gaussian, Gaussian]:
        """Of the utterance ``(B, utterance_size)`` and of the tokens ``(B, N, phone_size)``.

        Args:
            mel: scaled frames ``(B, T, M)``.
            vectors: of the tokens ``(B, N, token_channels)``.
            durations: frames of each token ``(B, N)`` int64.
        """
        told, mask = self.conditioning(vectors, durations, mel.shape[1])
        x = self.norm(self.blocks(told + self.mel_input(mel), mask)) * mask
        whole = x.sum(1) / mask.sum(1)
        index, _ = token_of_frame(durations, mel.shape[1])
        sums = x.new_zeros(len(x), durations.shape[1], x.shape[2])
        sums = sums.scatter_add(1, index[..., None].expand_as(x), x)
        means = sums / durations.clamp_min(1)[..., None]
        return Gaussian.of(self.utterance(whole)), Gaussian.of(self.phone(means))


class Written(NamedTuple):
    """Scaled frames ``(B, T, M)`` and the priors of what they were told."""

    frames: torch.Tensor
    utterance: Gaussian
    phone: Gaussian


class LatentModel(nn.Module):
    """Priors from the text and the decoder.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
    """

    def __init__(self, config: LatentConfig, n_mels: int) -> None:
        super().__init__()
        self.config, self.n_mels = config, n_mels
        c = config.channels
        self.scaling = MelScaling(n_mels)
        self.token_input = nn.Linear(config.token_channels, c)
        self.blocks = MaskedBlocks(c, config.hidden, config.prior_blocks, config.prior_kernel, 0.15)
        self.utterance_norm = nn.LayerNorm(c, eps=1e-6)
        self.utterance = nn.Linear(c, 2 * config.utterance_size)
        self.drawn_input = nn.Linear(config.utterance_size, c)
        self.phone_norm = nn.LayerNorm(c, eps=1e-6)
        self.phone = nn.Linear(c, 2 * config.phone_size)
        told_channels = config.token_channels + config.phone_size + config.utterance_size
        self.conditioning = FrameConditioning(told_channels, config.decoder.channels)
        self.decoder = FrameDecoder(config.decoder, n_mels)

    def forward(
        self,
        vectors: torch.Tensor,
        token_mask: torch.Tensor,
        durations: torch.Tensor,
        n_frames: int,
        utterance: torch.Tensor,
        phone: torch.Tensor,
    ) -> Written:
        """Frames of what was drawn, and how likely the text makes it.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            token_mask: 1.0 where there is a token, else 0.0, ``(B, N, 1)``.
            durations: frames of each token ``(B, N)`` int64.
            n_frames: length of the result ``T``.
            utterance: drawn for each utterance ``(B, utterance_size)``.
            phone: drawn for each token ``(B, N, phone_size)``.
        """
        encoded, prior = self.utterance_prior(vectors, token_mask, durations)
        frames = self.decode(vectors, durations, n_frames, utterance, phone)
        return Written(frames, prior, self.phone_prior(encoded, utterance))

    def utterance_prior(
        self, vectors: torch.Tensor, token_mask: torch.Tensor, durations: torch.Tensor
    ) -> tuple[torch.Tensor, Gaussian]:
        """Encoded tokens ``(B, N, channels)`` and the prior of the utterance's numbers, from their
        mean by the frames that they last; arguments as for :meth:`forward`."""
        encoded = self.blocks(self.token_input(vectors), token_mask)
        spoken = durations[..., None].to(vectors.dtype)
        mean = (self.utterance_norm(encoded) * spoken).sum(1) / spoken.sum(1)
        return encoded, Gaussian.of(self.utterance(mean))

    def phone_prior(self, encoded: torch.Tensor, utterance: torch.Tensor) -> Gaussian:
        """Of the tokens' numbers ``(B, N, phone_size)``, given the utterance's."""
        told = encoded + self.drawn_input(utterance)[:, None]
        return Gaussian.of(self.phone(self.phone_norm(told)))

    def decode(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        n_frames: int,
        utterance: torch.Tensor,
        phone: torch.Tensor,
    ) -> torch.Tensor:
        """Scaled frames ``(B, T, M)``; arguments as for :meth:`forward`."""
        shared = utterance[:, None].expand(-1, vectors.shape[1], -1)
        told = torch.cat([vectors, phone, shared], -1)
        return self.decoder(*self.conditioning(told, durations, n_frames))

    def generate(
        self,
        vectors: torch.Tensor,
        token_mask: torch.Tensor,
        durations: torch.Tensor,
        utterance_noise: torch.Tensor,
        phone_noise: torch.Tensor,
        *,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Mel ``(B, M, T)`` of a draw from the prior; what the engine is checked against.

        Args:
            vectors: of the tokens ``(B, N, token_channels)``.
            token_mask: 1.0 where there is a token, else 0.0, ``(B, N, 1)``.
            durations: frames of each token ``(B, N)`` int64.
            utterance_noise: standard normal ``(B, utterance_size)``.
            phone_noise: standard normal ``(B, N, phone_size)``.
            temperature: factor on the noise.
        """
        encoded, prior = self.utterance_prior(vectors, token_mask, durations)
        utterance = prior.draw(temperature * utterance_noise)
        phone = self.phone_prior(encoded, utterance).draw(temperature * phone_noise)
        n_frames = int(durations.sum(1).max())
        return self.scaling.unscale(self.decode(vectors, durations, n_frames, utterance, phone))
