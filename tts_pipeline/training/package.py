"""Trained stages into a voice folder with its card."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import nn

from tts_pipeline import atomic
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.text.symbols import Alphabet
from tts_pipeline.training.stages import Stage
from tts_pipeline.voice.defaults import Defaults
from tts_pipeline.voice.voice import Voice


@dataclasses.dataclass(frozen=True)
class VoiceFacts:
    """What the card says of a voice's origin, and which of its models speak if none is asked for.

    Attributes:
        name: of the voice.
        speaker: who speaks.
        source: where the recordings come from.
        licence: of the recordings and so of the weights.
        limits: what the voice cannot do, in plain words.
        language: "en-US".
        defaults: models that speak if none is asked for.
    """

    name: str
    speaker: str
    source: str
    licence: str
    limits: tuple[str, ...] = ()
    language: str = "en-US"
    defaults: Defaults = Defaults()


def package(
    facts: VoiceFacts,
    stages: Sequence[Stage],
    trained: Callable[[Stage], nn.Module],
    audio: AudioConfig,
    alphabet: Alphabet,
    runs: Path,
    recipe: Path,
    n_utterances: int,
) -> Path:
    """Write ``runs/voice`` from the newest weights of each model; returns the folder.

    Args:
        facts: for the card.
        stages: of the recipe; the first acoustic model and the first vocoder become the defaults
            where ``facts`` name no others.
        trained: gives the model of a stage.
        audio: audio settings.
        alphabet: of the tokens.
        runs: folder with the results of the training stages.
        recipe: the recipe's YAML file, copied into the voice.
        n_utterances: used in training, for the card.

    Raises:
        ConfigError: if no stage of a model was run.
    """
    models = {name: trained(stage) for name, stage in newest_of_each_model(stages, runs).items()}
    run = [stage.name for stage in stages if (runs / stage.name / "best.json").exists()]
    card = write_card(facts, {name: _facts_of(runs / name) for name in run}, n_utterances)
    folder = runs / "voice"
    made = Voice(facts.name, audio, models, facts.language, card, alphabet, defaults=facts.defaults)
    made.save(folder)
    shutil.copyfile(recipe, folder / "recipe.yaml")
    return folder


def newest_of_each_model(stages: Sequence[Stage], runs: Path) -> dict[str, Stage]:
    """By the name of each model the last stage of those that make it that was run."""
    chosen: dict[str, Stage] = {}
    for stage in stages:
        name = stage.model_name
        if name is not None and (
            name not in chosen or (runs / stage.name / "best.safetensors").exists()
        ):
            chosen[name] = stage
    return chosen


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
        *(f"- Default {role}: `{name}`" for role, name in facts.defaults.given.items()),
        "",
        "| stage | steps | seed | validation |",
        "|---|---|---|---|",
    ]
    for stage, run in trained.items():
        valid = run["valid"]
        figures = ", ".join(
            f"{k} –" if v is None else f"{k} {v:.3f}"
            for k, v in valid.items()  # type: ignore[attr-defined]
        )
        lines.append(f"| {stage} | {run['step']} | {run['seed']} | {figures} |")
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in facts.limits), ""]
    return "\n".join(lines)


def add_scores(folder: Path, text: str, scores: Path) -> None:
    """Put the scores on the test set into a voice's card and their file beside it."""
    card = folder / "CARD.md"
    before = card.read_text(encoding="utf-8").split("\n## Scores\n")[0]
    atomic.write_text(card, f"{before}\n## Scores\n\n{text}\n")
    shutil.copyfile(scores, folder / "scores.json")
