from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from tests.training.spoken_data import AUDIO, make_spoken_data
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import ConfigError
from tts_pipeline.synthesis import synthesize
from tts_pipeline.training.data.prepare import write_arrays
from tts_pipeline.training.data.prepared import SHIPPED, write_tokens
from tts_pipeline.training.series import main, voice_of_runs
from tts_pipeline.voice.voice import Voice

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "strategies"
ORDER, ACOUSTIC = map(runpy.run_path(str(RECIPE / "run")).get, ("ORDER", "ACOUSTIC"))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """What prepare and align leave of six recordings, some longer than the longest crop."""
    root = tmp_path_factory.mktemp("series")
    data = make_spoken_data(root / "features", 6, seed=4)
    (root / "durations").mkdir()
    utterances = []
    for number, (name, durations) in enumerate(data.durations.items()):
        write_arrays(root / "durations" / f"{name}.npz", durations=durations.numpy())
        split = "train" if number < 4 else "valid"
        utterances.append(Utterance(name, name, root, split=split, source=root, line=1))
    write_tokens(root, AUDIO, utterances, data.tokens)
    return root


def run(prepared: Path, *options: str) -> None:
    given = [str(prepared), "--accelerator", "cpu", *options]
    main(given, folder=RECIPE, order=ORDER, acoustic=ACOUSTIC)


@pytest.fixture(scope="module")
def trained(prepared) -> Voice:
    run(prepared, "--debug")
    return Voice.load(prepared / "strategies" / "voice")


def test_the_recipe_adds_every_strategy_to_the_voice(trained, prepared):
    # What is taught by the refiner takes its place.
    names = set(Voice.load(SHIPPED).models) | set(ORDER) - {"flow-refiner-one-step"}
    assert set(trained.models) == names
    assert trained.default_acoustic == ACOUSTIC == "autoregressive+flow-refiner"
    for acoustic in (*trained.names("acoustic"), None):
        made = synthesize("It runs.", voice=trained, acoustic=acoustic)
        assert np.isfinite(made.samples).all() and len(made.samples)


def test_what_is_done_is_not_done_again(trained, prepared, capsys):
    run(prepared, "flow", "one-shot", "--debug")
    out = capsys.readouterr().out
    assert out.startswith("one-shot: done\nflow: done\n")
    assert "flow-refiner, pyramid, codes" in out


def test_more_time_takes_a_training_up_again(trained, prepared, capsys):
    best = prepared / "strategies" / "pyramid" / "best.json"
    before = json.loads(best.read_text())
    assert before["step"] == 10
    run(prepared, "pyramid", "--debug", "--max-seconds", "5000")
    assert "pyramid: done" not in capsys.readouterr().out
    # All ten steps were taken, so there is nothing left to do.
    assert json.loads(best.read_text())["step"] == 10


def test_a_voice_without_a_refiner_keeps_its_default(trained, prepared, tmp_path):
    shipped = Voice.load(SHIPPED)
    plain = {name: shipped.models[name] for name in ("autoregressive", "parallel")}
    Voice("plain", shipped.audio, plain).save(tmp_path / "voice")
    options = ["--voice", str(tmp_path / "voice"), "--runs", str(tmp_path / "runs"), "--debug"]
    run(prepared, "one-shot", *options)
    assert Voice.load(tmp_path / "runs" / "voice").default_acoustic == "autoregressive"


def test_a_strategy_that_does_not_exist_is_refused_by_name(prepared):
    with pytest.raises(ConfigError, match="strategy 'flown': expected one of one-shot"):
        run(prepared, "flown")


def test_the_shipped_models_stay_as_they_are(trained):
    ours, shipped = trained.models["autoregressive"], Voice.load(SHIPPED).models["autoregressive"]
    for name, value in shipped.arrays.items():
        np.testing.assert_array_equal(ours.arrays[name], value)


def test_a_run_without_weights_is_named(prepared, tmp_path):
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow" / "strategy.yaml").write_text((RECIPE / "flow.yaml").read_text())
    with pytest.raises(ConfigError, match="run the stage that trains it first"):
        voice_of_runs(["flow"], prepared, tmp_path, SHIPPED)
