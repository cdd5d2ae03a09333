"""From the normaliser's tokens to a sentence: pronunciation in context, and gaps."""

from __future__ import annotations

from tts_pipeline.text.english.context_words import WORDS as CONTEXT_WORDS
from tts_pipeline.text.english.context_words import contextual
from tts_pipeline.text.english.function_words import FUNCTION_WORDS, function_word
from tts_pipeline.text.english.homograph_features import NUMBER
from tts_pipeline.text.english.homographs import shipped_homographs
from tts_pipeline.text.english.oov import MAX_WORD
from tts_pipeline.text.english.pronounce import LETTER_NAMES, Pronouncer, Pronunciation
from tts_pipeline.text.markup.script import GIVEN_KINDS, Chunk
from tts_pipeline.text.protocol import (
    PARAGRAPH_PAUSE_S,
    SENTENCE_PAUSE_S,
    STRENGTH,
    Sentence,
    Token,
    Word,
)
from tts_pipeline.text.symbols import BOUNDARY

# Sources that know the spelling only, and so give way to the reading of a homograph.
_FROM_SPELLING = ("lexicon", "morphology", "oov")


def sentence_of(tokens: list[Token], chunk: Chunk, pronouncer: Pronouncer) -> Sentence | None:
    """Return the sentence that the tokens up to an end mark make, None without a word.

    Args:
        tokens: tokens of one sentence, the chunk's given ones in their places.
        chunk: the text they come from, with what was asked for at which place.
        pronouncer: gives the phones of words.
    """
    spoken: list[Token] = []
    gaps: list[str] = []
    mark = "."
    paragraph = False
    for token in tokens:
        if token.kind == "end":
            mark = token.text
        elif token.kind == "paragraph":
            paragraph = True
        elif token.kind == "mark":
            if gaps and STRENGTH[token.text] > STRENGTH[gaps[-1]]:
                gaps[-1] = token.text
        elif token.kind != "silent" and token.text:
            for piece in _pieces(token):
                spoken.append(piece)
                gaps.append(BOUNDARY)
    if not spoken:
        return None
    gaps[-1] = mark
    words = _words(spoken, gaps, chunk, pronouncer)
    if not all(word.phones for word in words):
        kept = [index for index, word in enumerate(words) if word.phones]
        words = [words[index] for index in kept]
        gaps = [gaps[index] for index in kept]
        if not words:
            return None
        gaps[-1] = mark
    pause = PARAGRAPH_PAUSE_S if paragraph else SENTENCE_PAUSE_S
    span = (tokens[0].span[0], tokens[-1].span[1])
    return Sentence(tuple(words), tuple(gaps), span, pause)


def _pieces(token: Token) -> list[Token]:
    """Cut a string of letters that is too long to be a word."""
    if len(token.text) <= MAX_WORD:
        return [token]
    return [
        token._replace(text=token.text[start : start + MAX_WORD])
        for start in range(0, len(token.text), MAX_WORD)
    ]


def _words(
    tokens: list[Token], gaps: list[str], chunk: Chunk, pronouncer: Pronouncer
) -> list[Word]:
    found = [_isolated(token, pronouncer) for token in tokens]
    homographs = shipped_homographs()
    context = _Context(tokens, gaps)
    words: list[Word] = []
    following: tuple[str, ...] = ()
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        phones, source, confidence = found[index]
        if token.text in CONTEXT_WORDS and (rarer := contextual(tokens, index)):
            phones, source = rarer, "context"
        elif source in _FROM_SPELLING and token.text in homographs:
            reading, confidence = homographs.choose(token.text, *context.around(index))
            phones, source = reading.phones, "homograph"
        elif token.text in FUNCTION_WORDS and source in ("lexicon", "override"):
            if token.text == "a" and _is_letter(index, tokens, gaps):
                phones, source = LETTER_NAMES["a"], "letters"
            else:
                weak = function_word(
                    token.text,
                    following,
                    final=gaps[index] != BOUNDARY,
                    emphasis=bool(chunk.styled) and chunk.emphasised(token.span[0]),
                )
                if weak:
                    phones, source = weak, "function"
        words.append(Word(token.text, phones, token.span, source, confidence))
        if phones:
            following = phones
    words.reverse()
    return words


class _Context:
    """The sentence as the homograph classifier was trained to see it, made when first asked for."""

    def __init__(self, tokens: list[Token], gaps: list[str]) -> None:
        self._tokens, self._gaps = tokens, gaps
        self._written: list[str] = []
        self._place: list[int] = []

    def around(self, index: int) -> tuple[list[str], int]:
        """Return the written words, numbers and marks of the sentence, and a word's place."""
        if not self._written:
            span = (-1, -1)
            for token, gap in zip(self._tokens, self._gaps):
                if token.kind in ("word", "letter"):
                    self._written.append(_cased(token))
                elif token.span != span:
                    self._written.append(NUMBER)
                span = token.span
                self._place.append(len(self._written) - 1)
                if gap != BOUNDARY:
                    self._written.append(gap)
        return self._written, self._place[index]


def _cased(token: Token) -> str:
    """Return a word with the capital it had; a word spelled out of something else has none."""
    return token.text.capitalize() if token.source[:1].isupper() else token.text


def _isolated(token: Token, pronouncer: Pronouncer) -> Pronunciation:
    """Return the pronunciation of a token by itself; only words of the text have a spelling."""
    if token.kind == "letter":
        return pronouncer.letter(token.text)
    if token.kind in GIVEN_KINDS:
        return Pronunciation(tuple(token.source.split()), token.kind, 1.0)
    if token.kind == "word" and not token.source.isascii():
        found = pronouncer.accented(token.source)
        if found:
            return found
    if token.kind == "word" and not token.source.islower():
        cased = pronouncer.cased(token.source)
        if cased and len(token.source) == len(token.text):
            return cased
    return pronouncer.word(token.text)


def _is_letter(index: int, tokens: list[Token], gaps: list[str]) -> bool:
    """Tell the letter of "vitamin A" from the article; a title's "A Tale" is an article."""
    if len(tokens) == 1:
        return True
    if index == 0 or tokens[index].source != "A":
        return False
    if gaps[index] != BOUNDARY or index + 1 == len(tokens):
        return True
    return gaps[index - 1] == BOUNDARY and tokens[index + 1].source.islower()
