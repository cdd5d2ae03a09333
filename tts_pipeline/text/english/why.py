"""Which rule or model decided how each word is said: for whoever reports a fault."""

from __future__ import annotations

from typing import NamedTuple

from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.english.homographs import shipped_homographs
from tts_pipeline.text.english.normalise.trace import Trace
from tts_pipeline.text.english.pronounce import Pronouncer
from tts_pipeline.text.protocol import Word

# How many of the other pronunciations that the model thought of are shown.
_SHOWN = 3


class Decision(NamedTuple):
    """One word and what decided it.

    Attributes:
        word: as spoken.
        written: the stretch of the source that it comes from.
        reading: the rule of the normaliser that chose the word, empty for a word as it stands.
        sound: what chose its phones.
        phones: the phones.
    """

    word: str
    written: str
    reading: str
    sound: str
    phones: str


def decisions(text: str, front_end: EnglishFrontEnd) -> list[Decision]:
    """Return what decided each word of a text, in order.

    Raises:
        TextError: as of the front end.
    """
    trace = Trace()
    sentences, _ = front_end.traced(text, trace)
    return [
        Decision(
            word.text,
            text[slice(*word.span)],
            trace.rule_at(*word.span),
            _sound(word, front_end.pronouncer),
            " ".join(word.phones),
        )
        for sentence in sentences
        for word in sentence.words
    ]


def explain_why(text: str, front_end: EnglishFrontEnd) -> str:
    """Return the decisions about a text as lines for a person.

    Raises:
        TextError: as of the front end.
    """
    rows = [("word", "written", "phones", "read by", "sounds by")]
    for made in decisions(text, front_end):
        written = repr(made.written)[1:-1][:30]
        rows.append((made.word, written, made.phones, made.reading or "as it stands", made.sound))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([cell.ljust(width) for cell, width in zip(row, widths)] + [row[4]]).rstrip()
        for row in rows
    )


def _sound(word: Word, pronouncer: Pronouncer) -> str:
    """Say where the phones of a word come from, and for a model what else it thought of."""
    source, sure = word.source, f"{word.confidence:.2f}"
    if source == "homograph":
        readings = shipped_homographs().readings(word.text)
        names = [reading.name for reading in readings if reading.phones == word.phones]
        others = [reading.name for reading in readings if reading.phones != word.phones]
        chosen = names[0] if names else "an inflected reading"
        against = f" against {', '.join(others)}" if others else ""
        how = "a fixed rule" if word.confidence == 1.0 else f"classifier, sure {sure}"
        return f"homograph: {chosen}{against} ({how})"
    if source in ("oov", "morphology"):
        others = [
            " ".join(guess.phones)
            for guess in pronouncer.guesses(word.text)[: _SHOWN + 1]
            if guess.phones != word.phones
        ][:_SHOWN]
        beside = f"; else {' / '.join(others)}" if others else ""
        made = "letter-to-sound model" if source == "oov" else "parts of the word"
        return f"{made}, sure {sure}{beside}"
    return _SOURCES.get(source, source)


_SOURCES = {
    "user": "your lexicon", "inline": "phones in the text", "override": "overrides.tsv",
    "function": "function word in its place", "lexicon": "dictionary (CMUdict)",
    "letters": "names of letters", "context": "its neighbours (context_words.py)",
    "accents": "its accents (accents.py)",
}  # fmt: skip
