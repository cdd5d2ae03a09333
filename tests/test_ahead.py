"""Sentences spoken ahead: the same sound, the same order, the same errors, and no thread left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tts_pipeline import Voice, stream, synthesize, synthesize_batch
from tts_pipeline.errors import ConfigError, TextError
from tts_pipeline.timeline import Speaker

TEXT = "One and two. Three! Is it four? Five, six. Seven. Eight or nine. Ten."


@pytest.fixture(scope="module")
def voice(tiny_voice: Path) -> Voice:
    return Voice.load(tiny_voice)


@pytest.mark.parametrize("threads", [2, 3, 16])
def test_samples_and_times_do_not_depend_on_the_threads(voice: Voice, threads: int) -> None:
    expected = synthesize(TEXT, voice=voice, seed=5, rate=1.2, threads=1)
    found = synthesize(TEXT, voice=voice, seed=5, rate=1.2, threads=threads)
    np.testing.assert_array_equal(found.samples, expected.samples)
    assert found.timestamps == expected.timestamps
    blocks = list(stream(TEXT, voice=voice, seed=5, rate=1.2, threads=threads))
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks]), expected.samples)
    assert tuple(stamp for b in blocks for stamp in b.timestamps) == expected.timestamps
    assert sum(b.report.n_sentences for b in blocks) == expected.report.n_sentences
    texts = [TEXT, "Eleven.", TEXT[:30]]
    for one, audio in zip(texts, synthesize_batch(texts, voice=voice, threads=threads)):
        alone = synthesize(one, voice=voice, threads=1)
        np.testing.assert_array_equal(audio.samples, alone.samples)


@pytest.mark.parametrize("n_started", [0, 1])
def test_where_no_thread_can_be_started_sentences_are_spoken_one_by_one(
    voice: Voice, monkeypatch: pytest.MonkeyPatch, n_started: int
) -> None:
    expected = synthesize(TEXT, voice=voice, threads=1)
    start, started = threading.Thread.start, []

    def limited(thread: threading.Thread) -> None:
        if thread.name.startswith("tts-pipeline"):
            if len(started) >= n_started:
                raise RuntimeError("can't start new thread")
            started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    found = synthesize(TEXT, voice=voice, threads=3)
    np.testing.assert_array_equal(found.samples, expected.samples)
    started.clear()
    blocks = [block.samples for block in stream(TEXT, voice=voice, threads=3)]
    np.testing.assert_array_equal(np.concatenate(blocks), expected.samples)
    assert len(started) == n_started


def test_sentences_really_are_spoken_side_by_side(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2)
    speak = Speaker.speak

    def wait_for_another(self, sentence, index):  # type: ignore[no-untyped-def]
        together.wait(20)
        return speak(self, sentence, index)

    monkeypatch.setattr(Speaker, "speak", wait_for_another)
    synthesize("One. Two. Three. Four.", voice=voice, threads=2)


def test_what_comes_before_an_error_is_still_given_out(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = stream("One. Two. Three \U0001f600 four.", voice=voice, strict=True, threads=2)
    spoken = []
    with pytest.raises(TextError, match="cannot speak"):
        for block in blocks:
            spoken.append(block)
    assert sum(block.report.n_sentences for block in spoken) == 2

    def fail(self, sentence, index):  # type: ignore[no-untyped-def]
        raise TextError(f"sentence {index}")

    monkeypatch.setattr(Speaker, "speak", fail)
    with pytest.raises(TextError, match="sentence 0"):
        synthesize("One. Two. Three.", voice=voice, threads=2)


def test_a_stream_that_is_left_leaves_no_thread(voice: Voice) -> None:
    blocks = stream(TEXT, voice=voice, threads=2)
    next(blocks)
    next(blocks)
    blocks.close()
    for thread in threading.enumerate():
        if thread.name.startswith("tts-pipeline"):
            thread.join(20)
            assert not thread.is_alive()


def test_pieces_that_come_slowly_are_not_waited_for(voice: Voice) -> None:
    def asked_before_the_first_sound(threads: int) -> int:
        asked = []

        def pieces() -> Iterator[str]:
            for number in range(400):
                asked.append(number)
                yield "And another one. "

        next(stream(pieces(), voice=voice, threads=threads))
        return len(asked)

    assert asked_before_the_first_sound(2) == asked_before_the_first_sound(1) < 400


def blas_limits() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_products_take_one_thread_and_the_setting_of_the_process_comes_back(
    voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[int]] = {"mels": set(), "__call__": set()}
    for kind, name in ((Speaker, "mels"), (type(voice.front_end), "__call__")):
        work = getattr(kind, name)

        def look(self, *given, _work=work, _name=name, **options):  # type: ignore[no-untyped-def]
            seen[_name].update(blas_limits())
            return _work(self, *given, **options)

        monkeypatch.setattr(kind, name, look)
    with threadpool_limits(2, user_api="blas"):
        synthesize(TEXT, voice=voice, threads=2)
        synthesize_batch([TEXT], voice=voice)
        assert seen == {"mels": {1}, "__call__": {1}} and blas_limits() == {2}
        blocks = stream(TEXT, voice=voice, threads=1)
        next(blocks)
        assert blas_limits() == {2}
        blocks.close()
        assert blas_limits() == {2}


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2", 257])
def test_bad_numbers_are_refused(voice: Voice, threads: object) -> None:
    with pytest.raises(ConfigError, match=r"threads=.*from 1 to 256"):
        synthesize("Hello.", voice=voice, threads=threads)  # type: ignore[arg-type]
