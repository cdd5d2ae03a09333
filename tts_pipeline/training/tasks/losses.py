"""Loss terms, one class each; a recipe gives every term its weight by name."""

from __future__ import annotations

import torch
from torch import nn


class MultiResolutionSTFTLoss(nn.Module):
    """Distance of magnitude spectra at several resolutions.

    Per resolution the L1 distance of log magnitudes plus the L1 distance of magnitudes raised to
    0.3 (about loudness), after Yamamoto et al. 2020 (arXiv 1910.11480, eqs. 4-6); the compressed
    term takes the place of their spectral convergence, which only hears the loudest partials.

    Args:
        resolutions: FFT sizes in samples; the hop is a quarter.
        floor: magnitude below which differences do not count.
    """

    def __init__(
        self, resolutions: tuple[int, ...] = (256, 512, 2048), floor: float = 2e-3
    ) -> None:
        super().__init__()
        self.resolutions = resolutions
        self.floor = floor
        for size in resolutions:
            self.register_buffer(f"window_{size}", torch.hann_window(size), persistent=False)

    def forward(self, generated: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Scalar distance of two waveforms ``(B, S)``."""
        total = generated.new_zeros(())
        for size in self.resolutions:
            window = self.get_buffer(f"window_{size}")
            a, b = (self._log_magnitude(wave, size, window) for wave in (generated, target))
            loudness_distance = ((0.3 * a).exp() - (0.3 * b).exp()).abs().mean()
            total = total + (a - b).abs().mean() + 2.0 * loudness_distance
        return total / len(self.resolutions)

    def _log_magnitude(self, wave: torch.Tensor, size: int, window: torch.Tensor) -> torch.Tensor:
        spectrum = torch.stft(
            wave, size, size // 4, window=window, center=False, return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square()
        # Windows of all sizes give white noise the same level.
        return 0.5 * (power / window.square().sum() + self.floor**2).log()


class PitchLoss(nn.Module):
    """Cross-entropy of the pitch head: F0 bins on voiced frames, voicing on all frames.

    Kim et al. 2018 (arXiv 1802.06182), eq. 4.
    """

    def forward(
        self,
        f0_logits: torch.Tensor,
        voicing_logits: torch.Tensor,
        targets: torch.Tensor,
        voiced: torch.Tensor,
    ) -> torch.Tensor:
        """Scalar from logits and targets ``(B, T, n_bins)``, voicing logits and mask ``(B, T)``."""
        cross_entropy = nn.functional.binary_cross_entropy_with_logits
        bins = cross_entropy(f0_logits, targets, reduction="none").sum(-1)
        weight = voiced.float()
        f0_loss = (bins * weight).sum() / weight.sum().clamp_min(1)
        return f0_loss + cross_entropy(voicing_logits, weight)


class AdversarialLoss(nn.Module):
    """Least-squares GAN (Mao et al. 2017, arXiv 1611.04076, eq. 2) over several discriminators."""

    def discriminator(
        self, real: list[torch.Tensor], generated: list[torch.Tensor]
    ) -> torch.Tensor:
        """Scalar; real scores should be 1, generated ones 0."""
        terms = [
            ((1 - r.float()) ** 2).mean() + (g.float() ** 2).mean()
            for r, g in zip(real, generated, strict=True)
        ]
        return torch.stack(terms).mean()

    def generator(self, generated: list[torch.Tensor]) -> torch.Tensor:
        """Scalar; generated scores should be 1."""
        return torch.stack([((1 - g.float()) ** 2).mean() for g in generated]).mean()


class FeatureMatchingLoss(nn.Module):
    """L1 distance of the discriminators' features (Kumar et al. 2019, MelGAN, arXiv 1910.06711,
    eq. 3)."""

    def forward(self, real: list[torch.Tensor], generated: list[torch.Tensor]) -> torch.Tensor:
        """Scalar mean over layers, each relative to the size of its real features."""
        terms = [
            (r.detach() - g).abs().mean(dtype=torch.float32)
            / r.detach().abs().mean(dtype=torch.float32).clamp_min(1e-3)
            for r, g in zip(real, generated, strict=True)
        ]
        return torch.stack(terms).mean()


class ForwardSumLoss(nn.Module):
    """Negative log probability of the tokens over all monotonic alignments.

    Badlani et al. 2021 (arXiv 2108.10447), eq. 3, by CTC (Shih et al. 2021, RAD-TTS) with a blank
    of fixed log probability that lets frames belong to no token while the model is still unsure.
    """

    def __init__(self, blank_log_prob: float = -1.0) -> None:
        super().__init__()
        self.blank_log_prob = blank_log_prob

    def forward(
        self, log_probs: torch.Tensor, token_lengths: torch.Tensor, mel_lengths: torch.Tensor
    ) -> torch.Tensor:
        """Scalar mean per frame of ``log_probs`` ``(B, T, N)``."""
        scores = nn.functional.pad(log_probs, (1, 0), value=self.blank_log_prob)
        scores = torch.log_softmax(scores, -1)
        targets = torch.arange(1, log_probs.shape[2] + 1, device=log_probs.device)
        losses = nn.functional.ctc_loss(
            scores.transpose(0, 1),
            targets.expand(len(log_probs), -1),
            mel_lengths,
            token_lengths,
            reduction="none",
            zero_infinity=True,
        )
        return (losses / mel_lengths).mean()


class BinarisationLoss(nn.Module):
    """Pulls the soft alignment to its best path (arXiv 2108.10447, eq. 4)."""

    def forward(self, log_probs: torch.Tensor, path: torch.Tensor) -> torch.Tensor:
        """Scalar; ``log_probs`` ``(B, T, N)`` and ``path`` of the same shape, 1 on it."""
        soft = torch.log_softmax(log_probs, -1)
        return -(soft * path).sum() / path.sum().clamp_min(1)


class CodesLoss(nn.Module):
    """Cross-entropy of codes in nats, the mean over those that count."""

    def forward(
        self, logits: torch.Tensor, codes: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Scalar of logits ``(B, L, G, V)``, codes ``(B, L, G)`` and what counts, 1 or 0, ``(B, L,
        G)`` or broadcastable."""
        counted = mask.expand(codes.shape)
        losses = nn.functional.cross_entropy(
            logits.flatten(0, 2), codes.flatten(), reduction="none"
        )
        return (losses.view_as(counted) * counted).sum() / counted.sum().clamp_min(1)


class GuidedAttentionLoss(nn.Module):
    """Attention far from the diagonal (Tachibana et al. 2017, arXiv 1710.08969, section 4.1).

    Args:
        width: of the band in which attention is free, as a share of the utterance.
    """

    def __init__(self, width: float) -> None:
        super().__init__()
        self.width = width

    def forward(
        self, attention: torch.Tensor, n_frames: torch.Tensor, n_tokens: torch.Tensor
    ) -> torch.Tensor:
        """Scalar of attention ``(B, layers, T, N)`` over the first ``n_frames`` and ``n_tokens``,
        ``(B,)`` each."""
        device = attention.device
        frames = torch.arange(attention.shape[2], device=device) + 0.5
        tokens = torch.arange(attention.shape[3], device=device) + 0.5
        away = (frames / n_frames[:, None])[:, :, None] - (tokens / n_tokens[:, None])[:, None]
        cost = 1 - torch.exp(-away.square() / (2 * self.width**2))
        spoken = (frames < n_frames[:, None])[:, None, :, None]
        total = (attention * cost[:, None] * spoken).sum()
        return total / (n_frames.sum() * attention.shape[1])


def masked_l1(output: torch.Tensor, target: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of ``(B, M, T)`` over the valid frames."""
    mask = (torch.arange(target.shape[2], device=target.device) < lengths[:, None])[:, None]
    return ((output - target).abs() * mask).sum() / (mask.sum() * target.shape[1])
