"""Training the model that writes all codes at once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import torch

from tts_pipeline.acoustic.masked.model import MaskedConfig, MaskedModel
from tts_pipeline.features.codes.config import CodesConfig
from tts_pipeline.training.data.planned_codes import CodesBatch, PlannedCodes, planned_codes
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.losses import CodesLoss
from tts_pipeline.training.tasks.single_module import SingleModuleTask


@dataclasses.dataclass(frozen=True)
class MaskedTrainingConfig:
    """The part of a recipe of the model that writes all codes at once.

    Attributes:
        loop: training schedule.
        model: sizes.
        codes: sizes of the auto-encoder, as it was trained.
        wrong_share: share of the codes told that are replaced by any other: what it has settled
            itself will not be perfect either.
    """

    loop: LoopConfig
    model: MaskedConfig = MaskedConfig()
    codes: CodesConfig = CodesConfig()
    wrong_share: float = 0.05


CONFIG = MaskedTrainingConfig
NEEDS = ("acoustic", "codes")


def make_task(config: MaskedTrainingConfig, data: Prepared) -> MaskedTask:
    """The model with its data, untrained."""
    return MaskedTask(config, *planned_codes(config.codes, data))


class MaskedTask(SingleModuleTask):
    """A model that fills in codes, and utterances as codes.

    Args:
        config: the model's part of the recipe.
        train: training utterances.
        valid: validation utterances.

    Raises:
        ConfigError: if the model is made for other vectors or codes than the utterances have.
    """

    def __init__(
        self, config: MaskedTrainingConfig, train: PlannedCodes, valid: PlannedCodes
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.valid = config, valid
        train.require(config.model, config.codes)
        model = MaskedModel(config.model)
        optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=2e-2)
        super().__init__("masked", model, optimizer, config.loop, train)

    def train_step(
        self, batch: CodesBatch, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        codes, n = batch.codes, self.config.model.n_codes
        # The cosine schedule of use: of a uniform share of the way, cos of it is hidden.
        way = torch.rand(len(codes), 1, 1, device=codes.device)
        hidden = torch.rand(codes.shape, device=codes.device) < torch.cos(math.pi / 2 * way)
        wrong = torch.rand(codes.shape, device=codes.device) < self.config.wrong_share
        told = torch.where(wrong, torch.randint_like(codes, n), codes)
        loss = self._loss(batch, torch.where(hidden, n, told), hidden)
        update("masked", loss)
        return {"loss": loss}

    def validate(self) -> dict[str, float]:
        """Nats a hidden code: ``hidden_all``, ``hidden_half``; ``loss``: the mean of both."""
        sums = {"hidden_all": 0.0, "hidden_half": 0.0}
        n_codes = 0.0
        generator = torch.Generator().manual_seed(0)
        for ids in self.valid.groups(64):
            batch = self.valid.batch(ids, self.device)
            lot = torch.rand(batch.codes.shape, generator=generator).to(self.device)
            count = float(batch.mask.sum())
            for name, share in (("hidden_all", 1.0), ("hidden_half", 0.5)):
                hidden = lot < share
                told = torch.where(hidden, self.config.model.n_codes, batch.codes)
                sums[name] += float(self._loss(batch, told, hidden)) * count
            n_codes += count
        means = {name: value / n_codes for name, value in sums.items()}
        return {"loss": sum(means.values()) / 2, **means}

    def _loss(self, batch: CodesBatch, told: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        logits = self.modules["masked"](batch.vectors, batch.durations, told)
        return CodesLoss()(logits, batch.codes, batch.mask * hidden)
