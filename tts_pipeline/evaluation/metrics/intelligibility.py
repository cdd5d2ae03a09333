"""Word and character error rate through a recogniser."""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
from typing import Any, NamedTuple, Protocol

import numpy as np

from tts_pipeline.errors import TextError
from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE
from tts_pipeline.text.english.normalise import normalise


class Recogniser(Protocol):
    """Speech in, text out. Must be picklable, as worker processes get a copy.

    Attributes:
        name: what to call it in reports, with its version.
    """

    @property
    def name(self) -> str: ...

    def transcribe(self, samples: np.ndarray) -> str:
        """What is said in ``(S,)`` float32 at 16 kHz, in any spelling; may be empty.

        The result must not depend on what was transcribed before.
        """


@dataclasses.dataclass(frozen=True)
class PocketsphinxRecogniser:
    """Pocketsphinx 5 with the general US English models that its package holds.

    Old (hidden Markov models, trigrams), but small, offline and always the same. Cepstral means
    are taken over each recording as a whole, so that the order of the recordings does not matter.
    """

    @property
    def name(self) -> str:
        """Name and version, or that it is not installed."""
        try:
            found = importlib.metadata.version("pocketsphinx")
        except importlib.metadata.PackageNotFoundError:
            return "pocketsphinx, not installed"
        return f"pocketsphinx {found}, en-us general language model"

    def transcribe(self, samples: np.ndarray) -> str:
        """See :meth:`Recogniser.transcribe`."""
        decoder = _pocketsphinx_decoder()
        pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
        decoder.start_utt()
        decoder.process_raw(pcm.tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return "" if found is None else found.hypstr


@functools.lru_cache(maxsize=1)
def _pocketsphinx_decoder() -> Any:
    package = load_package("pocketsphinx", "the word error rate")
    return package.Decoder(samprate=SAMPLE_RATE, cmn="batch", loglevel="FATAL")


def spoken_words(text: str) -> list[str]:
    """The words of a text as they are said: lower case, no punctuation, numbers in words.

    Reference and hypothesis go through the same normaliser, that of the text front end.
    """
    return [token.text for token in normalise(text).tokens if token.is_word]


class Errors(NamedTuple):
    """What an alignment of the least edit distance finds.

    Attributes:
        substitutions: wrong units.
        deletions: missing units.
        insertions: additional units.
        length: units of the reference.
    """

    substitutions: int
    deletions: int
    insertions: int
    length: int

    @property
    def total(self) -> int:
        """Errors of any kind."""
        return self.substitutions + self.deletions + self.insertions


def word_errors(reference: str, hypothesis: str) -> Errors:
    """Word errors of a transcript, by Levenshtein distance (Levenshtein 1966; ``jiwer``).

    WER (Morris, Maier and Green 2004, Interspeech, equation 1) is :attr:`Errors.total` by
    :attr:`Errors.length`, over several texts the sum of the one by the sum of the other; it can
    exceed 1.

    Raises:
        TextError: if the reference holds no words.
        MissingPackage: if jiwer is not installed.
    """
    return _errors(spoken_words(reference), spoken_words(hypothesis), reference)


def character_errors(reference: str, hypothesis: str) -> Errors:
    """As :func:`word_errors` over characters, spaces between words included."""
    joined = (" ".join(spoken_words(text)) for text in (reference, hypothesis))
    first, second = (["_" if c == " " else c for c in text] for text in joined)
    return _errors(first, second, reference)


def _errors(first: list[str], second: list[str], text: str) -> Errors:
    jiwer = load_package("jiwer", "the word error rate")
    if not first:
        raise TextError(f"reference {text!r} holds no words: expected what is said")
    found = jiwer.process_words(" ".join(first), " ".join(second))
    return Errors(found.substitutions, found.deletions, found.insertions, len(first))
