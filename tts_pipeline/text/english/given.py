"""What marked text gives instead of a spelling, as tokens: phones, named readings, say-as."""

from __future__ import annotations

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.homographs import shipped_homographs
from tts_pipeline.text.english.latex import latex_tokens
from tts_pipeline.text.english.morphology import add_s
from tts_pipeline.text.english.say_as import say_as
from tts_pipeline.text.markup.script import GIVEN_KINDS, Chunk, Given
from tts_pipeline.text.phones import Phones
from tts_pipeline.text.protocol import Token


def given_tokens(given: Given) -> tuple[Token, ...]:
    """Return the tokens that a stretch is to be said as.

    Raises:
        TextError: if the text of a "say-as" is none of its kind.
    """
    if given.kind == "say-as":
        try:
            return say_as(given.text, given.read_as, given.form)
        except TextError as error:
            raise TextError(f"{given.where}: {error}") from error
    if given.kind == "maths":
        return latex_tokens(given.text)
    if given.kind == "reading":
        reading = shipped_homographs().named(given.text)
        assert reading is not None, "mark-up names known readings only"
        return (_decided(reading.name.partition("_")[0], reading.phones, "inline"),)
    return tuple(_decided(given.text, phones, given.kind) for phones in given.phones)


def _decided(text: str, phones: Phones, kind: str) -> Token:
    """Return a token whose pronunciation is decided: its ``source`` holds the phones."""
    return Token(text, kind, (0, 0), " ".join(phones))


def with_given(tokens: list[Token], chunk: Chunk) -> list[Token]:
    """Put the tokens that a chunk gives in place of those of their stand-ins."""
    if not chunk.given:
        return tokens
    out: list[Token] = []
    given = iter(chunk.given)
    next_one = next(given, None)
    for token in tokens:
        while next_one is not None and token.span[0] >= next_one.end:
            next_one = next(given, None)
        if next_one is None or token.span[1] <= next_one.start or not token.is_word:
            out.append(token)
            continue
        span = (next_one.start, next_one.end)
        fresh = [word._replace(span=span) for word in given_tokens(next_one)]
        if token.text.endswith("'s"):
            fresh[-1] = _possessive(fresh[-1])
        out.extend(fresh)
        next_one = next(given, None)
    return out


def _possessive(token: Token) -> Token:
    if token.kind in GIVEN_KINDS:
        token = token._replace(source=" ".join(add_s(tuple(token.source.split()))))
    return token._replace(text=token.text + "'s")
