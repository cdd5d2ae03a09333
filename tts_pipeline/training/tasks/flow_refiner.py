"""Training the flow model as a refiner: told by an acoustic model's mel as well."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from tts_pipeline.acoustic.flow.config import FlowRefinerConfig
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.tasks.flow import FlowTask, FlowTrainingConfig, teacher_of
from tts_pipeline.training.tasks.free_running import free_running_mels
from tts_pipeline.training.tasks.planned import planned_pair, predicted_mels


@dataclasses.dataclass(frozen=True)
class FlowRefinerTrainingConfig(FlowTrainingConfig):
    """The refiner's part of a recipe; see
    :class:`~tts_pipeline.training.tasks.flow.FlowTrainingConfig`."""

    model: FlowRefinerConfig = FlowRefinerConfig()


CONFIG = FlowRefinerTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: FlowRefinerTrainingConfig, data: Prepared) -> FlowTask:
    """The untrained model with its data: what the acoustic model of the voice writes freely along
    the true durations goes in, the recordings' mels are to come out.

    Raises:
        ConfigError: if the teacher is not trained, or has another size.
    """
    train, valid = planned_pair(acoustic_of(data), data, free_running_mels(data))
    return FlowTask(config, train, valid, data.audio.n_mels, teacher_of(config, data))


def predict(
    config: FlowRefinerTrainingConfig, data: Prepared, run: Path
) -> dict[str, torch.Tensor]:
    """As :func:`tts_pipeline.training.tasks.flow.predict`, behind the voice's acoustic model."""
    return predicted_mels(make_task(dataclasses.replace(config, teacher=""), data), run)
