"""Training one model by itself on prepared utterances: the way of every strategy to be compared.

Corpus and front end are not needed: ``prepare`` and ``align`` of a recipe have left all that there
is to know, here or on another machine (:mod:`tts_pipeline.training.data.pack`).
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import time
from pathlib import Path

import torch

from tts_pipeline.config import load_yaml
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.allocator import keep_freed_memory
from tts_pipeline.training.checkpoint import load_module, load_weights
from tts_pipeline.training.data.prepared import SHIPPED, Prepared, load_prepared, stored_weights
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.stages import task_module
from tts_pipeline.training.strategy_file import NAME, StrategyFile
from tts_pipeline.training.task import Task


def start_from(task: Task, start: dict[str, str], data: Prepared) -> None:
    """Give modules of a task the weights that ``start`` names; see
    :class:`~tts_pipeline.training.strategy_file.StrategyFile`.

    Raises:
        ConfigError: if they are not there or belong to another model.
    """
    for name, source in start.items():
        if name not in task.modules:
            raise ConfigError(f"start.{name}: expected one of {', '.join(task.modules)}")
        run = data.runs / source
        state: dict[str, torch.Tensor] | None
        if source.endswith(".safetensors"):
            state = stored_weights(data.voice / source)
        elif name in task.averaged:
            state = load_weights(run / "best.safetensors", name)
        else:
            state = load_module(run / "last.pt", name)
        if state is None:
            raise ConfigError(f"start.{name}: {run / 'last.pt'} is missing or holds none")
        try:
            missing, unknown = task.modules[name].load_state_dict(state, strict=False)
        except RuntimeError as error:
            raise ConfigError(f"start.{name}: {source}: {error}") from error
        if unknown:
            raise ConfigError(f"start.{name}: {source} has unknown {unknown[0]}")
        print(f"{name}: starts from {source}, {len(missing)} arrays anew", flush=True)


def train_strategy(
    path: Path,
    prepared: Path,
    runs: Path,
    *,
    voice: Path = SHIPPED,
    accelerator: str = "auto",
    max_seconds: float = 0.0,
    until: float = 0.0,
    max_steps: int = 0,
    batch_size: int = 0,
) -> Path:
    """Train what a YAML file describes; returns the folder of the run, ``runs/<stem of path>``.

    Args:
        path: of the YAML file.
        prepared: folder of the prepared utterances.
        runs: folder of all runs.
        voice: folder of the voice that may be built upon.
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        max_seconds: in place of the file's; 0: as it says.
        until: time of day at which training ends, in seconds since 1970, in place of
            ``max_seconds``; 0: none.
        max_steps: likewise.
        batch_size: likewise.

    Raises:
        ConfigError: if the file describes no training.
        CorpusError: if the utterances are not there.
    """
    file = load_yaml(StrategyFile, path)
    given = {"max_seconds": max_seconds, "max_steps": max_steps, "batch_size": batch_size}
    config = file.config_of(path, {name: value for name, value in given.items() if value})
    # Sums of products in 19 bits on a GPU that has them: several times as fast, and as good here.
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = file.fixed_shapes
    fabric = make_fabric(accelerator, 1, file.precision)
    data = load_prepared(prepared, runs, voice)
    task = task_module(file.task).make_task(config, data)
    start_from(task, file.start, data)
    settings = config.loop
    if until:
        # What it took to get here is not there for training.
        settings = dataclasses.replace(settings, max_seconds=max(1.0, until - time.time()))
    folder = runs / path.stem
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, folder / NAME)
    train(task, settings, fabric, folder)
    return folder


def main(argv: list[str] | None = None) -> int:
    """``python -m tts_pipeline.training.strategies``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path, help="the training's YAML file")
    parser.add_argument("--data", type=Path, required=True, help="folder of prepared utterances")
    parser.add_argument("--runs", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--voice", type=Path, default=SHIPPED, help="voice that is built upon")
    parser.add_argument("--accelerator", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--max-seconds", type=float, default=0.0)
    parser.add_argument("--until", type=float, default=0.0, help="end in seconds since 1970")
    parser.add_argument("--max-steps", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=0)
    options = parser.parse_args(argv)
    keep_freed_memory()
    train_strategy(
        options.config,
        options.data,
        options.runs,
        voice=options.voice,
        accelerator=options.accelerator,
        max_seconds=options.max_seconds,
        until=options.until,
        max_steps=options.max_steps,
        batch_size=options.batch_size,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
