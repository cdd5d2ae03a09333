"""Voices: what is saved is what is loaded, and whatever is wrong with a folder is named."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.tiny import make_tiny_voice
from tts_pipeline import Voice, synthesize
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine
from tts_pipeline.acoustic.autoregressive.generation import AutoregressiveOnDevice
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError, TextError, TTSPipelineError, VoiceError
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.text.symbols import ARPABET, Alphabet
from tts_pipeline.vocoder.harmonic_noise.generation import HarmonicNoiseOnDevice
from tts_pipeline.voice.schema import SCHEMA
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


MODELS = ("autoregressive", "parallel")


def test_float32_round_trip_is_exact(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    voice.save(tmp_path / "voice", dtype=torch.float32)
    loaded = Voice.load(tmp_path / "voice")
    assert (loaded.name, loaded.language, loaded.card) == (voice.name, "en-US", voice.card)
    assert (loaded.audio, loaded.alphabet) == (voice.audio, ARPABET)
    assert tuple(loaded.models) == MODELS
    for name in MODELS:
        assert loaded.models[name].config == voice.models[name].config
        expected, found = (v.module(name).state_dict() for v in (voice, loaded))
        assert expected.keys() == found.keys()
        assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_float16_weights_are_half_the_size_and_computed_in_float32(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    voice.save(tmp_path / "half")
    voice.save(tmp_path / "full", dtype=torch.float32)
    sizes = [
        (tmp_path / name / "autoregressive.safetensors").stat().st_size for name in ("half", "full")
    ]
    assert sizes[0] < 0.65 * sizes[1]
    before, after = (v.module("autoregressive") for v in (voice, Voice.load(tmp_path / "half")))
    parameters = dict(before.named_parameters())
    for name, parameter in after.named_parameters():
        assert parameter.dtype == torch.float32
        assert torch.equal(parameter, parameters[name].half().float())
    assert torch.equal(after.statistics, before.statistics)
    assert torch.equal(after.mel_mean, before.mel_mean)


def test_saving_over_a_voice_replaces_it(folder: Path) -> None:
    make_tiny_voice(name="second", seed=5).save(folder)
    assert Voice.load(folder).name == "second"
    assert not list(folder.glob(".*"))


def test_a_voice_of_schema_1_is_read_as_before(folder: Path) -> None:
    """As it was written before models had roles, kinds and names of their own."""
    expected = synthesize("Hello there.", voice=folder, seed=2)

    def older(config: dict[str, Any]) -> None:
        config["schema"] = 1
        del config["alphabet"]
        for old, new in (("acoustic", "autoregressive"), ("parallel", "parallel")):
            model = config["models"].pop(new)
            del model["role"], model["kind"]
            config["models"][old] = model

    _edit(folder, older)
    voice = Voice.load(folder)
    assert tuple(voice.models) == MODELS
    assert (voice.default_acoustic, voice.default_vocoder) == MODELS
    found = synthesize("Hello there.", voice=voice, seed=2)
    assert np.array_equal(found.samples, expected.samples)
    assert found.timestamps == expected.timestamps
    _edit(folder, lambda config: config["models"].update(diffusion={}))
    with pytest.raises(VoiceError, match="models.diffusion"):
        Voice.load(folder)


def test_modules_are_in_use_not_in_training(tiny_voice: Path) -> None:
    module = Voice.load(tiny_voice).module("autoregressive")
    assert not module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_loading_leaves_the_global_random_numbers_alone(tiny_voice: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    Voice.load(tiny_voice).module("parallel")
    assert torch.equal(torch.rand(4), expected)


def test_changed_weights_make_another_voice(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    text = "Hello there."
    before = synthesize(text, voice=voice, seed=2).samples
    module = voice.module("parallel")
    same = voice.with_model("parallel", module)
    with torch.no_grad():
        module.output.bias.add_(0.5)
    louder = voice.with_model("parallel", module)
    assert np.array_equal(synthesize(text, voice=voice, seed=2).samples, before)
    assert np.array_equal(synthesize(text, voice=same, seed=2).samples, before)
    changed = synthesize(text, voice=louder, seed=2).samples
    assert np.abs(changed).mean() > 1.3 * np.abs(before).mean()
    assert tuple(louder.models) == MODELS
    assert (voice.fingerprint, louder.fingerprint) != ("", voice.fingerprint)


def test_a_voice_at_work_in_pytorch_says_the_same(tiny_voice: Path) -> None:
    """By a module that is not plain float32 on a CPU, as one on a GPU is not."""
    voice = Voice.load(tiny_voice)
    text = "Hello there, my friend."
    expected = synthesize(text, voice=voice, seed=2)
    other = voice.to("cpu:0")
    assert isinstance(other.acoustic, AutoregressiveOnDevice)
    assert isinstance(other.vocoder, HarmonicNoiseOnDevice)
    found = synthesize(text, voice=other, seed=2)
    assert found.timestamps == expected.timestamps
    np.testing.assert_allclose(found.samples, expected.samples, atol=1e-3, rtol=0)
    assert isinstance(other.to("cpu").acoustic, AutoregressiveEngine)
    double = voice.with_model("parallel", voice.module("parallel").double())
    assert isinstance(double.vocoder, HarmonicNoiseOnDevice)


def test_models_are_found_by_name(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    assert list(voice.vocoders) == ["parallel", "griffin-lim"]
    assert list(voice.acoustics) == ["autoregressive"] and not voice.refiners
    assert voice.choose_vocoder("parallel") is voice.vocoder is voice.vocoders["parallel"]
    assert voice.choose_acoustic("autoregressive") is voice.acoustic
    mel = np.full((80, 5), -5.0, np.float32)
    for name in voice.vocoders:
        found = voice.vocoders[name].infer(mel, seed=1)
        assert found.shape == (800,)
        assert np.array_equal(voice.vocoders[name].infer(torch.from_numpy(mel), seed=1), found)
    with pytest.raises(VoiceError, match="'wavegan'.*griffin-lim, parallel"):
        voice.choose_vocoder("wavegan")
    with pytest.raises(VoiceError, match="acoustic 'fast'.*has autoregressive"):
        voice.choose_acoustic("fast")
    with pytest.raises(VoiceError, match="refiner 'better'.*has none"):
        voice.choose_acoustic("autoregressive+better")
    with pytest.raises(VoiceError, match="model 'fast'.*autoregressive, parallel"):
        voice.module("fast")


def test_tokens_may_be_a_tensor(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    tokens = voice.front_end("Hello there.")[0][0].tokens
    given = AcousticInput.plain(np.array(tokens)), AcousticInput.plain(torch.tensor(tokens))
    one, other = voice.acoustic.infer(given, seed=3)
    assert np.array_equal(one.read(), other.read())


def test_a_model_that_is_no_default_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    tiny = make_tiny_voice()
    richer = tiny.with_model("second", tiny.module("parallel"))
    richer.save(tmp_path)
    path = tmp_path / "second.safetensors"
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)
    voice = Voice.load(tmp_path)
    assert synthesize("Hello.", voice=voice).report.vocoder == "parallel"
    with pytest.raises(VoiceError, match=r"second\.safetensors: damaged.*SHA-256"):
        synthesize("Hello.", voice=voice, vocoder="second")
    with pytest.raises(VoiceError, match=r"second\.safetensors: damaged"):
        voice.verify()
    path.write_bytes(content[:-1])
    with pytest.raises(VoiceError, match=r"second\.safetensors: truncated"):
        Voice.load(tmp_path)


def test_a_voice_travels_to_another_process_with_all_of_its_models(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    copy = pickle.loads(pickle.dumps(voice))
    assert (copy.name, copy.path, copy.fingerprint) == (voice.name, voice.path, voice.fingerprint)
    one, other = (synthesize("Hello.", voice=v, seed=3).samples for v in (voice, copy))
    assert np.array_equal(one, other)


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
    mixed = {**one.models, "second": other.models["parallel"]}
    with pytest.raises(VoiceError, match=r"'second' is made for .*fmax=7600\.0"):
        Voice("mixed", one.audio, mixed)
    with pytest.raises(VoiceError, match=r"n_mels=80.*expected.*n_mels=40"):
        Voice("mixed", AudioConfig(n_mels=40), one.models)


def test_a_model_without_a_file_format_is_not_dropped_silently(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    odd = voice.with_model("own", voice.vocoder)
    assert odd.vocoders["own"] is voice.vocoder
    with pytest.raises(VoiceError, match="'own' cannot be saved"):
        odd.save(tmp_path / "odd")
    with pytest.raises(VoiceError, match="'No Name' cannot be saved"):
        voice.with_model("No Name", voice.module("parallel")).save(tmp_path / "odd")


def test_a_module_of_no_registered_kind_is_refused() -> None:
    class Other(torch.nn.Module):
        config = AudioConfig()

    voice = make_tiny_voice()
    with pytest.raises(VoiceError, match="no kind of model is registered for AudioConfig"):
        voice.with_model("other", Other())


def test_save_refuses_other_dtypes_and_bad_numbers(tmp_path: Path) -> None:
    voice = make_tiny_voice()
    with pytest.raises(VoiceError, match="bfloat16"):
        voice.save(tmp_path / "voice", dtype=torch.bfloat16)
    module = voice.module("autoregressive")
    with torch.no_grad():
        module.decoder.output.bias[0] = 1e6
    with pytest.raises(VoiceError, match=r"decoder\.output\.bias.*float16.*store float32"):
        voice.with_model("autoregressive", module).save(tmp_path / "voice")
    assert not (tmp_path / "voice" / "config.json").exists()


def test_another_alphabet_than_the_front_ends_is_refused(folder: Path) -> None:
    _edit(folder, lambda c: c["alphabet"]["symbols"].append("Q"))
    with pytest.raises(VoiceError, match=r"symbol\.weight has shape"):
        Voice.load(folder)
    voice = make_tiny_voice()
    odd = Voice("odd", voice.audio, voice.models, alphabet=Alphabet((*ARPABET.symbols, "Q")))
    with pytest.raises(VoiceError, match="another alphabet"):
        _ = odd.front_end


def _truncate(folder: Path) -> None:
    path = folder / "parallel.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _flip_a_byte(folder: Path) -> None:
    path = folder / "autoregressive.safetensors"
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)


def _lengthen(folder: Path) -> None:
    with (folder / "autoregressive.safetensors").open("ab") as file:
        file.write(b"more")


def _lose_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "autoregressive.safetensors")
    del tensors["decoder.output.bias"]
    _replace_weights(folder, "autoregressive", tensors)


def _reshape_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "parallel.safetensors")
    tensors["output.bias"] = torch.zeros(3)
    _replace_weights(folder, "parallel", tensors)


def _poison_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "parallel.safetensors")
    tensors["output.bias"][1] = float("nan")
    _replace_weights(folder, "parallel", tensors)


def _retype_a_tensor(folder: Path) -> None:
    tensors = _weights(folder, "parallel.safetensors")
    tensors["output.bias"] = tensors["output.bias"].double()
    _replace_weights(folder, "parallel", tensors)


def _swap_models(folder: Path) -> None:
    _replace_weights(folder, "autoregressive", _weights(folder, "parallel.safetensors"))


def _pickle_instead(folder: Path) -> None:
    import hashlib
    import pickle

    content = pickle.dumps({"weights": [1.0]})
    (folder / "autoregressive.safetensors").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    _edit(
        folder,
        lambda c: c["models"]["autoregressive"]["weights"].update(
            sha256=digest, n_bytes=len(content)
        ),
    )


def _model(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda config: config["models"][name]


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "no such folder"),
    "no config": (lambda f: (f / "config.json").unlink(), r"no config\.json"),
    "no weights": (
        lambda f: (f / "parallel.safetensors").unlink(),
        "parallel.safetensors: missing",
    ),
    "truncated weights": (_truncate, r"parallel\.safetensors: truncated, \d+ bytes, expected \d+"),
    "longer weights": (_lengthen, "autoregressive.safetensors: too long"),
    "damaged weights": (_flip_a_byte, "autoregressive.safetensors: damaged.*SHA-256"),
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
        lambda f: _edit(f, lambda c: _model("parallel")(c).update(kind="diffusion")),
        "unknown kind of model 'diffusion'.*update",
    ),
    "another role": (
        lambda f: _edit(f, lambda c: _model("parallel")(c).update(role="acoustic")),
        r"'harmonic-noise' for 'parallel' \('acoustic'\)",
    ),
    "no role": (
        lambda f: _edit(f, lambda c: _model("parallel")(c).pop("role")),
        r"models\.parallel: holds kind",
    ),
    "a name that is a path": (
        lambda f: _edit(f, lambda c: c["models"].update({"../x": c["models"].pop("parallel")})),
        "'../x', expected a name of small letters",
    ),
    "damaged alphabet": (
        lambda f: _edit(f, lambda c: c["alphabet"].pop("symbols")),
        "damaged alphabet",
    ),
    "uses what is not there": (
        lambda f: _edit(f, lambda c: _model("parallel")(c).update(uses={"text": "nobody"})),
        r"models\.parallel\.uses: holds text, expected nothing",
    ),
    "no acoustic model": (
        lambda f: _edit(f, lambda c: c["models"].pop("autoregressive")),
        "names no acoustic model",
    ),
    "no vocoder": (
        lambda f: _edit(f, lambda c: c["models"].pop("parallel")),
        "names no vocoder",
    ),
    "language": (lambda f: _edit(f, lambda c: c.update(language="tlh")), "'tlh'.*en-US"),
    "name": (lambda f: _edit(f, lambda c: c.update(name=7)), "name=7, expected str"),
    "unknown setting": (
        lambda f: _edit(f, lambda c: _model("autoregressive")(c)["config"].update(layers=3)),
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
        lambda f: _edit(f, lambda c: _model("autoregressive")(c)["config"].update(channels=48)),
        r"another model than config\.json describes.*has shape",
    ),
    "impossible audio": (
        lambda f: _edit(f, lambda c: _model("autoregressive")(c)["audio"].update(fmax=99999.0)),
        "fmax=99999",
    ),
    "audio that differs": (
        lambda f: _edit(f, lambda c: _model("parallel")(c)["audio"].update(sample_rate=22050)),
        "autoregressive has sample_rate=16000, parallel has sample_rate=22050",
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
        Voice.load(tiny_voice).vocoder.infer(np.zeros((3, 40, 10), np.float32))


@pytest.mark.skipif(
    not (SHIPPED / "config.json").exists(), reason="no voice has been trained into the package yet"
)
def test_shipped_voice_is_whole_and_small() -> None:
    voice = Voice.load()
    assert voice.audio == AudioConfig()
    assert "CC0" in voice.card
    voice.verify()
    sizes = {path.stem: path.stat().st_size for path in SHIPPED.glob("*.safetensors")}
    assert sizes.keys() == voice.models.keys()
    # What it spoke with before it held every way to write a mel, and each of those by itself.
    first = [sizes.pop(name) for name in ("autoregressive", "parallel", "wavenet")]
    assert sum(first) < 20e6 and max(sizes.values()) < 5e6
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 47e6
