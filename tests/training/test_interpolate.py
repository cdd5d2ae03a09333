"""Weights between two trainings."""

import json

import pytest
import torch

from tts_pipeline.errors import ConfigError
from tts_pipeline.training.checkpoint import load_weights, save_weights
from tts_pipeline.training.interpolate import interpolate, main
from tts_pipeline.training.strategy_file import NAME


@pytest.fixture
def runs(tmp_path):
    """A training and the one that went on from it."""
    random = torch.Generator().manual_seed(3)
    for name, step in (("first", 7), ("second", 9)):
        state = {"a.weight": torch.randn(4, 3, generator=random), "b": torch.randn(5)}
        (tmp_path / name).mkdir()
        facts = {"step": step, "seed": 1, "valid": {"stft": step / 10}}
        save_weights(tmp_path / name / "best.safetensors", {"generator": state}, facts)
        (tmp_path / name / NAME).write_text(f"task: {name}\n")
    return tmp_path


def state_of(run):
    return load_weights(run / "best.safetensors", "generator")


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_each_number_lies_on_the_line_between(runs, share):
    command = [str(runs / "first"), str(runs / "second"), "--share", str(share)]
    assert main([*command, "--out", str(runs / "out")]) == 0
    made, first, second = (state_of(runs / name) for name in ("out", "first", "second"))
    assert made.keys() == first.keys()
    for name, value in made.items():
        expected = (1 - share) * first[name].double() + share * second[name].double()
        torch.testing.assert_close(value.double(), expected, rtol=1e-6, atol=1e-7)


def test_the_run_says_what_it_was_made_of(runs):
    interpolate(runs / "first", runs / "second", 0.25, runs / "out")
    facts = json.loads((runs / "out" / "best.json").read_text())
    assert facts["share"] == 0.25
    assert {name: each["step"] for name, each in facts["between"].items()} == {
        "first": 7,
        "second": 9,
    }
    assert (runs / "out" / NAME).read_text() == "task: second\n"


@pytest.mark.parametrize("share", [-0.1, 1.01, float("nan")])
def test_a_share_beyond_both_is_refused(runs, share):
    with pytest.raises(ConfigError, match="expected 0 to 1"):
        interpolate(runs / "first", runs / "second", share, runs / "out")


def test_two_models_are_refused(runs):
    other = {"generator": {"a.weight": torch.zeros(4, 2), "b": torch.zeros(5)}}
    save_weights(runs / "second" / "best.safetensors", other, {"step": 1})
    with pytest.raises(ConfigError, match=r"differ in generator\.a\.weight"):
        interpolate(runs / "first", runs / "second", 0.5, runs / "out")


def test_a_run_without_weights_is_named(runs):
    with pytest.raises(ConfigError, match="nothing"):
        interpolate(runs / "first", runs / "nothing", 0.5, runs / "out")
