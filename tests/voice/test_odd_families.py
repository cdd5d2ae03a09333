"""Odd settings and weights of every kind of model, those that are no default included."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import shutil
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.acoustic.families import write_voice_of_everything
from tts_pipeline import Voice, stream, synthesize
from tts_pipeline.errors import VoiceError
from tts_pipeline.protocols import AcousticInput, MelStream
from tts_pipeline.voice.models import ACOUSTIC, KINDS, VOCODER

# How a model takes part in speech.
ASKED = {
    "codes": {"acoustic": "coded"},
    "aligner": {"acoustic": "fixed-length"},
    "flow-refiner": {"acoustic": "autoregressive+flow-refiner"},
    "prosody": {"acoustic": "one-shot", "prosody_temperature": 1.0},
}
NAMES = (
    *("autoregressive", "parallel", "codes", "coded", "masked", "fixed-length", "flow", "latent"),
    "flow-head",
    *("one-shot", "pyramid", "flow-refiner", "wavenet", "aligner", "prosody"),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("everything")
    voice = write_voice_of_everything(folder)
    assert set(voice.models) == set(NAMES)
    assert {model.kind for model in voice.models.values()} == set(KINDS)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "voice"))


def numbers(settings: dict[str, Any], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where numbers stand in a configuration."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from numbers(value, (*place, key))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield (*place, key)


def with_setting(config: dict[str, Any], name: str, place: tuple[str, ...], value: Any) -> str:
    changed = copy.deepcopy(config)
    settings = changed["models"][name]["config"]
    for key in place[:-1]:
        settings = settings[key]
    settings[place[-1]] = value
    return json.dumps(changed)


@pytest.mark.parametrize(
    "value", [10**9, 10**400, -(10**9), float("nan")], ids=["1e9", "1e400", "-1e9", "nan"]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_number_beyond_reason_is_named_wherever_it_stands(
    folder: Path, name: str, value: float
) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    for place in numbers(config["models"][name]["config"]):
        path.write_text(with_setting(config, name, place, value))
        where = ".".join(("models", name, "config", *place))
        with pytest.raises(VoiceError, match=rf"{where}: .*expected"):
            Voice.load(folder).start(name, KINDS[config["models"][name]["kind"]].role)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("fixed-length", "n_heads", 0),
        ("fixed-length", "canvas", 0),
        ("masked", "text_channels", 48),
        ("codes", "levels", [3] * 50),
        ("codes", "levels", []),
        ("coded", "n_codes", 100),
    ],
)
def test_settings_that_make_no_model_are_a_voice_error(
    folder: Path, name: str, key: str, value: Any
) -> None:
    path = folder / "config.json"
    path.write_text(with_setting(json.loads(path.read_text()), name, (key,), value))
    with pytest.raises(VoiceError, match=name):
        Voice.load(folder).verify()


@pytest.mark.parametrize(
    ("uses", "message"),
    [
        ({}, r"models\.masked\.uses: holds nothing, expected text, codes"),
        ({"text": "autoregressive"}, r"models\.masked\.uses: holds text, expected text, codes"),
        ("text", r"models\.masked\.uses: holds 'text', expected text, codes"),
        ({"text": "codes", "codes": "codes"}, r"uses\.text: 'codes'.*kind 'autoregressive'"),
        ({"text": "autoregressive", "codes": "nobody"}, r"uses\.codes: 'nobody'.*kind 'codes'"),
        ({"text": ["autoregressive"], "codes": "codes"}, r"uses\.text: \['auto.*expected a model"),
    ],
)
def test_what_a_model_uses_of_others_is_named(folder: Path, uses: Any, message: str) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["models"]["masked"]["uses"] = uses
    path.write_text(json.dumps(config))
    with pytest.raises(VoiceError, match=message):
        Voice.load(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_a_configuration_has_a_range(kind: str) -> None:
    def without_range(config: type[Any]) -> list[str]:
        hints = typing.get_type_hints(config)
        found = []
        for field in dataclasses.fields(config):
            hint = hints[field.name]
            if dataclasses.is_dataclass(hint):
                found += without_range(typing.cast(type, hint))
            elif hint in (int, float) and "within" not in field.metadata:
                found.append(f"{config.__name__}.{field.name}")
        return found

    assert without_range(KINDS[kind].part("config")) == []


def with_weights(folder: Path, name: str, change: Any) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    weights = config["models"][name]["weights"]
    arrays = safetensors.numpy.load_file(folder / weights["file"])
    content = safetensors.numpy.save({key: change(key, value) for key, value in arrays.items()})
    (folder / weights["file"]).write_bytes(content)
    weights.update(sha256=hashlib.sha256(content).hexdigest(), n_bytes=len(content))
    path.write_text(json.dumps(config))


def spoken(folder: Path, name: str) -> np.ndarray:
    voice = Voice.load(folder)
    role = voice.models[name].role
    how = ASKED.get(name) or {ACOUSTIC: {"acoustic": name}, VOCODER: {"vocoder": name}}[role]
    return synthesize("Go.", voice=voice, **how).samples


@pytest.mark.parametrize("value", [0.0, 3e38, -3e38, 1e-38, np.nan, np.inf])
@pytest.mark.parametrize("name", NAMES)
def test_weights_that_no_training_gives_are_a_voice_error_at_load(
    folder: Path, name: str, value: float
) -> None:
    with_weights(folder, name, lambda _, array: np.full_like(array, value))
    with pytest.raises(VoiceError, match=rf"{name}\.safetensors"):
        Voice.load(folder).verify()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("size", [6e4, 1e9])
@pytest.mark.parametrize("name", NAMES)
def test_large_weights_give_sound_or_a_voice_error(folder: Path, name: str, size: float) -> None:
    random = np.random.default_rng(0)

    def large(key: str, array: np.ndarray) -> np.ndarray:
        signs = np.ones(array.shape) if "std" in key else random.choice([-1, 1], array.shape)
        return np.asarray(size * signs, np.float32)

    with_weights(folder, name, large)
    try:
        assert np.isfinite(spoken(folder, name)).all()
    except VoiceError as error:
        assert "take another voice" in str(error) or name in str(error)


class Broken:
    """An acoustic model that writes NaN, or a refiner that makes NaN of what is written."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def infer(self, inputs: list[AcousticInput], **how: Any) -> list[MelStream]:
        return [self._broken(made) for made in self._model.infer(inputs, **how)]

    def stream(self, given: AcousticInput, **how: Any) -> MelStream:
        return self._broken(self._model.stream(given, **how))

    def _broken(self, made: MelStream) -> MelStream:
        made.blocks = (np.where(block < np.median(block), np.nan, block) for block in made.blocks)
        return made


def test_no_mel_of_nan_is_spoken(whole: Path) -> None:
    voice = Voice.load(whole)
    broken = voice.with_model("broken", Broken(voice.acoustic))
    for acoustic, maker in (
        ("broken", "acoustic model 'broken'"),
        ("broken+flow-refiner", "the acoustic model before the refiner"),
    ):
        for speak in (synthesize, lambda text, **how: list(stream(text, **how))):
            with pytest.raises(VoiceError, match=f"{maker} gives NaN"):
                speak("Go.", voice=broken, acoustic=acoustic)
