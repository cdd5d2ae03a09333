"""Voices with numbers beyond reason end in an error that names them, at once."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tts_pipeline import Voice
from tts_pipeline.errors import VoiceError

ACOUSTIC = ("models", "autoregressive", "config")
VOCODER = ("models", "parallel", "config")
HUGE = 10**400


def edited(tiny_voice: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    folder = Path(shutil.copytree(tiny_voice, tmp_path / "voice"))
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*ACOUSTIC, "dropout"), HUGE),
        ((*ACOUSTIC, "prenet_dropout"), 1e9),
        ((*ACOUSTIC, "prenet_dropout"), float("inf")),
        ((*ACOUSTIC, "encoder_blocks"), 10**9),
        ((*ACOUSTIC, "predictor_blocks"), 10**9),
        ((*ACOUSTIC, "channels"), 0),
        ((*VOCODER, "max_log_gain"), float("nan")),
        ((*VOCODER, "max_log_gain"), HUGE),
        ((*VOCODER, "n_fft"), 10**6),
        (("models", "parallel", "weights", "n_bytes"), 6 * 10**9),
    ],
)
def test_odd_settings_are_named(
    tiny_voice: Path, tmp_path: Path, place: tuple[str, ...], value: float
) -> None:
    def change(config: dict[str, Any]) -> None:
        for key in place[:-1]:
            config = config[key]
        assert place[-1] in config
        config[place[-1]] = value

    with pytest.raises(VoiceError, match=rf"{'.'.join(place)}.*expected"):
        Voice.load(edited(tiny_voice, tmp_path, change)).verify()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_fft", 10**6),
        ("sample_rate", 1_000_000),
        ("fmax", 2.0),
        ("win_length", 2),
        ("fmin", HUGE),
        ("fmax", HUGE),
        ("log_floor", HUGE),
    ],
)
def test_odd_audio_settings_are_named(
    tiny_voice: Path, tmp_path: Path, name: str, value: float
) -> None:
    def change(config: dict[str, Any]) -> None:
        for model in config["models"].values():
            model["audio"][name] = value

    with pytest.raises(VoiceError, match=rf"audio\.{name}.*expected"):
        Voice.load(edited(tiny_voice, tmp_path, change))


@pytest.mark.parametrize("place", [(*ACOUSTIC, "hidden"), (*VOCODER, "pitch", "f0_min")])
def test_a_setting_that_is_left_out_is_named(
    tiny_voice: Path, tmp_path: Path, place: tuple[str, ...]
) -> None:
    def change(config: dict[str, Any]) -> None:
        for key in place[:-1]:
            config = config[key]
        del config[place[-1]]

    with pytest.raises(VoiceError, match=rf"{'.'.join(place)}: missing"):
        Voice.load(edited(tiny_voice, tmp_path, change)).verify()


@pytest.mark.parametrize("value", [3e38, -3e38, 0.0, np.nan])
@pytest.mark.parametrize("name", ["autoregressive", "parallel"])
def test_odd_weights_are_a_voice_error_at_load(
    tiny_voice: Path, tmp_path: Path, name: str, value: float
) -> None:
    def change(config: dict[str, Any]) -> None:
        weights = config["models"][name]["weights"]
        file = tmp_path / "voice" / weights["file"]
        arrays = safetensors.numpy.load_file(file)
        content = safetensors.numpy.save({k: np.full_like(v, value) for k, v in arrays.items()})
        file.write_bytes(content)
        weights.update(sha256=hashlib.sha256(content).hexdigest(), n_bytes=len(content))

    with pytest.raises(VoiceError, match=rf"{name}\.safetensors: weights of another model"):
        Voice.load(edited(tiny_voice, tmp_path, change))
