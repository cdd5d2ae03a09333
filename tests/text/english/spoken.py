"""What is said, as one line of words: letter names in capitals, marks left out."""

from __future__ import annotations

import re
from pathlib import Path

from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.english.normalise import normalise
from tts_pipeline.text.english.pronounce import LETTER_NAMES, Pronouncer

DATA = Path(__file__).parents[2] / "data"
FRONT_END = EnglishFrontEnd()
KNOWN = Pronouncer().knows


def rows(*names: str) -> list[list[str]]:
    """Return the cells of each line of a table but its head; line ends are written ``\\n``."""
    lines = DATA.joinpath(*names).read_text(encoding="utf-8").splitlines()[1:]
    return [line.replace("\\n", "\n").replace("\\x1b", "\x1b").split("\t") for line in lines]


def said(text: str) -> str:
    """Return the words of a text as the normaliser makes them."""
    tokens = normalise(text, known=KNOWN).tokens
    return " ".join(
        token.text[0].upper() + token.text[1:] if token.kind == "letter" else token.text
        for token in tokens
        if token.is_word
    )


def canonical(expected: str) -> str:
    """Return expected words in the same form."""
    plain = re.sub("[,.!?;:]", " ", expected).replace("okay", "ok")
    return " ".join(
        word if re.fullmatch("[A-Z](?:'s)?", word) else word.lower() for word in plain.split()
    )


def heard(text: str) -> str:
    """Return the words of a text as the front end says them, lower case, letters apart."""
    sentences, _ = FRONT_END(text)
    out = []
    for sentence in sentences:
        for word in sentence.words:
            names = [LETTER_NAMES.get(letter, ()) for letter in word.text]
            spelled = tuple(phone for name in names for phone in name) == word.phones
            out.append(" ".join(word.text) if spelled and len(word.text) > 1 else word.text)
    return " ".join(out)


def phones_of(text: str, word: str) -> list[str]:
    """Return the phones of each place where a word is said in a text."""
    return [
        " ".join(each.phones)
        for sentence in FRONT_END(text)[0]
        for each in sentence.words
        if each.text == word
    ]
