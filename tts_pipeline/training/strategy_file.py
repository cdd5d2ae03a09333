"""The YAML file that describes one training, and the module of its task."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch

from tts_pipeline.config import from_mapping, load_yaml
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.stages import task_module

# Copy of the file in the folder of its run.
NAME = "strategy.yaml"


@dataclasses.dataclass(frozen=True)
class StrategyFile:
    """What the YAML file of a training says.

    Attributes:
        task: see :mod:`tts_pipeline.training.stages`.
        config: fields of that task's config dataclass.
        precision: Fabric's: ``32-true`` or ``bf16-mixed``.
        fixed_shapes: whether every step has tensors of the same shapes, so that a GPU may look for
            the fastest convolutions once.
        start: where the weights of a module come from that does not start anew, by its name: a
            file of the voice (``parallel.safetensors``) or another run (``vocoder``). What they
            lack keeps its initial values.
    """

    task: str
    config: dict[str, Any]
    precision: str = "32-true"
    fixed_shapes: bool = False
    start: dict[str, str] = dataclasses.field(default_factory=dict)

    def config_of(self, where: Path, changes: dict[str, Any] | None = None) -> Any:
        """The task's config dataclass; ``changes`` go before the fields of its ``loop``."""
        loop = {**self.config.get("loop", {}), **(changes or {})}
        kind = task_module(self.task).CONFIG
        return from_mapping(kind, {**self.config, "loop": loop}, f"{where}: config")


def predicted_by(run: str, data: Prepared) -> dict[str, torch.Tensor]:
    """Mels ``(M, T)`` of all utterances by id, as a trained acoustic model writes them along their
    true durations.

    Args:
        run: name of its run.
        data: prepared utterances, with the folder of the runs.

    Raises:
        ConfigError: if there is no such run, or it trained no acoustic model.
    """
    path = data.runs / run / NAME
    file = load_yaml(StrategyFile, path)
    module = task_module(file.task)
    if not hasattr(module, "predict"):
        raise ConfigError(f"{path}: task={file.task!r} predicts no mels")
    return module.predict(file.config_of(path), data, path.parent)
