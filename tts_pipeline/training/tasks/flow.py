"""Training the flow model: where do frames go from here?"""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import torch

from tts_pipeline.acoustic.flow.config import MOST_STEPS, FlowConfig
from tts_pipeline.acoustic.flow.model import FlowModel
from tts_pipeline.config import within
from tts_pipeline.training.data.planned import PlannedBatch, PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.planned import (
    PlannedTask,
    mel_figures,
    planned_pair,
    predicted_mels,
    with_weights,
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
        teacher: a training of the same model in the same folder of runs, what it writes in
            ``teacher_steps`` is to be written in one (Salimans and Ho 2022, "Progressive
            Distillation for Fast Sampling of Diffusion Models", arXiv 2202.00512): where the time
            is 0 its mel is the aim in place of the recording's, from noise of the model's
            temperature. Empty: none.
        teacher_steps: its Euler steps.
    """

    loop: LoopConfig
    model: FlowConfig = FlowConfig()
    start_share: float = 0.2
    least_left: float = 0.2
    valid_steps: tuple[int, ...] = (1, 4)
    teacher: str = ""
    teacher_steps: int = within(2, 2, MOST_STEPS)


class FlowTask(PlannedTask):
    """A flow model and planned utterances.

    Args:
        config: the flow model's part of the recipe.
        train: training utterances.
        valid: validation utterances.
        n_mels: mel bands.
        teacher: the trained model that the configuration names.
    """

    def __init__(
        self,
        config: FlowTrainingConfig,
        train: PlannedUtterances,
        valid: PlannedUtterances,
        n_mels: int,
        teacher: FlowModel | None = None,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.teacher = config, teacher
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
        if self.teacher is not None:
            starts = t == 0
            noise = torch.where(starts, self.config.model.temperature * noise, noise)
            mel = torch.where(starts, self._taught(batch, noise), mel)
        noisy = (1 - t) * noise + t * mel
        made = self.modules["flow"](noisy, times, batch.vectors, batch.durations, told)
        mask = batch.mask.transpose(1, 2)
        error = (made - mel) / (1 - t).clamp_min(self.config.least_left)
        return (error.square() * mask).sum() / (mask.sum() * mel.shape[2])

    @torch.no_grad()
    def _taught(self, batch: PlannedBatch, noise: torch.Tensor) -> torch.Tensor:
        """What the teacher writes, scaled ``(B, T, M)``."""
        assert self.teacher is not None
        teacher = self.teacher.to(self.device)
        mel = teacher.generate(
            batch.vectors,
            batch.durations,
            noise,
            steps=self.config.teacher_steps,
            told=batch.told,
        )
        return teacher.scaling.scale(mel)

    def _noise(self, batch: PlannedBatch) -> torch.Tensor:
        """Always the same."""
        source = torch.Generator().manual_seed(0)
        return torch.randn(batch.mel.transpose(1, 2).shape, generator=source).to(self.device)

    def validate(self) -> dict[str, float]:
        """``loss``: of the velocity at four times, or of what a teacher writes; and the figures of
        what is written at temperature 0 with the configuration's numbers of steps."""
        errors = []
        for ids in self.valid.groups(32):
            batch = self.valid.batch(ids, self.device)
            noise = self._noise(batch)
            for time in (0.0, 0.25, 0.5, 0.75) if self.teacher is None else (0.0,):
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
    """The untrained model with its data.

    Raises:
        ConfigError: if the teacher is not trained, or has another size.
    """
    train, valid = planned_pair(acoustic_of(data), data)
    return FlowTask(config, train, valid, data.audio.n_mels, teacher_of(config, data))


def teacher_of(config: FlowTrainingConfig, data: Prepared) -> FlowModel | None:
    """The trained model that a configuration names.

    Raises:
        ConfigError: if it is not trained, or has another size.
    """
    if not config.teacher:
        return None
    module = FlowModel(config.model, data.audio.n_mels).requires_grad_(False)
    with_weights(module, data.runs / config.teacher, "flow")
    return module


def predict(config: FlowTrainingConfig, data: Prepared, run: Path) -> dict[str, torch.Tensor]:
    """Mels ``(M, T)`` that the trained model writes along the true durations, by id, with the steps
    and the temperature of its configuration.

    Args:
        config: of the training.
        data: the prepared corpus.
        run: folder of the training.

    Raises:
        ConfigError: if it holds no trained one.
    """
    # Who taught it has no part in what it writes.
    return predicted_mels(make_task(dataclasses.replace(config, teacher=""), data), run)
