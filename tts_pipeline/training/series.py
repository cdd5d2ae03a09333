"""Trainings one after another from a finished voice, and the voice with what they made.

A training that was stopped goes on; one that ended is not begun again unless its file or its time
has changed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch

from tts_pipeline.atomic import write_text
from tts_pipeline.config import load_yaml
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.allocator import keep_freed_memory
from tts_pipeline.training.data.prepared import SHIPPED, load_prepared
from tts_pipeline.training.stages import Stage
from tts_pipeline.training.strategies import train_strategy
from tts_pipeline.training.strategy_file import NAME, StrategyFile
from tts_pipeline.voice.defaults import Defaults
from tts_pipeline.voice.voice import Voice

DONE = "done.json"
# A few steps with small batches: that everything runs, not that anything is learned.
DEBUG = {"max_steps": 10, "batch_size": 2}


def train_series(
    files: Sequence[Path],
    prepared: Path,
    runs: Path,
    voice: Path,
    *,
    accelerator: str = "auto",
    max_seconds: float = 0.0,
    debug: bool = False,
) -> None:
    """Train what each YAML file describes.

    Args:
        files: in order; one that builds on another comes after it.
        prepared: folder of the prepared utterances.
        runs: folder of all runs.
        voice: folder of the voice that is built upon.
        accelerator: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        max_seconds: of each training; 0: as its file says.
        debug: ten steps of each.

    Raises:
        ConfigError: if a file describes no training.
        CorpusError: if the utterances are not there.
    """
    for path in files:
        done = runs / path.stem / DONE
        wanted = {"file": path.read_text(encoding="utf-8"), "max_seconds": max_seconds}
        if done.exists() and json.loads(done.read_text(encoding="utf-8")) == wanted:
            print(f"{path.stem}: done", flush=True)
            continue
        changes = DEBUG if debug else {}
        train_strategy(
            path,
            prepared,
            runs,
            voice=voice,
            accelerator=accelerator,
            max_seconds=max_seconds,
            **changes,
        )
        write_text(done, json.dumps(wanted))


def voice_of_runs(names: Sequence[str], prepared: Path, runs: Path, voice: Path) -> Voice:
    """A voice with the models of trainings added, or put in the place of those of their names.

    Args:
        names: of the trainings, in order; those that no folder in ``runs`` has are left out.
        prepared: folder of the prepared utterances.
        runs: folder of all runs.
        voice: folder of the voice.

    Raises:
        ConfigError: if a training has not got as far as weights, or gives a voice no model.
    """
    data, made = load_prepared(prepared, runs, voice), Voice.load(voice)
    for name in names:
        path = runs / name / NAME
        if not path.exists():
            continue
        file = load_yaml(StrategyFile, path)
        stage = Stage(name, file.task, file.config)
        if stage.model_name is None:
            raise ConfigError(f"{path}: task={file.task!r} gives a voice no model")
        made = made.with_model(stage.model_name, stage.trained(data, runs / name))
    return made


def main(
    argv: Sequence[str] | None = None,
    *,
    folder: Path,
    order: Sequence[str],
    acoustic: str | None = None,
) -> int:
    """Train all strategies of a recipe, or those that are named, and write the voice.

    Args:
        argv: the command line.
        folder: of the trainings' YAML files.
        order: their names; one that builds on another comes after it.
        acoustic: what speaks if nothing is asked for, once the voice has all models that it names;
            None: as the voice says.
    """
    parser = argparse.ArgumentParser(
        description="Train ways to generate beside each other, from a finished voice."
    )
    parser.add_argument(
        "prepared", type=Path, help="folder with features/, durations/ and tokens.json: the runs "
        "of a recipe whose stages prepare and align are done",
    )  # fmt: skip
    parser.add_argument("names", nargs="*", help=f"of {', '.join(order)} (default: all)")
    parser.add_argument(
        "--voice", type=Path, help="the finished voice (default: PREPARED/voice if it is there, "
        "else the one in the package)",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=Path, help="folder for all that is written (default: PREPARED/strategies)"
    )
    parser.add_argument("--accelerator", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument(
        "--max-seconds", type=float, default=2400.0, help="of each training (default: 2400)"
    )
    parser.add_argument("--threads", type=int, default=0, help="of the CPU (default: all)")
    parser.add_argument("--debug", action="store_true", help="ten steps of each")
    options = parser.parse_intermixed_args(argv)
    for name in options.names:
        if name not in order:
            raise ConfigError(f"strategy {name!r}: expected one of {', '.join(order)}")
    keep_freed_memory()
    if options.threads:
        torch.set_num_threads(options.threads)
    finished = options.prepared / "voice"
    voice = options.voice or (finished if finished.is_dir() else SHIPPED)
    runs = options.runs or options.prepared / "strategies"
    train_series(
        [folder / f"{name}.yaml" for name in order if name in (options.names or order)],
        options.prepared,
        runs,
        voice,
        accelerator=options.accelerator,
        max_seconds=options.max_seconds,
        debug=options.debug,
    )
    made = voice_of_runs(order, options.prepared, runs, voice)
    if set(Defaults(acoustic).models) <= set(made.models):
        made = made.with_defaults(acoustic=acoustic)
    made.save(runs / "voice")
    n_bytes = sum(file.stat().st_size for file in (runs / "voice").iterdir())
    print(f"{runs / 'voice'}: {', '.join(made.models)}; {n_bytes / 1e6:.1f} MB")
    print(f"default: {made.default_acoustic}, {made.default_vocoder}")
    return 0
