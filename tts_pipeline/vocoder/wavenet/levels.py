"""Sample values of what WaveNet writes, on arrays."""

from __future__ import annotations

import numpy as np

from tts_pipeline.nn.jit import compiled

HALF_LEVEL = 1.0 / 65535
"""Half the distance between two levels of a sample in [-1, 1]."""

MIN_LOG_SCALE = -9.0
"""Smallest natural-log scale: about four levels, below which a spike would be rewarded."""


def mu_law_levels(n_classes: int) -> np.ndarray:
    """The sample value of every class: ``(n_classes,)`` float32 in [-1, 1], rising."""
    mu = float(n_classes - 1)
    companded = np.linspace(-1.0, 1.0, n_classes)
    levels = np.sign(companded) * np.expm1(np.abs(companded) * np.log1p(mu)) / mu
    return levels.astype(np.float32)


def de_emphasise(
    samples: np.ndarray, coefficient: float, before: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of :func:`~tts_pipeline.vocoder.wavenet.outputs.pre_emphasise`, block by block.

    It also colours what the model gets wrong: white errors come out weak where the ear is keen
    (Valin and Skoglund 2019, LPCNet, arXiv 1810.11846, on pre-emphasis).

    Args:
        samples: ``(B, S)``.
        coefficient: that of the pre-emphasis.
        before: last output of the block before ``(B, 1)``; None at the start.

    Returns:
        the waveform ``(B, S)`` float32, and what the next call gets as ``before``.
    """
    if before is None:
        before = np.zeros((len(samples), 1))
    made = _leaky_sum(samples, coefficient, before)
    return made.astype(np.float32), made[:, -1:] if samples.shape[1] else before


@compiled()
def _leaky_sum(samples: np.ndarray, coefficient: float, before: np.ndarray) -> np.ndarray:
    made = np.empty(samples.shape, np.float64)
    for item in range(len(samples)):
        last = before[item, 0]
        for k in range(samples.shape[1]):
            last = samples[item, k] + coefficient * last
            made[item, k] = last
    return made
