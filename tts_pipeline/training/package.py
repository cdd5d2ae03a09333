"""Trained stages into a voice folder with its card."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import torch
from torch import nn

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.tasks.acoustic import AcousticTask
from tts_pipeline.vocoder.harmonic_noise.model import GeneratorConfig, HarmonicPlusNoiseVocoder
from tts_pipeline.vocoder.wavenet.model import WaveNet, WaveNetConfig
from tts_pipeline.voice.voice import Voice


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


def calibrate(model: AutoregressiveModel, task: AcousticTask) -> None:
    """Set the factors on duration and pitch range so that both match the validation set.

    Means that a model predicts are flatter than speech, and their logarithm is off in length; two
    numbers put that right. Beyond a factor of two (four for durations, of a barely trained model)
    they would turn up noise.
    """
    with torch.inference_mode():
        figures = task.validate()
    model.statistics[4] = 1 / max(figures["duration_ratio"], 0.25)
    model.statistics[5] = 1 / max(figures["pitch_range"], 0.5)


def package(
    facts: VoiceFacts,
    task: AcousticTask,
    vocoder: GeneratorConfig,
    audio: AudioConfig,
    runs: Path,
    recipe: Path,
    wavenet: WaveNetConfig | None = None,
) -> Path:
    """Write ``runs/voice`` from the newest weights of each stage; returns the folder.

    Args:
        facts: for the card.
        task: the acoustic model with its data.
        vocoder: sizes of the generator.
        audio: audio settings.
        runs: folder with the results of the training stages.
        recipe: the recipe's YAML file, copied into the voice.
        wavenet: sizes of the autoregressive vocoder; None: the voice has none.

    Raises:
        ConfigError: if a stage was not run.
    """
    acoustic = task.modules["acoustic"]
    acoustic.load_state_dict(load_weights(runs / "acoustic" / "best.safetensors", "acoustic"))
    acoustic.eval()
    calibrate(acoustic, task)  # type: ignore[arg-type]
    generator = HarmonicPlusNoiseVocoder(vocoder, audio)
    stage = "finetune" if (runs / "finetune" / "best.safetensors").exists() else "vocoder"
    generator.load_state_dict(load_weights(runs / stage / "best.safetensors", "generator"))
    models: dict[str, nn.Module] = {"parallel": generator}
    stages = ["align", "acoustic", "vocoder", stage]
    if wavenet is not None:
        models["wavenet"] = WaveNet(wavenet, audio)
        weights = load_weights(runs / "wavenet" / "best.safetensors", "wavenet")
        models["wavenet"].load_state_dict(weights)
        stages.append("wavenet")
    trained = {name: _facts_of(runs / name) for name in stages}
    card = write_card(facts, trained, len(task.train))
    folder = runs / "voice"
    Voice(facts.name, audio, acoustic, models, facts.language, card).save(folder)  # type: ignore[arg-type]
    shutil.copyfile(recipe, folder / "recipe.yaml")
    return folder


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
    card.write_text(f"{text}\n## Scores\n\n{table}\n", encoding="utf-8")
    shutil.copyfile(scores, folder / "scores.json")
