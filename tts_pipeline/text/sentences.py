"""Splits normalised text into pieces that a voice can say in one go, also from a stream.

A :class:`Piece` is one sentence, or a part of one that is too long: it is then cut at its strongest
mark, else before a joining word, else between words. A text of any length is read in bounded
memory: at most ``BUFFER`` characters are held unless a sentence without an end is longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tts_pipeline.text.normalise import Dropped, Token, normalise

MAX_WORDS = 60
# Rough phones of a piece: a letter of a word is counted as one, a letter name as four.
MAX_PHONES = 260
BUFFER = 16384
SENTENCE_PAUSE_S = 0.30
PARAGRAPH_PAUSE_S = 0.75
CUT_PAUSE_S = 0.12
_CLAUSE_JOINERS = frozenset(
    "and or but nor so yet because although though while when where which who that if unless until "
    "since after before".split()
)
_JOINERS = _CLAUSE_JOINERS.union(
    "whom whose as than then for with without from into to of in on at by".split()
)


class Piece(NamedTuple):
    """A sentence or a bounded part of one.

    Attributes:
        tokens: spoken tokens and marks in order, no silent ones; the last is a mark of kind "end"
            (for a part cut out of a long sentence a comma of kind "mark").
        span: first and last + 1 character in the source, quotes and brackets included.
        pause_after_s: seconds of silence to leave after the piece.
        dropped: what inside the piece, or between it and the one before, could not be spoken.
    """

    tokens: tuple[Token, ...]
    span: tuple[int, int]
    pause_after_s: float
    dropped: tuple[Dropped, ...] = ()


def rough_phones(token: Token) -> int:
    """Return an upper estimate of the phones of a token and the gap after it."""
    if not token.is_word:
        return 0
    return 1 + (4 if token.kind == "letter" else len(token.text))


def split(tokens: Iterable[Token], dropped: Iterable[Dropped] = ()) -> list[Piece]:
    """Return the pieces of a normalised text; every spoken token is in exactly one."""
    return list(_with_dropped(_pieces(tokens), dropped))


def split_text(text: str, *, known: Callable[[str], bool] | None = None) -> list[Piece]:
    """Normalise a text and return its pieces; one without words gives a piece without tokens."""
    result = normalise(text, known=known)
    return split(result.tokens, result.dropped)


def stream(
    chunks: str | Iterable[str], *, known: Callable[[str], bool] | None = None
) -> Iterator[Piece]:
    """Yield the pieces of a text that comes in chunks of any size; spans count from its start.

    Raises:
        TypeError: if a chunk is not a string.
    """
    buffer, offset = "", 0
    parts: list[str] = []
    waiting = 0
    for chunk in [chunks] if isinstance(chunks, str) else chunks:
        for begin in range(0, len(chunk), BUFFER):
            parts.append(chunk[begin : begin + BUFFER])
            waiting += len(parts[-1])
            if waiting >= BUFFER:
                buffer += "".join(parts)
                parts, waiting = [], 0
                used, pieces = _complete_part(buffer, known)
                yield from (_shift(piece, offset) for piece in pieces)
                buffer, offset = buffer[used:], offset + used
    buffer += "".join(parts)
    yield from (_shift(piece, offset) for piece in split_text(buffer, known=known))


def _complete_part(text: str, known: Callable[[str], bool] | None) -> tuple[int, list[Piece]]:
    """Return how much of a text is surely complete, and the pieces of that much.

    Complete is what ends before the last paragraph break or sentence end; a text without any is
    cut at a blank, or anywhere, once it is four buffers long.
    """
    result = normalise(text, known=known)
    ends = [token.span[1] for token in result.tokens if token.kind in ("end", "paragraph")]
    # The last sentences may still change with what follows them.
    limit = len(text) - BUFFER // 8
    cut = next((end for end in reversed(ends) if end <= limit), 0)
    if not cut:
        if len(text) < 4 * BUFFER:
            return 0, []
        cut = max(text.rfind(" ", BUFFER, limit), text.rfind("\n", BUFFER, limit)) + 1 or limit
    while cut < limit and (text[cut] in "\"')]’”»" or text[cut].isspace()):
        cut += 1
    return cut, split_text(text[:cut], known=known)


def _shift(piece: Piece, offset: int) -> Piece:
    if not offset:
        return piece
    return Piece(
        tuple(
            token._replace(span=(token.span[0] + offset, token.span[1] + offset))
            for token in piece.tokens
        ),
        (piece.span[0] + offset, piece.span[1] + offset),
        piece.pause_after_s,
        tuple(
            record._replace(span=(record.span[0] + offset, record.span[1] + offset))
            for record in piece.dropped
        ),
    )


def _pieces(tokens: Iterable[Token]) -> Iterator[Piece]:
    """Yield the pieces; what is silent after a sentence's end belongs to it."""
    sentence: list[Token] = []
    ended = False
    pause = SENTENCE_PAUSE_S
    for token in tokens:
        if ended and token.kind not in ("silent", "paragraph"):
            yield from _bounded(sentence, pause)
            sentence, ended, pause = [], False, SENTENCE_PAUSE_S
        sentence.append(token)
        if token.kind == "end":
            ended = True
        elif token.kind == "paragraph":
            pause = PARAGRAPH_PAUSE_S
    if sentence:
        yield from _bounded(sentence, pause)


def _bounded(sentence: list[Token], pause: float) -> Iterator[Piece]:
    """Yield a sentence whole, or cut where it is over the limits."""
    first, last = sentence[0].span[0], max(token.span[1] for token in sentence)
    loud = [token for token in sentence if token.text]
    if not any(token.is_word for token in loud):
        yield Piece((), (first, last), 0.0)
        return
    if loud[-1].is_word:
        end = loud[-1].span[1]
        loud.append(Token(".", "end", (end, end), ""))
    elif loud[-1].kind == "mark":
        mark = loud[-1]
        loud[-1] = mark._replace(kind="end", text="." if mark.text == "," else mark.text)
    begin = 0
    while begin < len(loud):
        end = _cut(loud, begin)
        part = loud[begin:end]
        whole = end == len(loud)
        if part[-1].is_word:
            place = part[-1].span[1]
            part.append(Token(",", "mark", (place, place), ""))
        stop = last if whole else loud[end].span[0]
        yield Piece(tuple(part), (first, max(first, stop)), pause if whole else CUT_PAUSE_S)
        begin, first = end, stop


def _cut(tokens: list[Token], begin: int) -> int:
    """Return where the piece that begins at ``begin`` ends: the best place within the limits."""
    words = phones = 0
    limit = begin
    while limit < len(tokens):
        words += tokens[limit].is_word
        phones += rough_phones(tokens[limit])
        if limit > begin and (words > MAX_WORDS or phones > MAX_PHONES):
            break
        limit += 1
    else:
        return limit
    # A boundary late in the piece is better than an early one of the same kind.
    best, best_score = limit, 0.0
    for place in range(begin + 1, limit + 1):
        before, after = tokens[place - 1], tokens[place]
        if not after.is_word:
            continue
        score = (
            4.0 if not before.is_word and before.text != ","
            else 3.0 if not before.is_word
            else 1.5 if after.kind == "word" and after.text in _CLAUSE_JOINERS
            else 1.0 if after.kind == "word" and after.text in _JOINERS
            else 0.4 if after.span != before.span
            else 0.0
        )  # fmt: skip
        score += 2.0 * (place - begin) / (limit - begin) if score else 0.0
        if score > best_score:
            best, best_score = place, score
    return best


def _with_dropped(pieces: Iterable[Piece], dropped: Iterable[Dropped]) -> Iterator[Piece]:
    """Hand every dropped record to the piece around or after it, the rest to the last one."""
    records = list(dropped)
    place = 0
    held: Piece | None = None
    for piece in pieces:
        if held is not None:
            yield held
        begin = place
        while place < len(records) and records[place].span[0] < piece.span[1]:
            place += 1
        held = piece._replace(dropped=tuple(records[begin:place]))
    rest = tuple(records[place:])
    if held is not None:
        yield held._replace(dropped=held.dropped + rest)
    elif rest:
        yield Piece((), (rest[0].span[0], rest[-1].span[1]), 0.0, rest)
