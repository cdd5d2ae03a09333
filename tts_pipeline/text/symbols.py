"""The closed token alphabet between text and acoustic model.

A token is one int64: ``symbol + STRESS_STEP * stress``. Symbols are the 39 ARPAbet phones and the
marks below; stress is 0 for none (consonants and marks), 1 for unstressed, 2 for primary and 3 for
secondary vowels (ARPAbet digits 0, 1, 2). One integer keeps ``tokens`` a single ``(B, N)`` tensor
while the model embeds phone and stress apart.

A sentence is ``<bos> word gap word gap ... word mark <eos>``: between two words stands exactly one
gap, the plain word boundary ``|`` or a punctuation mark or pause, and these are the only places
where the voice may be silent.
"""

from __future__ import annotations

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
SYMBOLS = (PAD, BOS, EOS, UNK, *GAPS, *VOWELS, *CONSONANTS)
SYMBOL_IDS = {symbol: index for index, symbol in enumerate(SYMBOLS)}
STRESS_STEP = 64
N_STRESS = 4
PAD_ID = SYMBOL_IDS[PAD]
# Tokens that need no frame of their own: word boundaries are heard only where the speaker pauses,
# and the end is part of the last mark.
UNSPOKEN = frozenset(SYMBOL_IDS[symbol] for symbol in (BOUNDARY, EOS))


def encode(phone: str) -> int:
    """Return the token of one ARPAbet phone (``"AH0"``, ``"T"``) or mark (``","``, ``"|"``).

    A vowel without a digit counts as unstressed.

    Raises:
        TextError: if the phone is not in the alphabet.
    """
    symbol, stress = phone, 0
    if phone[-1:] in ("0", "1", "2"):
        symbol, stress = phone[:-1], int(phone[-1]) + 1
    if symbol in VOWELS:
        return SYMBOL_IDS[symbol] + STRESS_STEP * max(stress, 1)
    if stress or symbol not in SYMBOL_IDS:
        raise TextError(
            f"unknown phone {phone!r}: expected an ARPAbet phone such as 'AH0' or 'T', "
            f"or one of {' '.join(GAPS)}"
        )
    return SYMBOL_IDS[symbol]


def decode(token: int) -> str:
    """Return the phone or mark of a token; the inverse of :func:`encode`.

    Raises:
        TextError: if the token is not in the alphabet.
    """
    stress, symbol_id = divmod(token, STRESS_STEP)
    if not (0 <= stress < N_STRESS and symbol_id < len(SYMBOLS)):
        raise TextError(f"unknown token {token}: expected a value made by encode()")
    symbol = SYMBOLS[symbol_id]
    if (symbol in VOWELS) != (stress > 0):
        raise TextError(f"unknown token {token}: stress {stress} does not go with {symbol!r}")
    return symbol + str(stress - 1) if stress else symbol
