"""What the training of the families has in common that train one module on utterances."""

from __future__ import annotations

import abc
from typing import Any, Protocol, cast

import torch
from torch import nn

from tts_pipeline.training.data.batches import UtteranceSampler
from tts_pipeline.training.task import LoopConfig, Task


class Utterances(Protocol):
    """What a batch is drawn from."""

    def sampler(self, batch_size: int, seed: int) -> UtteranceSampler:
        """Draws the ids of each step's batch."""

    def batch(self, ids: list[str], device: torch.device) -> Any:
        """The named utterances on a device, side by side."""


class SingleModuleTask(Task, abc.ABC):
    """One module and the utterances that it is trained on.

    Args:
        name: of the module.
        module: untrained.
        optimizer: of its parameters.
        loop: training schedule.
        train: training utterances.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        loop: LoopConfig,
        train: Utterances,
    ) -> None:
        # Each task knows the class of its own.
        self.name, self.train = name, cast(Any, train)
        # PyTorch says of the attributes of modules that they may be anything.
        self.modules: dict[str, Any] = {name: module}
        self.averaged = (name,)
        self.optimizers = {name: optimizer}
        self.sampler = train.sampler(loop.batch_size, loop.seed)

    @property
    def device(self) -> torch.device:
        """Of the module."""
        return next(self.modules[self.name].parameters()).device

    @property
    def plain(self) -> Any:
        """The module itself, which Fabric wraps: only its forward goes through mixed precision."""
        module = self.modules[self.name]
        return getattr(module, "module", module)

    def draw(self, step: int, shard: slice) -> Any:
        return self.train.batch(self.sampler(step, shard), self.device)
