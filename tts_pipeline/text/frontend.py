"""The English front end: text in, sentences of phones out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tts_pipeline.errors import TextError
from tts_pipeline.text.assemble import bounded, sentence_of
from tts_pipeline.text.lexicon import read_tsv
from tts_pipeline.text.normalise import normalise
from tts_pipeline.text.normalise.tokens import Dropped, Token
from tts_pipeline.text.pronounce import Pronouncer
from tts_pipeline.text.protocol import Report, Sentence, Word

__all__ = ["Dropped", "EnglishFrontEnd", "Report", "Sentence", "Word"]

# A stream is read in blocks of this many characters; the last sentence of a block waits for the
# next one.
BLOCK = 8192


class EnglishFrontEnd:
    """Turns English text into sentences of ARPAbet phones.

    Args:
        lexicon: the user's own pronunciations, a file of lines ``word<TAB>phones``.
        pronouncer: a ready pronouncer instead of the one made from the package's data.

    Raises:
        TextError: if the lexicon cannot be read.
    """

    def __init__(
        self, *, lexicon: str | Path | None = None, pronouncer: Pronouncer | None = None
    ) -> None:
        user = read_tsv(Path(lexicon)) if lexicon is not None else None
        self._pronouncer = pronouncer or Pronouncer(user=user)

    def __call__(self, text: str, *, strict: bool = False) -> tuple[list[Sentence], Report]:
        """Return the sentences of a text and a report of what was done with it.

        Args:
            text: any string.
            strict: refuse text of which something cannot be spoken.

        Raises:
            TextError: with ``strict``, naming what cannot be spoken and where.
        """
        normalised = normalise(text, known=self._pronouncer.knows)
        if strict and normalised.dropped:
            first = normalised.dropped[0]
            raise TextError(
                f"cannot speak {first.text!r} at character {first.span[0]} ({first.reason}); "
                "take it out, or do not ask for strict=True"
            )
        sentences: list[Sentence] = []
        n_split = 0
        for tokens in _groups(normalised.tokens):
            pieces = self._sentences(tokens)
            n_split += len(pieces) if len(pieces) > 1 else 0
            sentences.extend(pieces)
        report = Report(normalised.text, tuple(normalised.dropped), len(sentences), n_split)
        return sentences, report

    def stream(
        self, text: str | Iterable[str]
    ) -> Iterator[tuple[Sentence, tuple[Dropped, ...]]]:
        """Yield sentences one by one, each with what was dropped before its end.

        Args:
            text: the text, or its pieces in order (lines or chunks of a file). At most a few
                blocks of it are held at a time.
        """
        raise NotImplementedError

    def _sentences(self, tokens: list[Token]) -> list[Sentence]:
        sentence = sentence_of(tokens, self._pronouncer)
        return bounded(sentence) if sentence else []


def _groups(tokens: list[Token]) -> Iterator[list[Token]]:
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
