"""Plain tokeniser that stands in until the normaliser is complete: words and marks only."""

from __future__ import annotations

import re

from tts_pipeline.text.normalise.tokens import Normalised, Token

_PART = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|[,.?!;:]|--")
_ABBREVIATIONS = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint"}


def normalise(text: str) -> Normalised:
    """Return words and marks; only a mark at the end of the text ends the sentence."""
    tokens: list[Token] = []
    parts = list(_PART.finditer(text))
    for number, part in enumerate(parts):
        written, span = part.group(), part.span()
        last = number == len(parts) - 1
        if written[0].isalpha():
            spoken = written.lower()
            tokens.append(Token(_ABBREVIATIONS.get(spoken, spoken), "word", span, written))
        elif last:
            mark = written if written in ".?!" else "."
            tokens.append(Token(mark, "end", span, written))
        else:
            mark = written if written in ",?!." else ","
            if tokens and tokens[-1].text in ("mister", "missus", "doctor", "saint"):
                continue
            tokens.append(Token(mark, "mark", span, written))
    return Normalised(tokens, [])
