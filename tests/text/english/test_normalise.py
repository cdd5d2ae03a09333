"""What the normaliser says of everyday sentences, where it finds it, and what it drops."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts_pipeline.text.english.normalise import Dropped, Token, normalise, spoken_text

FOLDER = Path(__file__).parents[2] / "data" / "normalisation"
EVERYDAY = [
    line.split("\t")
    for line in (FOLDER / "everyday.tsv").read_text(encoding="utf-8").splitlines()[1:]
]


def words(text: str) -> list[str]:
    return [token.text for token in normalise(text).tokens if token.is_word]


@pytest.mark.parametrize(("written", "expected"), EVERYDAY)
def test_everyday_sentences(written: str, expected: str) -> None:
    assert normalise(written).text == expected


def test_tokens_carry_kind_span_and_source() -> None:
    text = "Dr. Müller paid $3.50 on July 4, 1976."
    spoken = [token for token in normalise(text).tokens if token.text]
    assert spoken[0] == Token("doctor", "abbreviation", (0, 3), "Dr.")
    assert spoken[1] == Token("muller", "word", (4, 10), "Müller")
    assert {token.source for token in spoken if token.kind == "money"} == {"$3.50"}
    assert [(token.text, token.source) for token in spoken if token.kind == "date"] == [
        ("july", "July 4"), ("fourth", "July 4"),
        ("nineteen", "1976"), ("seventy", "1976"), ("six", "1976"),
    ]  # fmt: skip
    assert spoken[-1] == Token(".", "end", (37, 38), ".")
    assert all(text[slice(*token.span)] == token.source for token in spoken)


def test_case_reaches_the_pronouncer_and_decides_between_word_and_letters() -> None:
    assert [(token.text, token.kind) for token in normalise("Ask us at the WHO.").tokens][-4:] == [
        ("w", "letter"), ("h", "letter"), ("o", "letter"), (".", "end"),
    ]  # fmt: skip
    assert words("the US and us") == ["the", "u", "s", "and", "us"]
    assert words("TELL US WHO IT WAS AT ONCE") == "tell us who it was at once".split()
    assert words("She was NOT amused") == "she was not amused".split()
    assert [token.source for token in normalise("IT is it").tokens if token.is_word][-1] == "it"


def test_the_dictionary_decides_about_unknown_capitals() -> None:
    def spelled(known: bool) -> bool:
        tokens = normalise("The ZORK rose.", known=lambda word: known).tokens
        return any(token.kind == "letter" for token in tokens)

    assert spelled(False)
    assert not spelled(True)


def test_plural_and_possessive_letters_keep_their_ending() -> None:
    tokens = normalise("CPUs, the FBI's files, straight A's").tokens
    assert [token.text for token in tokens if token.kind == "letter"] == [
        "c", "p", "u's", "f", "b", "i's", "a's",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("so 😀 good", Dropped("😀", (3, 4), "symbol or emoji")),
        ("hi 👨‍👩‍👧!", Dropped("👨‍👩‍👧", (3, 8), "symbol or emoji")),
        ("a мир b", Dropped("мир", (2, 5), "other script")),
        ("a\0b", Dropped("\0", (1, 2), "control character")),
        ("a \ud800 b", Dropped("\ud800", (2, 3), "lone surrogate")),
        ("so\u00adft", Dropped("\u00ad", (2, 3), "formatting character")),
        ("go <noise/> on", Dropped("<noise/>", (3, 11), "mark-up")),
        ("x" * 100, Dropped("", (0, 100), "over-long word cut into pieces")),
    ],
)
def test_nothing_is_dropped_without_a_record(text: str, record: Dropped) -> None:
    assert normalise(text).dropped == [record]


def test_accents_fold_and_compatible_forms_are_read() -> None:
    result = normalise("Caf\u00e9, cafe\u0301, ﬁne, １２, Straße, ٣ ½")
    assert not result.dropped
    assert result.text == "cafe, cafe, fine, twelve, strasse, three and a half"


def test_marks_end_sentences_or_not() -> None:
    def marks(text: str) -> list[tuple[str, str]]:
        return [(t.text, t.kind) for t in normalise(text).tokens if t.kind in ("mark", "end")]

    assert marks('"Why?" he asked.') == [("?", "mark"), (".", "end")]
    assert marks("Well... no. Yes... Go") == [(",", "mark"), (".", "end"), (".", "end")]
    assert marks("At 5 p.m. we met at 6 p.m. The end") == [(".", "end")]
    assert marks("The U.S. Army vs. Dr. No, etc. It won.") == [
        (",", "mark"), (".", "end"), (".", "end"),
    ]  # fmt: skip
    assert marks("What?! (Yes.)") == [("?", "end"), (".", "end")]


def test_paragraphs_headings_and_lists_end_sentences() -> None:
    text = "The First Chapter\n\nIt was dark.\n\nTo buy:\n- eggs\n- 2 lemons\n"
    kinds = [t.kind for t in normalise(text).tokens if t.kind in ("end", "paragraph")]
    assert kinds == ["end", "paragraph", "end", "paragraph", "end", "end"]


def test_lines_of_wrapped_prose_do_not_end_sentences() -> None:
    text = (
        "He went along the narrow road that led from the village to\n"
        "London, and he never once looked back at the house where\n"
        "Mary was waiting for him.\n"
    )
    assert [t.kind for t in normalise(text).tokens if not t.is_word] == ["mark", "end"]


def test_the_normal_form_of_tokens() -> None:
    tokens = normalise("Chapter II\n\nU.S. teams, etc.").tokens
    assert spoken_text(tokens) == "chapter two.\n\nU-S- teams, et cetera."


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n\n\n", "\0", "\ud800" * 50, "a" + "\u0301" * 10_000, "\u200b\u202e\ufeff" * 999,
        "9" * 5000, "http://example.com/" + "a1-/?&=%" * 375, "x" * 10_000, "X" * 10_000,
        "<div class='a'><p>Hi</p></div>" * 99, "<" * 5000, "&" * 5000, "a1" * 5000, "1-" * 5000,
        "1/" * 5000, "1," * 5000, "1." * 5000, "a." * 5000, "A-" * 5000, "." * 5000, "-" * 5000,
        '"' * 5000, "',.'" * 2000, "$1" * 3000, "@a" * 3000, "a@b." * 3000, "555-" * 3000,
        "'s" * 3000, "(" * 3000 + ")" * 3000, "I. " * 3000, "p.m. " * 2000, "漢字" * 3000,
        "😀a" * 3000,
    ],
)  # fmt: skip
def test_hostile_text_is_read_or_reported(text: str) -> None:
    result = normalise(text)
    covered = bytearray(len(text))
    for item in (*result.tokens, *result.dropped):
        start, end = item.span
        covered[start:end] = b"\1" * (end - start)
    assert all(mark or char.isspace() for mark, char in zip(covered, text))
    assert all(len(token.text) < 60 for token in result.tokens)


def test_a_long_word_is_cut_and_nothing_of_it_is_lost() -> None:
    result = normalise("ab" * 5000)
    assert "".join(token.text for token in result.tokens) == "ab" * 5000
    assert max(len(token.text) for token in result.tokens) <= 48


def test_5000_digits_are_read_one_by_one() -> None:
    assert words("7" * 5000) == ["seven"] * 5000
    assert len({token.span for token in normalise("7" * 5000).tokens}) == 5000
