"""From a module of the parallel vocoder to its engine, and what both are given."""

from __future__ import annotations

import numpy as np
import torch

from tts_pipeline.vocoder.harmonic_noise.engine import HarmonicNoiseEngine
from tts_pipeline.vocoder.harmonic_noise.model import HarmonicPlusNoiseVocoder


def engine_of(module: HarmonicPlusNoiseVocoder) -> HarmonicNoiseEngine:
    """The engine with the weights of a module, sharing its memory."""
    weights = {key: value.numpy() for key, value in module.state_dict().items()}
    return HarmonicNoiseEngine(module.config, module.audio, weights)


def mel_like(n_frames: int) -> torch.Tensor:
    """Random frames ``(80, n_frames)`` as loud as speech, always the same."""
    generator = torch.Generator().manual_seed(0)
    return 0.7 * torch.randn(80, n_frames, generator=generator) - 5


def noise_of(seed: int, n_samples: int) -> torch.Tensor:
    """The noise ``(1, n_samples)`` that the engine draws with a seed."""
    random = np.random.Generator(np.random.PCG64(seed))
    return torch.from_numpy(random.standard_normal((1, n_samples), dtype=np.float32))
