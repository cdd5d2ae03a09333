"""A task small enough to train in no time, with all that makes resuming hard: dropout, two
optimizers, averages, a batch that depends on the step."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.task import LoopConfig, Progress, Task

STEPS = 120


class ToyTask(Task):
    """A noisy line is fitted by one module and its error guessed by another.

    Args:
        batch_size: of a step.
        dropout: 0 where processes are compared with one.
        broken_steps: steps whose batch is NaN.
        overflowing_steps: steps whose loss is finite, but not its gradient.
        delay_s: seconds that a step takes.
        figures: validation losses to report, the last one again and again; default the true ones.
    """

    averaged = ("fit",)

    def __init__(
        self,
        batch_size: int = 8,
        *,
        dropout: float = 0.2,
        broken_steps: tuple[int, ...] = (),
        overflowing_steps: tuple[int, ...] = (),
        delay_s: float = 0.0,
        figures: tuple[float, ...] = (),
    ) -> None:
        torch.manual_seed(0)
        fit = nn.Sequential(nn.Linear(3, 8), nn.Dropout(dropout), nn.Tanh(), nn.Linear(8, 1))
        self.modules = {"fit": fit, "guess": nn.Linear(3, 1)}
        self.optimizers = {
            name: torch.optim.AdamW(module.parameters()) for name, module in self.modules.items()
        }
        self.rate_scale = {"guess": 0.5}
        self.batch_size, self.broken_steps, self.delay_s = batch_size, broken_steps, delay_s
        self.overflowing_steps = overflowing_steps
        self.figures = list(figures)
        self.drawn: list[int] = []
        self.rates: list[tuple[float, float]] = []

    def _data(self, key: int, n: int) -> torch.Tensor:
        return torch.from_numpy(np.random.default_rng([7, key]).standard_normal((n, 3), np.float32))

    def draw(self, step: int, shard: slice) -> torch.Tensor:
        self.drawn.append(step)
        rates = [self.optimizers[name].param_groups[0]["lr"] for name in ("fit", "guess")]
        self.rates.append((rates[0], rates[1]))
        time.sleep(self.delay_s)
        batch = self._data(step, self.batch_size)[shard]
        return batch * float("nan") if step in self.broken_steps else batch

    def train_step(
        self, batch: torch.Tensor, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        error = (self.modules["fit"](batch)[:, 0] - batch.sum(1).sin()).square()
        loss = error.mean()
        if step in self.overflowing_steps:
            # Zero, with the infinite slope of the root times zero.
            loss = loss + (0 * self.modules["fit"](batch).sum()).abs().sqrt()
        update("fit", loss)
        guess = (self.modules["guess"](batch)[:, 0] - error.detach()).square().mean()
        update("guess", guess)
        return {"error": error.mean(), "guess": guess}

    def validate(self) -> dict[str, float]:
        if self.figures:
            return {"loss": self.figures.pop(0) if len(self.figures) > 1 else self.figures[0]}
        data = self._data(10**6, 64)
        error = self.modules["fit"](data)[:, 0].detach() - data.sum(1).sin()
        return {"loss": float(error.square().mean())}


def config(**changes: object) -> LoopConfig:
    """A loop of ``STEPS`` steps; ``changes`` replace its fields."""
    values: dict[str, object] = {
        "max_steps": STEPS,
        "batch_size": 8,
        "learning_rate": 0.02,
        "warmup_steps": 5,
        "validate_every": 40,
    }
    return LoopConfig(**{**values, **changes})  # type: ignore[arg-type]


def run(folder: Path, task: ToyTask | None = None, **changes: object) -> tuple[ToyTask, Progress]:
    """Train in ``folder``; returns the task and where it stands."""
    task = task or ToyTask()
    progress = train(task, config(**changes), make_fabric("cpu"), folder)
    return task, progress


if __name__ == "__main__":
    run(Path(sys.argv[1]), ToyTask(delay_s=0.02), checkpoint_every_s=0.0)
