"""Training the one-shot model: mean absolute difference, nothing else."""

from __future__ import annotations

import dataclasses

import torch

from tts_pipeline.acoustic.one_shot.config import OneShotConfig
from tts_pipeline.acoustic.one_shot.model import OneShotModel
from tts_pipeline.training.data.planned import PlannedBatch, PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.planned import (
    PlannedTask,
    masked_l1,
    planned_pair,
)


@dataclasses.dataclass(frozen=True)
class OneShotTrainingConfig:
    """The one-shot model's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
    """

    loop: LoopConfig
    model: OneShotConfig = OneShotConfig()


class OneShotTask(PlannedTask):
    """A one-shot model and planned utterances.

    Args:
        config: the one-shot model's part of the recipe.
        train: training utterances.
        valid: validation utterances.
        n_mels: mel bands.
    """

    monitor = "mel"

    def __init__(
        self,
        config: OneShotTrainingConfig,
        train: PlannedUtterances,
        valid: PlannedUtterances,
        n_mels: int,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        module = OneShotModel(config.model, n_mels)
        super().__init__("one_shot", module, config.loop, train, valid)

    def losses(self, batch: PlannedBatch, step: int) -> dict[str, torch.Tensor]:
        target = self.plain.scaling.scale(batch.mel)
        made = self.modules["one_shot"](batch.vectors, batch.durations, target.shape[1])
        return {"loss": masked_l1(made, target, batch.mask.transpose(1, 2))}

    def write(self, batch: PlannedBatch) -> torch.Tensor:
        return self.plain.generate(batch.vectors, batch.durations)


CONFIG = OneShotTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: OneShotTrainingConfig, data: Prepared) -> OneShotTask:
    """The untrained model with its data."""
    train, valid = planned_pair(acoustic_of(data), data)
    return OneShotTask(config, train, valid, data.audio.n_mels)
