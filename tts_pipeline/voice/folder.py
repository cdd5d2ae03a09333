"""The folder that a voice lives in: config.json, one safetensors file per model, CARD.md.

Nothing is believed unseen: every file's size and SHA-256 stand in config.json, every tensor's name
and shape follow from the configuration of its model, and no pickle is ever read.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy

from tts_pipeline.atomic import write_bytes
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import TTSPipelineError, VoiceError
from tts_pipeline.nn.weights import arrays_in, mapped_arrays
from tts_pipeline.voice.models import KINDS, StoredModel

SCHEMA = 1
CONFIG = "config.json"
CARD = "CARD.md"
DTYPES = ("float16", "float32")


@dataclasses.dataclass(frozen=True)
class WeightsFile:
    """A file of weights, as config.json names it."""

    file: str
    sha256: str
    n_bytes: int


class Contents(NamedTuple):
    """What a voice's folder holds: models by name, in the order of config.json."""

    name: str
    language: str
    audio: AudioConfig
    models: dict[str, StoredModel]
    card: str
    fingerprint: str = ""


def read_folder(folder: Path, *, mapped: bool = False) -> Contents:
    """Read and verify the folder of a voice.

    Args:
        folder: that of the voice.
        mapped: leave weights that are stored as float32 in their files, whose pages all processes
            then share. The files must not be written to as long as the voice is used.

    Raises:
        VoiceError: saying what is missing, damaged, foreign or too new, and the remedy.
    """
    config = _read_config(folder)
    audios: dict[str, AudioConfig] = {}
    models: dict[str, StoredModel] = {}
    for name, values in config["models"].items():
        if name not in KINDS:
            raise VoiceError(
                f"{folder}: unknown kind of model {name!r}, expected one of {', '.join(KINDS)}; "
                "update tts_pipeline, or take a voice made for it"
            )
        where = f"models.{name}"
        parts = _mapping(values, f"{folder / CONFIG}: {where}", ("audio", "config", "weights"))
        try:
            audio = from_mapping(AudioConfig, parts["audio"], f"{where}.audio")
            weights = from_mapping(WeightsFile, parts["weights"], f"{where}.weights")
        except TTSPipelineError as error:
            raise VoiceError(f"{folder / CONFIG}: {error}; {_remedy(folder)}") from error
        audios[name] = audio
        _require_same_audio(folder, audios)
        arrays = _read_weights(folder, weights, mapped)
        models[name] = StoredModel(name, parts["config"], audio, arrays, f"{folder / CONFIG}")
        _verify(folder, weights, models[name])
    if "acoustic" not in models or len(models) == 1:
        lacks = "vocoder" if "acoustic" in models else "acoustic model"
        raise VoiceError(f"{folder / CONFIG}: names no {lacks}; {_remedy(folder)}")
    card = folder / CARD
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    # The configuration holds the hashes of all weights, so its own hash stands for the voice.
    fingerprint = _sha256(json.dumps(config, sort_keys=True).encode())
    audio = audios["acoustic"]
    return Contents(config["name"], config["language"], audio, models, text, fingerprint)


def write_folder(folder: Path, contents: Contents, dtype: str) -> None:
    """Write the folder of a voice, config.json last, each file at once or not at all.

    Args:
        folder: made if it is missing.
        contents: name, models and card.
        dtype: of stored parameters, one of ``DTYPES``. Buffers, which are few and may be
            statistics, are stored as float32.

    Raises:
        VoiceError: if the dtype is another one, a number does not fit, or writing fails.
    """
    if dtype not in DTYPES:
        raise VoiceError(f"dtype={dtype}: expected one of {', '.join(DTYPES)}")
    records = {}
    files: dict[str, bytes] = {}
    for name, model in contents.models.items():
        buffers = model.buffers() if dtype != "float32" else frozenset()
        arrays = {}
        for key, value in model.arrays.items():
            with np.errstate(over="ignore"):
                arrays[key] = value.astype("float32" if key in buffers else dtype, order="C")
            if not np.isfinite(arrays[key]).all():
                raise VoiceError(
                    f"{name}: {key} holds a number that is not finite in {dtype}; "
                    "check the training, or store float32"
                )
        content = safetensors.numpy.save(arrays)
        file = KINDS[name].file
        files[file] = content
        records[name] = {
            "audio": dataclasses.asdict(contents.audio),
            "config": model.settings,
            "weights": dataclasses.asdict(WeightsFile(file, _sha256(content), len(content))),
        }
    config = {
        "schema": SCHEMA,
        "name": contents.name,
        "language": contents.language,
        "models": records,
    }
    files[CARD] = contents.card.encode()
    files[CONFIG] = (json.dumps(config, indent=2) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            write_bytes(folder / file, content, VoiceError)
    except OSError as error:
        raise VoiceError(f"{folder}: cannot be written ({error})") from error


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not folder.is_dir():
        raise VoiceError(f"{folder}: no such folder, expected that of a voice; {_remedy(folder)}")
    if not path.is_file():
        raise VoiceError(f"{folder}: holds no {CONFIG}, so it is no voice; {_remedy(folder)}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise VoiceError(f"{path}: damaged, not valid JSON ({error}); {_remedy(folder)}") from error
    schema = config.get("schema") if isinstance(config, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise VoiceError(
            f"{path}: schema {schema!r}, expected a number from 1 to {SCHEMA}; this is no voice of "
            "tts_pipeline"
        )
    if schema > SCHEMA:
        raise VoiceError(
            f"{path}: a voice of schema {schema}, this version of tts_pipeline reads up to "
            f"{SCHEMA}; update tts_pipeline"
        )
    config = _mapping(config, str(path), ("schema", "name", "language", "models"))
    for key, kind in (("name", str), ("language", str), ("models", dict)):
        if not isinstance(config[key], kind):
            raise VoiceError(
                f"{path}: {key}={config[key]!r}, expected {kind.__name__}; {_remedy(folder)}"
            )
    return config


def _mapping(values: Any, where: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(values, dict) or set(values) != set(keys):
        found = ", ".join(map(str, values)) if isinstance(values, dict) else repr(values)
        raise VoiceError(
            f"{where}: holds {found or 'nothing'}, expected {', '.join(keys)}; this is no voice of "
            "tts_pipeline, or it was edited"
        )
    return values


def _require_same_audio(folder: Path, audios: Mapping[str, AudioConfig]) -> None:
    (first, expected), *others = audios.items()
    for name, audio in others:
        for field in dataclasses.fields(AudioConfig):
            one, other = getattr(expected, field.name), getattr(audio, field.name)
            if one != other:
                raise VoiceError(
                    f"{folder}: {first} has {field.name}={one}, {name} has {field.name}={other}; "
                    "both must be trained with the same audio settings"
                )


def _read_weights(folder: Path, expected: WeightsFile, mapped: bool) -> dict[str, np.ndarray]:
    path = folder / expected.file
    if Path(expected.file).name != expected.file:
        raise VoiceError(
            f"{folder / CONFIG}: weights file {expected.file!r}, expected a name within the folder"
        )
    if not path.is_file():
        raise VoiceError(f"{path}: missing; {_remedy(folder)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VoiceError(f"{path}: cannot be read ({error})") from error
    if len(content) != expected.n_bytes:
        state = "truncated" if len(content) < expected.n_bytes else "too long"
        raise VoiceError(
            f"{path}: {state}, {len(content)} bytes, expected {expected.n_bytes}; {_remedy(folder)}"
        )
    if _sha256(content) != expected.sha256:
        raise VoiceError(
            f"{path}: damaged, its SHA-256 is not the one in {CONFIG}; {_remedy(folder)}"
        )
    try:
        arrays = arrays_in(content)
        return mapped_arrays(path) if mapped else arrays
    except VoiceError as error:
        raise VoiceError(f"{path}: {error}; {_remedy(folder)}") from error


def _verify(folder: Path, weights: WeightsFile, model: StoredModel) -> None:
    """See that the configuration makes a model, and that the weights are those of it.

    A kind that cannot work without PyTorch is looked at when it is first needed.
    """
    if not model.has_engine:
        return
    try:
        _ = model.config
    except VoiceError as error:
        raise VoiceError(f"{error}; {_remedy(folder)}") from error
    try:
        _ = model.engine
    except VoiceError as error:
        raise VoiceError(
            f"{folder / weights.file}: weights of another model than {CONFIG} describes ({error}); "
            f"{_remedy(folder)}"
        ) from error
    except (ArithmeticError, MemoryError, TTSPipelineError, ValueError) as error:
        raise VoiceError(
            f"{folder / CONFIG}: models.{model.kind}.config makes no model ({error}); "
            f"{_remedy(folder)}"
        ) from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _remedy(folder: Path) -> str:
    if folder.resolve().parent == Path(__file__).resolve().parents[1] / "voices":
        return "install tts_pipeline again"
    return "copy or make the voice again, or give the folder of another one"
