"""What words for a way of speaking do to the sound of the voice in the package."""

from __future__ import annotations

import numpy as np
import pytest

from tts_pipeline.audio.f0 import track_f0
from tts_pipeline.cli import main
from tts_pipeline.errors import ConfigError
from tts_pipeline.synthesis import stream, synthesize, synthesize_batch

TEXT = "She left the house before he came, and nobody ever asked her why."


def facts(style: str, **options) -> dict[str, float]:
    """Duration, level, the median of F0 and its spread, the longest silence."""
    audio = synthesize(TEXT, style=style, **options)
    f0 = track_f0(audio.samples, audio.sample_rate)
    f0 = f0[f0 > 0]
    frames = audio.samples[: len(audio.samples) // 160 * 160].reshape(-1, 160)
    quiet = 20 * np.log10(np.sqrt((frames**2).mean(1)) + 1e-9) < -45
    inside = quiet[np.flatnonzero(~quiet)[0] : np.flatnonzero(~quiet)[-1]]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside, [0]])))
    runs = edges[1::2] - edges[::2]
    return {
        "duration": audio.duration_s,
        "level": 10 * np.log10((audio.samples**2).mean()),
        "pitch": float(np.median(f0)),
        "range": float(np.std(np.log(f0[(f0 > 90) & (f0 < 400)]))),
        "pause": float(runs.max(initial=0)) / 100,
    }


@pytest.fixture(scope="module")
def plain() -> dict[str, float]:
    return facts("")


@pytest.mark.parametrize(
    ("style", "quantity", "least", "most"),
    [
        ("slow", "duration", 1.15, 1.40),
        ("fast", "duration", 0.72, 0.90),
        ("low", "pitch", 0.82, 0.94),
        ("high", "pitch", 1.06, 1.22),
        ("monotonous", "range", 0.2, 0.8),
        ("extremely expressive", "range", 1.15, 2.5),
        ("halting", "pause", 1.2, 4.0),
    ],
)
def test_what_is_measured_moves_as_the_words_say(plain, style, quantity, least, most):
    assert least <= facts(style)[quantity] / plain[quantity] <= most


def test_the_level_moves_as_the_words_say(plain):
    # Factors of 1.9 and 0.65 are 5.6 and -3.7 dB. The voice goes a good half of the way, with the
    # refiner behind it a little less.
    assert 1.8 < facts("loud")["level"] - plain["level"] < 6
    alone = {"acoustic": "autoregressive"}
    assert 2 < facts("loud", **alone)["level"] - facts("", **alone)["level"] < 6
    assert -6 < facts("quiet")["level"] - plain["level"] < -1.8


def test_several_words_move_several_things(plain):
    sad = facts("slow, low and sad")
    assert sad["duration"] > 1.3 * plain["duration"]
    assert sad["pitch"] < 0.92 * plain["pitch"]
    assert sad["level"] < plain["level"] - 1
    assert sad["pause"] > plain["pause"]


# Of white noise neighbouring samples are independent, of a voice they are nearly the same.
def roughness(sound: np.ndarray) -> float:
    return float((np.diff(sound, axis=1) ** 2).sum() / (sound**2).sum())


@pytest.mark.parametrize("acoustic", ["autoregressive", "autoregressive+flow-refiner"])
def test_breath_is_noise_in_the_voice(acoustic):
    plain, airy = (
        synthesize(TEXT, acoustic=acoustic, breath=breath).samples for breath in (1.0, 4.0)
    )
    voiced = track_f0(plain, 16_000) > 0
    frames, added = (
        samples[: len(voiced) * 160].reshape(-1, 160) for samples in (plain, airy - plain)
    )
    voiced = voiced[: len(frames)]
    assert roughness(added[voiced]) > 5 * roughness(frames[voiced])
    # Three times the noise that was there: less than the voice by far, and next to none elsewhere.
    share = (added[voiced] ** 2).sum() / (frames[voiced] ** 2).sum()
    assert 0.01 < share < 0.1
    assert (added[~voiced] ** 2).mean() < 0.01 * (added[voiced] ** 2).mean()
    if acoustic == "autoregressive":
        # Sharper mels make the plain voice rougher, so that breath makes less of a difference.
        assert roughness((frames + added)[voiced]) > 1.3 * roughness(frames[voiced])


def test_breath_that_the_vocoder_cannot_change_is_reported():
    whisper = synthesize(TEXT, style="breathy", vocoder="griffin-lim")
    assert whisper.report.problems == (
        "style: breath is as it was: vocoder 'griffin-lim' cannot change it",
    )
    by_style = synthesize(TEXT, style="breathy").samples
    assert not np.array_equal(by_style, synthesize(TEXT, style="breathy", breath=1.0).samples)


def test_nothing_said_is_nothing_changed():
    assert np.array_equal(synthesize("Yes.").samples, synthesize("Yes.", style="").samples)


def test_batch_stream_and_whole_agree():
    options = {"style": "tired", "seed": 2}
    whole = synthesize(TEXT, **options)
    streamed = np.concatenate([audio.samples for audio in stream(TEXT, **options)])
    np.testing.assert_allclose(streamed, whole.samples, atol=1e-4)
    np.testing.assert_allclose(
        synthesize_batch([TEXT], **options)[0].samples, whole.samples, atol=1e-4
    )


def test_what_is_not_understood_is_in_the_report_or_an_error():
    assert synthesize("Yes.", style="purple and sad").report.problems == (
        "style: not understood: purple",
    )
    with pytest.raises(ConfigError, match="not understood: purple"):
        synthesize("Yes.", style="purple and sad", strict=True)


def test_ssml_gives_words_a_style_of_their_own():
    def speak(style: str) -> float:
        return synthesize(
            f'<speak>Nobody knew. <prosody style="{style}">Nobody ever asked her.</prosody></speak>'
        ).duration_s

    assert speak("very slow") > speak("calm") > speak("fast")
    audio = synthesize('<speak><prosody style="purple, sad">Nobody.</prosody></speak>')
    assert audio.report.problems == ("style: not understood: purple",)


def test_pauses_between_sentences_follow_the_style():
    def gap(style: str) -> float:
        audio = synthesize("One. Two.", style=style)
        first, second = (stamp for stamp in audio.timestamps if stamp.kind == "word")
        return second.start_s - first.end_s

    assert gap("halting") > 1.3 * gap("")


def test_the_command_line_takes_it(tmp_path, capsys):
    path = tmp_path / "sad.wav"
    assert main(["speak", "Nobody knew.", "--style", "sad and purple", "-o", str(path)]) == 0
    assert path.stat().st_size > 10000
    assert "not understood: purple" in capsys.readouterr().err
