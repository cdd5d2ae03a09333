"""What comes next moves in by one line: toy families go through every way of asking for speech,
through the voice's folder, the comparison and the benchmark, without a change to the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.tiny import ACOUSTIC, make_tiny_voice
from tests.toy_families import LINES, MODULES, SYLLABLES, SyllableFrontEnd
from tts_pipeline import Voice, stream, synthesize, synthesize_batch
from tts_pipeline.acoustic.aligner.config import AlignerConfig
from tts_pipeline.acoustic.aligner.model import VoiceAligner
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.errors import ConfigError, VoiceError
from tts_pipeline.protocols import AcousticInput, AcousticModel, Refiner, Vocoder
from tts_pipeline.sentence.mel import NO_DURATIONS
from tts_pipeline.text.symbols import ARPABET
from tts_pipeline.voice.front_ends import FRONT_ENDS
from tts_pipeline.voice.models import KINDS

TEXT = "Two sentences of a kind. The other one!"
ROADS = (
    {"acoustic": "ending"},
    {"acoustic": "steps", "steps": 4, "temperature": 0.0},
    {"acoustic": "autoregressive+lift"},
    {"acoustic": "ending+lift+lift", "vocoder": "buzz", "gain": 0.5},
    {"vocoder": "buzz"},
)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kind in LINES.items():
        monkeypatch.setitem(KINDS, name, kind)
    monkeypatch.setitem(FRONT_ENDS, "x-syllables", SyllableFrontEnd)


@pytest.fixture
def voice() -> Voice:
    voice = make_tiny_voice()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for name, make in MODULES.items():
            voice = voice.with_model(name, make())
    return voice


def test_they_are_what_the_contracts_ask_for(voice: Voice) -> None:
    for names, contract in (
        (("ending", "steps"), AcousticModel),
        (("lift",), Refiner),
        (("buzz",), Vocoder),
    ):
        for name in names:
            assert isinstance(voice.start(name, voice.models[name].role), contract)
    assert isinstance(voice.choose_acoustic("ending+lift"), AcousticModel)


@pytest.mark.parametrize("road", ROADS, ids=lambda road: " ".join(map(str, road.values())))
def test_every_way_of_asking_gives_the_same(voice: Voice, road: dict[str, Any]) -> None:
    whole = synthesize(TEXT, voice=voice, seed=3, **road)
    again = synthesize(TEXT, voice=voice, seed=3, **road)
    np.testing.assert_array_equal(again.samples, whole.samples)
    assert np.isfinite(whole.samples).all() and np.abs(whole.samples).max() > 0
    blocks = list(stream(TEXT, voice=voice, seed=3, **road))
    assert len(blocks) > 2
    np.testing.assert_allclose(
        np.concatenate([block.samples for block in blocks]), whole.samples, atol=1e-4
    )
    stamps = tuple(stamp for block in blocks for stamp in block.timestamps)
    assert stamps == whole.timestamps
    batch = synthesize_batch([TEXT, "Go."], voice=voice, seed=3, **road)
    np.testing.assert_allclose(batch[0].samples, whole.samples, atol=1e-4)
    report = whole.report
    assert report.acoustic == road.get("acoustic", "autoregressive")
    assert report.vocoder == road.get("vocoder", "parallel")
    more = {key: value for key, value in road.items() if key not in ("acoustic", "vocoder")}
    assert dict(report.options) == more
    for audio in (whole, *blocks[-1:]):
        known = not road.get("acoustic", "").startswith("ending")
        assert (NO_DURATIONS in audio.report.problems) != known


def test_without_durations_time_is_that_of_the_frames_that_came(voice: Voice) -> None:
    audio = synthesize(TEXT, voice=voice, acoustic="ending")
    sentences, _ = voice.front_end(TEXT)
    inputs = [AcousticInput.plain(sentence.tokens) for sentence in sentences]
    model, speech = voice.choose_acoustic("ending"), 0
    for index, given in enumerate(inputs):
        seed = index * 0x9E3779B97F4A7C15 % 2**63
        speech += model.infer([given], seed=seed)[0].read().shape[1] * 160
    pause = round(sentences[0].pause_after_s * 16000)
    assert len(audio.samples) == speech + pause
    assert audio.timestamps == () and audio.report.problems == (NO_DURATIONS,)


def test_a_voice_with_an_aligner_finds_the_times(voice: Voice) -> None:
    aligner = VoiceAligner(AlignerConfig(channels=8), 80)
    able = voice.with_model("aligner", aligner)
    audio = synthesize(TEXT, voice=able, acoustic="ending", seed=2)
    plain = synthesize(TEXT, voice=voice, acoustic="ending", seed=2)
    np.testing.assert_array_equal(audio.samples, plain.samples)
    assert audio.report.problems == ()
    words = [stamp.text for stamp in audio.timestamps if stamp.kind == "word"]
    assert words == "two sentences of a kind the other one".split()
    assert audio.timestamps[-1].end_s <= audio.duration_s
    blocks = list(stream(TEXT, voice=able, acoustic="ending", seed=2))
    stamps = tuple(stamp for block in blocks for stamp in block.timestamps)
    assert stamps == audio.timestamps


def test_a_pause_that_was_asked_for_cuts_the_sentence(voice: Voice) -> None:
    plain = "One two three four."
    paused = '<speak>One two <break time="1s"/> three four.</speak>'
    model = voice.choose_acoustic("ending")
    (sentence,), _ = voice.front_end(paused)
    tokens = sentence.tokens
    gap = next(at for at, pause in enumerate(sentence.token_pause_s) if pause)
    first = AcousticInput.plain([*tokens[: gap + 1], ARPABET.ids["<eos>"]])
    second = AcousticInput.plain([ARPABET.ids["<bos>"], *tokens[gap + 1 :]])
    parts = [stream.read().shape[1] for stream in model.infer([first, second], seed=0)]
    audio = synthesize(paused, voice=voice, acoustic="ending", vocoder="buzz")
    assert len(audio.samples) == 160 * (sum(parts) + 100)
    silence = audio.samples[160 * parts[0] : 160 * (parts[0] + 100)]
    assert np.abs(silence).max() < 1e-4 < np.abs(audio.samples[: 160 * parts[0]]).max()
    assert len(synthesize(plain, voice=voice, acoustic="ending").samples) < len(audio.samples)
    # A model that can be told lets the pause into the mel, and no frame is lost either.
    told = synthesize(paused, voice=voice, acoustic="steps")
    two = next(s for s in told.timestamps if s.kind == "word" and s.text == "two")
    three = next(s for s in told.timestamps if s.kind == "word" and s.text == "three")
    assert three.start_s - two.end_s == pytest.approx(1.0, abs=0.02)


def test_what_a_model_cannot_do_is_said(voice: Voice) -> None:
    with pytest.raises(ConfigError, match="pitch: acoustic model 'ending'.*honours energy"):
        synthesize(TEXT, voice=voice, acoustic="ending", pitch=1.5)
    louder = synthesize(TEXT, voice=voice, acoustic="ending", energy=2.0, vocoder="buzz")
    plain = synthesize(TEXT, voice=voice, acoustic="ending", vocoder="buzz")
    assert np.abs(louder.samples).max() > 1.5 * np.abs(plain.samples).max()
    with pytest.raises(ConfigError, match="gain=2: no such option.*'steps' takes steps, temper"):
        synthesize(TEXT, voice=voice, acoustic="steps", gain=2)
    with pytest.raises(ConfigError, match="steps=9: expected 1 to 8"):
        synthesize(TEXT, voice=voice, acoustic="steps", steps=9)
    with pytest.raises(ConfigError, match="steps: 2.5, expected int"):
        synthesize(TEXT, voice=voice, acoustic="steps", steps=2.5)
    with pytest.raises(VoiceError, match="acoustic 'endless'.*autoregressive, ending, steps"):
        synthesize(TEXT, voice=voice, acoustic="endless")
    long = " and ".join(["the cat sat on the mat"] * 6)
    assert (
        "the end was not found" in synthesize(long, voice=voice, acoustic="ending").report.problems
    )


def test_a_refiner_writes_the_frames_of_its_mask_anew(voice: Voice) -> None:
    lift = voice.refiners["lift"]
    mel = np.zeros((80, 9), np.float32)
    mask = np.arange(9) > 5
    made = lift.refine(mel, AcousticInput.plain([1, 2]), None, mask=mask)
    assert not made[:, ~mask].any()
    np.testing.assert_allclose(made[:, mask], 0.7)


def test_the_comparison_takes_them_in(voice: Voice) -> None:
    strategies = pytest.importorskip("tts_pipeline.evaluation.compare.strategies")
    from tests.small_corpus import speech_like
    from tts_pipeline.audio.files import Audio
    from tts_pipeline.evaluation.compare.material import Material

    found = {each.name: each for each in strategies.strategies_of(voice)}
    expected = ["ending", "steps", "autoregressive+lift", "autoregressive-buzz", "copy-buzz"]
    assert set(expected) < set(found)
    assert [name for name in found if name.startswith("steps-steps-")] == [
        f"steps-steps-{n}" for n in (1, 2, 4, 8)
    ]
    text = "A big dog ran."
    material = Material("one", text, voice.audio, speech_like(text))
    for name in (*expected, "steps-steps-4"):
        made = found[name].make(voice, material, 1)
        assert isinstance(made, Audio) and np.isfinite(made.samples).all()
        blocks = [block.samples for block in found[name].stream(voice, material, 1)]
        assert sum(map(len, blocks)) >= len(made.samples)
        assert found[name].parameters(voice) == sum(
            model.n_parameters for model in found[name].models(voice)
        )
        assert found[name].operations(voice, material, 1).gmac_per_s > 0


def test_the_benchmark_times_them(voice: Voice) -> None:
    pipeline = pytest.importorskip("tts_pipeline.evaluation.benchmark.pipeline")
    jobs = {job.name: job for job in pipeline.jobs_for(voice, (1,), None, False)}
    for name in ("stage 1, ending", "stage 1, steps"):
        assert jobs[name].run(0) > 1


def test_the_folder_holds_them(voice: Voice, tmp_path: Path) -> None:
    voice.save(tmp_path, dtype="float32")
    loaded = Voice.load(tmp_path)
    assert list(loaded.models) == ["autoregressive", "parallel", *MODULES]
    assert loaded.models["steps"].uses == {"text": "autoregressive"}
    for road in ROADS:
        one, other = (synthesize(TEXT, voice=v, **road).samples for v in (voice, loaded))
        np.testing.assert_array_equal(one, other)
    for name in MODULES:
        config = json.loads((tmp_path / "config.json").read_text())
        file = tmp_path / config["models"][name]["weights"]["file"]
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
        damaged = Voice.load(tmp_path)
        with pytest.raises(VoiceError, match=f"{name}.safetensors: damaged"):
            damaged.start(name, damaged.models[name].role)
        content[-1] ^= 1
        file.write_bytes(content)
        config["models"][name]["config"]["width"] = 3
        (tmp_path / "config.json").write_text(json.dumps(config))
        damaged = Voice.load(tmp_path)
        with pytest.raises(VoiceError, match=rf"models\.{name}\.config\.width: unknown key"):
            damaged.start(name, damaged.models[name].role)
        voice.save(tmp_path, dtype="float32")


def test_a_front_end_with_an_alphabet_of_its_own(tmp_path: Path) -> None:
    tiny = make_tiny_voice()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        acoustic = AutoregressiveModel(ACOUSTIC, 80, SYLLABLES)
    models = {"autoregressive": acoustic, "parallel": tiny.models["parallel"]}
    voice = Voice("islander", tiny.audio, models, "x-syllables")
    assert voice.alphabet == SYLLABLES
    voice.save(tmp_path, dtype="float32")
    loaded = Voice.load(tmp_path)
    assert loaded.alphabet == SYLLABLES
    table = loaded.module("autoregressive").state_dict()["encoder.embedding.symbol.weight"]
    assert len(table) == len(SYLLABLES.symbols)
    audio = synthesize("kaki moto.", voice=loaded)
    spoken = [stamp.text for stamp in audio.timestamps if stamp.kind == "phone"]
    assert spoken == ["ka", "ki", "mo", "to"]
    blocks = list(stream("kaki moto.", voice=loaded))
    np.testing.assert_allclose(
        np.concatenate([block.samples for block in blocks]), audio.samples, atol=1e-4
    )
    with pytest.raises(VoiceError, match="expected \\(17, 32\\)|has shape"):
        Voice("mixed", tiny.audio, {**models, "autoregressive": tiny.models["autoregressive"]},
              "x-syllables").choose_acoustic()  # fmt: skip
