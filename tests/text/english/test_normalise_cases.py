"""The public test cases of NeMo-text-processing (Apache-2.0), see tests/data/normalisation.

Reading and writing conventions differ without any difference in what is heard, so both sides are
put into one form before they are compared:

- lower case, accents folded, every mark of punctuation, hyphen and slash is a blank;
- letters that are spelled stand together as one word ("U S A" is "usa");
- "and" inside a number or a sum ("one hundred and two dollars and one cent") is left out;
- mark-up such as ``<pausing/>`` is not spoken, so it is left out of the expected side.

Anything else counts as a difference.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from tts_pipeline.text.english.normalise import Token, normalise

FOLDER = Path(__file__).parents[2] / "data" / "normalisation"
AUDIO = "test_cases_normalize_with_audio.txt"
_AND = re.compile(
    r"(?<=\b)(hundred|thousand|million|billion|trillion|dollars?|pounds?|minutes?) and (?=\w)"
)
_NUMBER = re.compile(
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|"
    r"thirty|forty|fifty|sixty|seventy|eighty|ninety)\b"
)


def canonical(text: str) -> str:
    folded = unicodedata.normalize("NFKD", re.sub(r"<[^<>]*>", " ", text)).lower()
    accents = re.compile("[\u0300-\u036f]")
    plain = re.sub(r"[^\w\s']|_", " ", accents.sub("", folded).replace("\u2019", "'"))
    words = " ".join(word.strip("'") for word in plain.split() if word.strip("'"))
    return _AND.sub(
        lambda match: match[1] + (" " if _NUMBER.match(words, match.end()) else " and "), words
    )


def spoken(written: str) -> str:
    parts: list[str] = []
    before: Token | None = None
    for token in normalise(written).tokens:
        if token.kind == "letter" and before is not None and _same_run(before, token):
            parts[-1] += token.text
        elif token.is_word:
            parts.append(token.text)
        before = token if token.kind == "letter" else None
    return canonical(" ".join(parts))


def _same_run(first: Token, second: Token) -> bool:
    """True for letters of one expression, or of one word: each in its place, perhaps a dot."""
    own = all(len(token.source) <= 2 for token in (first, second))
    return first.span == second.span or own and first.span[1] == second.span[0]


def read_cases() -> list[tuple[str, tuple[str, ...]]]:
    """Return the 282 cases as written text and acceptable readings."""
    cases: list[tuple[str, tuple[str, ...]]] = []
    for path in sorted(FOLDER.glob("test_cases_*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if path.name == AUDIO:
                if line.startswith("~"):
                    cases.append((line[1:], ()))
                else:
                    cases[-1] = (cases[-1][0], (*cases[-1][1], line))
            elif "~" in line:
                written, _, reading = line.partition("~")
                cases.append((written, (reading,)))
    return cases


def read_rejected() -> dict[tuple[str, str], str]:
    lines = (FOLDER / "rejected.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    return {(written, reading): reason for written, reading, reason in rows}


CASES = read_cases()
REJECTED = read_rejected()


def passes(written: str, readings: tuple[str, ...]) -> bool:
    return spoken(written) in {canonical(reading) for reading in readings}


def test_there_are_282_cases() -> None:
    assert len(CASES) == 282


@pytest.mark.parametrize(("written", "readings"), CASES)
def test_case(written: str, readings: tuple[str, ...]) -> None:
    if (written, "|".join(readings)) in REJECTED:
        assert not passes(written, readings), "this case passes now: take it off rejected.tsv"
    else:
        assert spoken(written) in {canonical(reading) for reading in readings}


def test_at_least_268_pass_and_every_other_has_a_reason() -> None:
    assert len(CASES) - len(REJECTED) >= 268
    assert all(reason.strip() for reason in REJECTED.values())
