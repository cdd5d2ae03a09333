"""Samples as classes: pre-emphasis and mu-law companding."""

from __future__ import annotations

import numpy as np
import torch


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
