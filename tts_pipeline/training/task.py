"""What the loop and its checkpoints know of a training: its schedule, its task, its progress."""

from __future__ import annotations

import abc
import dataclasses
import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch.utils.tensorboard import SummaryWriter

from tts_pipeline.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class LoopConfig:
    """Training schedule: steps, time, learning rate, validation and checkpoint intervals.

    Attributes:
        max_steps: optimiser steps in all.
        max_seconds: wall-clock seconds of training in all, those before a resumption counted; the
            cosine then ends when they do. For a machine that is paid by the minute; 0: no limit.
        batch_size: items per step over all processes.
        learning_rate: peak of the schedule.
        final_learning_rate: value at the end, reached along a cosine from the peak.
        warmup_steps: linear rise at the start.
        gradient_clip: largest gradient norm.
        ema_decay: decay per step of the averaged weights that are validated and shipped.
        validate_every: steps between validations.
        checkpoint_every_s: seconds between checkpoints.
        patience: validations without a new best before the run stops early; 0: never.
        seed: of weights, crops, dropout and noise.
    """

    max_steps: int
    batch_size: int
    learning_rate: float
    final_learning_rate: float = 1e-5
    warmup_steps: int = 100
    gradient_clip: float = 10.0
    ema_decay: float = 0.999
    validate_every: int = 500
    checkpoint_every_s: float = 120.0
    patience: int = 0
    seed: int = 1
    max_seconds: float = 0.0

    def __post_init__(self) -> None:
        for name in ("max_steps", "batch_size", "validate_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}={getattr(self, name)}: expected at least 1")
        if not 0 <= self.max_seconds < math.inf:
            raise ConfigError(f"max_seconds={self.max_seconds}: expected 0 (no limit) or more")

    def share_done(self, step: int, seconds: float) -> float:
        """How much of the run lies behind, in [0, 1], by steps or by time, whichever is more."""
        by_time = seconds / self.max_seconds if self.max_seconds else 0.0
        return min(1.0, max(step / self.max_steps, by_time))

    def learning_rate_at(self, step: int, seconds: float = 0.0) -> float:
        """Linear warm-up, then a cosine from the peak to the final value."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        cosine = 0.5 * (1 + math.cos(math.pi * self.share_done(step, seconds)))
        low = self.final_learning_rate
        return warm * (low + (self.learning_rate - low) * cosine)


class Task(abc.ABC):
    """What the loop needs to know of a model: its parts, a batch, a step, a validation.

    Attributes:
        modules: what is trained and saved, by name.
        optimizers: by name; their learning rate is set by the loop, times ``rate_scale``.
        averaged: names of the modules of which moving averages are kept.
        monitor: name of the validation figure that decides which weights are best (least).
        keep_latest: keep the newest averaged weights, not those with the best figure: validation
            losses do not reflect adversarial training.
        rate_scale: factor on the learning rate, by optimizer name (1 where absent).
    """

    # Each task knows the classes of its own.
    modules: dict[str, Any]
    optimizers: dict[str, torch.optim.Optimizer]
    averaged: tuple[str, ...] = ()
    monitor: str = "loss"
    keep_latest: bool = False
    rate_scale: ClassVar[dict[str, float]] = {}

    @abc.abstractmethod
    def draw(self, step: int, shard: slice) -> Any:
        """The batch of a step: a function of seed and step alone, so that a resumed run goes on
        exactly; ``shard`` is the part of it that falls to this process."""

    @abc.abstractmethod
    def train_step(
        self, batch: Any, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        """Losses by name; calls ``update(optimizer_name, loss)`` for each optimizer."""

    @abc.abstractmethod
    def validate(self) -> dict[str, float]:
        """Figures on the validation split, with the averaged weights in place; called
        without gradients."""

    def render(self, writer: SummaryWriter, step: int) -> None:  # noqa: B027
        """Add audio and pictures to TensorBoard after a validation (default: none)."""


@dataclasses.dataclass
class Progress:
    """Where a run stands; saved in every checkpoint."""

    step: int = 0
    best: float = math.inf
    best_step: int = 0
    since_best: int = 0
    seconds: float = 0.0
