"""The folder that a voice lives in: config.json, one safetensors file per model, CARD.md.

Nothing is believed unseen: every file's size and SHA-256 stand in config.json, every tensor's name
and shape follow from the configuration of its model, and no pickle is ever read.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import safetensors.numpy

from tts_pipeline.atomic import write_bytes
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import TTSPipelineError, VoiceError
from tts_pipeline.nn.weights import arrays_in
from tts_pipeline.text.symbols import Alphabet
from tts_pipeline.voice.defaults import Defaults
from tts_pipeline.voice.models import ACOUSTIC, KINDS, VOCODER
from tts_pipeline.voice.schema import CONFIG, SCHEMA, mapping, read_config, remedy_for
from tts_pipeline.voice.voice_model import Origin, VoiceModel

CARD = "CARD.md"
DTYPES = ("float16", "float32")
_MODEL_KEYS = ("role", "kind", "audio", "config", "weights")
_NAME = re.compile("[a-z0-9][a-z0-9_-]*")

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class WeightsFile:
    """A file of weights, as config.json names it."""

    file: str
    sha256: str
    # A voice is small; a file of gigabytes is none, and would fill the memory.
    n_bytes: int = dataclasses.field(metadata={"within": (1, 2**30)})


class Contents(NamedTuple):
    """What a voice's folder holds: models by name, in the order of config.json."""

    name: str
    language: str
    alphabet: Alphabet
    audio: AudioConfig
    models: Mapping[str, VoiceModel]
    card: str
    fingerprint: str = ""
    defaults: Defaults = Defaults()


def read_folder(folder: Path) -> Contents:
    """Read the folder of a voice; its weights are read and verified when they are asked for.

    Args:
        folder: that of the voice.

    Raises:
        VoiceError: saying what is missing, damaged, foreign or too new, and the remedy.
    """
    config, fingerprint = read_config(folder)
    where = str(folder / CONFIG)
    try:
        alphabet = Alphabet.from_dict(config["alphabet"])
    except TTSPipelineError as error:
        raise VoiceError(f"{where}: {error}; {remedy_for(folder)}") from error
    models: dict[str, VoiceModel] = {}
    for name, values in config["models"].items():
        key = f"models.{name}"
        parts = mapping(values, f"{where}: {key}", _MODEL_KEYS, optional=("uses",))
        kind = parts["kind"]
        if kind not in KINDS or KINDS[kind].role != parts["role"]:
            raise VoiceError(
                f"{folder}: unknown kind of model {kind!r} for {name!r} ({parts['role']!r}), "
                f"expected one of {', '.join(KINDS)}; update tts_pipeline, or take a voice made "
                "for it"
            )
        if not _NAME.fullmatch(name):
            raise VoiceError(
                f"{where}: model {name!r}, expected a name of small letters, digits, - and _"
            )
        audio = _read(AudioConfig, parts["audio"], f"{key}.audio", folder)
        weights = _read(WeightsFile, parts["weights"], f"{key}.weights", folder)
        _require_file(folder, weights)
        origin = Origin(where, str(folder / weights.file), remedy_for(folder))
        models[name] = VoiceModel(
            name,
            kind,
            parts["config"],
            audio,
            alphabet,
            functools.partial(_read_weights, folder, weights),
            uses=mapping(parts.get("uses", {}), f"{where}: {key}.uses", tuple(KINDS[kind].uses)),
            origin=origin,
        )
    for model in models.values():
        _require_used(model, models, where)
    _require_same_audio(folder, {name: model.audio for name, model in models.items()})
    for role in (ACOUSTIC, VOCODER):
        if role not in {model.role for model in models.values()}:
            lacks = "vocoder" if role == VOCODER else "acoustic model"
            raise VoiceError(f"{where}: names no {lacks}; {remedy_for(folder)}")
    card = folder / CARD
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    audio = next(iter(models.values())).audio
    defaults = _defaults(config.get("defaults", {}), models, folder)
    return Contents(
        config["name"], config["language"], alphabet, audio, models, text, fingerprint, defaults
    )


def _require_used(model: VoiceModel, models: Mapping[str, VoiceModel], where: str) -> None:
    for key, name in model.uses.items():
        wanted = KINDS[model.kind].uses[key]
        if wanted not in (other.kind for other in models.values() if other.name == name):
            raise VoiceError(
                f"{where}: models.{model.name}.uses.{key}: {name!r}, expected a model of kind "
                f"{wanted!r} that is in the folder"
            )


def write_folder(folder: Path, contents: Contents, dtype: str) -> None:
    """Write the folder of a voice, config.json last, each file at once or not at all.

    Args:
        folder: made if it is missing.
        contents: name, models, defaults and card.
        dtype: of stored parameters, one of ``DTYPES``. Buffers, which are few and may be
            statistics, are stored as float32.

    Raises:
        VoiceError: if a model cannot be saved, the dtype is another one, a number does not fit, or
            writing fails.
    """
    if dtype not in DTYPES:
        raise VoiceError(f"dtype={dtype}: expected one of {', '.join(DTYPES)}")
    records = {}
    files: dict[str, bytes] = {}
    for name, model in contents.models.items():
        if not model.can_be_saved or not _NAME.fullmatch(name):
            raise VoiceError(
                f"{model.role} {name!r} cannot be saved: expected a name of small letters, digits, "
                f"- and _, and a kind among {', '.join(KINDS)}"
            )
        content = safetensors.numpy.save(_stored_arrays(model, dtype))
        file = f"{name}.safetensors"
        files[file] = content
        records[name] = {
            "role": model.role,
            "kind": model.kind,
            **({"uses": model.uses} if model.uses else {}),
            "audio": dataclasses.asdict(contents.audio),
            "config": model.settings,
            "weights": dataclasses.asdict(WeightsFile(file, _sha256(content), len(content))),
        }
    files[CARD] = contents.card.encode()
    files[CONFIG] = _config(contents, records)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            write_bytes(folder / file, content, VoiceError)
    except OSError as error:
        raise VoiceError(f"{folder}: cannot be written ({error})") from error


def write_defaults(folder: Path, defaults: Defaults) -> None:
    """Change which models of the voice in a folder speak if none is asked for; weights and card
    stay as they are.

    Args:
        folder: that of the voice.
        defaults: in place of what its config.json says.

    Raises:
        VoiceError: if the voice has no such models, its config.json cannot be read, or not be
            written.
    """
    contents = read_folder(folder)
    fault = defaults.fault(_roles(contents.models))
    if fault:
        raise VoiceError(f"voice {contents.name!r}: {fault}")
    records = read_config(folder)[0]["models"]
    write_bytes(folder / CONFIG, _config(contents._replace(defaults=defaults), records), VoiceError)


def _config(contents: Contents, records: Mapping[str, object]) -> bytes:
    """What config.json holds."""
    given = contents.defaults.given
    config = {
        "schema": SCHEMA,
        "name": contents.name,
        "language": contents.language,
        **({"defaults": given} if given else {}),
        "alphabet": contents.alphabet.to_dict(),
        "models": records,
    }
    return (json.dumps(config, indent=2) + "\n").encode()


def _defaults(values: object, models: Mapping[str, VoiceModel], folder: Path) -> Defaults:
    try:
        defaults = from_mapping(Defaults, values, "defaults")
    except TTSPipelineError as error:
        raise VoiceError(f"{folder / CONFIG}: {error}; {remedy_for(folder)}") from error
    fault = defaults.fault(_roles(models))
    if fault:
        raise VoiceError(f"{folder / CONFIG}: {fault}; {remedy_for(folder)}")
    return defaults


def _roles(models: Mapping[str, VoiceModel]) -> dict[str, str]:
    return {name: model.role for name, model in models.items()}


def _stored_arrays(model: VoiceModel, dtype: str) -> dict[str, np.ndarray]:
    buffers = model.buffers() if dtype != "float32" else frozenset()
    arrays = {}
    for key, value in model.arrays.items():
        with np.errstate(over="ignore"):
            arrays[key] = value.astype("float32" if key in buffers else dtype, order="C")
        if not np.isfinite(arrays[key]).all():
            raise VoiceError(
                f"{model.name}: {key} holds a number that is not finite in {dtype}; "
                "check the training, or store float32"
            )
    return arrays


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


def _read(kind: type[T], values: object, key: str, folder: Path) -> T:
    try:
        return from_mapping(kind, values, key, complete=True)
    except TTSPipelineError as error:
        raise VoiceError(f"{folder / CONFIG}: {error}; {remedy_for(folder)}") from error


def _require_file(folder: Path, expected: WeightsFile) -> None:
    """See that the file is there and has the right size, which shows all but malice and decay."""
    path = folder / expected.file
    if Path(expected.file).name != expected.file:
        raise VoiceError(
            f"{folder / CONFIG}: weights file {expected.file!r}, expected a name within the folder"
        )
    if not path.is_file():
        raise VoiceError(f"{path}: missing; {remedy_for(folder)}")
    n_bytes = path.stat().st_size
    if n_bytes != expected.n_bytes:
        state = "truncated" if n_bytes < expected.n_bytes else "too long"
        raise VoiceError(
            f"{path}: {state}, {n_bytes} bytes, expected {expected.n_bytes}; {remedy_for(folder)}"
        )


def _read_weights(folder: Path, expected: WeightsFile) -> dict[str, np.ndarray]:
    _require_file(folder, expected)
    path = folder / expected.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VoiceError(f"{path}: cannot be read ({error})") from error
    if _sha256(content) != expected.sha256:
        raise VoiceError(
            f"{path}: damaged, its SHA-256 is not the one in {CONFIG}; {remedy_for(folder)}"
        )
    try:
        return arrays_in(content)
    except VoiceError as error:
        raise VoiceError(f"{path}: {error}; {remedy_for(folder)}") from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
