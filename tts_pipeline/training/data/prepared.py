"""Prepared and aligned utterances as every training finds them, without corpus or front end."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.corpus.corpus import SPLITS
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import CorpusError
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepare import write_arrays
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.acoustic import AcousticTask, AcousticTrainingConfig

TOKENS = "tokens.json"
SHIPPED = Path(__file__).resolve().parents[2] / "voices" / "kathleen"


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
    """

    audio: AudioConfig
    tokens: dict[str, torch.Tensor]
    durations: Path
    train: FeatureStore
    valid: FeatureStore
    voice: Path
    runs: Path


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
    (folder / TOKENS).write_text(json.dumps(content) + "\n", encoding="utf-8")


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


@functools.lru_cache(maxsize=1)
def acoustic_of(voice: Path) -> AutoregressiveModel:
    """The autoregressive acoustic model of a voice's folder, on the CPU, not to be trained.

    Raises:
        CorpusError: if the voice has none.
    """
    models = json.loads((voice / "config.json").read_text(encoding="utf-8"))["models"]
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


def shipped_mels(data: Prepared) -> dict[str, torch.Tensor]:
    """Mels that the acoustic model in ``data.voice`` writes freely for all utterances, by id.

    ``(M, T)`` on the CPU, along the true durations and pitch; made on a GPU if there is one, and
    kept in ``data.runs/shipped_mels.npz``.
    """
    path = data.runs / "shipped_mels.npz"
    if not path.exists():
        model = acoustic_of(data.voice)
        settings = AcousticTrainingConfig(
            LoopConfig(max_steps=1, batch_size=1, learning_rate=1.0), model=model.config
        )
        task = AcousticTask(settings, data.tokens, data.durations, data.train, data.valid)
        task.statistics = model.statistics.clone()
        device = "cuda" if torch.cuda.is_available() else "cpu"
        task.modules["acoustic"] = model.to(device)
        with torch.inference_mode():
            mels = {k: v.numpy() for k, v in task.predict_mels(free_running=True).items()}
        model.to("cpu")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(path, **mels)
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def stored_weights(path: Path) -> dict[str, torch.Tensor]:
    """Weights of a voice's model in float32."""
    return {
        name: torch.from_numpy(value.astype(np.float32)) for name, value in load_file(path).items()
    }
