"""The schemas of a voice's config.json."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tts_pipeline.errors import VoiceError
from tts_pipeline.text.symbols import ARPABET

SCHEMA = 2
CONFIG = "config.json"
# What the models of schema 1 are called since: name, role, kind.
_SCHEMA_1 = {
    "acoustic": ("autoregressive", "acoustic", "autoregressive"),
    "parallel": ("parallel", "vocoder", "harmonic-noise"),
    "wavenet": ("wavenet", "vocoder", "wavenet"),
}


def read_config(folder: Path) -> tuple[dict[str, Any], str]:
    """config.json of a voice's folder, of the newest schema whatever it was written with, and its
    SHA-256 as it was written: it holds the hashes of all weights, and so stands for the voice.

    Raises:
        VoiceError: if it is missing, no JSON, of another program or of a newer schema.
    """
    path = folder / CONFIG
    if not folder.is_dir():
        raise VoiceError(
            f"{folder}: no such folder, expected that of a voice; {remedy_for(folder)}"
        )
    if not path.is_file():
        raise VoiceError(f"{folder}: holds no {CONFIG}, so it is no voice; {remedy_for(folder)}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise VoiceError(
            f"{path}: damaged, not valid JSON ({error}); {remedy_for(folder)}"
        ) from error
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
    keys = ("schema", "name", "language", "models", *(("alphabet",) if schema > 1 else ()))
    config = mapping(config, str(path), keys, optional=("defaults",) if schema > 1 else ())
    for key, kind in (("name", str), ("language", str), ("models", dict)):
        if not isinstance(config[key], kind):
            raise VoiceError(
                f"{path}: {key}={config[key]!r}, expected {kind.__name__}; {remedy_for(folder)}"
            )
    fingerprint = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    return (_from_schema_1(config) if schema == 1 else config), fingerprint


def mapping(
    values: Any, where: str, keys: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A mapping of exactly these keys.

    Raises:
        VoiceError: if it is none.
    """
    if not isinstance(values, dict) or set(values) - set(optional) != set(keys):
        found = ", ".join(map(str, values)) if isinstance(values, dict) else repr(values)
        wanted = ", ".join(keys) or "nothing"
        more = f" and perhaps {', '.join(optional)}" if optional else ""
        raise VoiceError(
            f"{where}: holds {found or 'nothing'}, expected {wanted}{more}; this is no "
            "voice of tts_pipeline, or it was edited"
        )
    return values


def _from_schema_1(config: dict[str, Any]) -> dict[str, Any]:
    """Before models had names and kinds of their own, and every alphabet was the English one."""
    models = {}
    for key, values in config["models"].items():
        name, role, kind = _SCHEMA_1.get(key, (key, "", key))
        more = {"role": role, "kind": kind}
        models[name] = {**more, **values} if isinstance(values, dict) else values
    return {**config, "alphabet": ARPABET.to_dict(), "models": models}


def remedy_for(folder: Path) -> str:
    """What to do about a damaged voice."""
    if folder.resolve().parent == Path(__file__).resolve().parents[1] / "voices":
        return "install tts_pipeline again"
    return "copy or make the voice again, or give the folder of another one"
