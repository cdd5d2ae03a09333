"""Everyday sentences that were written before the rules: how many are read as expected."""

from __future__ import annotations

import re
import unicodedata
from itertools import product

from tests.text.english.spoken import DATA, heard, phones_of

_MARKED = re.compile(r"\{([^{}|]*)((?:\|[^{}]*)?)\}")


def flat(text: str) -> str:
    """Return lower-case words alone; accents folded, an apostrophe s apart."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.sub("[^a-z']+", " ", plain.lower().replace("'s", " s")).split())


def readings(marked: str) -> set[str]:
    """Return every reading that a marked sentence allows."""
    parts = [match.group(2)[1:].split("|") for match in _MARKED.finditer(marked)]
    frame = _MARKED.split(marked)[::3]
    return {
        flat("".join(f"{text} {chosen} " for text, chosen in zip(frame, (*choice, ""))))
        for choice in product(*parts)
    }


def alike(phones: str) -> str:
    """Return phones without what accents of US English differ in: weak vowels, AA and AO."""
    return " ".join(
        "V" if phone[-1] in "02" else phone.replace("AO", "AA") for phone in phones.split()
    )


def test_heteronyms() -> None:
    wrong = []
    lines = (DATA / "everyday" / "heteronyms.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 162
    for line in lines:
        word, expected, sentence = line.split("\t")
        if alike(phones_of(sentence, word)[0]) != alike(expected):
            wrong.append(sentence)
    # Two of them are "graduate", where the dictionary writes the glide otherwise.
    assert len(wrong) <= 4, wrong


def test_sentences() -> None:
    wrong = []
    lines = (DATA / "everyday" / "sentences.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 201
    for line in lines:
        _, marked = line.split("\t")
        written = _MARKED.sub(r"\1", marked)
        if flat(heard(written)) not in readings(marked):
            wrong.append(written)
    assert len(wrong) <= 2, wrong
