"""``tts-pipeline train RECIPE CORPUS``: run the stages of a recipe; also ``recipes/*/run``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.errors import ConfigError


def default_runs(config: Path) -> Path:
    """``runs/kathleen`` for ``recipes/kathleen/config.yaml``, ``runs/kathleen-debug`` for its
    ``debug.yaml``."""
    name = config.resolve().parent.name
    return Path("runs") / (name if config.stem == "config" else f"{name}-{config.stem}")


def main(argv: Sequence[str]) -> int:
    """Run the stages; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline train",
        description="Make a voice of recordings: the stage prepare, the training stages that the "
        "recipe lists, then package and evaluate. A run that was stopped goes on.",
    )
    parser.add_argument("config", type=Path, help="the recipe's YAML file")
    parser.add_argument("corpus", type=Path, help="folder of the corpus")
    parser.add_argument(
        "--runs",
        type=Path,
        help="folder for all that is written; a run that was stopped goes on from what is in it "
        "(default: runs/ and the recipe's name)",
    )
    parser.add_argument("--stage", metavar="NAME", help="first stage to run")
    parser.add_argument("--stop-stage", metavar="NAME", help="last stage to run")
    parser.add_argument("--accelerator", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--devices", type=int, default=1, help="processes on this machine")
    parser.add_argument("--precision", default="32-true", help="or bf16-mixed, 16-mixed")
    options = parser.parse_args(argv)

    from tts_pipeline.config import load_yaml
    from tts_pipeline.recipe import Recipe, RecipeConfig
    from tts_pipeline.training.allocator import keep_freed_memory
    from tts_pipeline.training.loop import leave_group

    # Before the corpus is read: a mistyped option should not take long.
    stages = load_yaml(RecipeConfig, options.config).stage_names
    chosen = _chosen(stages, options.stage, options.stop_stage)
    keep_freed_memory()
    recipe = Recipe(
        options.config,
        options.corpus,
        options.runs or default_runs(options.config),
        accelerator=options.accelerator,
        devices=options.devices,
        precision=options.precision,
    )
    for name in chosen:
        if recipe.fabric.is_global_zero:
            print(f"stage {name}", file=sys.stderr)
        recipe.run(name)
    leave_group()
    return 0


def _chosen(names: Sequence[str], first: str | None, last: str | None) -> Sequence[str]:
    for option, name in (("--stage", first), ("--stop-stage", last)):
        if name is not None and name not in names:
            raise ConfigError(f"{option} {name}: expected one of {', '.join(names)}")
    start = names.index(first) if first else 0
    end = names.index(last) if last else len(names) - 1
    if start > end:
        raise ConfigError(f"--stage {first} comes after --stop-stage {last}")
    return names[start : end + 1]
