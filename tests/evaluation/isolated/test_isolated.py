"""Single words: the lists, the recogniser that knows one, and the voice in the package."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tts_pipeline.commands.evaluate import main
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.isolated.lists import shipped_lists
from tts_pipeline.evaluation.isolated.measure import Understood, measure, table, understood
from tts_pipeline.evaluation.isolated.recogniser import ListRecogniser
from tts_pipeline.synthesis import synthesize


def test_the_lists_hold_what_they_say():
    lists = shipped_lists()
    assert {name: len(items) for name, items in lists.items()} == {
        "words": 100,
        "letters": 26,
        "digits": 10,
        "names": 30,
    }
    for items in lists.values():
        assert len({item.phones for item in items}) == len(items), "two sound alike"
    letters = {item.name: item for item in lists["letters"]}
    assert letters["a"].phones == ("EY",)
    assert letters["w"].phones == ("D", "AH", "B", "AH", "L", "Y", "UW")
    assert letters["z"].written == "Z."


def test_a_letter_alone_is_called_by_its_name(tmp_path):
    for text in ("A", "a"):
        phones = [stamp.text for stamp in synthesize(text).timestamps if stamp.kind == "phone"]
        assert phones == ["EY1"]


def test_a_recogniser_needs_words():
    with pytest.raises(ConfigError, match="no words to recognise"):
        ListRecogniser([])


def test_what_is_heard_does_not_depend_on_the_order():
    pytest.importorskip("pocketsphinx")
    items = shipped_lists()["digits"][:4]
    sounds = [synthesize(item.spoken).samples for item in items]
    recogniser = ListRecogniser([item.phones for item in items])
    assert recogniser.recognise(sounds) == [0, 1, 2, 3]
    assert recogniser.recognise(sounds[::-1]) == [3, 2, 1, 0]
    hum = (0.3 * np.sin(np.arange(8000) * 0.3)).astype(np.float32)
    found = understood(items, lambda item: hum, recogniser)
    assert found.n_right <= 1


@pytest.mark.parametrize("acoustic", ["autoregressive", "autoregressive+flow-refiner"])
def test_words_and_letters_of_the_voice_are_understood(acoustic):
    pytest.importorskip("pocketsphinx")
    found = measure(peers=False, acoustic=acoustic)["ours"]
    right = found["words"].n_right + found["letters"].n_right
    # 120 and more of 126 on the machine that this was written on.
    assert right >= 117, table({"ours": found})
    assert found["digits"].n_right >= 9
    assert found["names"].n_right >= 28


def test_the_command_writes_its_figures(tmp_path, monkeypatch, capsys):
    figures = {"ours": {"digits": Understood(10, [("five", "nine"), ("one", None)])}}
    asked = {}

    def measured(**options):
        asked.update(options)
        return figures

    monkeypatch.setattr("tts_pipeline.evaluation.isolated.measure.measure", measured)
    out = tmp_path / "words.json"
    assert main(["words", "--no-peers", "--rate", "0.9", "--json", str(out)]) == 0
    assert asked["rate"] == 0.9
    assert asked["peers"] is False
    shown = capsys.readouterr().out.split()
    assert shown[:5] == ["ours", "digits", "8", "of", "10"]
    assert json.loads(out.read_text())["ours"]["digits"] == {
        "n_items": 10,
        "n_right": 8,
        "wrong": [["five", "nine"], ["one", None]],
    }
