"""The export to webMUSHRA's configuration."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import soundfile
import yaml

from tests.listening.simulation import small_test
from tts_pipeline.cli import main
from tts_pipeline.listening.trials import read_key


@pytest.mark.parametrize("design", ["mushra", "mos", "ab", "abx"])
def test_webmushra(design: str, comparison: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "test", tmp_path / "out"
    small_test(comparison, folder, design=design, training=1, sessions=2, question="1 < 2?")
    assert main(["listen", "export", str(folder), "--out", str(out)]) == 0
    key = read_key(folder)
    configs = sorted((out / "configs").glob("*.yaml"))
    assert len(configs) == 2
    config = yaml.safe_load(configs[0].read_text())
    welcome, *training, main_pages, finish = config["pages"]
    assert (welcome["type"], finish["type"], main_pages[0]) == ("generic", "finish", "random")
    assert finish["writeResults"] is True
    trials = {trial.id: trial for trial in key.sessions[0]}
    pages = [*training, *main_pages[1:]]
    with (out / "conditions.csv").open(newline="") as file:
        named = {row["stimulus"]: row["condition"] for row in csv.DictReader(file)}
    types = {
        "mushra": "mushra", "mos": "likert_single_stimulus",
        "ab": "preference_test", "abx": "paired_comparison",
    }  # fmt: skip
    for page in pages:
        trial = trials[page["id"]]
        assert page["type"] == types[design]
        assert page["content"] == "1 &lt; 2?"
        lengths = set()
        for path in [*page["stimuli"].values(), *filter(None, [page.get("reference")])]:
            assert path.startswith("configs/")
            lengths.add(soundfile.info(out / path).frames)
        assert len(lengths) == 1
        conditions = [named[name] for name in page["stimuli"]]
        if design == "mushra":
            # webMUSHRA adds the hidden reference itself.
            assert sorted(conditions) == ["anchor-3500", "two-stage", "wavenet"]
        elif design == "abx":
            (other,) = conditions
            assert {other, trial.conditions[2]} == set(trial.conditions)
        else:
            assert conditions == list(trial.conditions)
    text = configs[0].read_text()
    assert not any(name in text for name in ("two-stage", "wavenet", "anchor-3500", "t01"))


def test_webmushra_has_no_typing(
    comparison: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_test(comparison, tmp_path / "test", design="intelligibility")
    arguments = ["listen", "export", str(tmp_path / "test"), "--out", str(tmp_path / "out")]
    assert main(arguments) == 1
    assert "cannot ask for typed words" in capsys.readouterr().err
