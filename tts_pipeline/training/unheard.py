"""Symbols that no recording has: text brings them all the same, read as what is nearest."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from tts_pipeline.text.symbols import GAPS, LONG_PAUSE, SHORT_PAUSE, UNK, Alphabet

# In the order of preference.
_NEAREST = {
    ",": ("|",),
    ".": (",", "|"),
    "?": (".", ",", "|"),
    "!": (".", "?", ",", "|"),
    SHORT_PAUSE: (",", ".", "|"),
    LONG_PAUSE: (".", ",", "|"),
}


@torch.no_grad()
def replace_unheard(
    embedding: nn.Embedding, alphabet: Alphabet, tokens: Iterable[torch.Tensor]
) -> list[str]:
    """Give symbols that training has not met the vectors of others.

    What such a symbol starts with is random, and as large as what the others have learned: a pause
    asked for by mark-up was spoken as noise. A mark takes the vector of the nearest one that was
    heard; a phone, and ``<unk>``, the mean of all phones that were.

    Args:
        embedding: of the symbols; changed.
        alphabet: of the tokens.
        tokens: of every utterance trained on.

    Returns:
        The symbols that were not heard, padding not counted.
    """
    rows = [row.flatten() % alphabet.stress_step for row in tokens]
    heard = {alphabet.symbols[k] for k in torch.cat(rows).unique().tolist()} if rows else set()
    vectors, ids = embedding.weight, alphabet.ids
    phones = [ids[symbol] for symbol in alphabet.symbols if symbol in heard and "<" not in symbol]
    phones = [k for k in phones if alphabet.symbols[k] not in GAPS]
    unheard = [symbol for symbol in alphabet.symbols[1:] if symbol not in heard]
    for symbol in unheard:
        if symbol in GAPS:
            nearest = [other for other in _NEAREST.get(symbol, ()) if other in heard]
            if nearest:
                vectors[ids[symbol]] = vectors[ids[nearest[0]]]
        elif phones and (symbol == UNK or not symbol.startswith("<")):
            vectors[ids[symbol]] = vectors[phones].mean(0)
    return unheard
