"""Drawn prosody from text to sound, in front of every acoustic model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.acoustic.families import MODULES, write_voice_of_codes
from tests.acoustic.plans import shaken
from tests.acoustic.prosody.modules import lively_model
from tests.acoustic.prosody.toy import EnergyOnly
from tests.tiny import make_tiny_voice
from tts_pipeline import Voice, stream, synthesize, synthesize_batch
from tts_pipeline.acoustic.prosody.config import ProsodyOptions
from tts_pipeline.cli import main
from tts_pipeline.errors import ConfigError, VoiceError
from tts_pipeline.intonation.applied import SentenceIntonation
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.sentence.prosody import SentenceProsody
from tts_pipeline.text.symbols import ARPABET
from tts_pipeline.voice.models import PROSODY

TEXT = "Two sentences, of a kind. The other one!"
ACOUSTICS = (
    "autoregressive", "flow", "latent", "one-shot", "pyramid", "autoregressive+flow-refiner",
    "coded", "masked", "fixed-length",
)  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Voice:
    """Every family, and no prosody model."""
    voice = write_voice_of_codes(tmp_path_factory.mktemp("families") / "codes")
    for name, make in MODULES.items():
        voice = voice.with_model(name, shaken(make))
    return voice


@pytest.fixture(scope="module")
def voice(plain) -> Voice:
    return plain.with_model("prosody", lively_model())


@pytest.mark.parametrize("acoustic", ACOUSTICS)
def test_every_family_speaks_what_was_drawn_the_same_on_every_road(voice, acoustic):
    options = {"voice": voice, "acoustic": acoustic, "seed": 3, "prosody_temperature": 0.8}
    whole = synthesize(TEXT, **options)
    np.testing.assert_array_equal(synthesize(TEXT, **options).samples, whole.samples)
    blocks = np.concatenate([block.samples for block in stream(TEXT, **options)])
    np.testing.assert_allclose(blocks, whole.samples, atol=1e-4)
    both = synthesize_batch(["Short.", TEXT], **options)
    np.testing.assert_allclose(both[1].samples, whole.samples, atol=1e-4)
    predicted = synthesize(TEXT, **{**options, "prosody_temperature": 0})
    assert np.isfinite(whole.samples).all()
    assert not np.array_equal(whole.samples, predicted.samples)
    assert not [problem for problem in whole.report.problems if "prosody" in problem]


@pytest.mark.parametrize("acoustic", ACOUSTICS)
def test_temperature_0_is_the_voice_without_the_model_to_the_bit(voice, plain, acoustic):
    expected = synthesize(TEXT, voice=plain, acoustic=acoustic, seed=3).samples
    for options in ({}, {"prosody_temperature": 0}, {"prosody_temperature": 0.0}):
        made = synthesize(TEXT, voice=voice, acoustic=acoustic, seed=3, **options)
        np.testing.assert_array_equal(made.samples, expected)


def test_at_temperature_0_the_model_is_not_even_read(plain, tmp_path):
    folder = tmp_path / "voice"
    plain.with_model("prosody", lively_model()).save(folder)
    file = folder / "prosody.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    assert len(synthesize("Yes.", voice=Voice.load(folder)).samples)
    with pytest.raises(VoiceError, match="prosody.safetensors: damaged"):
        synthesize("Yes.", voice=Voice.load(folder), prosody_temperature=0.1)


def test_a_voice_keeps_it_in_files(voice, tmp_path):
    voice.save(tmp_path / "v", dtype="float32")
    read = Voice.load(tmp_path / "v")
    assert read.names(PROSODY) == ["prosody"]
    made = (synthesize("Yes.", voice=v, prosody_temperature=1).samples for v in (voice, read))
    np.testing.assert_array_equal(*made)


def test_a_voice_without_such_a_model_says_so(plain):
    with pytest.raises(ConfigError, match=r"prosody_temperature=0\.5: voice 'codes' has no pros"):
        synthesize("Yes.", voice=plain, prosody_temperature=0.5)
    assert len(synthesize("Yes.", voice=plain, prosody_temperature=0).samples)


@pytest.mark.parametrize("value", [-1, 1.01, "much", float("nan")])
def test_temperatures_out_of_range_are_refused(voice, value):
    with pytest.raises(ConfigError, match="prosody_temperature"):
        synthesize("Yes.", voice=voice, prosody_temperature=value)


def test_seeds_and_sentences_differ_in_length_and_pitch(voice):
    """Of the same sentence twice in a text the second is another draw."""
    audio = synthesize("Some words of it. Some words of it.", voice=voice, prosody_temperature=1)
    words = [s for s in audio.timestamps if s.kind == "word"]
    lengths = [s.end_s - s.start_s for s in words]
    assert len(words) == 8 and lengths[:4] != lengths[4:]
    other = synthesize("Some words of it.", voice=voice, prosody_temperature=1, seed=1)
    assert lengths[:4] != [s.end_s - s.start_s for s in other.timestamps if s.kind == "word"]
    same = synthesize("Some words of it. Some words of it.", voice=voice)
    words = [s.end_s - s.start_s for s in same.timestamps if s.kind == "word"]
    np.testing.assert_allclose(words[:4], words[4:], atol=1e-9)


def test_what_is_asked_for_is_multiplied(voice):
    acoustic = voice.choose_acoustic("one-shot")
    prosody = SentenceProsody(voice, ProsodyOptions(1.0), acoustic, "one-shot")
    tokens = voice.front_end("A few words of it.")[0][0].tokens
    draw = prosody.draw(np.array(tokens), 5)
    plain = draw.on(AcousticInput.plain(tokens))
    asked = draw.on(AcousticInput.plain(tokens, rate=2, pitch=1.5, energy=0.5))
    np.testing.assert_allclose(asked.rate, 2 * plain.rate)
    np.testing.assert_allclose(asked.pitch, 1.5 * plain.pitch)
    np.testing.assert_allclose(asked.energy, 0.5 * plain.energy)


def test_pauses_that_are_asked_for_last_as_long_as_asked(voice):
    def gap(text: str, **options: float) -> float:
        audio = synthesize(text, voice=voice, **options)
        first, second = [s for s in audio.timestamps if s.kind == "word"][:2]
        return second.start_s - first.end_s

    for seed in (0, 1):
        asked = gap("Yes [pause:1.5s] no.", prosody_temperature=1, seed=seed)
        assert asked == pytest.approx(1.5, abs=0.02)


def test_what_a_model_cannot_be_told_is_reported():
    """Nothing is refused: nobody asked for another pitch."""
    voice = make_tiny_voice().with_model("prosody", lively_model())
    voice = voice.with_model("energetic", EnergyOnly(voice.acoustic))
    audio = synthesize("Yes.", voice=voice, acoustic="energetic", prosody_temperature=1)
    assert audio.report.problems == (
        "prosody: rate, pitch as predicted: acoustic model 'energetic' cannot change it",
    )
    quiet = synthesize("Yes.", voice=voice, acoustic="energetic")
    assert quiet.report.problems == ()
    assert len(quiet.samples) == len(audio.samples)
    assert not np.array_equal(quiet.samples, audio.samples)


@pytest.mark.parametrize(
    "text", ["a", "Hm? " * 3, "\u200b\ud800 x", "9" * 40, "word " * 60, "[[N OW1]]", "?! no"]
)
def test_hostile_texts_stay_within_sane_limits(voice, text):
    for seed in range(2):
        drawn = synthesize(text, voice=voice, prosody_temperature=1, seed=seed)
        predicted = synthesize(text, voice=voice, seed=seed)
        assert np.isfinite(drawn.samples).all()
        assert 0.1 < len(drawn.samples) / len(predicted.samples) < 6


def test_the_command_line_asks_for_it(voice, tmp_path: Path):
    voice.save(tmp_path / "v", dtype="float32")
    words = ["Yes.", "--voice", str(tmp_path / "v"), "-o"]
    files = [tmp_path / name for name in ("a.wav", "b.wav", "c.wav")]
    for file, more in zip(
        files, ([], ["--prosody-temperature", "0"], ["--prosody-temperature", "1"])
    ):
        assert main([*words, str(file), *more]) == 0
    contents = [file.read_bytes() for file in files]
    assert contents[0] == contents[1] != contents[2]


def test_questions_rise_whatever_was_drawn():
    """In the shipped voice: the tune is laid over the F0 of the draw, not that of the mean."""
    voice = Voice.load()
    acoustic = voice.acoustic
    prosody = SentenceProsody(voice, ProsodyOptions(1.0), acoustic, "default")
    intonation = SentenceIntonation(acoustic, voice.language)
    (sentence,), _ = voice.front_end("You went home?")
    given = AcousticInput.plain(np.array(sentence.tokens))
    accent = int(np.flatnonzero(given.tokens // 64)[-1])
    mark = int(np.flatnonzero(given.tokens == ARPABET.ids["?"])[0])

    def rise(made: AcousticInput) -> float:
        f0 = acoustic.stream(made, seed=0).f0
        return 12 * np.log2(f0[mark] / f0[accent])

    draws = [prosody.draw(given.tokens, seed) for seed in range(6)]
    laid = [rise(draw.on(intonation.applied(given, sentence, draw.on))) for draw in draws]
    over_the_mean = [rise(draw.on(intonation.applied(given, sentence))) for draw in draws]
    assert min(laid) > 8 and np.ptp(laid) < 4 < np.ptp(over_the_mean)
