"""From text to sound with a tiny untrained voice, and once with the voice that ships."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tts_pipeline import Audio, Voice, stream, synthesize, synthesize_batch
from tts_pipeline.acoustic.autoregressive.engine import Decoder
from tts_pipeline.errors import ConfigError, TextError, VoiceError
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.voice.voice import SHIPPED

TEXT = "Hello there, my friend. How are you? I paid 25 dollars!"
TEXTS = (
    "Go.",
    "The cat sat on the mat, and then it slept.",
    "One. Two and three. Four!",
    "Is it late? Yes, it is rather late.",
    "A somewhat longer sentence stands between shorter ones to make the padding long.",
    "No!",
    "Red fish, blue fish.",
    "He left at noon. She stayed.",
)


@pytest.fixture(scope="module")
def voice(tiny_voice: Path) -> Voice:
    return Voice.load(tiny_voice)


def _loudness(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def test_audio_is_whole_frames_of_bounded_float32(voice: Voice) -> None:
    audio = synthesize("Hello there.", voice=voice)
    assert audio.samples.dtype == np.float32
    assert audio.sample_rate == 16000
    assert len(audio.samples) % voice.audio.hop_length == 0
    assert np.isfinite(audio.samples).all()
    assert 0 < np.abs(audio.samples).max() <= 1


def test_same_seed_same_samples_other_seed_others(voice: Voice, tiny_voice: Path) -> None:
    first = synthesize(TEXT, voice=voice, seed=4)
    torch.manual_seed(99)
    again = synthesize(TEXT, voice=Voice.load(tiny_voice), seed=np.int64(4))
    assert np.array_equal(first.samples, again.samples)
    assert first.timestamps == again.timestamps
    other = synthesize(TEXT, voice=voice, seed=5)
    assert not np.array_equal(first.samples, other.samples)


def test_speaking_does_not_disturb_global_random_numbers(voice: Voice) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    synthesize("Hello.", voice=voice)
    synthesize("Hello.", voice=voice, vocoder="griffin-lim")
    assert torch.equal(torch.rand(4), expected)


def test_first_sentence_has_the_seed_itself_and_the_others_their_own(voice: Voice) -> None:
    sentences, _ = voice.front_end("Go home. Go home.")
    audio = synthesize("Go home. Go home.", voice=voice, seed=11)
    parts = []
    for index, sentence in enumerate(sentences):
        seed = (11 + index * 0x9E3779B97F4A7C15) % 2**63
        (made,) = voice.acoustic.infer([AcousticInput.plain(sentence.tokens)], seed=seed)
        parts.append(voice.vocoder.infer(made.read(), seed=seed))
    pause = np.zeros(round(sentences[0].pause_after_s * 16000), np.float32)
    np.testing.assert_array_equal(audio.samples, np.concatenate([parts[0], pause, parts[1]]))
    assert not np.array_equal(parts[0], parts[1])


def test_no_pause_after_the_last_sentence(voice: Voice) -> None:
    (sentence,), _ = voice.front_end("Go home.")
    audio = synthesize("Go home.", voice=voice)
    made = voice.acoustic.stream(AcousticInput.plain(sentence.tokens), seed=0)
    assert made.durations is not None
    assert len(audio.samples) == 160 * int(made.durations.sum())


def test_timestamps_follow_the_durations(voice: Voice) -> None:
    audio = synthesize(TEXT, voice=voice)
    words = [stamp for stamp in audio.timestamps if stamp.kind == "word"]
    phones = [stamp for stamp in audio.timestamps if stamp.kind == "phone"]
    assert [word.text for word in words] == (
        "hello there my friend how are you i paid twenty five dollars".split()
    )
    assert TEXT[slice(*words[3].span)] == "friend"
    assert TEXT[slice(*words[9].span)].strip("$ ").startswith("25")
    for before, after in itertools.pairwise(words):
        assert before.start_s < before.end_s <= after.start_s
    for word in words:
        inside = [p for p in phones if word.start_s - 1e-9 <= p.start_s < word.end_s - 1e-9]
        assert inside[0].start_s == word.start_s
        assert inside[-1].end_s == word.end_s
        assert all(a.end_s == b.start_s for a, b in itertools.pairwise(inside))
    assert words[0].start_s > 0
    assert words[-1].end_s < audio.duration_s


def test_report_tells_what_was_done(voice: Voice) -> None:
    audio = synthesize("It is 5 o'clock \U0001f600 now. Go!", voice=voice, seed=2)
    report = audio.report
    assert report.normalised.startswith("it is five o'clock, now.")
    assert [item.text for item in report.dropped] == ["\U0001f600"]
    assert report.dropped[0].span == (16, 17)
    assert (report.n_sentences, report.n_split) == (2, 0)
    assert (report.voice, report.acoustic, report.vocoder) == ("tiny", "autoregressive", "parallel")
    assert (report.seed, dict(report.options), report.problems) == (2, {}, ())
    assert report.duration_s == audio.duration_s == len(audio.samples) / 16000
    assert report.compute_s > 0
    assert report.rtf * report.xrt == pytest.approx(1)


def test_rate_changes_the_length(voice: Voice) -> None:
    slow, plain, fast = (
        synthesize(TEXT, voice=voice, rate=rate).duration_s for rate in (0.5, 1.0, 2.0)
    )
    assert slow == pytest.approx(2 * plain, rel=0.1)
    assert fast == pytest.approx(plain / 2, rel=0.35)


def test_batch_of_eight_equals_eight_singles(voice: Voice) -> None:
    batch = synthesize_batch(TEXTS, voice=voice, seed=3, rate=0.9)
    assert len(batch) == len(TEXTS)
    for text, audio in zip(TEXTS, batch):
        single = synthesize(text, voice=voice, seed=3, rate=0.9)
        assert audio.timestamps == single.timestamps
        np.testing.assert_allclose(audio.samples, single.samples, atol=1e-4, rtol=0)
        assert audio.report.normalised == single.report.normalised
    shares = [audio.report.rtf for audio in batch]
    assert shares == pytest.approx([shares[0]] * len(shares))
    assert synthesize_batch([], voice=voice) == []


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (TEXT, {"seed": 1}),
        (TEXT, {"seed": 2, "rate": 0.4, "pitch": 1.3, "energy": 0.7}),
        ("Go.", {"rate": 4.0}),
        (" ".join(TEXTS), {"seed": 3}),
        (
            '<speak>Hello <break time="4s"/> there, <break time="350ms"/> my friend. '
            '<break time="1s"/> <prosody rate="slow" pitch="high" volume="loud">How are '
            'you</prosody> <break time="900ms"/> now? <break time="700ms"/></speak>',
            {"seed": 5},
        ),
        ("Hello there, my friend.", {"vocoder": "griffin-lim"}),
    ],
)
def test_stream_equals_synthesize(voice: Voice, text: str, options: dict[str, Any]) -> None:
    whole = synthesize(text, voice=voice, **options)
    blocks = list(stream(text, voice=voice, **options))
    np.testing.assert_allclose(
        np.concatenate([block.samples for block in blocks]), whole.samples, atol=1e-4, rtol=0
    )
    assert all(len(block.samples) for block in blocks)
    stamps = tuple(stamp for block in blocks for stamp in block.timestamps)
    assert stamps == whole.timestamps
    assert sum(block.report.n_sentences for block in blocks) == whole.report.n_sentences


def test_stream_tells_of_a_sentence_with_its_first_block(voice: Voice) -> None:
    whole = synthesize(TEXT, voice=voice)
    blocks = list(stream(TEXT, voice=voice))
    begins = np.cumsum([0, *(block.duration_s for block in blocks)])
    told = []
    for begin, block in zip(begins, blocks):
        assert block.report.duration_s == block.duration_s
        assert bool(block.timestamps) == bool(block.report.n_sentences)
        assert all(stamp.start_s >= begin for stamp in block.timestamps)
        told += [block.report.normalised] if block.report.n_sentences else []
    assert told == ["hello there, my friend.", "how are you?", "i paid twenty five dollars!"]
    assert sum(block.report.duration_s for block in blocks) == pytest.approx(whole.duration_s)


def test_stream_sounds_while_the_acoustic_model_is_writing(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_written = 0
    run = Decoder.run

    def counted(self: Decoder, *arguments: Any) -> np.ndarray:
        nonlocal n_written
        steps = run(self, *arguments)
        n_written += steps.size // voice.audio.n_mels
        return steps

    monkeypatch.setattr(Decoder, "run", counted)
    text = ", ".join(["the cat sat on the mat"] * 8) + "."
    blocks = stream(text, voice=voice)
    first = next(blocks)
    n_first = n_written
    longest = max(len(block.samples) for block in blocks)
    assert n_first < n_written / 3
    assert 0 < len(first.samples) <= n_first * 160
    # Memory is bounded by the longest block, whatever the length of the sentence.
    assert longest <= 512 * 160


def test_stream_takes_pieces_and_speaks_before_it_has_read_all(voice: Voice) -> None:
    read: list[int] = []

    def lines() -> Any:
        for number in range(3000):
            read.append(number)
            yield f"This is line number {number % 10}.\n"

    blocks = stream(lines(), voice=voice)
    first = next(blocks)
    assert isinstance(first, Audio)
    assert len(read) < 3000
    expected = synthesize("This is line number 0.", voice=voice)
    np.testing.assert_allclose(
        first.samples, expected.samples[: len(first.samples)], atol=1e-4, rtol=0
    )


def test_stream_reports_everything_that_it_leaves_out(voice: Voice) -> None:
    text = "\U0001f600 Hello there. Go \U0001f601 home. \U0001f602"
    dropped = [item.text for block in stream(text, voice=voice) for item in block.report.dropped]
    assert dropped == ["\U0001f600", "\U0001f601", "\U0001f602"]


@pytest.mark.parametrize("text", ["", " \n\t", "...", "\U0001f600 \U0001f601"])
def test_text_without_words_is_refused(voice: Voice, text: str) -> None:
    with pytest.raises(TextError) as caught:
        synthesize(text, voice=voice)
    if "\U0001f600" in text:
        assert "\U0001f600" in str(caught.value)
    with pytest.raises(TextError):
        list(stream(text, voice=voice))
    with pytest.raises(TextError):
        synthesize_batch(["Fine.", text], voice=voice)


def test_strict_refuses_what_would_be_left_out(voice: Voice) -> None:
    text = "Hello \U0001f600 there."
    for speak in (
        lambda: synthesize(text, voice=voice, strict=True),
        lambda: synthesize_batch([text], voice=voice, strict=True),
        lambda: list(stream(text, voice=voice, strict=True)),
    ):
        with pytest.raises(TextError, match="at character 6"):
            speak()
    assert synthesize("Hello there.", voice=voice, strict=True).report.dropped == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0.2}, r"rate=0\.2: expected a number from 0\.25 to 4"),
        ({"rate": float("nan")}, "rate=nan"),
        ({"pitch": 3}, r"pitch=3: expected a number from 0\.5 to 2"),
        ({"pitch": "high"}, "pitch='high'"),
        ({"energy": True}, "energy=True"),
        ({"energy": 0}, "energy=0"),
        ({"seed": -1}, "seed=-1: expected a whole number"),
        ({"seed": 2**63}, "seed=9223372036854775808"),
        ({"seed": 1.0}, r"seed=1\.0"),
    ],
)
def test_options_out_of_range_are_refused_at_once(
    voice: Voice, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        synthesize("Hello.", voice=voice, **options)
    with pytest.raises(ConfigError, match=message):
        stream("Hello.", voice=voice, **options)


def test_unknown_vocoder_and_voice_and_text_that_is_none(voice: Voice, tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="'opera'.*griffin-lim, parallel"):
        synthesize("Hello.", voice=voice, vocoder="opera")
    with pytest.raises(VoiceError, match="no such folder"):
        synthesize("Hello.", voice=tmp_path / "nobody")
    with pytest.raises(TextError, match="bytes"):
        synthesize(b"Hello.", voice=voice)  # type: ignore[arg-type]


def test_voice_may_be_a_folder(voice: Voice, tiny_voice: Path) -> None:
    expected = synthesize("Hello.", voice=voice).samples
    np.testing.assert_array_equal(synthesize("Hello.", voice=tiny_voice).samples, expected)
    np.testing.assert_array_equal(synthesize("Hello.", voice=str(tiny_voice)).samples, expected)


def test_griffin_lim_stands_behind_the_same_acoustic_model(voice: Voice) -> None:
    parallel = synthesize("Hello.", voice=voice)
    reference = synthesize("Hello.", voice=voice, vocoder="griffin-lim")
    assert len(parallel.samples) == len(reference.samples)
    assert parallel.timestamps == reference.timestamps
    assert reference.report.vocoder == "griffin-lim"


def test_lexicon_decides_how_a_word_is_said(voice: Voice, tmp_path: Path) -> None:
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("hello\tZ AA1 Z\n", encoding="utf-8")
    audio = synthesize("Hello.", voice=voice, lexicon=lexicon)
    assert [s.text for s in audio.timestamps if s.kind == "phone"] == ["Z", "AA1", "Z"]


def test_hostile_text_is_spoken_or_refused(voice: Voice) -> None:
    text = "<b>Hello</b> \ud800 " + "x" * 1_500 + " the end."
    audio = synthesize(text, voice=voice)
    words = [stamp.text for stamp in audio.timestamps if stamp.kind == "word"]
    assert words[-2:] == ["the", "end"]
    assert audio.report.n_split >= 2


@pytest.mark.skipif(
    not (SHIPPED / "config.json").exists(), reason="no voice has been trained into the package yet"
)
def test_shipped_voice_speaks_at_a_human_rate_and_loudness(tmp_path: Path) -> None:
    text = "The birch canoe slid on the smooth planks, and nobody saw it."
    audio = synthesize(text)
    words = [stamp for stamp in audio.timestamps if stamp.kind == "word"]
    assert len(words) == 12
    assert 1.5 < len(words) / (words[-1].end_s - words[0].start_s) < 6
    assert 0.01 < _loudness(audio.samples) < 0.3
    audio.save(tmp_path / "spoken.wav")
    assert (tmp_path / "spoken.wav").stat().st_size > 50_000


def test_a_stream_of_what_cannot_be_spoken_says_what_it_was(voice: Voice) -> None:
    with pytest.raises(TextError, match="'😀'"):
        list(stream("😀", voice=voice))


_KERNELS = """
import sys
from tts_pipeline import stream, synthesize
from tts_pipeline.nn import jit as compiled
for text in sys.argv[2:]:
    list(stream(text, voice=sys.argv[1], rate=1.2))
    synthesize(text, voice=sys.argv[1])
kernels = [kernel for kernel in compiled.kept_kernels if kernel.signatures]
print(sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels))
print(*sorted(f"{len(kernel.signatures)}{kernel.__name__}" for kernel in kernels))
"""


def test_nothing_is_compiled_again_whatever_is_spoken(tiny_voice: Path) -> None:
    def spoken(*texts: str) -> list[str]:
        command = [sys.executable, "-c", _KERNELS, str(tiny_voice), *texts]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()

    spoken("Go.")
    n_compiled, *signatures = spoken(" ".join(TEXTS), '<speak>A <break time="3s"/> b.</speak>')
    assert n_compiled == "0"
    assert {"1decode_steps", "1depthwise_norm", "1filter_spectra"} <= set(signatures)
    assert all(signature.startswith("1") for signature in signatures)


def test_markdown_is_read_where_it_is_asked_for(voice: Voice) -> None:
    text = "# One\n\nSee [it](http://x.org)."
    audio = synthesize(text, voice=voice, text_format="markdown")
    assert [stamp.text for stamp in audio.timestamps if stamp.kind == "word"] == [
        "one",
        "see",
        "it",
    ]
    streamed = [stamp for part in stream(text, voice=voice, text_format="markdown")
                for stamp in part.timestamps]  # fmt: skip
    assert [stamp.text for stamp in streamed if stamp.kind == "word"] == ["one", "see", "it"]
    with pytest.raises(TextError, match="html"):
        synthesize(text, voice=voice, text_format="html")
