"""What the normaliser hands on, and its normal form as text."""

from __future__ import annotations

from typing import NamedTuple

from tts_pipeline.text.english.abbreviations import DOTTED
from tts_pipeline.text.protocol import Dropped, Token


class Normalised(NamedTuple):
    """The tokens of a text in order, what was left out of them, and the first place, if there is
    one, that might be read otherwise if the text went on."""

    tokens: list[Token]
    dropped: list[Dropped]
    undecided: int | None = None

    @property
    def text(self) -> str:
        """The normal form: see :func:`spoken_text`."""
        return spoken_text(self.tokens)


def spoken_text(tokens: list[Token]) -> str:
    """Return the normal form of tokens: lower-case words, letters as ``U-S-A-``, attached marks.

    Normalising the normal form gives the same spoken tokens again.
    """
    parts: list[str] = []
    before: Token | None = None
    # Where a letter name stands that is part of the same run: "U-S-A-".
    run_end = -1
    for token in tokens:
        if token.kind == "paragraph":
            if parts:
                parts.append("\n\n")
        elif token.kind in ("mark", "end"):
            # The full stop stands apart from what would be an abbreviation with it.
            apart = token.text == "." and before is not None and before.text in DOTTED
            parts.append(" ." if apart else token.text)
        elif token.kind == "letter":
            name = token.text[0].upper() + token.text[1:]
            run = run_end == token.span[0] or (before is not None and before.span == token.span)
            run = run and before is not None and before.kind == "letter" and len(before.text) == 1
            joint = "" if run or not parts or parts[-1] == "\n\n" else " "
            parts.append(joint + name + ("-" if len(name) == 1 else ""))
        elif token.text:
            parts.append((" " if parts and parts[-1] != "\n\n" else "") + token.text)
        if token.kind != "silent":
            before = token
            run_end = token.span[1]
        elif token.source == "-" and token.span[0] == run_end:
            run_end = token.span[1]
    return "".join(parts).strip()
