"""Voices: what is saved is what is loaded, and whatever is wrong with a folder is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.tiny_voice import make_tiny_voice
from tts_pipeline import Voice, synthesize
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError, TextError, TTSPipelineError, VoiceError
from tts_pipeline.voice.folder import SCHEMA
from tts_pipeline.voice.voice import SHIPPED, cached_voice


@pytest.fixture
def folder(tiny_voice: Path, tmp_path: Path) -> Path:
    """A copy of the tiny voice to damage."""
    return Path(shutil.copytree(tiny_voice, tmp_path / "voice"))


def _edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


def _replace_weights(folder: Path, model: str, tensors: dict[str, torch.Tensor]) -> None:
    """Other weights with the right size and hash, as if the voice had been made so."""
    import hashlib

    content = safetensors.torch.save(tensors)

    def record(config: dict[str, Any]) -> None:
        weights = config["models"][model]["weights"]
        (folder / weights["file"]).write_bytes(content)
        weights.update(sha256=hashlib.sha256(content).hexdigest(), n_bytes=len(content))

    _edit(folder, record)


def _weights(folder: Path, file: str) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(folder / file)


def test_float32_round_trip_is_exact(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    voice.save(tmp_path / "voice", dtype=torch.float32)
    loaded = Voice.load(tmp_path / "voice")
    assert (loaded.name, loaded.language, loaded.card) == (voice.name, "en-US", voice.card)
    assert loaded.audio == voice.audio
    assert loaded.acoustic.config == voice.acoustic.config
    for ours, theirs in ((voice.acoustic, loaded.acoustic), (voice.vocoder, loaded.vocoder)):
        expected, found = ours.state_dict(), theirs.state_dict()
        assert expected.keys() == found.keys()
        assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_float16_weights_are_half_the_size_and_computed_in_float32(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    voice.save(tmp_path / "half")
    voice.save(tmp_path / "full", dtype=torch.float32)
    sizes = [(tmp_path / name / "acoustic.safetensors").stat().st_size for name in ("half", "full")]
    assert sizes[0] < 0.65 * sizes[1]
    loaded = Voice.load(tmp_path / "half")
    parameters = dict(voice.acoustic.named_parameters())
    for name, parameter in loaded.acoustic.named_parameters():
        assert parameter.dtype == torch.float32
        assert torch.equal(parameter, parameters[name].half().float())
    assert torch.equal(loaded.acoustic.statistics, voice.acoustic.statistics)
    assert torch.equal(loaded.acoustic.mel_mean, voice.acoustic.mel_mean)


def test_saving_over_a_voice_replaces_it(folder: Path) -> None:
    make_tiny_voice(name="second", seed=5).save(folder)
    assert Voice.load(folder).name == "second"
    assert not list(folder.glob(".*"))


def test_loaded_models_are_in_use_not_in_training(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    assert not voice.acoustic.training
    assert not any(parameter.requires_grad for parameter in voice.acoustic.parameters())


def test_loading_leaves_the_global_random_numbers_alone(tiny_voice: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    Voice.load(tiny_voice)
    assert torch.equal(torch.rand(4), expected)


def test_models_speak_alike_before_and_after_they_are_built(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    text = "Hello there."
    before = synthesize(text, voice=voice, seed=2).samples
    assert (voice.acoustic, voice.vocoder) == (voice.acoustic, voice.vocoder), "built once"
    after = synthesize(text, voice=voice, seed=2).samples
    assert np.array_equal(before, after)
    with torch.no_grad():
        voice.vocoder.output.bias.add_(0.5)
    louder = synthesize(text, voice=voice, seed=2).samples
    assert np.abs(louder).mean() > 1.3 * np.abs(after).mean()


def test_vocoders_are_found_by_name(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    assert set(voice.vocoders) == {"parallel", "griffin-lim"}
    assert voice.choose_vocoder("parallel") is voice.vocoder
    mel = torch.full((80, 5), -5.0)
    for name in voice.vocoders:
        assert voice.vocoders[name].infer(mel, seed=1).shape == (800,)
    with pytest.raises(VoiceError, match="'wavegan'.*griffin-lim, parallel"):
        voice.choose_vocoder("wavegan")


def test_lexicon_makes_another_voice_with_the_same_models(tiny_voice: Path, tmp_path: Path) -> None:
    voice = Voice.load(tiny_voice)
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("hello\tG UH2 D B AY1\n", encoding="utf-8")
    other = voice.with_lexicon(lexicon)
    assert other.acoustic is voice.acoustic
    assert other.front_end("hello")[0][0].words[0].phones == ("G", "UH2", "D", "B", "AY1")
    assert voice.front_end("hello")[0][0].words[0].phones != ("G", "UH2", "D", "B", "AY1")
    with pytest.raises(TextError):
        _ = voice.with_lexicon(tmp_path / "missing.tsv").front_end


def test_cache_returns_the_same_voice_until_it_changes(folder: Path) -> None:
    import os

    first = cached_voice(folder)
    assert cached_voice(str(folder)) is first
    make_tiny_voice(name="newer", seed=1).save(folder)
    os.utime(folder / "config.json", ns=(1, 1))
    assert cached_voice(folder).name == "newer"


def test_models_of_one_voice_must_share_the_audio_settings() -> None:
    one, other = make_tiny_voice(), make_tiny_voice(AudioConfig(fmax=7600.0))
    with pytest.raises(VoiceError, match=r"fmax=7600\.0"):
        Voice("mixed", one.audio, one.acoustic, {"parallel": other.vocoder})
    with pytest.raises(VoiceError, match="80 mel bands.*n_mels=40"):
        Voice("mixed", AudioConfig(n_mels=40), one.acoustic, {})


def test_vocoder_without_a_file_format_is_not_dropped_silently(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    odd = Voice("odd", voice.audio, voice.acoustic, {"own": voice.vocoder})
    with pytest.raises(VoiceError, match="'own' cannot be saved"):
        odd.save(tmp_path / "odd")


def test_save_refuses_other_dtypes_and_bad_numbers(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    with pytest.raises(VoiceError, match="bfloat16"):
        voice.save(tmp_path / "voice", dtype=torch.bfloat16)
    with torch.no_grad():
        voice.acoustic.decoder.output.bias[0] = 1e6
    with pytest.raises(VoiceError, match=r"decoder\.output\.bias.*float16.*store float32"):
        voice.save(tmp_path / "voice")
    assert not (tmp_path / "voice" / "config.json").exists()


def _truncate(folder: Path) -> None:
    path = folder / "vocoder.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _flip_a_byte(folder: Path) -> None:
    path = folder / "acoustic.safetensors"
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)


def _lengthen(folder: Path) -> None:
    with (folder / "acoustic.safetensors").open("ab") as file:
        file.write(b"more")


def _lose_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "acoustic.safetensors")
    del tensors["decoder.output.bias"]
    _replace_weights(folder, "acoustic", tensors)


def _reshape_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "vocoder.safetensors")
    tensors["output.bias"] = torch.zeros(3)
    _replace_weights(folder, "parallel", tensors)


def _poison_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "vocoder.safetensors")
    tensors["output.bias"][1] = float("nan")
    _replace_weights(folder, "parallel", tensors)


def _retype_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "vocoder.safetensors")
    tensors["output.bias"] = tensors["output.bias"].double()
    _replace_weights(folder, "parallel", tensors)


def _swap_models(folder: Path) -> None:
    _replace_weights(folder, "acoustic", _weights(folder, "vocoder.safetensors"))


def _pickle_instead(folder: Path) -> None:
    import hashlib
    import pickle

    content = pickle.dumps({"weights": [1.0]})
    (folder / "acoustic.safetensors").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    _edit(
        folder,
        lambda c: c["models"]["acoustic"]["weights"].update(sha256=digest, n_bytes=len(content)),
    )


def _model(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda config: config["models"][name]


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "no such folder"),
    "no config": (lambda f: (f / "config.json").unlink(), r"no config\.json"),
    "no weights": (lambda f: (f / "vocoder.safetensors").unlink(), "vocoder.safetensors: missing"),
    "truncated weights": (_truncate, r"vocoder\.safetensors: truncated, \d+ bytes, expected \d+"),
    "longer weights": (_lengthen, "acoustic.safetensors: too long"),
    "damaged weights": (_flip_a_byte, "acoustic.safetensors: damaged.*SHA-256"),
    "truncated config": (
        lambda f: (f / "config.json").write_text((f / "config.json").read_text()[:200]),
        "damaged, not valid JSON",
    ),
    "config of bytes": (
        lambda f: (f / "config.json").write_bytes(b"\xff\xfe\x00"),
        "not valid JSON",
    ),
    "config of a list": (lambda f: (f / "config.json").write_text("[1]"), "no voice of"),
    "another program's": (
        lambda f: (f / "config.json").write_text('{"audio": {"sample_rate": 22050}}'),
        "schema None.*no voice of tts_pipeline",
    ),
    "newer schema": (
        lambda f: _edit(f, lambda c: c.update(schema=SCHEMA + 1, new="key")),
        f"schema {SCHEMA + 1}.*reads up to {SCHEMA}; update",
    ),
    "schema of text": (lambda f: _edit(f, lambda c: c.update(schema="1")), "schema '1'"),
    "unknown key": (lambda f: _edit(f, lambda c: c.update(speed=2)), "speed"),
    "unknown model": (
        lambda f: _edit(f, lambda c: c["models"].update(diffusion={})),
        "unknown kind of model 'diffusion'.*update",
    ),
    "no acoustic model": (
        lambda f: _edit(f, lambda c: c["models"].pop("acoustic")),
        "names no acoustic model",
    ),
    "no vocoder": (
        lambda f: _edit(f, lambda c: c["models"].pop("parallel")),
        "names no vocoder",
    ),
    "language": (lambda f: _edit(f, lambda c: c.update(language="tlh")), "'tlh'.*en-US"),
    "name": (lambda f: _edit(f, lambda c: c.update(name=7)), "name=7, expected str"),
    "unknown setting": (
        lambda f: _edit(f, lambda c: _model("acoustic")(c)["config"].update(layers=3)),
        r"config\.layers: unknown key",
    ),
    "mistyped setting": (
        lambda f: _edit(f, lambda c: _model("parallel")(c)["config"].update(channels="24")),
        r"config\.channels: '24', expected int",
    ),
    "impossible setting": (
        lambda f: _edit(f, lambda c: _model("parallel")(c)["config"].update(n_fft=101)),
        "makes no model.*n_fft=101",
    ),
    "other sizes": (
        lambda f: _edit(f, lambda c: _model("acoustic")(c)["config"].update(channels=48)),
        r"another model than config\.json describes.*has shape",
    ),
    "impossible audio": (
        lambda f: _edit(f, lambda c: _model("acoustic")(c)["audio"].update(fmax=99999.0)),
        "fmax=99999",
    ),
    "audio that differs": (
        lambda f: _edit(f, lambda c: _model("parallel")(c)["audio"].update(sample_rate=22050)),
        "acoustic has sample_rate=16000, parallel has sample_rate=22050",
    ),
    "file elsewhere": (
        lambda f: _edit(f, lambda c: _model("parallel")(c)["weights"].update(file="../x")),
        "'../x', expected a name within the folder",
    ),
    "missing tensor": (_lose_a_tensor, r"lacks decoder\.output\.bias"),
    "wrong shape": (_reshape_a_tensor, r"output\.bias has shape \(3,\), expected \(963,\)"),
    "not finite": (_poison_a_tensor, r"output\.bias holds NaN"),
    "wrong dtype": (_retype_a_tensor, r"output\.bias is float64"),
    "another model's weights": (_swap_models, "weights of another model"),
    "pickle": (_pickle_instead, "not a safetensors file"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_whatever_is_wrong_with_a_voice_is_named(case: str, folder: Path) -> None:
    spoil, message = FAULTS[case]
    spoil(folder)
    with pytest.raises(VoiceError, match=message) as caught:
        Voice.load(folder)
    assert isinstance(caught.value, TTSPipelineError)
    if case != "language":
        assert str(folder) in str(caught.value)


def test_vocoder_interface_refuses_what_is_no_mel(tiny_voice: Path) -> None:
    with pytest.raises(AudioError, match="expected"):
        Voice.load(tiny_voice).vocoder.infer(torch.zeros(3, 40, 10))


@pytest.mark.skipif(
    not (SHIPPED / "config.json").exists(), reason="no voice has been trained into the package yet"
)
def test_shipped_voice_is_whole_and_small() -> None:
    voice = Voice.load()
    assert voice.audio == AudioConfig()
    assert "CC0" in voice.card
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 25e6
