"""The melody of questions, measured in the sound of the voice in the package.

The final movement is the median F0 of the last 150 ms that are voiced, of the last half of what is
voiced from the accented vowel on where that is less than 300 ms, minus the median over what is
voiced from 20 ms before that vowel to 50 ms into it, or over the first 50 ms behind that, in
semitones. Below 80 Hz, an octave under the voice's mean, the tracker has found noise and no voice.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from tts_pipeline.audio.f0 import track_f0
from tts_pipeline.audio.files import Audio, read_audio
from tts_pipeline.cli import main
from tts_pipeline.errors import ConfigError
from tts_pipeline.intonation.kind import read
from tts_pipeline.synthesis import stream, synthesize, synthesize_batch
from tts_pipeline.voice.voice import Voice

DECLARATIVE = """
    You went home|You saw her|He left yesterday|She likes it|They are coming|It's raining
    You finished the book|The train is late|He lives here|You want tea|This is your house
    They moved to Boston|He paid for everything|We are leaving|You found the keys
    It was expensive|Your brother called|The meeting is over|She speaks Spanish|You can fix it
"""
INVERTED = """
    Did you see her mother|Is it raining|Are you coming home|Do you want some tea|Have they left
    Can she swim|Will it work|Was he angry|Is this your bag|Does the bus stop here|Could you help me
    Would you like a drink|Are we late|Did they win the game|Has the doctor called
    Should I wait outside|Is there any milk|Do you know her name|Were you at the party
    Can we go tomorrow
"""
WH = """
    Where did you put it|What time is it|Who told you that|Why are you laughing
    When does the train leave|Which one is yours|Whose coat is this|How are you
    What happened to your car|Where did she learn to swim
"""
LOWEST_HZ = 80.0
ROADS = ("autoregressive", "autoregressive+flow-refiner")


def texts(block: str) -> list[str]:
    return [text.strip() for line in block.strip().split("\n") for text in line.split("|")]


@functools.cache
def voice() -> Voice:
    return Voice.load()


def movement(audio: Audio, text: str) -> float:
    """See above; of one sentence."""
    (sentence,), _ = voice().front_end(text)
    accent = read(sentence).phrases[-1].accent
    words = [stamp for stamp in audio.timestamps if stamp.kind == "word"]
    phones = [
        stamp
        for stamp in audio.timestamps
        if stamp.kind == "phone" and stamp.span == words[accent].span
    ]
    vowel = next(stamp for stamp in phones if stamp.text.endswith("1"))
    f0 = track_f0(audio.samples, audio.sample_rate)
    f0[f0 < LOWEST_HZ] = 0
    begin = round(vowel.start_s * 100)
    inside = np.flatnonzero(f0[begin:]) + begin
    if not len(inside):
        return float("nan")
    tail = inside[-min(15, max(1, len(inside) // 2)) :]
    near = np.flatnonzero(f0[begin - 2 : begin + 5]) + begin - 2
    near = near if len(near) else inside[:5]
    return float(12 * np.log2(np.median(f0[tail]) / np.median(f0[near])))


@pytest.mark.parametrize("acoustic", ROADS)
def test_yes_no_questions_end_above_the_same_words_as_statements(acoustic):
    apart = {}
    for text in texts(DECLARATIVE) + texts(INVERTED):
        asked, said = (text + mark for mark in "?.")
        apart[text] = movement(synthesize(asked, acoustic=acoustic), asked)
        apart[text] -= movement(synthesize(said, acoustic=acoustic), said)
    assert len(apart) == 40
    assert sum(value >= 3 for value in apart.values()) >= 36, apart


@pytest.mark.parametrize("acoustic", ROADS)
def test_wh_questions_fall(acoustic):
    asked = [text + "?" for text in texts(WH)]
    fell = {text: movement(synthesize(text, acoustic=acoustic), text) for text in asked}
    assert len(fell) == 10
    assert all(value < -2 for value in fell.values()), fell


@pytest.mark.parametrize("acoustic", [*ROADS, "coded"])
def test_statements_sound_as_they_did(acoustic):
    for text in ("She left the house.", "Nobody knew why he came."):
        with_it, without = (
            synthesize(text, acoustic=acoustic, intonation=on).samples for on in (True, False)
        )
        assert (with_it == without).all()


def test_it_can_be_turned_off_everywhere(tmp_path):
    text = "You went home?"
    on, off = synthesize(text), synthesize(text, intonation=False)
    assert not np.array_equal(on.samples, off.samples)
    (batched,) = synthesize_batch([text], intonation=False)
    np.testing.assert_allclose(batched.samples, off.samples, atol=1e-4)
    streamed = np.concatenate([block.samples for block in stream(text, intonation=False)])
    np.testing.assert_allclose(streamed, off.samples, atol=1e-4)
    assert main([text, str(tmp_path / "on.wav")]) == 0
    assert main([text, str(tmp_path / "off.wav"), "--no-intonation"]) == 0
    ours = [read_audio(tmp_path / name).samples for name in ("on.wav", "off.wav")]
    for made, expected in zip(ours, (on, off)):
        np.testing.assert_allclose(made, expected.samples, atol=1e-4)
    with pytest.raises(ConfigError, match="intonation='no': expected True or False"):
        synthesize(text, intonation="no")  # type: ignore[arg-type]


def test_a_stream_has_the_tune_too():
    whole = synthesize("Well, is it Tom or Mary? You went home?", threads=1)
    blocks = list(stream("Well, is it Tom or Mary? You went home?", threads=1))
    np.testing.assert_allclose(
        np.concatenate([block.samples for block in blocks]), whole.samples, atol=1e-4
    )


def test_an_exclamation_is_louder_than_the_same_words():
    said, cried = (synthesize(f"Stop that right now{mark}") for mark in ".!")
    level = [10 * np.log10(np.mean(audio.samples**2)) for audio in (said, cried)]
    assert 0.5 < level[1] - level[0] < 3


LONG = (
    "The committee decided to postpone the meeting because several of its members were still "
    "travelling through the northern provinces"
)


def longest_silence(audio: Audio) -> tuple[float, float]:
    """Length in seconds of the longest stretch below -45 dB between the first and the last sound,
    and its middle."""
    frames = audio.samples[: len(audio.samples) // 160 * 160].reshape(-1, 160)
    quiet = 20 * np.log10(np.sqrt((frames**2).mean(1)) + 1e-9) < -45
    loud = np.flatnonzero(~quiet)
    best = int(np.diff(loud).argmax())
    return (loud[best + 1] - loud[best] - 1) / 100, (loud[best] + loud[best + 1]) / 200


def test_a_long_sentence_gets_a_short_pause_and_keeps_its_times():
    made, plain = synthesize(LONG + "."), synthesize(LONG + ".", intonation=False)
    length, middle = longest_silence(made)
    words = [stamp for stamp in made.timestamps if stamp.kind == "word"]
    because = next(index for index, stamp in enumerate(words) if stamp.text == "because")
    assert words[because - 1].start_s < middle < words[because].start_s + 0.05
    assert 0.05 < words[because].start_s - words[because - 1].end_s < 0.25
    assert 0.05 < length < 0.3
    before = [stamp for stamp in plain.timestamps if stamp.kind == "word"]
    assert [(stamp.text, stamp.span) for stamp in words] == [(s.text, s.span) for s in before]
    assert made.report.normalised == plain.report.normalised
    assert 0 < made.duration_s - plain.duration_s < 0.5
    assert made.timestamps[-1].end_s < made.duration_s


LONG_ONES = (
    LONG + " and nobody knew whether the young minister would ever come back to the capital "
    "after the long journey that his doctors had advised him not to make.",
    "After the storm had passed, the fishermen pulled their boats back down to the water, mended "
    "the nets that the waves had torn, and talked quietly about the light that had burned all "
    "night on the far side of the bay.",
    "The old museum at the end of the street keeps a collection of maps that sailors drew by hand "
    "hundreds of years ago, and on every first Sunday of the month a guide explains how they found "
    "their way across the ocean.",
)


def test_long_sentences_keep_pace_and_pitch():
    """Over thirds of ten to fourteen seconds F0 declines as over shorter ones, and the rate
    stays."""
    levels = []
    for text in LONG_ONES:
        audio = synthesize(text)
        assert 10 < audio.duration_s < 15
        phones = [stamp for stamp in audio.timestamps if stamp.kind == "phone"]
        f0 = track_f0(audio.samples, audio.sample_rate)
        thirds, rates = [], []
        for part in np.array_split(np.arange(len(phones)), 3):
            third = [phones[k] for k in part]
            voiced = f0[round(third[0].start_s * 100) : round(third[-1].end_s * 100)]
            thirds.append(12 * np.log2(np.median(voiced[voiced > LOWEST_HZ])))
            rates.append(len(third) / sum(stamp.end_s - stamp.start_s for stamp in third))
        # The tracker's steps are of a tenth of a semitone: nothing rises by more than one.
        assert thirds[0] > thirds[1] > thirds[2] - 0.15
        assert 1 < thirds[0] - thirds[2] < 6
        assert max(rates) < 1.2 * min(rates)
        levels.append(thirds)
    first, second, third = np.mean(levels, 0)
    assert first > second > third
