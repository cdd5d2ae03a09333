"""Fine-tunes the vocoder on mels that the acoustic model predicts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tts_pipeline.training.checkpoint import load_module, load_weights
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks import vocoder
from tts_pipeline.training.tasks.free_running import free_running_mels
from tts_pipeline.training.tasks.vocoder import VocoderTask, VocoderTrainingConfig
from tts_pipeline.vocoder.harmonic_noise.model import HarmonicPlusNoiseVocoder


@dataclasses.dataclass(frozen=True)
class FinetuneConfig:
    """The fine-tuning part of a recipe; whatever is not here is as for the vocoder.

    Attributes:
        loop: training schedule.
        predicted_share: share of crops with a predicted mel; the others stay natural, so that
            copy-synthesis is not forgotten.
        adversarial_from: step at which the discriminators join.
        stft_floor: as for the vocoder, lower by now.
    """

    loop: LoopConfig
    predicted_share: float = 0.6
    adversarial_from: int = 0
    stft_floor: float = 3e-4


CONFIG = FinetuneConfig
NEEDS = ("vocoder", "acoustic")
KIND = "harmonic-noise"


def vocoder_settings(
    config: FinetuneConfig, vocoder_config: VocoderTrainingConfig
) -> VocoderTrainingConfig:
    """The settings of the vocoder's training with those of the fine-tuning in their place."""
    return dataclasses.replace(
        vocoder_config,
        loop=config.loop,
        predicted_share=config.predicted_share,
        adversarial_from=config.adversarial_from,
        stft_floor=config.stft_floor,
        true_f0_steps=0,
    )


def gflop(config: FinetuneConfig) -> float:
    """Arithmetic of the whole training, with the vocoder's usual crops."""
    return vocoder.gflop(vocoder_settings(config, VocoderTrainingConfig(config.loop)))


def make_task(config: FinetuneConfig, data: Prepared) -> VocoderTask:
    """The trained vocoder with mels of the acoustic model.

    Raises:
        ConfigError: if vocoder or acoustic model were not trained.
    """
    source = data.source("vocoder")
    settings = vocoder_settings(config, source.config)
    mels = free_running_mels(data)
    task = VocoderTask(settings, data.audio, data.train, data.valid, mels)
    start = load_weights(source.folder / "best.safetensors", "generator")
    task.modules["generator"].load_state_dict(start)
    discriminators = load_module(source.folder / "last.pt", "discriminators")
    if discriminators and "discriminators" in task.modules:
        task.modules["discriminators"].load_state_dict(discriminators)
    return task


def trained(config: FinetuneConfig, data: Prepared, folder: Path) -> HarmonicPlusNoiseVocoder:
    """The generator with the best weights of a run.

    Raises:
        ConfigError: if there are none.
    """
    generator = HarmonicPlusNoiseVocoder(data.source("vocoder").config.model, data.audio)
    generator.load_state_dict(load_weights(folder / "best.safetensors", "generator"))
    return generator.eval()
