"""Which tunes sentences get, and why: for whoever reports a fault."""

from __future__ import annotations

from collections.abc import Iterable

from tts_pipeline.intonation.breaks import breaks
from tts_pipeline.intonation.kind import Kind, Phrase, Tune, read
from tts_pipeline.text.protocol import Sentence

_DOES = {
    Tune.RISE: "rises",
    Tune.FALL: "falls",
    Tune.CONTINUATION: "continues",
    Tune.ITEM: "is an item",
}


def explain_tunes(sentences: Iterable[Sentence]) -> str:
    """Kind of each sentence and the tunes of its phrases, as lines for a person."""
    lines = []
    for number, sentence in enumerate(sentences, 1):
        reading = read(sentence)
        tunes = [
            _described(sentence, phrase, phrase.tune) for phrase in reading.phrases if phrase.tune
        ]
        if reading.kind is Kind.EXCLAMATION:
            tunes.append("wider and louder")
        words = [word.text for word in sentence.words]
        tunes += [
            f"short pause between {words[index]!r} and {words[index + 1]!r}"
            for index in breaks(sentence)
        ]
        said = "; ".join(tunes) or "as the model says it"
        lines.append(f"sentence {number}: {reading.kind.value}: {said}")
    return "\n".join(lines)


def _described(sentence: Sentence, phrase: Phrase, tune: Tune) -> str:
    words = [word.text for word in sentence.words]
    accent, end = words[phrase.accent], words[phrase.end - 1]
    where = f"on {end!r}" if phrase.accent == phrase.end - 1 else f"from {accent!r} to {end!r}"
    return f"{_DOES[tune]} {where} ({tune.value})"
