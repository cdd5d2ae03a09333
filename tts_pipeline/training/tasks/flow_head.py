"""Training the autoregressive decoder with a flow head, from a trained decoder on."""

from __future__ import annotations

import dataclasses
import functools

import torch

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.acoustic.flow_head.config import FlowHeadConfig
from tts_pipeline.acoustic.flow_head.model import FlowHeadModel
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.data.planned import PlannedBatch, PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.planned import PlannedTask, mel_figures, planned_pair


@dataclasses.dataclass(frozen=True)
class FlowHeadTrainingConfig:
    """The part of a recipe of the model with a flow head.

    Attributes:
        loop: training schedule.
        model: sizes; those of the decoder as of the acoustic model that is built upon.
        n_draws: noises and times for every decoder step of a batch; the head is a small part of a
            step's arithmetic.
        past_noise: standard deviation of noise on the scaled past frames.
        start_share: share of draws whose time is 0; the others' times are uniform.
        least_left: time left of which the velocity's error is taken at least.
        valid_steps: numbers of Euler steps that the validation writes mels with.
    """

    loop: LoopConfig
    model: FlowHeadConfig = FlowHeadConfig()
    n_draws: int = 2
    past_noise: float = 0.1
    start_share: float = 0.2
    least_left: float = 0.2
    valid_steps: tuple[int, ...] = (1, 2)


class FlowHeadTask(PlannedTask):
    """A model with a flow head and planned utterances.

    Args:
        config: the model's part of the recipe.
        acoustic: the trained model whose decoder it starts from.
        train: training utterances.
        valid: validation utterances.

    Raises:
        ConfigError: if the sizes of both decoders differ.
    """

    def __init__(
        self,
        config: FlowHeadTrainingConfig,
        acoustic: AutoregressiveModel,
        train: PlannedUtterances,
        valid: PlannedUtterances,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config = config
        module = FlowHeadModel(config.model, acoustic.n_mels)
        start_from(module, acoustic)
        super().__init__("flow_head", module, config.loop, train, valid)

    def losses(self, batch: PlannedBatch, step: int) -> dict[str, torch.Tensor]:
        shape = (self.config.n_draws, len(batch.mel), self._n_steps(batch))
        times, chance = torch.rand(2, *shape, device=self.device)
        times = torch.where(chance < self.config.start_share, 0.0, times)
        size = self.plain.recurrence.frame_size
        noise = torch.randn(*shape, size, device=self.device)
        past_noise = self.config.past_noise * torch.randn(*shape[1:], size, device=self.device)
        keep = 1 - self.config.model.prenet_dropout
        masks = torch.rand(*shape[1:], 2, self.config.model.prenet, device=self.device) < keep
        return {"loss": self._velocity_error(batch, times, noise, past_noise, masks / keep)}

    def _n_steps(self, batch: PlannedBatch) -> int:
        return -(-batch.mel.shape[2] // self.config.model.frames_per_step)

    def _velocity_error(
        self,
        batch: PlannedBatch,
        times: torch.Tensor,
        noise: torch.Tensor,
        past_noise: torch.Tensor,
        masks: torch.Tensor,
    ) -> torch.Tensor:
        """Mean square. Close to the end, where little way is left, it would grow without bound."""
        model = self.plain
        true = model.steps(model.scaling.scale(batch.mel))
        made = self.modules["flow_head"](
            batch.vectors, batch.durations, true, past_noise, masks, noise, times
        )
        frames = batch.mask.transpose(1, 2).expand(-1, -1, model.n_mels)
        mask = model.steps(frames)
        error = (made - true) / (1 - times[..., None]).clamp_min(self.config.least_left)
        return (error.square() * mask).sum() / (mask.sum() * len(times))

    def _chance(self, batch: PlannedBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Prenet masks and noise, always the same."""
        source, n_steps = torch.Generator().manual_seed(0), self._n_steps(batch)
        masks = self.plain.recurrence.masks(n_steps, source).to(self.device)
        size = (len(batch.mel), n_steps, self.plain.recurrence.frame_size)
        return masks, torch.randn(size, generator=source).to(self.device)

    def validate(self) -> dict[str, float]:
        """``loss``: of the velocity at four times, told the true past; and the figures of what is
        written from its own past at the configuration's temperature."""
        errors = []
        for ids in self.valid.groups(32):
            batch = self.valid.batch(ids, self.device)
            masks, noise = self._chance(batch)
            times = torch.tensor([0.0, 0.25, 0.5, 0.75], device=self.device)
            times = times[:, None, None].expand(-1, *noise.shape[:2])
            true_past = torch.zeros_like(noise)
            noises = noise.expand(4, -1, -1, -1)
            errors.append(self._velocity_error(batch, times, noises, true_past, masks))
        figures = {"loss": float(torch.stack(errors).mean())}
        for steps in self.config.valid_steps:
            found = mel_figures(
                self.valid, self.write_all(self.valid, functools.partial(self._write, steps=steps))
            )
            figures |= {f"{name}_{steps}": value for name, value in found.items()}
        return figures

    def write(self, batch: PlannedBatch) -> torch.Tensor:
        return self._write(batch, self.config.model.steps)

    def _write(self, batch: PlannedBatch, steps: int) -> torch.Tensor:
        return self.plain.generate(
            batch.vectors,
            batch.durations,
            *self._chance(batch),
            steps=steps,
            temperature=self.config.model.temperature,
        )


def start_from(module: FlowHeadModel, acoustic: AutoregressiveModel) -> None:
    """Give all but the head the weights of a trained decoder.

    Raises:
        ConfigError: if it has other sizes.
    """
    state = acoustic.state_dict()
    places = {
        "step_input.position.": "position_input.",
        "step_input.output.": "step_input.",
        "blocks.": "frame_blocks.",
        "recurrence.": "decoder.",
    }
    given = {}
    for name in module.state_dict():
        for mine, theirs in places.items():
            if name.startswith(mine):
                given[name] = state[theirs + name[len(mine) :]]
    try:
        module.load_state_dict(given, strict=False)
    except RuntimeError as error:
        raise ConfigError(
            f"model: the decoder that is built upon has other sizes: {error}"
        ) from error


CONFIG = FlowHeadTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: FlowHeadTrainingConfig, data: Prepared) -> FlowHeadTask:
    """The model with its data, its head untrained."""
    acoustic = acoustic_of(data)
    return FlowHeadTask(config, acoustic, *planned_pair(acoustic, data))
