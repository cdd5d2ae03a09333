"""The closed token alphabet between text and acoustic model.

A token is one int64: ``symbol + stress_step * stress``. Symbols are phones and the marks between
words; stress is 0 for what has none (consonants and marks), 1 for unstressed, 2 for primary and 3
for secondary vowels (ARPAbet digits 0, 1, 2). One integer keeps ``tokens`` a single ``(B, N)``
tensor while the model embeds phone and stress apart.

A sentence is ``<bos> word gap word gap ... word mark <eos>``: between two words stands exactly one
gap, the plain word boundary ``|`` or a punctuation mark or pause, and these are the only places
where the voice may be silent.

A front end states its :class:`Alphabet`; the voice stores it, and the embedding is sized by it.
The English front end speaks ``ARPABET``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tts_pipeline.errors import TextError

VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
CONSONANTS = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG",
    "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
PAD, BOS, EOS, UNK, BOUNDARY, SHORT_PAUSE, LONG_PAUSE = (
    "<pad>", "<bos>", "<eos>", "<unk>", "|", "<short>", "<long>",
)  # fmt: skip
PUNCTUATION = (",", ".", "?", "!")
GAPS = (BOUNDARY, *PUNCTUATION, SHORT_PAUSE, LONG_PAUSE)
_MARKS = (PAD, BOS, EOS, UNK, *GAPS)


@dataclass(frozen=True)
class Alphabet:
    """The symbols that a front end writes and an acoustic model reads.

    The order of the symbols gives their ids, so it must not change under trained weights.

    Args:
        symbols: marks and phones; all of ``<pad> <bos> <eos> <unk>`` and ``GAPS`` are among them.
        vowels: the symbols that carry a stress digit (``"AH0"``); none for a language without.
        stress_step: what one step of stress adds to a token, above every symbol id.

    Raises:
        TextError: if a mark is missing, a symbol stands twice, a vowel is no symbol or ends in a
            stress digit, or there are more symbols than ``stress_step``.
    """

    symbols: tuple[str, ...]
    vowels: tuple[str, ...] = ()
    stress_step: int = 64

    def __post_init__(self) -> None:
        missing = [mark for mark in _MARKS if mark not in self.symbols]
        if missing:
            raise TextError(
                f"the alphabet lacks {' '.join(missing)}: begin it with {' '.join(_MARKS)}"
            )
        twice = sorted({symbol for symbol in self.symbols if self.symbols.count(symbol) > 1})
        if twice:
            raise TextError(f"the alphabet has {' '.join(twice)} more than once")
        unknown = [v for v in self.vowels if v not in self.symbols or v in _MARKS]
        if unknown:
            raise TextError(f"{' '.join(unknown)} cannot carry stress: no phone of the alphabet")
        ambiguous = [v for v in self.vowels if v[-1:] in ("0", "1", "2")]
        if ambiguous:
            raise TextError(f"{' '.join(ambiguous)} ends like a stress digit: name it otherwise")
        if len(self.symbols) > self.stress_step:
            raise TextError(
                f"{len(self.symbols)} symbols but stress_step {self.stress_step}: raise stress_step"
            )

    @property
    def n_stress(self) -> int:
        """Rows of a stress embedding: none, and three degrees where there are vowels."""
        return 4 if self.vowels else 1

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """Id of each symbol: its place."""
        return {symbol: index for index, symbol in enumerate(self.symbols)}

    @cached_property
    def tokens(self) -> Mapping[str, int]:
        """Token of every phone and mark that :meth:`encode` takes, ``"AH0"`` to ``"<eos>"``."""
        marks = [symbol for symbol in self.symbols if symbol not in self.vowels]
        stressed = [vowel + digit for vowel in self.vowels for digit in "012"]
        return {phone: self.encode(phone) for phone in (*marks, *stressed)}

    @property
    def pad_id(self) -> int:
        """Id of what fills a batch beyond the end of a sentence."""
        return self.ids[PAD]

    @cached_property
    def unspoken(self) -> frozenset[int]:
        """Tokens that need no frame of their own.

        Word boundaries are heard only where the speaker pauses, and the end is part of the last
        mark.
        """
        return frozenset(self.ids[symbol] for symbol in (BOUNDARY, EOS))

    def encode(self, phone: str) -> int:
        """Return the token of one phone (``"AH0"``, ``"T"``) or mark (``","``, ``"|"``).

        A vowel without a digit counts as unstressed.

        Raises:
            TextError: if the phone is not in the alphabet.
        """
        symbol, stress = phone, 0
        if phone not in self.ids and phone[-1:] in ("0", "1", "2"):
            symbol, stress = phone[:-1], int(phone[-1]) + 1
        if symbol in self.vowels:
            return self.ids[symbol] + self.stress_step * max(stress, 1)
        if stress or symbol not in self.ids:
            example = "ARPAbet such as 'AH0' or 'T'" if self.vowels == VOWELS else "its phones"
            raise TextError(
                f"unknown phone {phone!r}: expected {example}, or one of {' '.join(GAPS)}"
            )
        return self.ids[symbol]

    def decode(self, token: int) -> str:
        """Return the phone or mark of a token; the inverse of :meth:`encode`.

        Raises:
            TextError: if the token is not in the alphabet.
        """
        stress, symbol_id = divmod(token, self.stress_step)
        if not (0 <= stress < self.n_stress and symbol_id < len(self.symbols)):
            raise TextError(f"unknown token {token}: expected a value made by encode()")
        symbol = self.symbols[symbol_id]
        if (symbol in self.vowels) != (stress > 0):
            raise TextError(f"unknown token {token}: stress {stress} does not go with {symbol!r}")
        return symbol + str(stress - 1) if stress else symbol

    def to_dict(self) -> dict[str, Any]:
        """Return what a voice stores; :meth:`from_dict` undoes it."""
        return {
            "symbols": list(self.symbols),
            "vowels": list(self.vowels),
            "stress_step": self.stress_step,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Alphabet:
        """Return the alphabet that a voice stores.

        Raises:
            TextError: if the entries are not those of :meth:`to_dict` or make no alphabet.
        """
        try:
            symbols, vowels = tuple(stored["symbols"]), tuple(stored["vowels"])
            step = stored["stress_step"]
        except (KeyError, TypeError) as error:
            raise TextError(
                f"damaged alphabet ({error!r}): expected symbols, vowels and stress_step"
            ) from error
        if not all(isinstance(s, str) and s for s in (*symbols, *vowels)) or type(step) is not int:
            raise TextError("damaged alphabet: expected lists of names and a whole stress_step")
        return cls(symbols, vowels, step)


ARPABET = Alphabet((*_MARKS, *VOWELS, *CONSONANTS), VOWELS)

SYMBOLS = ARPABET.symbols
SYMBOL_IDS = ARPABET.ids
STRESS_STEP = ARPABET.stress_step
N_STRESS = ARPABET.n_stress
PAD_ID = ARPABET.pad_id
UNSPOKEN = ARPABET.unspoken
encode = ARPABET.encode
decode = ARPABET.decode
