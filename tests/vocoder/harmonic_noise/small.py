"""From a module of the parallel vocoder to its engine."""

from __future__ import annotations

from tts_pipeline.vocoder.harmonic_noise.engine import HarmonicNoiseEngine
from tts_pipeline.vocoder.harmonic_noise.model import HarmonicPlusNoiseVocoder


def engine_of(module: HarmonicPlusNoiseVocoder) -> HarmonicNoiseEngine:
    """The engine with the weights of a module, sharing its memory."""
    weights = {key: value.numpy() for key, value in module.state_dict().items()}
    return HarmonicNoiseEngine(module.config, module.audio, weights)
