"""Samples as classes: pre-emphasis and mu-law companding."""

from __future__ import annotations

import numpy as np
import torch
from scipy.signal import lfilter


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


def mu_law_levels(n_classes: int) -> np.ndarray:
    """The sample value of every class: ``(n_classes,)`` float32 in [-1, 1], rising."""
    mu = float(n_classes - 1)
    companded = np.linspace(-1.0, 1.0, n_classes)
    levels = np.sign(companded) * np.expm1(np.abs(companded) * np.log1p(mu)) / mu
    return levels.astype(np.float32)


def pre_emphasise(waveform: torch.Tensor, coefficient: float) -> torch.Tensor:
    """``y[t] = x[t] - coefficient * x[t - 1]`` along the last axis, from silence."""
    return waveform - coefficient * torch.nn.functional.pad(waveform, (1, 0))[..., :-1]


def de_emphasise(
    samples: np.ndarray, coefficient: float, before: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of :func:`pre_emphasise`, block by block.

    It also colours what the model gets wrong: white errors come out weak where the ear is keen
    (Valin and Skoglund 2019, LPCNet, arXiv 1810.11846, section 3.1).

    Args:
        samples: ``(B, S)``.
        coefficient: that of the pre-emphasis.
        before: last output of the block before ``(B, 1)``; None at the start.

    Returns:
        the waveform ``(B, S)`` float32, and what the next call gets as ``before``.
    """
    if before is None:
        before = np.zeros((len(samples), 1))
    made, _ = lfilter([1.0], [1.0, -coefficient], samples, axis=1, zi=coefficient * before)
    return made.astype(np.float32), made[:, -1:] if samples.shape[1] else before
