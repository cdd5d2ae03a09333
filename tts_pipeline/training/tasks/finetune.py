"""Fine-tunes the vocoder on mels that the acoustic model predicts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from tts_pipeline.training.checkpoint import load_module, load_weights
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.acoustic import AcousticTask
from tts_pipeline.training.tasks.vocoder import VocoderTask, VocoderTrainingConfig


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


def predicted_mels(acoustic: AcousticTask, runs: Path) -> dict[str, torch.Tensor]:
    """Mels that the trained acoustic model generates free-running, by utterance id.

    They follow the true durations and pitch, so that they stay in step with the recording, but
    every frame comes from the model's own past: what a vocoder will meet in use. Purely
    teacher-forced mels are cleaner than that.

    Args:
        acoustic: the acoustic model with its data.
        runs: folder with the results of the acoustic stage.

    Raises:
        ConfigError: if that stage was not run.
    """
    weights = load_weights(runs / "acoustic" / "best.safetensors", "acoustic")
    acoustic.modules["acoustic"].load_state_dict(weights)
    acoustic.modules["acoustic"].eval()
    with torch.inference_mode():
        return {k: v.clone() for k, v in acoustic.predict_mels(free_running=True).items()}


def finetune_task(
    config: FinetuneConfig, vocoder: VocoderTrainingConfig, acoustic: AcousticTask, runs: Path
) -> VocoderTask:
    """The trained vocoder with :func:`predicted_mels`.

    Args:
        config: the fine-tuning part of the recipe.
        vocoder: the vocoder's part.
        acoustic: the acoustic model with its data.
        runs: folder with the results of the acoustic and vocoder stages.

    Raises:
        ConfigError: if one of these stages was not run.
    """
    predicted = predicted_mels(acoustic, runs)
    settings = dataclasses.replace(
        vocoder,
        loop=config.loop,
        predicted_share=config.predicted_share,
        adversarial_from=config.adversarial_from,
        stft_floor=config.stft_floor,
        true_f0_steps=0,
    )
    train, valid = acoustic.train, acoustic.valid
    task = VocoderTask(settings, train.audio, train, valid, predicted)
    start = load_weights(runs / "vocoder" / "best.safetensors", "generator")
    task.modules["generator"].load_state_dict(start)
    discriminators = load_module(runs / "vocoder" / "last.pt", "discriminators")
    if discriminators and "discriminators" in task.modules:
        task.modules["discriminators"].load_state_dict(discriminators)
    return task
