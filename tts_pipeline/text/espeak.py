"""Other languages' door: a front end that asks espeak-ng (extra ``[espeak]``), one word at a time.

The English voice never needs it. Its phones are mapped to the nearest of the English alphabet, so
that a voice speaks foreign words with its own accent. espeak-ng is GPL-3 and comes only with the
extra; it runs in a process of its own that may die without taking the program with it.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tts_pipeline.errors import TextError
from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.markup.direct import bounded
from tts_pipeline.text.phones import from_ipa, readable_ipa
from tts_pipeline.text.protocol import (
    SENTENCE_PAUSE_S,
    STRENGTH,
    Dropped,
    Report,
    Sentence,
    Word,
)
from tts_pipeline.text.symbols import ARPABET, BOUNDARY

MAX_LETTERS = 50
TIMEOUT_S = 10.0
CONFIDENCE = 0.5
_CACHE_SIZE = 65536
_PART = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d{1,15}|[,;:.?!…。？！、，]|\s+|.", re.DOTALL)
_MARKS = {";": ",", ":": ",", "…": ".", "。": ".", "？": "?", "！": "!", "、": ",", "，": ","}
_SENTENCE_END = re.compile(r"[.?!…。？！]\s|\n\s*\n")


class EspeakWorker:
    """espeak-ng in a process of its own; safe to call from several threads.

    Args:
        voice: an espeak-ng voice, such as "de" or "fr-fr".

    Raises:
        TextError: if the extra is not installed or there is no such voice.
    """

    def __init__(self, voice: str) -> None:
        if importlib.util.find_spec("espeakng_loader") is None:
            raise TextError("espeak-ng is not installed: pip install 'tts_pipeline[espeak]'")
        self._voice = voice
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        with self._lock:
            self._start()

    def ipa(self, word: str) -> str | None:
        """Return the IPA of a word, or None if the process died or hung over it."""
        with self._lock:
            if self._process is None:
                self._start()
            process = self._process
            assert process is not None and process.stdin is not None
            try:
                process.stdin.write(word + "\n")
                process.stdin.flush()
            except OSError:
                answer = None
            else:
                answer = self._answer()
            if answer is None:
                self._stop()
            return answer

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONIOENCODING": "utf-8",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tts_pipeline.text.espeak_worker", self._voice],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=environment,
        )
        self._answers = queue.Queue()
        threading.Thread(target=_forward, args=(self._process, self._answers), daemon=True).start()
        if self._answer() != "ready":
            self._stop()
            raise TextError(f"espeak-ng does not start with the voice {self._voice!r}")

    def _answer(self) -> str | None:
        try:
            return self._answers.get(timeout=TIMEOUT_S)
        except queue.Empty:
            return None

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _forward(process: subprocess.Popen[str], answers: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        answers.put(line.rstrip("\n"))
    answers.put(None)


class EspeakFrontEnd:
    """A :class:`~tts_pipeline.text.protocol.TextFrontEnd` for the languages of espeak-ng.

    Args:
        voice: an espeak-ng voice, such as "de" or "fr-fr".
    """

    alphabet = ARPABET

    def __init__(self, voice: str) -> None:
        self._worker = EspeakWorker(voice)
        self._cache: dict[str, tuple[str, ...] | None] = {}

    def __call__(self, text: str, *, strict: bool = False) -> tuple[list[Sentence], Report]:
        """Return the sentences of a text and a report of what was done with it.

        Raises:
            TextError: with ``strict``, if something cannot be spoken.
        """
        sentences: list[Sentence] = []
        dropped: list[Dropped] = []
        words: list[Word] = []
        gaps: list[str] = []
        n_split = 0

        def finish() -> None:
            nonlocal n_split
            if words:
                gaps[-1] = gaps[-1] if STRENGTH[gaps[-1]] >= STRENGTH["."] else "."
                span = (words[0].span[0], words[-1].span[1])
                whole = Sentence(tuple(words), tuple(gaps), span, SENTENCE_PAUSE_S)
                pieces = bounded(whole)
                n_split += len(pieces) if len(pieces) > 1 else 0
                sentences.extend(pieces)
            words.clear()
            gaps.clear()

        for part in _PART.finditer(text):
            written, span = part.group(), part.span()
            mark = _MARKS.get(written, written)
            if mark in (",", ".", "?", "!"):
                if words and STRENGTH[mark] > STRENGTH[gaps[-1]]:
                    gaps[-1] = mark
            elif written.isspace():
                if written.count("\n") > 1 or (words and STRENGTH[gaps[-1]] >= STRENGTH["."]):
                    finish()
            elif written[0].isalnum():
                for start in range(0, len(written), MAX_LETTERS):
                    piece = written[start : start + MAX_LETTERS]
                    place = (span[0] + start, span[0] + start + len(piece))
                    phones = self._phones(piece)
                    if phones:
                        spoken = piece.lower()
                        words.append(Word(spoken, phones, place, "espeak", CONFIDENCE))
                        gaps.append(BOUNDARY)
                    else:
                        dropped.append(Dropped(piece, place, "espeak-ng has no sound for it"))
            elif unicodedata.category(written)[0] not in "PZ":
                dropped.append(Dropped(written, span, "no word of any language"))
        finish()
        if strict and dropped:
            first = dropped[0]
            raise TextError(
                f"cannot speak {first.text!r} at character {first.span[0]} ({first.reason})"
            )
        normalised = " ".join(word.text for sentence in sentences for word in sentence.words)
        return sentences, Report(normalised, tuple(dropped), len(sentences), n_split)

    def stream(
        self, text: str | Iterable[str]
    ) -> Iterator[tuple[Sentence | None, tuple[Dropped, ...]]]:
        """Yield sentences, each with what was dropped in its block, in bounded memory."""
        held, offset = "", 0
        for piece in (text,) if isinstance(text, str) else text:
            held += piece
            ends = [match.end() for match in _SENTENCE_END.finditer(held)]
            if ends:
                yield from self._shifted(held[: ends[-1]], offset)
                held, offset = held[ends[-1] :], offset + ends[-1]
        yield from self._shifted(held, offset)

    def close(self) -> None:
        """End the process of espeak-ng."""
        self._worker.close()

    def _shifted(
        self, text: str, offset: int
    ) -> Iterator[tuple[Sentence | None, tuple[Dropped, ...]]]:
        sentences, report = self(text)
        waiting = tuple(
            record._replace(span=(record.span[0] + offset, record.span[1] + offset))
            for record in report.dropped
        )
        for sentence in sentences:
            words = tuple(
                replace(word, span=(word.span[0] + offset, word.span[1] + offset))
                for word in sentence.words
            )
            span = (sentence.span[0] + offset, sentence.span[1] + offset)
            yield replace(sentence, words=words, span=span), waiting
            waiting = ()
        if waiting:
            yield None, waiting

    def _phones(self, word: str) -> tuple[str, ...] | None:
        clean = "".join(c for c in word if c.isalnum() or c in "'’" or unicodedata.combining(c))
        if clean not in self._cache:
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            ipa = readable_ipa(self._worker.ipa(clean) or "")
            self._cache[clean] = from_ipa(ipa) if ipa else None
        return self._cache[clean]
