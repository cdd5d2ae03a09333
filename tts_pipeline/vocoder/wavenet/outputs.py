"""Mixtures of logistic distributions over 16-bit levels."""

from __future__ import annotations

import torch

from tts_pipeline.vocoder.wavenet.levels import HALF_LEVEL, LEAST_LOG_SCALE


def logistics_loss(outputs: torch.Tensor, samples: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood in nats of samples on 16-bit levels.

    Salimans et al. 2017, PixelCNN++ (arXiv 1701.05517), equation 2: each level has the mass that
    the mixture gives to its interval, the outermost ones all that lies beyond.

    Args:
        outputs: ``(..., 3 * K)``: logits, means and natural-log scales of the K components.
        samples: ``(...)`` in [-1, 1].
    """
    logits, means, log_scales = outputs.chunk(3, -1)
    log_scales = log_scales.clamp_min(LEAST_LOG_SCALE)
    centred = samples[..., None] - means
    inverse = torch.exp(-log_scales)
    above, below = inverse * (centred + HALF_LEVEL), inverse * (centred - HALF_LEVEL)
    inside = torch.sigmoid(above) - torch.sigmoid(below)
    # Far from a component the difference underflows: density times width there.
    middle = inverse * centred
    density = middle - log_scales - 2 * torch.nn.functional.softplus(middle)
    narrow = density + torch.log(torch.tensor(2 * HALF_LEVEL))
    log_mass = torch.where(inside > 1e-5, torch.log(inside.clamp_min(1e-12)), narrow)
    edge = 1.0 - HALF_LEVEL
    log_mass = torch.where(
        samples[..., None] < -edge, torch.nn.functional.logsigmoid(above), log_mass
    )
    log_mass = torch.where(
        samples[..., None] > edge, -torch.nn.functional.softplus(below), log_mass
    )
    return -torch.logsumexp(torch.log_softmax(logits, -1) + log_mass, -1)
