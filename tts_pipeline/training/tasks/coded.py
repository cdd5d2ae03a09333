"""Training the model that writes codes one after another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch

from tts_pipeline.acoustic.coded.model import CodedConfig, CodedModel
from tts_pipeline.features.codes.config import CodesConfig
from tts_pipeline.training.data.planned_codes import CodesBatch, PlannedCodes, planned_codes
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.losses import CodesLoss
from tts_pipeline.training.tasks.single_module import SingleModuleTask


@dataclasses.dataclass(frozen=True)
class CodedTrainingConfig:
    """The part of a recipe of the model that writes codes one after another.

    Attributes:
        loop: training schedule.
        model: sizes.
        codes: sizes of the auto-encoder, as it was trained.
        hidden_share: share of past codes that are hidden, and as many others are replaced by any
            code: what it writes itself will not be perfect either.
    """

    loop: LoopConfig
    model: CodedConfig = CodedConfig()
    codes: CodesConfig = CodesConfig()
    hidden_share: float = 0.1


CONFIG = CodedTrainingConfig
NEEDS = ("acoustic", "codes")


def make_task(config: CodedTrainingConfig, data: Prepared) -> CodedTask:
    """The model with its data, untrained."""
    return CodedTask(config, *planned_codes(config.codes, data))


class CodedTask(SingleModuleTask):
    """A model that writes codes, and utterances as codes.

    Args:
        config: the model's part of the recipe.
        train: training utterances.
        valid: validation utterances.

    Raises:
        ConfigError: if the model is made for other vectors or codes than the utterances have.
    """

    def __init__(
        self, config: CodedTrainingConfig, train: PlannedCodes, valid: PlannedCodes
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.valid = config, valid
        train.require(config.model, config.codes)
        model = CodedModel(config.model)
        optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=2e-2)
        super().__init__("coded", model, optimizer, config.loop, train)

    def train_step(
        self, batch: CodesBatch, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        codes, share, n = batch.codes, self.config.hidden_share, self.config.model.n_codes
        # Hidden step by step half of the time: the network must do without any of its past, too.
        lot = torch.rand(codes.shape, device=codes.device)
        whole = torch.rand(codes.shape[:2], device=codes.device)[..., None]
        lot = torch.where(whole < 0.5, whole * 2, lot)
        others = torch.randint_like(codes, n)
        past = torch.where(lot < share, n, torch.where(lot < 2 * share, others, codes))
        loss = self._loss(batch, past)
        update("coded", loss)
        return {"loss": loss}

    def validate(self) -> dict[str, float]:
        """``loss``: nats a code, told the true past."""
        losses, counts = [], []
        for ids in self.valid.groups(64):
            batch = self.valid.batch(ids, self.device)
            losses.append(float(self._loss(batch, batch.codes)))
            counts.append(float(batch.mask.sum()))
        total = sum(a * b for a, b in zip(losses, counts))
        return {"loss": total / sum(counts)}

    def _loss(self, batch: CodesBatch, past: torch.Tensor) -> torch.Tensor:
        logits = self.modules["coded"](batch.vectors, batch.durations, batch.codes, past)
        return CodesLoss()(logits, batch.codes, batch.mask)
