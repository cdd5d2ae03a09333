"""``tts-pipeline doctor CORPUS``: look at every row of a corpus before training on it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts_pipeline.training.estimate import TrainingTime

SHIPPED_RECIPE = Path(__file__).resolve().parents[1] / "voices" / "kathleen" / "recipe.yaml"


def main(argv: Sequence[str]) -> int:
    """Examine; returns 0 if the corpus is fit for training, else 1."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline doctor",
        description="Report what is wrong with a corpus, by file and line, and how long training "
        "on it would take here. Exit code 1 if training would refuse it.",
    )
    parser.add_argument("corpus", type=Path, help="folder of recordings with their texts")
    parser.add_argument(
        "--exclude", nargs="+", default=[], metavar="ID", help="rows that training leaves out"
    )
    parser.add_argument(
        "--recipe",
        type=Path,
        help="YAML file of the recipe that is to be trained: its rows to leave out, its corrected "
        "texts, its stages (default: that of the voice in the package, without its files)",
    )
    arguments = parser.parse_args(argv)

    from tts_pipeline.config import load_yaml
    from tts_pipeline.corpus.corpus import read_names
    from tts_pipeline.corpus.doctor import examine, format_report
    from tts_pipeline.corpus.texts import read_texts
    from tts_pipeline.recipe import RecipeConfig
    from tts_pipeline.training.estimate import estimate, work_of
    from tts_pipeline.voice.front_ends import FRONT_ENDS

    config = load_yaml(RecipeConfig, arguments.recipe or SHIPPED_RECIPE)
    exclude, texts = list(arguments.exclude), {}
    if arguments.recipe:
        beside = arguments.recipe.parent
        exclude += read_names(beside / config.exclude) if config.exclude else []
        texts = read_texts(beside / config.texts) if config.texts else {}
    diagnosis = examine(
        arguments.corpus,
        exclude=exclude,
        texts=texts,
        front_end=FRONT_ENDS[config.voice.language](),
    )
    print(format_report(diagnosis))
    for line in time_lines(estimate(diagnosis.audio_s, work_of(config.stages))):
        print(line)
    return 0 if diagnosis.healthy else 1


def time_lines(training: TrainingTime) -> list[str]:
    """The estimated training time, in all and by stage."""

    def readable(seconds: float) -> str:
        return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{max(1, seconds / 60):.0f} min"

    parts = ", ".join(f"{name} {readable(seconds)}" for name, seconds in training.stages)
    return [
        f"training time  about {readable(training.total_s)} on this machine "
        f"({training.device}, {training.gflop_per_s:.0f} GFLOP/s)",
        f"               {parts}",
    ]
