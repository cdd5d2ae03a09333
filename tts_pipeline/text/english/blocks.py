"""A text that comes piece by piece: its blocks, and what of a block is settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tts_pipeline.text.protocol import (
    Dropped,
    Sentence,
    Token,
)

# A stream is read in blocks of this many characters, the first ones shorter, so that something is
# said soon; the last sentence of a block waits for the next one, unless it is longer than this
# many blocks.
FIRST_BLOCK = 512


BLOCK = 8192


class Block(NamedTuple):
    """What a block of a stream gave.

    Attributes:
        sentences: new sentences, in the block's own characters.
        dropped: what was left out between them.
        used: where the text that is still to be read begins.
        paused: up to where pauses are laid onto sentences.
        keep: from where on the text is needed to go on.
    """

    sentences: list[Sentence]
    dropped: list[Dropped]
    used: int
    paused: int
    keep: int


def sentence_groups(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each sentence, a paragraph break with the sentence before it."""
    group: list[Token] = []
    ended = False
    for token in tokens:
        if ended and token.kind != "paragraph":
            yield group
            group, ended = [], False
        group.append(token)
        ended = ended or token.kind in ("end", "paragraph")
    if group:
        yield group


def pieces_of(pieces: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield pieces as long as a block at most, and with each whether it is the last one."""
    waiting, size = "", FIRST_BLOCK
    for piece in pieces:
        start = 0
        while start < len(piece):
            yield waiting, False
            waiting = piece[start : start + size]
            start, size = start + size, min(2 * size, BLOCK)
    yield waiting, True


def shifted(
    sentences: list[Sentence], dropped: list[Dropped], offset: int
) -> tuple[list[Sentence], list[Dropped]]:
    """Count spans from the start of the stream."""
    if not offset:
        return sentences, dropped

    def moved(span: tuple[int, int]) -> tuple[int, int]:
        return span[0] + offset, span[1] + offset

    return (
        [
            replace(
                sentence,
                span=moved(sentence.span),
                words=tuple(replace(word, span=moved(word.span)) for word in sentence.words),
            )
            for sentence in sentences
        ],
        [record._replace(span=moved(record.span)) for record in dropped],
    )


def dropped_before(dropped: list[Dropped], place: int) -> tuple[Dropped, ...]:
    """Take out of a list, and return, what was dropped before a place."""
    taken = tuple(record for record in dropped if record.span[0] < place)
    del dropped[: len(taken)]
    return taken
