"""What the training of all families has in common that write along given token vectors."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.data.planned import PlannedBatch, PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.single_module import SingleModuleTask


class PlannedTask(SingleModuleTask):
    """One module that writes mels of planned utterances.

    Args:
        name: of the module.
        module: untrained; its ``scaling`` is set to the training set's statistics.
        loop: training schedule.
        train: training utterances.
        valid: validation utterances.

    Raises:
        ConfigError: if the module is made for other vectors than the utterances have.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        loop: LoopConfig,
        train: PlannedUtterances,
        valid: PlannedUtterances,
    ) -> None:
        self.valid = valid
        config: Any = module.config
        train.require(config.token_channels, "model.token_channels")
        module.scaling.set_statistics(*train.mel_statistics())  # type: ignore[operator, union-attr]
        optimizer = torch.optim.AdamW(module.parameters(), betas=(0.9, 0.99), weight_decay=1e-2)
        super().__init__(name, module, optimizer, loop, train)

    @abc.abstractmethod
    def losses(self, batch: PlannedBatch, step: int) -> dict[str, torch.Tensor]:
        """Terms by name; ``loss`` is what is minimised."""

    @abc.abstractmethod
    def write(self, batch: PlannedBatch) -> torch.Tensor:
        """Mels ``(B, M, T)`` of a batch, as in use."""

    def train_step(
        self, batch: PlannedBatch, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        losses = self.losses(batch, step)
        update(self.name, losses["loss"])
        return losses

    def validate(self) -> dict[str, float]:
        """:func:`mel_figures` of what is written along the true durations."""
        return mel_figures(self.valid, self.write_all(self.valid))

    def write_all(
        self,
        utterances: PlannedUtterances,
        write: Callable[[PlannedBatch], torch.Tensor] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Mels ``(M, T)`` of all utterances by id, still on the device.

        Args:
            utterances: whose.
            write: in place of :meth:`write`.
        """
        mels: dict[str, torch.Tensor] = {}
        for ids in utterances.groups(32):
            made = (write or self.write)(utterances.batch(ids, self.device))
            mels |= {i: made[k, :, : utterances.lengths[i]] for k, i in enumerate(ids)}
        return mels

    def render(self, writer: SummaryWriter, step: int) -> None:
        first = self.valid.ids[0]
        batch = self.valid.batch([first], self.device)
        both = torch.cat([batch.mel[0], self.write(batch)[0]]).flip(0)
        writer.add_image(f"mel/{first}", (both[None].cpu() + 11.5) / 13.0, step)


def planned_pair(
    acoustic: AutoregressiveModel, data: Prepared, told: Mapping[str, torch.Tensor] | None = None
) -> tuple[PlannedUtterances, PlannedUtterances]:
    """The training and the validation utterances.

    Args:
        acoustic: the trained model whose encoder is shared.
        data: the prepared corpus.
        told: as for :class:`PlannedUtterances`.
    """
    train, valid = (
        PlannedUtterances(acoustic, data.tokens, data.durations, store, told)
        for store in (data.train, data.valid)
    )
    return train, valid


@torch.inference_mode()
def predicted_mels(task: PlannedTask, run: Path) -> dict[str, torch.Tensor]:
    """Mels ``(M, T)`` that a trained model writes of all utterances along their true durations,
    pitch and energy, on the CPU, by id.

    Args:
        task: as it was trained.
        run: folder of the training.

    Raises:
        ConfigError: if it was not trained.
    """
    module = with_weights(task.modules[task.name], run, task.name)
    module.to("cuda" if torch.cuda.is_available() else "cpu")
    mels = task.write_all(task.train) | task.write_all(task.valid)
    return {i: mel.float().cpu().clone() for i, mel in mels.items()}


def with_weights(module: nn.Module, run: Path, name: str) -> nn.Module:
    """A module in use, with the best weights of a training.

    Args:
        module: untrained.
        run: folder of the training.
        name: of the module in it.

    Raises:
        ConfigError: if it was not trained, or with another configuration.
    """
    try:
        module.load_state_dict(load_weights(run / "best.safetensors", name))
    except RuntimeError as error:
        raise ConfigError(f"{run}: made with another configuration ({error})") from error
    return module.eval()


def mel_figures(
    utterances: PlannedUtterances, made: Mapping[str, torch.Tensor]
) -> dict[str, float]:
    """``mel``: mean absolute difference to the recordings; ``spread``: :func:`band_spread`.

    Args:
        utterances: what was to be written.
        made: mels ``(M, T)`` by id.
    """
    recorded = {i: utterances.batch([i], mel.device).mel[0] for i, mel in made.items()}
    distances = torch.stack([(made[i] - recorded[i]).abs().mean() for i in made])
    spread = band_spread(list(made.values()), list(recorded.values()))
    return {"mel": float(distances.mean()), "spread": spread}


def band_spread(made: Sequence[torch.Tensor], recorded: Sequence[torch.Tensor]) -> float:
    """Variance over time within each band of each utterance, mean of all, by the recordings'.

    Below 1: blurred; above 1: sharper than speech.

    Args:
        made: mels ``(M, T)``.
        recorded: mels ``(M, T)`` of the same utterances.
    """
    spreads = [torch.stack([mel.var(1).mean() for mel in mels]).mean() for mels in (made, recorded)]
    return float(spreads[0] / spreads[1])


def masked_l1(made: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of scaled frames ``(B, T, M)`` where ``mask`` ``(B, T, 1)`` is 1."""
    return ((made - target).abs() * mask).sum() / (mask.sum() * target.shape[2])
