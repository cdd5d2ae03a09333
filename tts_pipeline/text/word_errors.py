"""Word and character errors of a transcript, whoever made it: a recogniser or a listener."""

from __future__ import annotations

from typing import NamedTuple

from tts_pipeline.errors import TextError, TTSPipelineError
from tts_pipeline.text.english.normalise import normalise


def spoken_words(text: str) -> list[str]:
    """The words of a text as they are said: lower case, no punctuation, numbers in words.

    Reference and transcript go through the same normaliser, that of the text front end.
    Apostrophes go too, since they cannot be heard: "its" is "it's".
    """
    return [token.text.replace("'", "") for token in normalise(text).tokens if token.is_word]


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
        TTSPipelineError: if jiwer is not installed.
    """
    return _errors(spoken_words(reference), spoken_words(hypothesis), reference)


def character_errors(reference: str, hypothesis: str) -> Errors:
    """As :func:`word_errors` over characters, spaces between words included."""
    joined = (" ".join(spoken_words(text)) for text in (reference, hypothesis))
    first, second = (["_" if c == " " else c for c in text] for text in joined)
    return _errors(first, second, reference)


def _errors(first: list[str], second: list[str], text: str) -> Errors:
    if not first:
        raise TextError(f"reference {text!r} holds no words: expected what is said")
    try:
        import jiwer
    except ImportError as error:
        raise TTSPipelineError(
            f"the word error rate needs the package jiwer ({error}): "
            "pip install 'tts_pipeline[eval]' or 'tts_pipeline[listen]'"
        ) from error
    found = jiwer.process_words(" ".join(first), " ".join(second))
    return Errors(found.substitutions, found.deletions, found.insertions, len(first))
