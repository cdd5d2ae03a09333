"""Weights between those of two trainings, the second of which went on from the first.

What a fine-tuning gains and what it forgets lie on one line without a hill in between (Wortsman et
al. 2022, "Robust fine-tuning of zero-shot models", arXiv 2109.01903, section 3): part of the way
keeps most of both. The parallel vocoder needs that: critics take from its likeness to the recording
what they give to mels that an acoustic model writes.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch

from tts_pipeline.errors import ConfigError
from tts_pipeline.training.checkpoint import read_weights, save_weights
from tts_pipeline.training.strategy_file import NAME

BEST = "best.safetensors"


def interpolate(first: Path, second: Path, share: float, out: Path) -> None:
    """Write a run's folder with weights between those of two others.

    Args:
        first: folder of the run that is at share 0.
        second: folder of the run that is at share 1; what was trained is taken from it.
        share: how far from the first to the second, 0 to 1.
        out: folder for the weights, with the facts of both beside them.

    Raises:
        ConfigError: if ``share`` is out of range, a run has no weights, or they are of different
            models.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"share={share}: expected 0 to 1")
    weights = [read_weights(run / BEST) for run in (first, second)]
    shapes = [{name: value.shape for name, value in each.items()} for each in weights]
    if shapes[0] != shapes[1]:
        name = sorted(shapes[0].items() ^ shapes[1].items())[0][0]
        raise ConfigError(
            f"{first} and {second} differ in {name}: expected two trainings of one model"
        )
    between = {
        name: torch.lerp(value.float(), weights[1][name].float(), share)
        for name, value in weights[0].items()
    }
    facts = {
        run.name: json.loads((run / BEST).with_suffix(".json").read_text(encoding="utf-8"))
        for run in (first, second)
    }
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(second / NAME, out / NAME)
    by_module: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in between.items():
        module, key = name.split(".", 1)
        by_module.setdefault(module, {})[key] = value
    save_weights(out / BEST, by_module, {"share": share, "between": facts})


def main(argv: list[str] | None = None) -> int:
    """``python -m tts_pipeline.training.interpolate``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path, help="folder of a training")
    parser.add_argument("second", type=Path, help="of the one that went on from it")
    parser.add_argument("--share", type=float, required=True, help="0: the first, 1: the second")
    parser.add_argument("--out", type=Path, required=True, help="folder for what lies between")
    options = parser.parse_args(argv)
    interpolate(options.first, options.second, options.share, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
