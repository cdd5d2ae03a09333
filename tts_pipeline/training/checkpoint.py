"""Checkpoints that survive a kill: written beside the old one, then renamed over it."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from tts_pipeline.atomic import replacing, write_bytes, write_json
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.task import Progress, Task

Averages = dict[str, dict[str, torch.Tensor]]


def save_checkpoint(
    path: Path,
    modules: dict[str, nn.Module],
    optimizers: dict[str, torch.optim.Optimizer],
    averages: Averages,
    progress: Progress,
) -> None:
    """Write everything that a run needs to go on, at once or not at all."""
    state = {
        "modules": {name: module.state_dict() for name, module in modules.items()},
        "optimizers": {name: optimizer.state_dict() for name, optimizer in optimizers.items()},
        "averages": averages,
        "progress": dataclasses.asdict(progress),
    }
    # Through a file of our own, whose errors say what is wrong with the disk.
    with replacing(path) as part, open(part, "wb") as file:
        torch.save(state, file)


def load_checkpoint(path: Path, task: Task, averages: Averages, progress: Progress) -> Averages:
    """Put a checkpoint's state into the task and the progress; returns the averages.

    Raises:
        ConfigError: if the checkpoint is damaged or belongs to a model of other sizes.
    """
    state = read_checkpoint(path)
    try:
        for name, module in task.modules.items():
            module.load_state_dict(state["modules"][name])
        for name, optimizer in task.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
    except (KeyError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"{path}: made with another configuration ({error}); remove the folder to start anew"
        ) from error
    for name, value in state["progress"].items():
        setattr(progress, name, value)
    return {name: state["averages"][name] for name in averages}


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state that :func:`save_checkpoint` wrote.

    Raises:
        ConfigError: if the file is damaged.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        state, reason = None, f"{error}".split("\n")[0]
    else:
        reason = "not a checkpoint of a training"
    if not isinstance(state, dict) or not {"modules", "optimizers", "averages"} <= state.keys():
        raise ConfigError(
            f"{path}: damaged ({reason}); remove it to train this stage from its beginning"
        )
    return state


def save_weights(path: Path, weights: Averages, facts: dict[str, Any]) -> None:
    """Write weights as safetensors, with ``facts`` as JSON beside them."""
    flat = {
        f"{module}.{key}": value.detach().cpu().contiguous()
        for module, state in weights.items()
        for key, value in state.items()
    }
    write_bytes(path, save(flat))
    write_json(path.with_suffix(".json"), facts)


def load_weights(path: Path, module: str) -> dict[str, torch.Tensor]:
    """State dict of one module out of a file of :func:`save_weights`.

    Raises:
        ConfigError: if the file is missing, damaged or holds no such module.
    """
    prefix = f"{module}."
    state = {k[len(prefix) :]: v for k, v in read_weights(path).items() if k.startswith(prefix)}
    if not state:
        raise ConfigError(f"{path}: holds no weights of {module!r}")
    return state


def load_only_weights(path: Path) -> dict[str, torch.Tensor]:
    """State dict of the one module in a file of :func:`save_weights`.

    Raises:
        ConfigError: if the file is missing, damaged, or holds several modules.
    """
    names = {key.split(".")[0] for key in read_weights(path)}
    if len(names) != 1:
        raise ConfigError(f"{path}: holds {', '.join(sorted(names))}, expected one module")
    return load_weights(path, names.pop())


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """All weights of a file of :func:`save_weights`, names with their module's in front.

    Raises:
        ConfigError: if the file is missing or damaged.
    """
    if not path.exists():
        raise ConfigError(f"{path}: missing, run the stage that trains it first")
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ConfigError(
            f"{path}: damaged ({error}); remove {path.parent} and run the stage again"
        ) from error


def load_module(path: Path, module: str) -> dict[str, torch.Tensor] | None:
    """State dict of one module out of a file of :func:`save_checkpoint`, None if it has none."""
    if not path.exists():
        return None
    return read_checkpoint(path)["modules"].get(module)
