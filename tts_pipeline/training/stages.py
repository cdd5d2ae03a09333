"""The stages of a recipe as data: which task is trained, by which settings, on what.

A task is a module of :mod:`tts_pipeline.training.tasks`, found by its name. It has

- ``CONFIG``: its config dataclass, with a field ``loop`` (:class:`LoopConfig`),
- ``make_task(config, data)``: the untrained :class:`Task` with its :class:`Prepared` data,

and where they apply

- ``NEEDS``: names of earlier stages that it builds on, asked of ``data.source(name)``,
- ``check(config, prepare)``: raises :class:`ConfigError` if features made so are of no use to it,
- ``finish(task, data, folder)``: what is to be done when it is trained, by one process,
- ``trained(config, data, folder)``: the model that it gives a voice, if there is more to it than
  the weights of ``config.model``, whose kind the voice's registry knows; ``KIND`` where the config
  has no such field,
- ``predict(config, data, folder)``: the mels of all utterances that it writes once it is trained,
  for what is trained behind it,
- ``gflop(config)``: its arithmetic in all, for the estimate of the training time, where six
  operations for each weight and frame are too far off.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import ConfigError, VoiceError
from tts_pipeline.text.symbols import ARPABET
from tts_pipeline.training.checkpoint import load_only_weights
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.voice.models import KINDS, kind_of

_TASKS = "tts_pipeline.training.tasks"
# Stages that every recipe has, before and after the training ones.
FIRST, LAST = ("prepare",), ("package", "evaluate")
# What models are called in a voice that are not called after their kind.
_NAMES = {"harmonic-noise": "parallel"}
# Frames of an utterance, on average, where an estimate knows no better.
_FRAMES = 360


@dataclasses.dataclass(frozen=True)
class Stage:
    """A training stage as the recipe's YAML has it.

    Attributes:
        name: of the stage, and of its folder in the runs.
        task: a module of :mod:`tts_pipeline.training.tasks`.
        config: fields of that task's config dataclass.
        sources: ``from`` in YAML: names of earlier stages by what the task calls them; one that
            is not here is the stage of just that name.
        model: name of the trained model in the voice; empty: that of its kind.
    """

    name: str
    task: str
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    sources: dict[str, str] = dataclasses.field(default_factory=dict, metadata={"key": "from"})
    model: str = ""

    @functools.cached_property
    def module(self) -> ModuleType:
        """The task's module.

        Raises:
            ConfigError: if there is no such task.
        """
        return task_module(self.task)

    @functools.cached_property
    def settings(self) -> Any:
        """The task's config.

        Raises:
            ConfigError: naming the key that is missing, unknown or of another type.
        """
        return from_mapping(self.module.CONFIG, self.config, f"stages.{self.name}.config")

    @property
    def needs(self) -> dict[str, str]:
        """Stage by each name that the task asks for."""
        return {name: self.sources.get(name, name) for name in getattr(self.module, "NEEDS", ())}

    @functools.cached_property
    def kind(self) -> str | None:
        """Kind of the model that it trains, None if a voice can hold none such."""
        try:
            return kind_of(getattr(self.settings, "model", None))
        except VoiceError:
            return getattr(self.module, "KIND", None)

    @property
    def model_name(self) -> str | None:
        """What its model is called in a voice, None if it makes none."""
        return self.model or _NAMES.get(self.kind or "", self.kind) if self.kind else None

    def trained(self, data: Prepared, folder: Path) -> nn.Module:
        """The model with the best weights of a run, in evaluation mode.

        Raises:
            ConfigError: if it was not run, or with another configuration.
        """
        if hasattr(self.module, "trained"):
            return self.module.trained(self.settings, data, folder)
        assert self.kind is not None
        module = KINDS[self.kind].make_module(self.settings.model, data.audio, data.alphabet)
        path = folder / "best.safetensors"
        try:
            module.load_state_dict(load_only_weights(path))
        except RuntimeError as error:
            raise ConfigError(f"{path}: made with another configuration ({error})") from error
        return module.eval()

    def gflop(self) -> float:
        """10^9 floating-point operations of its whole training, by its task's own measure, else
        six for each weight and frame."""
        if hasattr(self.module, "gflop"):
            return float(self.module.gflop(self.settings))
        if self.kind is None:
            return 0.0
        module = KINDS[self.kind].make_module(self.settings.model, AudioConfig(), ARPABET)
        n_weights = sum(p.numel() for p in module.parameters())
        loop = self.settings.loop
        return 6e-9 * n_weights * loop.max_steps * loop.batch_size * _FRAMES


def roles_of(stages: Sequence[Stage]) -> dict[str, str]:
    """By name the role of each model that stages give a voice."""
    named = ((stage.model_name, stage.kind) for stage in stages)
    return {name: KINDS[kind].role for name, kind in named if name and kind}


def stage_names(stages: Sequence[Stage]) -> tuple[str, ...]:
    """Names of all stages of a recipe in their order, those that every recipe has included."""
    return (*FIRST, *(stage.name for stage in stages), *LAST)


def task_names() -> tuple[str, ...]:
    """Modules of :mod:`tts_pipeline.training.tasks` whose text defines ``make_task``."""
    package = importlib.import_module(_TASKS)
    (folder,) = package.__path__
    names = [item.name for item in pkgutil.iter_modules([folder])]
    return tuple(
        name
        for name in names
        if "\ndef make_task(" in Path(folder, f"{name}.py").read_text(encoding="utf-8")
    )


def task_module(name: str) -> ModuleType:
    """The module of a task.

    Raises:
        ConfigError: if there is none of that name.
    """
    if name not in task_names():
        raise ConfigError(f"task={name!r}: expected one of {', '.join(task_names())}")
    return importlib.import_module(f"{_TASKS}.{name}")


def check_stages(stages: Sequence[Stage]) -> None:
    """See that names are unique, tasks known, configs complete and sources there before.

    Raises:
        ConfigError: naming the stage and what is wrong with it.
    """
    if not stages:
        raise ConfigError("stages: empty, expected a list of name, task and config")
    before: set[str] = set()
    for stage in stages:
        if not stage.name or stage.name.startswith(".") or not set(stage.name).isdisjoint("/\\"):
            raise ConfigError(f"stages: name {stage.name!r}, expected that of a folder")
        if stage.name in before or stage.name in (*FIRST, *LAST):
            raise ConfigError(f"stages.{stage.name}: there is a stage of this name already")
        if not hasattr(stage.settings, "loop"):
            raise ConfigError(f"stages.{stage.name}: task {stage.task!r} has no training loop")
        unknown = sorted(stage.sources.keys() - stage.needs.keys())
        if unknown:
            known = ", ".join(stage.needs) or "none"
            raise ConfigError(
                f"stages.{stage.name}.from.{unknown[0]}: task {stage.task!r} takes {known}"
            )
        for name, source in stage.needs.items():
            if source not in before:
                raise ConfigError(
                    f"stages.{stage.name}: needs {name!r} from stage {source!r}, which is not "
                    f"before it; name another with from: {{{name}: STAGE}}"
                )
        before.add(stage.name)
