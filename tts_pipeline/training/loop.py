"""The one training loop: every model is a :class:`Task`, and this file reads from top to bottom."""

from __future__ import annotations

import contextlib
import datetime
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import ClusterEnvironment, LightningEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from tts_pipeline.atomic import remove_unfinished
from tts_pipeline.errors import ConfigError, TrainingError
from tts_pipeline.training.checkpoint import (
    Averages,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from tts_pipeline.training.task import LoopConfig, Progress, Task

# Steps in a row whose gradient may overflow before a run stops.
MOST_LEFT_OUT = 50
REMEDY = (
    "lower learning_rate or gradient_clip, look at the recordings with tts-pipeline doctor, and "
    "start again: the last checkpoint is kept"
)


def make_fabric(accelerator: str = "auto", devices: int = 1, precision: str = "32-true") -> Fabric:
    """A launched Fabric; under ``torchrun`` the processes and nodes come from its environment.

    Args:
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        devices: processes on this machine; not used under ``torchrun``.
        precision: ``32-true``, ``bf16-mixed`` or ``16-mixed``.
    """
    n_nodes = 1
    # Left to itself Fabric asks MPI where it is installed, which starts it, and trainings that
    # start at the same moment then end each other.
    plugins: list[ClusterEnvironment] = [LightningEnvironment()]
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        n_nodes = int(os.environ["WORLD_SIZE"]) // devices
        plugins = []
    # Our buffers are constants: copying them about before every pass would only break the gradient
    # of the pass before. While one process prepares or evaluates alone, the others wait.
    several = DDPStrategy(broadcast_buffers=False, timeout=datetime.timedelta(days=1))
    fabric = Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=n_nodes,
        strategy=several if devices * n_nodes > 1 else "auto",
        precision=precision,  # type: ignore[arg-type]
        plugins=plugins,  # type: ignore[arg-type]
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


def require_finite(
    folder: Path, step: int, losses: Mapping[str, torch.Tensor], left_out: list[str], n_steps: int
) -> None:
    """Look for what made a gradient infinite.

    Args:
        folder: of the run.
        step: counted from 1.
        losses: by name.
        left_out: optimizers that made no step.
        n_steps: so many steps in a row were left out.

    Raises:
        TrainingError: if a loss is not finite, naming it, or no gradient has been for long.
    """
    for name, loss in losses.items():
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(f"{folder.name}: step {step}: loss {name} is {value}; {REMEDY}")
    if n_steps >= MOST_LEFT_OUT:
        raise TrainingError(
            f"{folder.name}: step {step}: the gradient of {left_out[0]} has not been finite for "
            f"{n_steps} steps; {REMEDY}"
        )


def leave_group() -> None:
    """End what processes that train together share; one that ends without it may abort."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def train(task: Task, config: LoopConfig, fabric: Fabric, folder: Path) -> Progress:
    """Train until ``max_steps``, ``max_seconds`` or early stop; go on from ``folder/last.pt``.

    Writes ``last.pt`` (everything needed to go on), ``best.safetensors`` (averaged weights of the
    best validation) and TensorBoard files into ``folder``.

    Raises:
        ConfigError: if the batch cannot be shared by the processes, or ``last.pt`` is damaged or of
            another configuration.
        StorageError: if a file cannot be written: the disk is full.
        TrainingError: at the first step with a loss that is not finite, naming the loss.
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

    left_out: list[str] = []

    def update(name: str, loss: torch.Tensor) -> None:
        optimizer = optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = nn.utils.clip_grad_norm_(parameters, config.gradient_clip)
        # A gradient that overflows, as in half precision, must not poison the weights.
        if torch.isfinite(norm):
            optimizer.step()
        else:
            left_out.append(name)

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
    n_left_out = 0
    stopped = 0 < config.patience <= progress.since_best
    ending = config.share_done(progress.step, progress.seconds) >= 1
    while not (ending or stopped):
        step, seconds = progress.step, agreed(fabric, time.monotonic() - started)
        for name, optimizer in optimizers.items():
            rate = config.learning_rate_at(step, seconds) * task.rate_scale.get(name, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = rate
        torch.manual_seed(config.seed * 1_000_003 + step * 64 + fabric.global_rank)
        left_out.clear()
        losses = task.train_step(task.draw(step, shard), step, update)
        n_left_out = n_left_out + 1 if left_out else 0
        if left_out:
            require_finite(folder, step + 1, losses, left_out, n_left_out)
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
                task.modules = wrapped
            if not math.isfinite(figures[task.monitor]):
                raise TrainingError(
                    f"{folder.name}: step {progress.step}: validation figure {task.monitor} is "
                    f"{figures[task.monitor]}; {REMEDY}"
                )
            progress.since_best += 1
            if task.keep_latest or figures[task.monitor] < progress.best:
                progress.best, progress.best_step = figures[task.monitor], progress.step
                progress.since_best = 0
                if fabric.is_global_zero:
                    known = {k: v if math.isfinite(v) else None for k, v in figures.items()}
                    facts = {"step": progress.step, "seed": config.seed, "valid": known}
                    save_weights(folder / "best.safetensors", averages, facts)
            if writer:
                # What can fail while it draws must not cost the weights.
                with averaged_weights(raw, averages), torch.no_grad():
                    task.modules = raw
                    task.render(writer, progress.step)
                    task.modules = wrapped
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
