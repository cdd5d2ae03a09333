"""The door to other languages; everything but the refusal needs the extra."""

from __future__ import annotations

import importlib.util
import os
import signal
import time

import pytest

from tests.processes import children, is_alive, needs_proc
from tts_pipeline.errors import TextError
from tts_pipeline.text.espeak import EspeakFrontEnd, EspeakWorker
from tts_pipeline.text.protocol import MAX_TOKENS
from tts_pipeline.text.symbols import ARPABET

INSTALLED = importlib.util.find_spec("espeakng_loader") is not None
needs_espeak = pytest.mark.skipif(not INSTALLED, reason="the extra [espeak] is not installed")


@pytest.mark.skipif(INSTALLED, reason="the extra [espeak] is installed")
def test_without_the_extra_the_error_names_it():
    with pytest.raises(TextError, match=r"tts_pipeline\[espeak\]"):
        EspeakFrontEnd("de")


@pytest.fixture(scope="module")
def german():
    front_end = EspeakFrontEnd("de")
    yield front_end
    front_end.close()


@needs_espeak
def test_german_words_in_the_alphabet(german):
    text = "Guten Tag, schöne Welt! Was kostet das?\n\nEnde 😀"
    sentences, report = german(text)
    assert [s.gaps[-1] for s in sentences] == ["!", "?", "."]
    assert sentences[0].words[0].phones == ("G", "UW1", "T", "AH0", "N")
    assert sentences[0].gaps == ("|", ",", "|", "!")
    for sentence in sentences:
        assert set(sentence.tokens) <= set(ARPABET.tokens.values())
        for word in sentence.words:
            assert text[slice(*word.span)].lower() == word.text
    assert [d.text for d in report.dropped] == ["😀"]
    with pytest.raises(TextError, match="😀"):
        german(text, strict=True)
    assert [s for s, _ in german.stream(text.splitlines(keepends=True))] == sentences


@needs_espeak
def test_long_words_and_long_texts_are_bounded(german):
    sentences, _ = german("donaudampfschiff" * 100 + " " + "wort " * 500)
    assert max(len(s.tokens) for s in sentences) <= MAX_TOKENS
    assert all(len(w.text) <= 50 for s in sentences for w in s.words)


@needs_espeak
@needs_proc
def test_the_process_may_die():
    before = children(os.getpid())
    worker = EspeakWorker("de")
    assert worker.ipa("Tag")
    (process,) = children(os.getpid()) - before
    os.kill(process, signal.SIGKILL)
    while is_alive(process):
        time.sleep(0.01)
    assert worker.ipa("Tag") is None
    assert worker.ipa("Tag")
    worker.close()


@needs_espeak
def test_unknown_voice_is_named():
    with pytest.raises(TextError, match="klingonisch"):
        EspeakWorker("klingonisch")
