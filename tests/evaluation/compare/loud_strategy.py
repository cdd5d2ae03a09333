"""Strategies and a metric of somebody else, as ``compare --use`` finds them in this module."""

from __future__ import annotations

import dataclasses

import numpy as np

from tts_pipeline.audio.files import Audio
from tts_pipeline.evaluation.compare.strategies import Speech
from tts_pipeline.evaluation.compare.strategy import register
from tts_pipeline.evaluation.metrics.registry import GROUP, Case, metric


@dataclasses.dataclass(frozen=True)
class Loud(Speech):
    """Half as loud again."""

    def make(self, voice, material, seed):
        audio = super().make(voice, material, seed)
        return Audio(np.clip(1.5 * audio.samples, -1, 1), audio.sample_rate)


@dataclasses.dataclass(frozen=True)
class Broken(Speech):
    """Fails on every text."""

    def make(self, voice, material, seed):
        raise ValueError("no luck today")


@register
def loud(voice):
    """Both strategies, for every voice."""
    return [
        Loud("loud", "too loud", "autoregressive", "parallel"),
        Broken("broken", "never works", "autoregressive", "parallel"),
    ]


@metric("level_spread", "spread of levels", unit="dB", better="lower", needs=[GROUP])
def level_spread(case: Case) -> float:
    """Between the loudest and the softest seed."""
    levels = [10 * np.log10(np.mean(sound.samples**2)) for sound in case.group]
    return max(levels) - min(levels)
