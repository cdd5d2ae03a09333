"""What WaveNet learns to write: mu-law classes, or logistics over 16-bit levels."""

from __future__ import annotations

import numpy as np
import torch

from tts_pipeline.vocoder.wavenet.levels import HALF_LEVEL, MIN_LOG_SCALE


def logistics_loss(outputs: torch.Tensor, samples: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood in nats of samples on 16-bit levels.

    Salimans et al. 2017, PixelCNN++ (arXiv 1701.05517), equation 2: each level has the mass that
    the mixture gives to its interval, the outermost ones all that lies beyond.

    Args:
        outputs: ``(..., 3 * K)``: logits, means and natural-log scales of the K components.
        samples: ``(...)`` in [-1, 1].
    """
    logits, means, log_scales = outputs.chunk(3, -1)
    log_scales = log_scales.clamp_min(MIN_LOG_SCALE)
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


def mu_law_encode(samples: torch.Tensor, n_classes: int) -> torch.Tensor:
    """Nearest class of each sample after companding (ITU-T G.711; WaveNet, section 2.2).

    Args:
        samples: in [-1, 1]; what is beyond gets the outermost classes.
        n_classes: number of classes, 256 in the paper.

    Returns:
        int64 in [0, n_classes - 1], of the same shape.
    """
    mu = float(n_classes - 1)
    clipped = samples.clamp(-1.0, 1.0)
    companded = clipped.sign() * torch.log1p(mu * clipped.abs()) / np.log1p(mu)
    return ((companded + 1) / 2 * mu).round().long()


def pre_emphasise(waveform: torch.Tensor, coefficient: float) -> torch.Tensor:
    """``y[t] = x[t] - coefficient * x[t - 1]`` along the last axis, from silence."""
    return waveform - coefficient * torch.nn.functional.pad(waveform, (1, 0))[..., :-1]
