"""The one training loop: every model is a :class:`Task`, and this file reads from top to bottom."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import datetime
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from tts_pipeline.atomic import remove_unfinished
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.checkpoint import (
    Averages,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)


@dataclasses.dataclass(frozen=True)
class LoopConfig:
    """Length and rhythm of a training run; the same fields for every stage.

    Attributes:
        max_steps: optimiser steps in all.
        max_seconds: wall-clock seconds of training in all, those before a resumption counted; the
            cosine then ends when they do. For a machine that is lent by the minute; 0: no limit.
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
        keep_latest: keep the newest averaged weights, not those with the best figure: no figure
            hears what critics teach.
        rate_scale: factor on the learning rate, by optimizer name (1 where absent).
    """

    modules: dict[str, nn.Module]
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
        """Figures on the validation split, with the averaged weights in place."""

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


def make_fabric(accelerator: str = "auto", devices: int = 1, precision: str = "32-true") -> Fabric:
    """A launched Fabric; under ``torchrun`` the processes and nodes come from its environment.

    Args:
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        devices: processes on this machine; not used under ``torchrun``.
        precision: ``32-true``, ``bf16-mixed`` or ``16-mixed``.
    """
    n_nodes = 1
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        n_nodes = int(os.environ["WORLD_SIZE"]) // devices
    # Our buffers are constants: copying them about before every pass would only break the gradient
    # of the pass before. While one process prepares or evaluates alone, the others wait.
    several = DDPStrategy(broadcast_buffers=False, timeout=datetime.timedelta(days=1))
    fabric = Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=n_nodes,
        strategy=several if devices * n_nodes > 1 else "auto",
        precision=precision,  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric


@contextlib.contextmanager
def averaged_weights(modules: dict[str, nn.Module], averages: Averages) -> Iterator[None]:
    """Evaluation mode, with the moving averages in place of the weights, for the duration."""
    kept = snapshot(modules, averages)
    for name, average in averages.items():
        modules[name].load_state_dict(average)
    for module in modules.values():
        module.eval()
    try:
        yield
    finally:
        for name, weights in kept.items():
            modules[name].load_state_dict(weights)
        for module in modules.values():
            module.train()


def snapshot(modules: dict[str, nn.Module], names: Iterable[str]) -> Averages:
    """Copies of the named modules' weights."""
    return {name: {k: v.clone() for k, v in modules[name].state_dict().items()} for name in names}


def agreed(fabric: Fabric, seconds: float) -> float:
    """The first process' clock, so that all end with the same step."""
    return fabric.broadcast(seconds) if fabric.world_size > 1 else seconds


def train(task: Task, config: LoopConfig, fabric: Fabric, folder: Path) -> Progress:
    """Train until ``max_steps``, ``max_seconds`` or early stop; go on from ``folder/last.pt``.

    Writes ``last.pt`` (everything needed to go on), ``best.safetensors`` (averaged weights of the
    best validation) and TensorBoard files into ``folder``.
    """
    if config.batch_size % fabric.world_size:
        raise ConfigError(
            f"batch_size={config.batch_size}: expected a multiple of the {fabric.world_size} "
            "processes"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if fabric.is_global_zero:
        remove_unfinished(folder)
    progress = Progress()
    averages = snapshot(task.modules, task.averaged)
    wrapped: dict[str, nn.Module] = {
        name: fabric.setup_module(module) for name, module in task.modules.items()
    }
    # After the modules are on their device, so that the optimizers' state gets there as well.
    if (folder / "last.pt").exists():
        averages = load_checkpoint(folder / "last.pt", task, averages, progress)
    raw, task.modules = task.modules, wrapped
    optimizers: dict[str, Any] = {k: fabric.setup_optimizers(o) for k, o in task.optimizers.items()}
    averages = {n: {k: v.to(fabric.device) for k, v in a.items()} for n, a in averages.items()}

    def update(name: str, loss: torch.Tensor) -> None:
        optimizer = optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = nn.utils.clip_grad_norm_(parameters, config.gradient_clip)
        # One broken batch must not end hours of training, nor poison the weights.
        if torch.isfinite(norm):
            optimizer.step()

    share = config.batch_size // fabric.world_size
    shard = slice(fabric.global_rank * share, (fabric.global_rank + 1) * share)
    writer = SummaryWriter(str(folder)) if fabric.is_global_zero else None
    bar = tqdm(
        total=config.max_steps,
        initial=progress.step,
        desc=folder.name,
        disable=None if fabric.is_global_zero else True,
    )
    started, last_saved = time.monotonic() - progress.seconds, time.monotonic()
    stopped = 0 < config.patience <= progress.since_best
    ending = config.share_done(progress.step, progress.seconds) >= 1
    while not (ending or stopped):
        step, seconds = progress.step, agreed(fabric, time.monotonic() - started)
        for name, optimizer in optimizers.items():
            rate = config.learning_rate_at(step, seconds) * task.rate_scale.get(name, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = rate
        torch.manual_seed(config.seed * 1_000_003 + step * 64 + fabric.global_rank)
        losses = task.train_step(task.draw(step, shard), step, update)
        progress.step = step + 1
        with torch.no_grad():
            decay = min(config.ema_decay, (1 + progress.step) / (10 + progress.step))
            for name, average in averages.items():
                state = raw[name].state_dict()
                keys = [key for key, value in state.items() if value.is_floating_point()]
                # All at once: on a GPU a call for each array takes longer than the work.
                torch._foreach_lerp_(
                    [average[key] for key in keys], [state[key] for key in keys], 1 - decay
                )
        bar.update()
        ending = config.share_done(progress.step, seconds) >= 1
        if progress.step % 20 == 0 or ending:
            means: Any = {
                k: fabric.all_reduce(v.detach(), reduce_op="mean") for k, v in losses.items()
            }
            values = {name: float(mean) for name, mean in means.items()}
            bar.set_postfix({k: f"{v:.3f}" for k, v in values.items()})
            if writer:
                for name, number in values.items():
                    writer.add_scalar(f"train/{name}", number, progress.step)
        if progress.step % config.validate_every == 0 or ending:
            with averaged_weights(raw, averages), torch.no_grad():
                task.modules = raw
                figures = task.validate()
                if writer:
                    task.render(writer, progress.step)
                task.modules = wrapped
            progress.since_best += 1
            if task.keep_latest or figures[task.monitor] < progress.best:
                progress.best, progress.best_step = figures[task.monitor], progress.step
                progress.since_best = 0
                if fabric.is_global_zero:
                    facts = {"step": progress.step, "seed": config.seed, "valid": figures}
                    save_weights(folder / "best.safetensors", averages, facts)
            if writer:
                for name, number in figures.items():
                    writer.add_scalar(f"valid/{name}", number, progress.step)
                shown = "  ".join(f"{k} {v:.4f}" for k, v in figures.items())
                passed = time.monotonic() - started
                tqdm.write(f"{folder.name} step {progress.step} ({passed:.0f} s): {shown}")
            stopped = 0 < config.patience <= progress.since_best
        if ending or stopped or time.monotonic() - last_saved > config.checkpoint_every_s:
            progress.seconds = time.monotonic() - started
            if fabric.is_global_zero:
                save_checkpoint(folder / "last.pt", raw, task.optimizers, averages, progress)
            last_saved = time.monotonic()
    bar.close()
    if writer:
        writer.close()
    task.modules = raw
    return progress
