"""Words and characters that a recogniser gets wrong."""

from __future__ import annotations

from tts_pipeline.evaluation.metrics.registry import TEXT, Case, Row, metric
from tts_pipeline.text.word_errors import character_errors, word_errors


@metric(
    "wer",
    "WER",
    unit="share of words",
    better="lower",
    needs=[TEXT],
    package="pocketsphinx",
    about="word errors of a recogniser by words said (Morris et al. 2004)",
    shown=True,
    plotted="Words that a recogniser gets wrong: lower is better.",
)
def word_error_rate(case: Case) -> Row:
    """Word errors and words; see :func:`tts_pipeline.text.word_errors.word_errors`."""
    found = word_errors(case.spoken_text, case.transcript)
    return found.total, found.length


@metric(
    "cer",
    "CER",
    unit="share of characters",
    better="lower",
    needs=[TEXT],
    package="jiwer",
    about="character errors of a recogniser by characters said",
)
def character_error_rate(case: Case) -> Row:
    """Character errors and characters."""
    found = character_errors(case.spoken_text, case.transcript)
    return found.total, found.length


@metric(
    "deletions",
    "words not heard",
    unit="share of words",
    better="lower",
    needs=[TEXT],
    package="jiwer",
    about="words that the recogniser left out by words said",
)
def deletion_rate(case: Case) -> Row:
    """Words that the recogniser left out, and words."""
    found = word_errors(case.spoken_text, case.transcript)
    return found.deletions, found.length
