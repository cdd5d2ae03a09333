"""Written English to spoken words.

``normalise(text)`` returns ``Normalised(tokens, dropped)``:

- ``tokens``: a list of :class:`Token` ``(text, kind, span, source)`` in the order of the source.
  ``token.is_word`` is True for what has a pronunciation. Its ``kind`` is

  - ``"word"``: a word that stands in the text; ``text`` is lower case with accents folded, the
    surface is ``source`` ("WHO", "Müller"), so case can choose a pronunciation;
  - ``"letter"``: the name of one letter; ``text`` is the letter, or the letter with "'s"
    ("CPUs" is c, p, u's);
  - any other class ("cardinal", "ordinal", "date", "time", "money", "measure", "telephone",
    "electronic", "roman", "abbreviation", ...): a word made by a rule; all the words of one
    expression share its span and source.

  The rest is not said: ``"mark"`` (``text`` one of ``, . ? !``) inside a sentence, ``"end"`` (one
  of ``. ? !``) at its end, ``"paragraph"`` (no text, after the end of the last sentence of a
  paragraph), ``"silent"`` (no text: quotes, brackets, hyphens, decoration). There is at most one
  mark between two words, and none before the first word of the text.
- ``dropped``: :class:`Dropped` ``(text, span, reason)`` for what cannot be spoken: emoji, other
  scripts, control characters, lone surrogates, mark-up, invisible formatting. A record with an
  empty ``text`` leaves nothing out: an over-long word was cut into pieces.

Starts and ends of spans never decrease, and every character of the source that is not white space
lies in the span of a token or of a dropped record. Words match ``'?[a-z]+('[a-z]+)*'?``. The normal
form ``spoken_text(tokens)`` normalises to the same spoken tokens.

Time is linear in the length of the text whatever it holds. Conventions: US English, no "and"
inside numbers, 1100 to 2099 standing alone is a year, more than 27 digits are read one by one.
"""

from __future__ import annotations

from collections.abc import Callable

from tts_pipeline.text.english.normalise.scanner import scan
from tts_pipeline.text.english.normalise.tokens import Normalised, spoken_text
from tts_pipeline.text.english.normalise.trace import Trace
from tts_pipeline.text.protocol import Dropped, Token

__all__ = ["Dropped", "Normalised", "Token", "normalise", "spoken_text"]


def normalise(
    text: str, *, known: Callable[[str], bool] | None = None, trace: Trace | None = None
) -> Normalised:
    """Return the spoken tokens of English text and what could not be spoken.

    Args:
        text: any string, lone surrogates and control characters included.
        known: tells whether a lower-case word is in the dictionary; it decides whether an unknown
            word in capitals is said ("NEVER") or spelled. Without it, its shape decides.
        trace: keeps which rule said what.
    """
    return scan(text, known, trace)
