"""Prepared and aligned utterances as every training finds them, without corpus or front end."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.atomic import write_text
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.corpus.corpus import SPLITS
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.training.data.features import FeatureStore

TOKENS = "tokens.json"
SHIPPED = Path(__file__).resolve().parents[2] / "voices" / "kathleen"


@dataclasses.dataclass(frozen=True)
class Source:
    """An earlier training that another builds on: its config, and the folder of its run."""

    config: Any
    folder: Path


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What the ``prepare`` and ``align`` stages of a recipe left, and where other models lie.

    Attributes:
        audio: audio settings.
        tokens: ``(N,)`` int64 by utterance id.
        durations: folder of the align stage.
        train: training utterances.
        valid: validation utterances.
        voice: folder of a voice whose models may be built upon.
        runs: folder with the results of other trainings, ``runs/<name>/best.safetensors``.
        test: test utterances, which nothing may learn from, if they are there.
        sources: earlier stages of the recipe by what the task calls them.
    """

    audio: AudioConfig
    tokens: dict[str, torch.Tensor]
    durations: Path
    train: FeatureStore
    valid: FeatureStore
    voice: Path
    runs: Path
    test: FeatureStore | None = None
    sources: Mapping[str, Source] = dataclasses.field(default_factory=dict)

    def source(self, name: str) -> Source:
        """The stage that a task calls ``name``.

        Raises:
            ConfigError: if there is none.
        """
        if name not in self.sources:
            raise ConfigError(f"{name}: no such source; train it by the stages of a recipe")
        return self.sources[name]


def write_tokens(
    folder: Path,
    audio: AudioConfig,
    utterances: Iterable[Utterance],
    tokens: dict[str, torch.Tensor],
) -> None:
    """Write the sets and their tokens to ``folder/tokens.json``."""
    splits: dict[str, dict[str, list[int]]] = {split: {} for split in SPLITS}
    for utterance in utterances:
        splits[utterance.split][utterance.id] = tokens[utterance.id].tolist()
    content = {"audio": dataclasses.asdict(audio), "splits": splits}
    write_text(folder / TOKENS, json.dumps(content) + "\n")


def load_prepared(folder: Path, runs: Path, voice: Path = SHIPPED) -> Prepared:
    """The prepared utterances in ``folder``: ``features/``, ``durations/`` and ``tokens.json``.

    Raises:
        CorpusError: if they are not there.
    """
    try:
        content = json.loads((folder / TOKENS).read_text(encoding="utf-8"))
    except OSError as error:
        raise CorpusError(f"{folder / TOKENS}: missing, run the align stage first") from error
    audio = from_mapping(AudioConfig, content["audio"], TOKENS)
    splits = content["splits"]
    stores = {
        split: FeatureStore(folder / "features", list(splits[split]), audio)
        for split in ("train", "valid")
    }
    tokens = {i: torch.tensor(row) for split in splits.values() for i, row in split.items()}
    return Prepared(audio, tokens, folder / "durations", **stores, voice=voice, runs=runs)


def acoustic_of(voice: Path) -> AutoregressiveModel:
    """The autoregressive acoustic model of a voice's folder, on the CPU, not to be trained.

    Raises:
        CorpusError: if the voice has none.
    """
    try:
        models = json.loads((voice / "config.json").read_text(encoding="utf-8"))["models"]
    except OSError as error:
        raise CorpusError(f"{voice}: no voice; run the acoustic stage first") from error
    file = "acoustic.safetensors"
    found = [model for model in models.values() if model["weights"]["file"] == file]
    if not found:
        raise CorpusError(f"{voice}: holds no {file}")
    model = AutoregressiveModel(
        from_mapping(AutoregressiveConfig, found[0]["config"], "config.json"),
        from_mapping(AudioConfig, found[0]["audio"], "config.json").n_mels,
    )
    model.load_state_dict(stored_weights(voice / file))
    return model.eval().requires_grad_(False)


def stored_weights(path: Path) -> dict[str, torch.Tensor]:
    """Weights of a voice's model in float32."""
    return {
        name: torch.from_numpy(value.astype(np.float32)) for name, value in load_file(path).items()
    }
