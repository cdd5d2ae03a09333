"""Trained stages into a voice folder with its card."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import nn

from tts_pipeline import atomic
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.training.stages import Stage, VoiceModel
from tts_pipeline.voice.voice import FRONT_ENDS, Voice
from tts_pipeline.voice.voice_model import VoiceModel as StoredModel


@dataclasses.dataclass(frozen=True)
class VoiceFacts:
    """What the card says of a voice's origin.

    Attributes:
        name: of the voice.
        speaker: who speaks.
        source: where the recordings come from.
        licence: of the recordings and so of the weights.
        limits: what the voice cannot do, in plain words.
        language: "en-US".
    """

    name: str
    speaker: str
    source: str
    licence: str
    limits: tuple[str, ...] = ()
    language: str = "en-US"


class Trained(NamedTuple):
    """A trained model on its way into a voice.

    Attributes:
        stage: that trained it.
        model: what it is in the voice.
        module: the model, in evaluation mode.
    """

    stage: str
    model: VoiceModel
    module: nn.Module


def package(
    facts: VoiceFacts,
    stages: Sequence[Stage],
    trained: Callable[[Stage], Trained],
    audio: AudioConfig,
    runs: Path,
    recipe: Path,
    n_utterances: int,
) -> Path:
    """Write ``runs/voice`` from the newest weights of each model; returns the folder.

    Args:
        facts: for the card.
        stages: of the recipe.
        trained: gives the model of a stage.
        audio: audio settings.
        runs: folder with the results of the training stages.
        recipe: the recipe's YAML file, copied into the voice.
        n_utterances: used in training, for the card.

    Raises:
        ConfigError: if no stage of a model was run.
    """
    found = [trained(stage) for stage in newest_of_each_model(stages, runs)]
    run = [stage.name for stage in stages if (runs / stage.name / "best.json").exists()]
    card = write_card(facts, {name: _facts_of(runs / name) for name in run}, n_utterances)
    folder = runs / "voice"
    write_voice(facts, found, audio, folder, card)
    shutil.copyfile(recipe, folder / "recipe.yaml")
    return folder


def newest_of_each_model(stages: Sequence[Stage], runs: Path) -> list[Stage]:
    """Of the stages that make one model, one after another, the last that was run."""
    chosen: dict[str, Stage] = {}
    for stage in stages:
        model = stage.voice_model
        if model is None:
            continue
        if model.name not in chosen or (runs / stage.name / "best.safetensors").exists():
            chosen[model.name] = stage
    return list(chosen.values())


def write_voice(
    facts: VoiceFacts, models: Sequence[Trained], audio: AudioConfig, folder: Path, card: str = ""
) -> None:
    """Write a voice of trained models.

    Raises:
        VoiceError: if it cannot be written, or the models do not make a voice.
    """
    alphabet = FRONT_ENDS[facts.language].alphabet
    found = {
        item.model.name: StoredModel.of_module(
            item.model.name, item.module, audio, alphabet, dict(item.model.uses)
        )
        for item in models
    }
    Voice(facts.name, audio, found, facts.language, card, alphabet).save(folder)


def _facts_of(run: Path) -> dict[str, object]:
    return json.loads((run / "best.json").read_text(encoding="utf-8"))


def write_card(facts: VoiceFacts, trained: dict[str, dict[str, object]], n_utterances: int) -> str:
    """The voice's card in Markdown, without scores; :func:`add_scores` adds them."""
    lines = [
        f"# {facts.name}",
        "",
        f"- Speaker: {facts.speaker}",
        f"- Recordings: {facts.source}; {n_utterances} of them used in training",
        f"- Licence of the recordings and of these weights: {facts.licence}",
        f"- Language: {facts.language}",
        "- Recipe: `recipe.yaml` in this folder",
        "",
        "| stage | steps | seed | validation |",
        "|---|---|---|---|",
    ]
    for stage, run in trained.items():
        valid = run["valid"]
        figures = ", ".join(f"{k} {v:.3f}" for k, v in valid.items())  # type: ignore[attr-defined]
        lines.append(f"| {stage} | {run['step']} | {run['seed']} | {figures} |")
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in facts.limits), ""]
    return "\n".join(lines)


def add_scores(folder: Path, table: str, scores: Path) -> None:
    """Put the scores on the test set into a voice's card and their file beside it."""
    card = folder / "CARD.md"
    text = card.read_text(encoding="utf-8").split("\n## Scores\n")[0]
    atomic.write_text(card, f"{text}\n## Scores\n\n{table}\n")
    shutil.copyfile(scores, folder / "scores.json")
