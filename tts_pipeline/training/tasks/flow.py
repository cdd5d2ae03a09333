"""Training the flow model: where do frames go from here?"""

from __future__ import annotations

import dataclasses
import functools

import torch

from tts_pipeline.acoustic.flow.config import FlowConfig
from tts_pipeline.acoustic.flow.model import FlowModel
from tts_pipeline.training.data.planned import PlannedBatch, PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.planned import (
    PlannedTask,
    mel_figures,
    planned_pair,
    predicted_mels,
)


@dataclasses.dataclass(frozen=True)
class FlowTrainingConfig:
    """The flow model's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
        start_share: share of utterances whose time is 0, where every generation starts and, with
            one step, ends; the others' times are uniform.
        least_left: time left of which the velocity's error is taken at least.
        valid_steps: numbers of Euler steps that the validation writes mels with.
    """

    loop: LoopConfig
    model: FlowConfig = FlowConfig()
    start_share: float = 0.2
    least_left: float = 0.2
    valid_steps: tuple[int, ...] = (1, 4)


class FlowTask(PlannedTask):
    """A flow model and planned utterances.

    Args:
        config: the flow model's part of the recipe.
        train: training utterances.
        valid: validation utterances.
        n_mels: mel bands.
    """

    def __init__(
        self,
        config: FlowTrainingConfig,
        train: PlannedUtterances,
        valid: PlannedUtterances,
        n_mels: int,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config = config
        super().__init__("flow", FlowModel(config.model, n_mels), config.loop, train, valid)

    def losses(self, batch: PlannedBatch, step: int) -> dict[str, torch.Tensor]:
        times, chance = torch.rand(2, len(batch.mel), device=self.device)
        times = torch.where(chance < self.config.start_share, 0.0, times)
        noise = torch.randn(batch.mel.transpose(1, 2).shape, device=self.device)
        return {"loss": self._velocity_error(batch, times, noise)}

    def _velocity_error(
        self, batch: PlannedBatch, times: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Mean square. Close to the end, where little way is left, it would grow without bound."""
        scaling = self.plain.scaling
        mel = scaling.scale(batch.mel)
        told = None if batch.told is None else scaling.scale(batch.told)
        t = times[:, None, None]
        noisy = (1 - t) * noise + t * mel
        made = self.modules["flow"](noisy, times, batch.vectors, batch.durations, told)
        mask = batch.mask.transpose(1, 2)
        error = (made - mel) / (1 - t).clamp_min(self.config.least_left)
        return (error.square() * mask).sum() / (mask.sum() * mel.shape[2])

    def _noise(self, batch: PlannedBatch) -> torch.Tensor:
        """Always the same."""
        source = torch.Generator().manual_seed(0)
        return torch.randn(batch.mel.transpose(1, 2).shape, generator=source).to(self.device)

    def validate(self) -> dict[str, float]:
        """``loss``: of the velocity at four times; and the figures of what is written at
        temperature 0 with the configuration's numbers of steps."""
        errors = []
        for ids in self.valid.groups(32):
            batch = self.valid.batch(ids, self.device)
            noise = self._noise(batch)
            for time in (0.0, 0.25, 0.5, 0.75):
                times = torch.full((len(ids),), time, device=self.device)
                errors.append(self._velocity_error(batch, times, noise))
        figures = {"loss": float(torch.stack(errors).mean())}
        for steps in self.config.valid_steps:
            write = functools.partial(self._write, steps=steps, temperature=0.0)
            made = self.write_all(self.valid, write)
            found = mel_figures(self.valid, made)
            figures |= {f"{name}_{steps}": value for name, value in found.items()}
        return figures

    def write(self, batch: PlannedBatch) -> torch.Tensor:
        return self._write(batch, self.config.model.steps, self.config.model.temperature)

    def _write(self, batch: PlannedBatch, steps: int, temperature: float) -> torch.Tensor:
        return self.plain.generate(
            batch.vectors,
            batch.durations,
            self._noise(batch),
            steps=steps,
            temperature=temperature,
            told=batch.told,
        )


CONFIG = FlowTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: FlowTrainingConfig, data: Prepared) -> FlowTask:
    """The untrained model with its data."""
    train, valid = planned_pair(acoustic_of(data), data)
    return FlowTask(config, train, valid, data.audio.n_mels)


def predict(config: FlowTrainingConfig, data: Prepared) -> dict[str, torch.Tensor]:
    """Mels ``(M, T)`` that the trained model writes along the true durations, by id, with the steps
    and the temperature of its configuration.

    Raises:
        ConfigError: if ``data.runs`` holds no trained one.
    """
    return predicted_mels(make_task(config, data), data.runs / "flow")
