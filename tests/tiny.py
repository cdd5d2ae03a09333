"""A voice that needs no training: it hums, but everything around the models can be tested."""

from __future__ import annotations

import torch

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveConfig, AutoregressiveModel
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.vocoder.harmonic_noise.model import GeneratorConfig, HarmonicPlusNoiseVocoder
from tts_pipeline.vocoder.harmonic_noise.pitch import PitchConfig
from tts_pipeline.voice.voice import Voice

ACOUSTIC = AutoregressiveConfig(
    channels=32,
    hidden=32,
    encoder_blocks=1,
    predictor_blocks=1,
    frame_blocks=1,
    prenet=16,
    max_token_frames=60,
)
GENERATOR = GeneratorConfig(
    channels=24, hidden=32, n_blocks=1, pitch=PitchConfig(channels=16, hidden=16, n_blocks=1)
)


def make_tiny_voice(
    audio: AudioConfig | None = None, *, name: str = "tiny", seed: int = 0
) -> Voice:
    """A voice whose tokens last about 6 frames."""
    audio = audio or AudioConfig()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        acoustic = AutoregressiveModel(ACOUSTIC, audio.n_mels)
        vocoder = HarmonicPlusNoiseVocoder(GENERATOR, audio)
        with torch.no_grad():
            # Untrained predictions are all alike; stretched, they differ from token to token.
            for predictor in (acoustic.duration, acoustic.pitch, acoustic.energy):
                predictor.output.weight.mul_(3)
            acoustic.statistics[4] = 6.0
    models = {"autoregressive": acoustic, "parallel": vocoder}
    return Voice(name, audio, models, card=f"# {name}\nUntrained.\n")
