"""What the training of the families has in common that write codes along given token vectors."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tts_pipeline.training.data.planned_codes import CodesBatch, PlannedCodes
from tts_pipeline.training.task import LoopConfig, Task


class PlannedCodesTask(Task):
    """One module that writes codes of planned utterances.

    Args:
        name: of the module.
        module: untrained.
        loop: training schedule.
        train: training utterances.
        valid: validation utterances.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        loop: LoopConfig,
        train: PlannedCodes,
        valid: PlannedCodes,
    ) -> None:
        self.name, self.train, self.valid = name, train, valid
        self.modules: dict[str, Any] = {name: module}
        self.averaged = (name,)
        self.optimizers = {
            name: torch.optim.AdamW(module.parameters(), betas=(0.9, 0.98), weight_decay=2e-2)
        }
        self.sampler = train.sampler(loop.batch_size, loop.seed)

    @property
    def device(self) -> torch.device:
        """Of the module."""
        return next(self.modules[self.name].parameters()).device

    def draw(self, step: int, shard: slice) -> CodesBatch:
        return self.train.batch(self.sampler(step, shard), self.device)
