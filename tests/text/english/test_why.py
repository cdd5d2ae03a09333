"""What decided each word, told to whoever reports a fault."""

from __future__ import annotations

import pytest

from tts_pipeline.cli import main
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.english.why import decisions

FRONT_END = EnglishFrontEnd()


@pytest.mark.parametrize(
    ("text", "word", "reading", "sound"),
    [
        ("It was 7/10 stars.", "out", "slashes._slash: Say a pair", ""),
        ("It was 7/10 stars.", "was", "", "function word"),
        ("They read it daily.", "read", "", "homograph: read_present against read_past"),
        ("Catch a bass guitar.", "bass", "", "homograph: bass against bass_corp"),
        ("The zorblatt is here.", "zorblatt", "", "letter-to-sound model, sure 0."),
        ("It's sooo good.", "so", "casual.say", "dictionary"),
        ("A glass of rosé.", "rose", "", "overrides.tsv"),
        ("[[HH AH0 L OW1]] there.", "hh ah0 l ow1", "", "phones in the text"),
    ],
)
def test_decision(text: str, word: str, reading: str, sound: str) -> None:
    (made,) = [d for d in decisions(text, FRONT_END) if d.word == word]
    assert made.reading.startswith(reading) and bool(made.reading) == bool(reading)
    assert made.sound.startswith(sound)


def test_places_lead_through_mark_up() -> None:
    text = "# A\n\n> *It* was 5 km [long](x)."
    made = decisions(text, FRONT_END.with_format("markdown"))
    assert {d.word: d.reading.partition(":")[0] for d in made if d.reading} == {
        "five": "measures._measure", "kilometers": "measures._measure",
    }  # fmt: skip
    assert [d.written for d in made] == ["A", "It", "was", "5 km", "5 km", "long"]


def test_an_explanation_changes_nothing() -> None:
    text = "Dr. Lee read 3/4 of it at 5pm."
    before = FRONT_END(text)
    decisions(text, FRONT_END)
    assert FRONT_END(text) == before


def test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pronounce", "--why", "It ran 5 km."]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["word", "written", "phones", "read", "by", "sounds", "by"]
    assert any("measures._measure" in line for line in lines)
