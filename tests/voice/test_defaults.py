"""Which models of a voice speak if none is asked for."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acoustic.families import MODULES
from tests.acoustic.plans import shaken
from tests.tiny import make_tiny_voice
from tts_pipeline.cli import main
from tts_pipeline.errors import ConfigError, VoiceError
from tts_pipeline.synthesis import stream, synthesize, synthesize_batch
from tts_pipeline.voice.defaults import Defaults
from tts_pipeline.voice.voice import SHIPPED, Voice

CHAIN = "autoregressive+flow-refiner"
TEXT = "Two sentences, of a kind. The other one!"


@pytest.fixture(scope="module")
def plain() -> Voice:
    """A voice in which the first models speak."""
    voice = make_tiny_voice()
    for name in ("flow", "flow-refiner"):
        voice = voice.with_model(name, shaken(MODULES[name]))
    return voice


@pytest.fixture(scope="module")
def saved(plain: Voice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("defaults") / "voice"
    plain.with_defaults(acoustic=CHAIN).save(folder, dtype="float32")
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(saved, tmp_path / "voice"))


def config_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "config.json").read_text()))


def edit(folder: Path, **values: Any) -> None:
    (folder / "config.json").write_text(json.dumps(config_of(folder) | values))


def test_without_them_the_first_of_each_role_speaks(plain: Voice, tmp_path: Path) -> None:
    assert (plain.default_acoustic, plain.default_vocoder) == ("autoregressive", "parallel")
    plain.save(tmp_path)
    assert "defaults" not in config_of(tmp_path)
    assert Voice.load(tmp_path).defaults == Defaults()


def test_what_is_saved_speaks(saved: Path, plain: Voice) -> None:
    assert config_of(saved)["defaults"] == {"acoustic": CHAIN}
    voice = Voice.load(saved)
    assert (voice.default_acoustic, voice.default_vocoder) == (CHAIN, "parallel")
    made = synthesize(TEXT, voice=voice, seed=3)
    assert (made.report.acoustic, made.report.vocoder) == (CHAIN, "parallel")
    named = synthesize(TEXT, voice=plain, acoustic=CHAIN, seed=3)
    np.testing.assert_array_equal(made.samples, named.samples)
    assert made.timestamps == named.timestamps
    first = synthesize(TEXT, voice=voice, acoustic="autoregressive", seed=3)
    np.testing.assert_array_equal(first.samples, synthesize(TEXT, voice=plain, seed=3).samples)
    assert not np.array_equal(first.samples, made.samples)


def test_all_ways_to_ask_speak_with_them(saved: Path) -> None:
    voice = Voice.load(saved)
    whole = synthesize(TEXT, voice=voice, seed=3).samples
    for threads in (1, 2):
        blocks = list(stream(TEXT, voice=voice, seed=3, threads=threads))
        assert {block.report.acoustic for block in blocks} == {CHAIN}
        joined = np.concatenate([block.samples for block in blocks])
        np.testing.assert_allclose(joined, whole, atol=1e-4)
        again = synthesize(TEXT, voice=voice, seed=3, threads=threads).samples
        np.testing.assert_array_equal(again, whole)
    (made, _) = synthesize_batch([TEXT, "Short."], voice=voice, seed=3)
    np.testing.assert_allclose(made.samples, whole, atol=1e-4)


def test_settings_of_the_refiner_are_settings_of_the_default(saved: Path, plain: Voice) -> None:
    voice = Voice.load(saved)
    for options in ({"steps": 3}, {"temperature": 1.0}):
        asked = synthesize(TEXT, voice=voice, **options).samples
        named = synthesize(TEXT, voice=voice, acoustic=CHAIN, **options).samples
        np.testing.assert_array_equal(asked, named)
        assert not np.array_equal(asked, synthesize(TEXT, voice=voice).samples)
        with pytest.raises(ConfigError, match="no such option"):
            synthesize(TEXT, voice=plain, **options)


def test_a_style_works_on_what_the_first_model_says_beforehand(saved: Path, plain: Voice) -> None:
    made = synthesize(TEXT, voice=Voice.load(saved), style="monotone, sad")
    other = synthesize(TEXT, voice=plain, style="monotone, sad")
    assert made.timestamps == other.timestamps and not made.report.problems


def test_copies_of_a_voice_keep_them(saved: Path, tmp_path: Path) -> None:
    voice = Voice.load(saved)
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("hello\tG UH2 D B AY1\n", encoding="utf-8")
    for copy in (
        pickle.loads(pickle.dumps(voice)),
        voice.with_lexicon(lexicon),
        voice.with_text_format("markdown"),
        voice.with_model("autoregressive", voice.module("autoregressive")),
        voice.to("cpu:0"),
    ):
        assert copy.default_acoustic == CHAIN
    on_device = voice.to("cpu:0")
    found = synthesize(TEXT, voice=on_device, seed=3)
    expected = synthesize(TEXT, voice=voice, seed=3)
    assert found.timestamps == expected.timestamps
    np.testing.assert_allclose(found.samples, expected.samples, atol=1e-3)


def test_what_speaks_by_default_comes_first(plain: Voice) -> None:
    assert plain.names("acoustic") == ["autoregressive", "flow"]
    other = plain.with_defaults(acoustic="flow+flow-refiner", vocoder="griffin-lim")
    assert other.names("acoustic") == ["flow", "autoregressive"]
    assert other.names("vocoder") == ["griffin-lim", "parallel"]
    assert other.default_vocoder == "griffin-lim"
    assert other.with_defaults(vocoder="parallel").defaults == Defaults(
        "flow+flow-refiner", "parallel"
    )


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)


def test_all_that_they_need_is_verified_when_a_voice_is_loaded(folder: Path) -> None:
    flip_a_byte(folder / "flow.safetensors")
    Voice.load(folder)
    flip_a_byte(folder / "flow-refiner.safetensors")
    with pytest.raises(VoiceError, match=r"flow-refiner\.safetensors: damaged.*SHA-256"):
        Voice.load(folder)


FAULTS: dict[str, tuple[Any, str]] = {
    "unknown": (
        {"acoustic": "fast"},
        "defaults.acoustic='fast': 'fast' is no model of it, expected one of role acoustic: "
        "autoregressive, flow",
    ),
    "unknown refiner": (
        {"acoustic": "flow+better"},
        r"acoustic='flow\+better': 'better' is no model.*role refiner: flow-refiner",
    ),
    "a refiner alone": (
        {"acoustic": "flow-refiner"},
        "'flow-refiner' is of role refiner, expected one of role acoustic: autoregressive, flow",
    ),
    "two models": ({"acoustic": "flow+flow"}, "'flow' is of role acoustic, expected .* refiner"),
    "no name": ({"acoustic": "flow+"}, "'' is no model of it"),
    "another role": (
        {"vocoder": "flow"},
        "defaults.vocoder='flow': 'flow' is of role acoustic.*role vocoder: parallel",
    ),
    "a chain of vocoders": ({"vocoder": "parallel+flow-refiner"}, r"'parallel\+flow-refiner' is"),
    "unknown key": ({"speed": "fast"}, r"defaults\.speed: unknown key.*acoustic, vocoder"),
    "mistyped": ({"acoustic": 7}, r"defaults\.acoustic: 7, expected str"),
    "no mapping": ("flow", "defaults: 'flow', expected a mapping"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_whatever_is_wrong_with_them_is_named(case: str, folder: Path) -> None:
    defaults, message = FAULTS[case]
    edit(folder, defaults=defaults)
    with pytest.raises(VoiceError, match=message) as caught:
        Voice.load(folder)
    assert str(folder) in str(caught.value) and "copy or make the voice again" in str(caught.value)


def test_a_voice_of_schema_1_has_none(folder: Path) -> None:
    edit(folder, schema=1)
    with pytest.raises(VoiceError, match="holds schema.*expected schema, name, language, models;"):
        Voice.load(folder)


def test_models_that_are_not_there_are_refused_at_once(plain: Voice) -> None:
    with pytest.raises(VoiceError, match="voice 'tiny': defaults.acoustic='slow'"):
        plain.with_defaults(acoustic="slow")
    with pytest.raises(VoiceError, match="there is none"):
        make_tiny_voice().with_defaults(acoustic=CHAIN)


def test_the_command_changes_them_in_a_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, files = config_of(folder), {p.name: p.read_bytes() for p in folder.iterdir()}
    assert main(["voice", str(folder), "--default-vocoder", "griffin-lim"]) == 0
    assert f"default    {CHAIN}, griffin-lim" in capsys.readouterr().out
    after = config_of(folder)
    assert after.pop("defaults") == {"acoustic": CHAIN, "vocoder": "griffin-lim"}
    assert after == {key: value for key, value in before.items() if key != "defaults"}
    for name in files.keys() - {"config.json"}:
        assert (folder / name).read_bytes() == files[name]
    content = (folder / "config.json").read_bytes()
    assert main(["voice", str(folder), "--default-acoustic", "parallel"]) == 1
    assert "'parallel' is of role vocoder" in capsys.readouterr().err
    assert (folder / "config.json").read_bytes() == content


def test_the_voice_that_ships_refines_what_its_autoregressive_model_wrote() -> None:
    voice = Voice.load(SHIPPED)
    assert (voice.default_acoustic, voice.default_vocoder) == (CHAIN, "parallel")
    assert voice.names("acoustic")[0] == "autoregressive"
