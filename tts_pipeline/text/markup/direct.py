"""What mark-up asked for, laid onto sentences; and sentences cut to a bounded length."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace

from tts_pipeline.text.markup.script import Chunk, Pause
from tts_pipeline.text.protocol import MAX_TOKENS, PLAIN, STRENGTH, Sentence
from tts_pipeline.text.symbols import BOUNDARY, LONG_PAUSE, SHORT_PAUSE

# A pause asked for is written as the long mark from this length on.
LONG_PAUSE_S = 0.4


def directed(sentences: list[Sentence], chunk: Chunk) -> list[Sentence]:
    """Lay a chunk's prosody, pauses and marks onto its sentences; spans become the source's."""
    if chunk.is_plain or not sentences:
        return sentences
    sentences = [_styled(sentence, chunk) for sentence in sentences]
    starts = [sentence.words[0].span[0] for sentence in sentences]
    after: dict[int, float] = {}
    for pause in chunk.pauses:
        index = bisect_left(starts, pause.at) - 1
        if index >= 0 and sentences[index].words[-1].span[0] < pause.at:
            # In place of the usual pause; of several, their sum.
            after[index] = after.get(index, 0.0) + pause.seconds
            sentences[index] = replace(sentences[index], pause_after_s=after[index])
        elif index >= 0:
            sentences[index] = _paused(sentences[index], pause.at, pause.seconds)
        else:
            before = sentences[0].pause_before_s + pause.seconds
            sentences[0] = replace(sentences[0], pause_before_s=before)
    for at, name in chunk.marks:
        index = max(bisect_right(starts, at) - 1, 0)
        sentences[index] = _marked(sentences[index], at, name)
    return [_at_source(sentence, chunk) for sentence in sentences]


def followed(
    sentence: Sentence, pauses: Iterable[Pause], marks: Iterable[tuple[int, str]]
) -> Sentence:
    """Lay pauses and marks that come after a sentence onto its end."""
    seconds = [pause.seconds for pause in pauses]
    if seconds:
        sentence = replace(sentence, pause_after_s=sum(seconds))
    ends = tuple((name, len(sentence.words)) for _, name in marks)
    return replace(sentence, marks=sentence.marks + ends) if ends else sentence


def _styled(sentence: Sentence, chunk: Chunk) -> Sentence:
    styles = [chunk.style(word.span[0]) for word in sentence.words]
    if all(style is None for style in styles):
        return sentence
    return replace(sentence, prosody=tuple(PLAIN if s is None else s.prosody for s in styles))


def _paused(sentence: Sentence, at: int, seconds: float) -> Sentence:
    # Inside an expression ("twenty | five") all words share a span: the pause waits for its end.
    index = sum(word.span[0] < at for word in sentence.words) - 1
    pauses = list(sentence.pause_s or (0.0,) * len(sentence.words))
    pauses[index] += seconds
    gaps = list(sentence.gaps)
    if pauses[index] == 0:
        gaps[index] = BOUNDARY
    elif gaps[index] in (BOUNDARY, SHORT_PAUSE, LONG_PAUSE):
        gaps[index] = LONG_PAUSE if pauses[index] >= LONG_PAUSE_S else SHORT_PAUSE
    return replace(sentence, gaps=tuple(gaps), pause_s=tuple(pauses))


def _marked(sentence: Sentence, at: int, name: str) -> Sentence:
    index = sum(1 for word in sentence.words if word.span[0] < at)
    return replace(sentence, marks=(*sentence.marks, (name, index)))


def _at_source(sentence: Sentence, chunk: Chunk) -> Sentence:
    words = tuple(replace(word, span=chunk.origin(*word.span)) for word in sentence.words)
    return replace(sentence, words=words, span=chunk.origin(*sentence.span))


def bounded(sentence: Sentence) -> list[Sentence]:
    """Cut a sentence into pieces of at most ``MAX_TOKENS`` tokens, at marks where there are any.

    Each cut falls after the word, in the second half of what fits, whose mark is strongest, the
    latest of equals.
    """
    sizes = [len(word.phones) + 1 for word in sentence.words]
    if sum(sizes) + 2 <= MAX_TOKENS:
        return [sentence]
    pieces: list[Sentence] = []
    start = 0
    while start < len(sizes):
        size, stop = 2, start
        while stop < len(sizes) and size + sizes[stop] <= MAX_TOKENS:
            size += sizes[stop]
            stop += 1
        if stop < len(sizes):
            first = start + (stop - start) // 2
            stop = 1 + max(
                range(first, stop), key=lambda index: (STRENGTH[sentence.gaps[index]], index)
            )
        pieces.append(_piece(sentence, start, stop))
        start = stop
    return pieces


def _piece(sentence: Sentence, start: int, stop: int) -> Sentence:
    words, gaps = sentence.words[start:stop], sentence.gaps[start:stop]
    first, last = start == 0, stop == len(sentence.words)
    if not last and gaps[-1] not in (".", "!", "?"):
        # A piece ends with a mark, so that the voice does not stop in mid-air.
        gaps = (*gaps[:-1], ",")
    span = (
        sentence.span[0] if first else words[0].span[0],
        sentence.span[1] if last else words[-1].span[1],
    )
    return Sentence(words, gaps, span, sentence.pause_after_s if last else 0.0)
