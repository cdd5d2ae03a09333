"""Readings of homographs, as the whole front end chooses them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.english.homographs import (
    DATA,
    Reading,
    pack_homographs,
    read_homographs,
    shipped_homographs,
)
from tts_pipeline.text.symbols import encode

TEST = Path(__file__).parents[2] / "data" / "homographs" / "test.tsv"


def test_at_least_92_percent_of_the_public_test_sentences():
    model, front_end = shipped_homographs(), EnglishFrontEnd()
    right = total = 0
    with open(TEST, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            wanted = model.named(row["wordid"])
            place = int(row["start"])
            sentences, _ = front_end(row["sentence"])
            total += 1
            right += any(
                word.span[0] <= place < word.span[1] and word.phones == wanted.phones
                for sentence in sentences
                for word in sentence.words
            )
    assert total == 808
    assert right / total >= 0.92


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("I will read the book tomorrow.", "read", "R IY1 D"),
        ("She has already read the letter.", "read", "R EH1 D"),
        ("Have you ever read it?", "read", "R EH1 D"),
        ("Did you read it?", "read", "R IY1 D"),
        ("The letter was read aloud.", "read", "R EH1 D"),
        ("They live in Paris.", "live", "L IH1 V"),
        ("It was a live concert.", "live", "L AY1 V"),
        ("Please record this song.", "record", "R AH0 K AO1 R D"),
        ("She broke the world record.", "record", "R EH1 K ER0 D"),
        ("We use it to close the door.", "close", "K L OW1 Z"),
        ("We use it to close the door.", "use", "Y UW1 Z"),
        ("The wind was strong.", "wind", "W IH1 N D"),
        ("She records the song.", "records", "R AH0 K AO1 R D Z"),
        ("She sold the old records.", "records", "R EH1 K ER0 D Z"),
        ("He presents the show.", "presents", "P R IY0 Z EH1 N T S"),
        ("The presents lay there.", "presents", "P R EH1 Z AH0 N T S"),
    ],
)
def test_plain_cases(text, word, phones):
    sentences, _ = EnglishFrontEnd()(text)
    found = next(w for sentence in sentences for w in sentence.words if w.text == word)
    assert (" ".join(found.phones), found.source) == (phones, "homograph")
    assert 0.5 <= found.confidence <= 1


def test_readings_differ_and_are_phones():
    model = shipped_homographs()
    words = {line.split("\t")[0].strip('"') for line in TEST.read_text("utf-8").splitlines()[1:]}
    assert len(words) == 162
    for word in words:
        readings = model.readings(word)
        assert len(readings) >= 2
        assert len({reading.phones for reading in readings}) == len(readings), word
        for reading in readings:
            for phone in reading.phones:
                encode(phone)


def test_a_reading_can_be_forced():
    sentences, _ = EnglishFrontEnd()("I will [[read_past]] it, a [[lead_nou]] pipe.")
    words = {word.text: word for word in sentences[0].words}
    assert words["read"].phones == ("R", "EH1", "D")
    assert words["lead"].phones == ("L", "EH1", "D")
    assert words["read"].source == "inline"


def test_packed_model_comes_back(tmp_path):
    path = tmp_path / "model.bin"
    readings = {"row": [Reading("row_1", "N", ("R", "OW1")), Reading("row_2", "V", ("R", "AW1"))]}
    weights = {"row_1|p1=a": 3.0, "row_2|p1=a": -3.0, "#V|P1=TO": 2.0, "row_1|b": 0.1}
    path.write_bytes(pack_homographs(readings, weights, smallest=0.5))
    model = read_homographs(path)
    assert "row" in model and "line" not in model
    assert model.choose("row", ["a", "row"], 1)[0].name == "row_1"
    assert model.choose("row", ["to", "row"], 1)[0].name == "row_2"
    assert model.named("row_2").phones == ("R", "AW1")
    assert model.named("none") is None


@pytest.mark.parametrize("cut", [0, 100, 20_000, -1])
def test_damaged_model_is_named(tmp_path, cut):
    path = tmp_path / "model.bin"
    path.write_bytes((DATA / "homographs.bin").read_bytes()[:cut])
    with pytest.raises(TextError, match=r"model\.bin"):
        read_homographs(path)
