"""Prepared and aligned utterances as every training finds them, without corpus or front end."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.numpy import load_file

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.atomic import write_text
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.corpus.corpus import SPLITS
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import ConfigError, CorpusError, VoiceError
from tts_pipeline.text.symbols import ARPABET, Alphabet
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.voice.folder import read_folder
from tts_pipeline.voice.voice import SHIPPED

TOKENS = "tokens.json"


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
        alphabet: of the tokens.
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
    alphabet: Alphabet = ARPABET

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
    alphabet: Alphabet = ARPABET,
) -> None:
    """Write the sets, their tokens and the alphabet to ``folder/tokens.json``."""
    splits: dict[str, dict[str, list[int]]] = {split: {} for split in SPLITS}
    for utterance in utterances:
        splits[utterance.split][utterance.id] = tokens[utterance.id].tolist()
    content = {
        "audio": dataclasses.asdict(audio),
        "alphabet": alphabet.to_dict(),
        "splits": splits,
    }
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
    stored = content.get("alphabet")
    return Prepared(
        audio,
        tokens,
        folder / "durations",
        train=stores["train"],
        valid=stores["valid"],
        voice=voice,
        runs=runs,
        alphabet=Alphabet.from_dict(stored) if stored else ARPABET,
    )


def acoustic_of(data: Prepared | Path) -> AutoregressiveModel:
    """The autoregressive acoustic model that others build on, on the CPU, not to be trained.

    Args:
        data: whose source ``"acoustic"`` it is, a stage of the recipe; without one, and given a
            folder, that of the voice.

    Raises:
        ConfigError: if the stage was not run.
        CorpusError: if the voice has no such model.
    """
    if isinstance(data, Prepared) and "acoustic" in data.sources:
        source = data.sources["acoustic"]
        model = AutoregressiveModel(source.config.model, data.audio.n_mels, data.alphabet)
        path = source.folder / "best.safetensors"
        model.load_state_dict(load_weights(path, "acoustic"))
        return model.eval().requires_grad_(False)
    folder = data.voice if isinstance(data, Prepared) else data
    try:
        models = read_folder(folder).models.values()
    except VoiceError as error:
        raise CorpusError(f"{folder}: no voice ({error}); name another to build on") from error
    found = [model for model in models if model.kind == "autoregressive"]
    if not found:
        raise CorpusError(f"{folder}: has no autoregressive acoustic model to build upon")
    return cast(AutoregressiveModel, found[0].module())


def stored_weights(path: Path) -> dict[str, torch.Tensor]:
    """Weights of a voice's model in float32."""
    return {
        name: torch.from_numpy(value.astype(np.float32)) for name, value in load_file(path).items()
    }
