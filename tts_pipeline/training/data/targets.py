"""What duration, pitch and energy predictors learn: means over each token's frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from tts_pipeline.training.data.features import interpolate_gaps


class TokenTargets(NamedTuple):
    """What the predictors learn: frames ``(N,)`` int64, mean log F0 and log energy ``(N,)``."""

    durations: torch.Tensor
    pitch: torch.Tensor
    energy: torch.Tensor


def token_targets(durations: torch.Tensor, f0: torch.Tensor, mel: torch.Tensor) -> TokenTargets:
    """Means over each token's frames; tokens without (voiced) frames get the value between.

    Args:
        durations: ``(N,)`` frames.
        f0: ``(T,)`` in Hz, 0 where unvoiced.
        mel: ``(M, T)`` natural-log amplitude.
    """
    index = torch.repeat_interleave(torch.arange(len(durations)), durations)
    zeros = torch.zeros(len(durations))
    voiced = (f0 > 0).float()
    n_voiced = zeros.index_add(0, index, voiced)
    log_f0 = zeros.index_add(0, index, torch.log(f0.clamp_min(1.0)) * voiced)
    level = zeros.index_add(0, index, mel.mean(0))
    # A single voiced frame at a boundary says more about the neighbour than about the token.
    pitch = interpolate_gaps(log_f0 / n_voiced.clamp_min(1), n_voiced >= 2, np.log(150.0))
    energy = interpolate_gaps(level / durations.clamp_min(1), durations > 0, 0.0)
    return TokenTargets(durations, pitch, energy)
