"""What makes a row of a corpus bad or doubtful, and the limits."""

from __future__ import annotations

import math
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tts_pipeline.corpus.corpus import Corpus
from tts_pipeline.corpus.recording import Recording
from tts_pipeline.corpus.utterance import SPLITS, Fault, Utterance, text_key
from tts_pipeline.errors import TextError
from tts_pipeline.text.protocol import TextFrontEnd

# Limits of a single recording: beyond the first it is worth a look, beyond the second it is bad.
LONGEST_S, SHORTEST_SPEECH_S = 30.0, 0.25
SILENCE_S, PAUSE_S = 1.0, 1.0
EDGE_DB, NOISE_DB, OFFSET = -12.0, 18.0, 0.01
CLIPPED_SHARE = 1e-3
VOICED_SHARE = 0.2
# Limits against the corpus' median, in robust standard deviations of the logarithm, each with
# the smallest factor that counts in a corpus that is very even or very small.
DURATION_LIMIT = (5.0, 3.0)
RATE_WARNING, RATE_ERROR = (4.5, 1.5), (7.0, 2.0)
LEVEL_DB = 9.0
# A sentence takes about as long as this many letters more: its last syllable is lengthened.
_END_LETTERS = 7
# A digit is read as a word.
_DIGIT_LETTERS = 4
_TYPOGRAPHY = frozenset("‐‑‒–—―‘’‚“”„…«»‹›•·−×÷€£¥¢§¶©®™°ßæÆœŒøØłŁđĐðÐþÞıµ")


def row_fault(kind: str, row: Utterance, message: str, *, error: bool) -> Fault:
    """A fault of this row."""
    return Fault(kind, row.id, row.source, row.line, message, error)


def letters(text: str) -> int:
    """Letters of a text, digits counted as the words they are read as."""
    return sum(_DIGIT_LETTERS if character.isdigit() else character.isalpha() for character in text)


def _is_known(character: str) -> bool:
    """Whether English text has this character: ASCII, typographic marks and accented letters."""
    if character in _TYPOGRAPHY or " " <= character <= "~":
        return True
    parts = unicodedata.normalize("NFKD", character)
    return all(" " <= part <= "~" or part == "⁄" or unicodedata.combining(part) for part in parts)


def text_faults(row: Utterance) -> Iterator[Fault]:
    """Faults that the text shows by itself."""
    unknown = sorted({character for character in row.text if not _is_known(character)})
    if unknown:
        names = ", ".join(
            f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"
            for character in unknown
        )
        yield row_fault("unknown-character", row, f"the text holds {names}", error=True)


def set_faults(corpus: Corpus) -> Iterator[Fault]:
    """Faults of the sets: training needs all three."""
    n_texts = len({text_key(row.text) for row in corpus.utterances})
    for split in SPLITS:
        if not corpus.split(split):
            message = (
                f"no usable recording in the {split} set ({n_texts} different texts in all); "
                "expected at least three different texts, or one id in each of "
                + ", ".join(f"{name}.txt" for name in SPLITS)
            )
            yield Fault(f"no-{split}", "", corpus.root, 0, message)


def spoken_faults(row: Utterance, front_end: TextFrontEnd) -> Iterator[Fault]:
    """Whatever of the text a front end cannot speak, mark-up included."""
    try:
        sentences, report = front_end(row.text)
    except TextError as error:
        yield row_fault("unspeakable", row, str(error), error=True)
        return
    if report.dropped or not sentences:
        dropped = ", ".join(repr(item.text) for item in report.dropped) or repr(row.text)
        yield row_fault("unspeakable", row, f"cannot be spoken: {dropped}", error=True)


def recording_faults(row: Utterance, item: Recording) -> Iterator[Fault]:
    """Faults that one recording shows by itself."""
    if item.duration_s > LONGEST_S:
        message = f"{item.duration_s:.1f} s long, expected at most {LONGEST_S:.0f}; cut it up"
        yield row_fault("too-long", row, message, error=True)
    if item.speech_s < SHORTEST_SPEECH_S:
        message = f"only {item.speech_s:.2f} s of sound, expected {SHORTEST_SPEECH_S} at least"
        yield row_fault("too-short", row, message, error=True)
    if item.clipped_share > 0:
        message = f"clipped: {100 * item.clipped_share:.2g} % of the samples lie on flat tops"
        yield row_fault("clipping", row, message, error=item.clipped_share > CLIPPED_SHARE)
    if item.voiced_share < VOICED_SHARE:
        message = (
            f"only {100 * item.voiced_share:.0f} % of its loud frames have an F0: whispered, or "
            "no speech?"
        )
        yield row_fault("unvoiced", row, message, error=False)
    if item.leading_s > SILENCE_S:
        message = f"{item.leading_s:.2f} s of silence before the speech (training trims it)"
        yield row_fault("leading-silence", row, message, error=False)
    if item.trailing_s > SILENCE_S:
        message = f"{item.trailing_s:.2f} s of silence after the speech (training trims it)"
        yield row_fault("trailing-silence", row, message, error=False)
    if item.pause_s > PAUSE_S:
        message = f"a pause of {item.pause_s:.2f} s within the speech"
        yield row_fault("long-pause", row, message, error=False)
    if item.edge_db > EDGE_DB:
        message = f"loud up to an edge ({item.edge_db:+.0f} dB from the speech): maybe cut off"
        yield row_fault("cut-edge", row, message, error=False)
    elif item.level_db - item.noise_db < NOISE_DB:
        message = f"noise only {item.level_db - item.noise_db:.0f} dB below the speech"
        yield row_fault("noise", row, message, error=False)
    if abs(item.offset) > OFFSET:
        message = f"constant offset of {item.offset:+.3f} (training removes it)"
        yield row_fault("offset", row, message, error=False)


def faults_among(rows: Sequence[Utterance], items: dict[str, Recording]) -> Iterator[Fault]:
    """Faults that show only against the rest of the corpus."""
    usual_rate, _ = Counter(item.sample_rate for item in items.values()).most_common(1)[0]
    usual_level = statistics.median(item.level_db for item in items.values())
    lengths = _Spread(rows, lambda row: math.log(items[row.id].duration_s))
    rates = _Spread(
        rows, lambda row: math.log(items[row.id].speech_s / (letters(row.text) + _END_LETTERS))
    )
    voiced = sum(items[row.id].voiced_share >= VOICED_SHARE for row in rows)
    if voiced < len(rows) / 2:
        message = (
            f"only {voiced} of {len(rows)} recordings have an F0: a voice that is trained on them "
            "has no melody, and its pitch cannot be moved; record voiced speech"
        )
        yield Fault("no-f0", "", rows[0].source, 0, message, error=False)
    first_of: dict[str, Utterance] = {}
    for row in rows:
        item = items[row.id]
        if item.sample_rate != usual_rate:
            message = f"{item.sample_rate} Hz, most of the corpus has {usual_rate}"
            yield row_fault("sample-rate", row, message, error=False)
        if abs(item.level_db - usual_level) > LEVEL_DB:
            message = f"active level {item.level_db:.1f} dBFS, the corpus' median {usual_level:.1f}"
            yield row_fault("level", row, message, error=False)
        if lengths.is_outside(row, DURATION_LIMIT):
            message = f"{item.duration_s:.2f} s, the corpus' median is {lengths.median:.2f}"
            yield row_fault("duration", row, message, error=False)
        if rates.is_outside(row, RATE_WARNING):
            factor = rates.factor(row)
            message = (
                f"{item.speech_s:.2f} s of speech is {factor:.2f} times what this text takes "
                "at the corpus' speaking rate; does the text belong to the recording?"
            )
            yield row_fault("speaking-rate", row, message, error=rates.is_outside(row, RATE_ERROR))
        other = first_of.setdefault(item.fingerprint, row)
        if other is not row:
            message = f"the same sound as {other.id} ({other.source.name}:{other.line})"
            differs = text_key(other.text) != text_key(row.text)
            message += ", but another text" if differs else ""
            yield row_fault("duplicate-sound", row, message, error=differs)


class _Spread:
    """Distance of each row from the median of a logarithm, in robust standard deviations."""

    def __init__(self, rows: Sequence[Utterance], value: Callable[[Utterance], float]):
        values = {row.id: value(row) for row in rows}
        middle = statistics.median(values.values())
        self.median = math.exp(middle)
        self._distance = {name: value - middle for name, value in values.items()}
        # 1.4826 times the median absolute deviation is the standard deviation of a normal law.
        self._deviation = 1.4826 * statistics.median(map(abs, self._distance.values()))

    def factor(self, row: Utterance) -> float:
        return math.exp(self._distance[row.id])

    def is_outside(self, row: Utterance, limit: tuple[float, float]) -> bool:
        deviations, factor = limit
        return abs(self._distance[row.id]) > max(deviations * self._deviation, math.log(factor))
