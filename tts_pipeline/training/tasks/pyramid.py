"""Training the pyramid: every level on mean absolute differences, told of a coarser one."""

from __future__ import annotations

import dataclasses

import torch

from tts_pipeline.acoustic.pyramid.config import FACTORS, PyramidConfig
from tts_pipeline.acoustic.pyramid.model import PyramidModel, coarser
from tts_pipeline.training.data.planned import PlannedBatch, PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.planned import (
    PlannedTask,
    masked_l1,
    planned_pair,
)


@dataclasses.dataclass(frozen=True)
class PyramidTrainingConfig:
    """The pyramid's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
        told_share: share of utterances whose finer levels are told of the recording's coarser ones
            in place of what was written.
        told_noise: most deviation of the noise on those; each utterance has its own.
    """

    loop: LoopConfig
    model: PyramidConfig = PyramidConfig()
    told_share: float = 0.5
    told_noise: float = 0.3


class PyramidTask(PlannedTask):
    """A pyramid and planned utterances.

    Args:
        config: the pyramid's part of the recipe.
        train: training utterances.
        valid: validation utterances.
        n_mels: mel bands.
    """

    monitor = "mel"

    def __init__(
        self,
        config: PyramidTrainingConfig,
        train: PlannedUtterances,
        valid: PlannedUtterances,
        n_mels: int,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config = config
        super().__init__("pyramid", PyramidModel(config.model, n_mels), config.loop, train, valid)

    def losses(self, batch: PlannedBatch, step: int) -> dict[str, torch.Tensor]:
        config, frames = self.config, self.plain.scaling.scale(batch.mel)
        valid = batch.mask.transpose(1, 2)
        targets = [coarser(frames, valid, factor) for factor in FACTORS]
        told_chance, deviation = torch.rand(2, len(frames), 1, 1, device=self.device)
        told = [
            level + config.told_noise * deviation * torch.randn_like(level)
            for level in targets[:-1]
        ]
        use_told = (told_chance < config.told_share).to(frames.dtype)
        levels = self.modules["pyramid"](
            batch.vectors, batch.durations, frames.shape[1], told, use_told
        )
        losses = {}
        for factor, made, target in zip(FACTORS, levels, targets):
            mask = valid[:, ::factor]
            losses[f"level_{factor}"] = masked_l1(made, target, mask)
        return {"loss": torch.stack(list(losses.values())).sum(), **losses}

    def write(self, batch: PlannedBatch) -> torch.Tensor:
        return self.plain.generate(batch.vectors, batch.durations)


CONFIG = PyramidTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: PyramidTrainingConfig, data: Prepared) -> PyramidTask:
    """The untrained model with its data."""
    train, valid = planned_pair(acoustic_of(data), data)
    return PyramidTask(config, train, valid, data.audio.n_mels)
