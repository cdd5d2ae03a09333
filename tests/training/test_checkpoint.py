from __future__ import annotations

import json

import pytest
import torch

from tests.training.toy_task import ToyTask, run
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.checkpoint import (
    load_checkpoint,
    load_module,
    load_weights,
    save_weights,
)
from tts_pipeline.training.loop import snapshot
from tts_pipeline.training.task import Progress


def test_a_checkpoint_brings_everything_back(tmp_path):
    trained, progress = run(tmp_path, max_steps=12)
    fresh, found = ToyTask(), Progress()
    averages = load_checkpoint(
        tmp_path / "last.pt", fresh, snapshot(fresh.modules, ("fit",)), found
    )
    assert found == progress and found.step == 12
    for name, module in trained.modules.items():
        for key, value in module.state_dict().items():
            assert torch.equal(fresh.modules[name].state_dict()[key], value)
    one, other = trained.optimizers["fit"], fresh.optimizers["fit"]
    for index, state in one.state_dict()["state"].items():
        for key, value in state.items():
            assert torch.equal(other.state_dict()["state"][index][key], value)
    saved = load_weights(tmp_path / "best.safetensors", "fit")
    assert all(torch.equal(saved[key], value) for key, value in averages["fit"].items())


def test_weights_by_module(tmp_path):
    path = tmp_path / "best.safetensors"
    weights = {"one": {"a.b": torch.ones(2)}, "two": {"a.b": torch.zeros(4, 3).T}}
    save_weights(path, weights, {"step": 4})
    assert torch.equal(load_weights(path, "one")["a.b"], torch.ones(2))
    assert load_weights(path, "two")["a.b"].shape == (3, 4)
    assert json.loads((tmp_path / "best.json").read_text()) == {"step": 4}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.json", "best.safetensors"]
    with pytest.raises(ConfigError, match="holds no weights of 'three'"):
        load_weights(path, "three")
    with pytest.raises(ConfigError, match="missing, run the stage that trains it first"):
        load_weights(tmp_path / "none.safetensors", "one")


def test_a_module_of_a_checkpoint_if_there_is_one(tmp_path):
    assert load_module(tmp_path / "last.pt", "fit") is None
    task, _ = run(tmp_path, max_steps=2)
    found = load_module(tmp_path / "last.pt", "guess")
    assert torch.equal(found["weight"], task.modules["guess"].weight)
    assert load_module(tmp_path / "last.pt", "other") is None


def test_a_save_that_is_cut_short_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    run(tmp_path, max_steps=2)
    before = (tmp_path / "last.pt").read_bytes()

    def cut_short(state, file):
        file.write(before[:100])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(torch, "save", cut_short)
        run(tmp_path, max_steps=4)
    assert (tmp_path / "last.pt").read_bytes() == before
    _, progress = run(tmp_path, max_steps=4)
    assert progress.step == 4 and not list(tmp_path.glob(".*"))
