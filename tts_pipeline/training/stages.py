"""The stages of a recipe as data: which task is trained, by which settings, on what.

A task is a module of :mod:`tts_pipeline.training.tasks`, found by its name. It has

- ``CONFIG``: its config dataclass, with a field ``loop`` (:class:`LoopConfig`),
- ``make_task(config, data)``: the untrained :class:`Task` with its :class:`Prepared` data,
- ``gflop(config)``: its arithmetic in all, for the estimate of the training time,

and where they apply

- ``NEEDS``: names of earlier stages that it builds on, asked of ``data.source(name)``,
- ``check(config, prepare)``: raises :class:`ConfigError` if features made so are of no use to it,
- ``finish(task, data, folder)``: what is to be done when it is trained, by one process,
- ``MODEL`` and ``trained(config, data, folder)``: the model that it gives a voice.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tts_pipeline.config import from_mapping
from tts_pipeline.errors import ConfigError

_TASKS = "tts_pipeline.training.tasks"
# Stages that every recipe has, before and after the training ones.
FIRST, LAST = ("prepare",), ("package", "evaluate")


class VoiceModel(NamedTuple):
    """What a trained task is in a voice.

    Attributes:
        role: ``"acoustic"``, ``"refiner"`` or ``"vocoder"``.
        kind: its kind in the voice's registry.
        name: what it is called unless the stage says otherwise.
        uses: pairs of what it needs of another model of the voice, and that model's name.
    """

    role: str
    kind: str
    name: str
    uses: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Stage:
    """A training stage as the recipe's YAML has it.

    Attributes:
        name: of the stage, and of its folder in the runs.
        task: a module of :mod:`tts_pipeline.training.tasks`.
        config: fields of that task's config dataclass.
        sources: ``from`` in YAML: names of earlier stages by what the task calls them; one that
            is not here is the stage of just that name.
        model: name of the trained model in the voice; empty: the task's own.
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

    @property
    def voice_model(self) -> VoiceModel | None:
        """What it gives a voice, if anything."""
        found: VoiceModel | None = getattr(self.module, "MODEL", None)
        return found._replace(name=self.model) if found and self.model else found


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
