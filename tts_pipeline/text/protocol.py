"""What a text front end hands to the acoustic model, and what it must be able to do.

A front end of another language implements :class:`TextFrontEnd` and returns the same
:class:`Sentence`; nothing behind it knows the language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, Protocol

from tts_pipeline.text.symbols import ARPABET, BOS, EOS, Alphabet

MAX_TOKENS = 300
# How strong a cut each gap marks.
STRENGTH = {"|": 0, "<short>": 1, "<long>": 2, ",": 3, ".": 4, "!": 5, "?": 6}
# Silence after a sentence and after a paragraph.
SENTENCE_PAUSE_S = 0.3
PARAGRAPH_PAUSE_S = 0.7


class Token(NamedTuple):
    """One spoken word, letter or mark, or a silent stretch of the source.

    Attributes:
        text: what is said: ``[a-z]+`` with inner apostrophes (a few also begin with one, "'tis",
            or end in one, "goin'") for words; one letter, or a letter with "'s", for kind
            "letter"; one of ``, . ? !`` for marks; empty for kinds "silent" and "paragraph".
        kind: "word" for a word that stands in the text (look it up), "letter" for a letter name,
            "mark" for a mark inside a sentence, "end" for the mark that ends one, "paragraph"
            for a paragraph break, "silent" for quotes, brackets, hyphens and decoration, or the
            class of the expression that the words were made from ("cardinal", "date", ...).
        span: first and last + 1 character of the expression in the source text.
        source: the expression as written, accents and case kept ("WHO", "25th", "Müller").
    """

    text: str
    kind: str
    span: tuple[int, int]
    source: str

    @property
    def is_word(self) -> bool:
        """True for everything that has a pronunciation: words and letters of every class."""
        return self.kind not in ("mark", "end", "silent", "paragraph")


class Dropped(NamedTuple):
    """A stretch of the source that cannot be spoken, and why.

    Attributes:
        text: what was left out; empty if nothing was, but a word had to be cut into pieces.
        span: first and last + 1 character in the source.
        reason: in a few words.
    """

    text: str
    span: tuple[int, int]
    reason: str

    def describe(self) -> str:
        """One line for a person."""
        left_out = f"left out {self.text!r} " if self.text else ""
        return f"{left_out}at character {self.span[0]}: {self.reason}"


@dataclass(frozen=True)
class Word:
    """One spoken word.

    Attributes:
        text: spoken form in lower case.
        phones: ARPAbet phones, vowels with their stress digit ("AH0").
        span: first and last + 1 character, in the source text, of what it was read from.
        source: where the pronunciation comes from: "user", "inline", "override", "function",
            "homograph", "context", "lexicon", "accents", "morphology", "letters" or "oov".
        confidence: 0 to 1; 1 for what a dictionary or the user said.
    """

    text: str
    phones: tuple[str, ...]
    span: tuple[int, int]
    source: str
    confidence: float


@dataclass(frozen=True)
class Prosody:
    """How a word is said.

    Attributes:
        rate: factor on the voice's own rate; 1 is unchanged.
        pitch: factor on its F0.
        energy: factor on its amplitude.
        style: words for the way of speaking, such as "slow and sad"; the text side does not read
            them.
        own_pitch: whether its pitch was asked for, so that no rule is to change it.
    """

    rate: float = 1.0
    pitch: float = 1.0
    energy: float = 1.0
    style: str = ""
    own_pitch: bool = False


PLAIN = Prosody()


@dataclass(frozen=True)
class Sentence:
    """Words with the marks between them; at most ``MAX_TOKENS`` tokens.

    Attributes:
        words: the words in order, at least one.
        gaps: per word the mark after it, one of ``symbols.GAPS``; the last is the sentence mark.
        span: first and last + 1 character in the source text.
        pause_after_s: silence to add after the sentence, in seconds.
        pause_before_s: silence asked for before its first word, in seconds.
        prosody: one per word, or empty if all are plain.
        pause_s: per word the seconds of silence asked for in its gap (0: as the model likes), or
            empty if none was asked for.
        marks: (name, word index) of each named place; it stands before that word, and
            ``len(words)`` means the end of the sentence.
        alphabet: of the tokens; that of the front end.
    """

    words: tuple[Word, ...]
    gaps: tuple[str, ...]
    span: tuple[int, int]
    pause_after_s: float
    pause_before_s: float = 0.0
    prosody: tuple[Prosody, ...] = ()
    pause_s: tuple[float, ...] = ()
    marks: tuple[tuple[str, int], ...] = ()
    alphabet: Alphabet = field(default=ARPABET, repr=False, compare=False)

    @cached_property
    def tokens(self) -> list[int]:
        """The model's input: begin, then per word its phones and its gap, then end."""
        table = self.alphabet.tokens
        out = [table[BOS]]
        for word, gap in zip(self.words, self.gaps):
            out.extend([table[phone] for phone in word.phones])
            out.append(table[gap])
        out.append(table[EOS])
        return out

    @cached_property
    def token_words(self) -> list[int]:
        """Per token the index of its word; -1 for marks, begin and end."""
        out = [-1]
        for index, word in enumerate(self.words):
            out.extend([index] * len(word.phones))
            out.append(-1)
        out.append(-1)
        return out

    @cached_property
    def first_tokens(self) -> list[int]:
        """Index of the first token of each word, and of the one behind the last word's gap."""
        return list(accumulate((len(word.phones) + 1 for word in self.words), initial=1))

    @property
    def token_rate(self) -> list[float]:
        """Per token the rate factor; a gap takes the factor of the word before it."""
        return self._per_token([p.rate for p in self.prosody])

    @property
    def token_pitch(self) -> list[float]:
        """Per token the pitch factor; a gap takes the factor of the word before it."""
        return self._per_token([p.pitch for p in self.prosody])

    @property
    def token_energy(self) -> list[float]:
        """Per token the energy factor; a gap takes the factor of the word before it."""
        return self._per_token([p.energy for p in self.prosody])

    @property
    def token_pause_s(self) -> list[float]:
        """Per token the seconds of silence asked for; above 0 at gaps only."""
        out = [0.0] * len(self.tokens)
        if self.pause_s:
            at = 0
            for word, seconds in zip(self.words, self.pause_s):
                at += len(word.phones) + 1
                out[at] = seconds
        return out

    @property
    def styles(self) -> tuple[str, ...]:
        """Per word the words for its way of speaking."""
        return tuple(p.style for p in self.prosody or (PLAIN,) * len(self.words))

    @property
    def token_owners(self) -> list[int]:
        """Per token the index of the word that it is spoken with, a gap with the word before it;
        -1 for begin and end."""
        out = [-1]
        for index, word in enumerate(self.words):
            out.extend([index] * (len(word.phones) + 1))
        return [*out, -1]

    def _per_token(self, factors: list[float]) -> list[float]:
        out = [1.0]
        for word, factor in zip(self.words, factors or [1.0] * len(self.words)):
            out.extend([factor] * (len(word.phones) + 1))
        out.append(1.0)
        return out


@dataclass(frozen=True)
class Report:
    """What the front end did with a text.

    Attributes:
        normalised: the text as it is spoken.
        dropped: what cannot be spoken, in order.
        n_sentences: number of sentences made.
        n_split: how many of them are pieces of a sentence that was too long.
    """

    normalised: str
    dropped: tuple[Dropped, ...]
    n_sentences: int
    n_split: int


class TextFrontEnd(Protocol):
    """Text in, sentences of tokens out.

    Attributes:
        alphabet: what its sentences are written in; the voice stores it and refuses another.
    """

    @property
    def alphabet(self) -> Alphabet:
        """Return the alphabet of its sentences."""

    def __call__(self, text: str, *, strict: bool = False) -> tuple[list[Sentence], Report]:
        """Return the sentences of a text and a report.

        Raises:
            TextError: with ``strict``, if something cannot be spoken.
        """

    def stream(
        self, text: str | Iterable[str]
    ) -> Iterator[tuple[Sentence | None, tuple[Dropped, ...]]]:
        """Yield sentences, each with what was dropped before its end, in bounded memory.

        None stands in where something was dropped and no sentence follows to tell of it.
        """
