"""What the normaliser hands on: tokens, and the record of what could not be spoken."""

from __future__ import annotations

from typing import NamedTuple

from tts_pipeline.text.english.abbreviations import DOTTED


class Token(NamedTuple):
    """One spoken word, letter or mark, or a silent stretch of the source.

    Attributes:
        text: what is said: ``[a-z]+`` with inner apostrophes (a few also begin with one: "'tis")
            for words; one letter, or a letter with "'s", for kind "letter"; one of ``, . ? !``
            for marks; empty for kinds "silent" and "paragraph".
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


class Normalised(NamedTuple):
    """The tokens of a text in order, and what was left out of them."""

    tokens: list[Token]
    dropped: list[Dropped]

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
