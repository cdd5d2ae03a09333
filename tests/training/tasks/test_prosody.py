from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from tests.tiny import make_tiny_voice
from tests.training.planned_data import aligned_data, loop_of, small_acoustic
from tests.training.spoken_data import AUDIO, part_of
from tts_pipeline.acoustic.prosody.config import ProsodyConfig
from tts_pipeline.errors import ConfigError
from tts_pipeline.synthesis import synthesize
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.data.spoken_prosody import SpokenProsody
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.stages import Stage
from tts_pipeline.training.tasks.prosody import (
    ProsodyTask,
    ProsodyTrainingConfig,
    correlation,
    draw_figures,
)
from tts_pipeline.voice.voice import Voice

SIZES = ProsodyConfig(channels=24, hidden=32, text_blocks=1, n_blocks=2, step_channels=8, steps=8)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return aligned_data(tmp_path_factory.mktemp("prosody"))


@pytest.fixture(scope="module")
def parts(data):
    spoken, durations = data
    return tuple(
        SpokenProsody(small_acoustic(), spoken.tokens, durations, part_of(spoken, *span))
        for span in ((0, 4), (4, 6))
    )


def task_of(parts, steps: int = 1) -> ProsodyTask:
    return ProsodyTask(ProsodyTrainingConfig(loop_of(steps), SIZES), *parts)


def test_a_batch_holds_what_was_spoken_and_what_is_planned(data, parts):
    spoken, _ = data
    names = parts[0].ids[:2]
    batch = parts[0].batch(names, torch.device("cpu"))
    planner = make_tiny_voice().with_model("autoregressive", small_acoustic()).acoustic.text
    for k, name in enumerate(names):
        n = len(spoken.tokens[name])
        assert batch.mask[k].sum() == n and torch.equal(batch.tokens[k, :n], spoken.tokens[name])
        frames = torch.expm1(batch.spoken[k, :n, 0])
        np.testing.assert_allclose(frames, spoken.durations[name], atol=1e-4)
        assert not batch.spoken[k, n:].any() and not batch.planned[k, n:].any()
        # The plan is that of the voice which is made of the same weights.
        alone = planner.predict(spoken.tokens[name].numpy())
        expected = np.stack([np.log1p(alone.frames), alone.pitch, alone.energy], 1)
        np.testing.assert_allclose(batch.planned[k, :n], expected, atol=1e-4)
        # A voiced token's pitch is the mean log F0 of its frames, by mean 5.0 and deviation 0.2.
        f0, ends = spoken.store[name].f0, spoken.durations[name].cumsum(0)
        token = int((spoken.durations[name] * (f0[ends - 1] > 0)).argmax())
        inside = f0[ends[token] - spoken.durations[name][token] : ends[token]]
        assert (inside > 0).sum() > 2
        pitch = (torch.log(inside[inside > 0]).mean() - 5.0) / 0.2
        np.testing.assert_allclose(batch.spoken[k, token, 1], pitch, atol=1e-4)


def test_statistics_are_the_corpus(parts):
    model = task_of(parts).modules["prosody"]
    spoken = torch.cat([parts[0].batch([i], torch.device("cpu")).spoken[0] for i in parts[0].ids])
    np.testing.assert_allclose(model.mean, spoken.mean(0), atol=1e-5)
    np.testing.assert_allclose(model.std, spoken.std(0), rtol=1e-5)
    pairs = [parts[1].batch([i], torch.device("cpu")) for i in parts[1].ids]
    one, other = (torch.cat([b[k][0, :, 1] for b in pairs]).numpy() for k in (2, 3))
    expected = max(0.0, np.corrcoef(one, other)[0, 1])
    np.testing.assert_allclose(model.agreement, [1, expected, 1], atol=1e-5)


def test_correlation_is_that_of_numpy():
    one, other = torch.randn(2, 500, generator=torch.Generator().manual_seed(0))
    other = other + 0.5 * one
    expected = np.corrcoef(one, other)[0, 1]
    assert float(correlation(one, other)) == pytest.approx(expected, abs=1e-5)
    assert float(correlation(one, -other)) == 0
    assert float(correlation(one, torch.ones(500))) == 0


def test_figures_of_what_was_drawn_are_those_by_hand():
    spoken = [torch.tensor([[[0.0, 1, 2], [1, 3, 2], [2, 5, 5]]])]
    twice = [torch.cat([row, row]) for row in spoken]
    assert draw_figures(twice, spoken) == {
        "duration_ratio": 1, "duration_spread": 1, "pitch_spread": 1, "energy_spread": 1,
        "pitch_between": 0,
    }  # fmt: skip
    other = torch.stack([spoken[0][0], spoken[0][0] + torch.tensor([0.0, 2, 0])])
    other[..., 0] = 0
    found = draw_figures([other], spoken)
    assert found["duration_ratio"] == found["duration_spread"] == 0
    assert found["pitch_spread"] == 1
    assert found["pitch_between"] == pytest.approx(2**0.5)


def test_at_the_start_the_whole_way_is_asked_for(parts):
    """At time 0 the error of the velocity is that of the values; later it grows by what is left."""
    task = task_of(parts)
    batch = parts[0].batch(parts[0].ids[:1], torch.device("cpu"))
    model = task.modules["prosody"].eval()
    goal = (batch.spoken - model.mean) / model.std
    noise = torch.randn(goal.shape, generator=torch.Generator().manual_seed(0))
    for time, factor in ((0.0, 1.0), (0.5, 4.0), (0.95, 25.0)):
        times = torch.tensor([time])
        with torch.no_grad():
            made = model(batch.tokens, batch.mask, (1 - time) * noise + time * goal, times)
            error = task._velocity_error(batch, times, noise)
        expected = factor * float((made - goal).square().mean())
        assert float(error) == pytest.approx(expected, rel=1e-4)


def test_a_few_steps_lower_the_loss(parts, tmp_path):
    task = task_of(parts, 25)
    task.modules["prosody"].eval()
    with torch.no_grad():
        before = task.validate()
    task.modules["prosody"].train()
    train(task, loop_of(25), make_fabric("cpu"), tmp_path / "prosody")
    after = json.loads((tmp_path / "prosody" / "best.json").read_text())["valid"]
    assert after["loss"] < 0.8 * before["loss"]
    assert after.keys() == before.keys()


def test_the_stage_gives_a_voice_its_model(data, tmp_path):
    spoken, durations = data
    make_tiny_voice().save(tmp_path / "tiny")
    prepared = Prepared(
        AUDIO, spoken.tokens, durations, part_of(spoken, 0, 4), part_of(spoken, 4, 6),
        voice=tmp_path / "tiny", runs=tmp_path / "runs",
    )  # fmt: skip
    values = {"loop": dataclasses.asdict(loop_of(2)), "model": dataclasses.asdict(SIZES)}
    stage = Stage("prosody", "prosody", values)
    assert stage.model_name == stage.kind == "prosody" and stage.gflop() > 0
    folder = prepared.runs / "prosody"
    with pytest.raises(ConfigError, match="run the stage that trains it first"):
        stage.trained(prepared, folder)
    train(stage.module.make_task(stage.settings, prepared), loop_of(2), make_fabric("cpu"), folder)
    voice = Voice.load(prepared.voice).with_model("prosody", stage.trained(prepared, folder))
    made = synthesize("Some words.", voice=voice, prosody_temperature=1.0)
    assert np.isfinite(made.samples).all()
