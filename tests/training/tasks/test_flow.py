from __future__ import annotations

import json

import pytest
import torch

from tests.training.planned_data import CHANNELS, aligned_data, loop_of, planned_parts
from tests.training.spoken_data import AUDIO
from tts_pipeline.acoustic.flow.config import FlowConfig
from tts_pipeline.acoustic.flow.model import FlowModel
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.tasks.flow import FlowTask, FlowTrainingConfig
from tts_pipeline.training.tasks.planned import with_weights

MODEL = FlowConfig(
    token_channels=CHANNELS, channels=24, hidden=32, n_blocks=2, step_channels=8, temperature=0.5
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    return planned_parts(*aligned_data(tmp_path_factory.mktemp("flow")))


@pytest.fixture(scope="module")
def teacher(parts, tmp_path_factory) -> FlowModel:
    """Trained for a few steps."""
    run = tmp_path_factory.mktemp("teacher")
    task = FlowTask(FlowTrainingConfig(loop_of(25), MODEL), *parts, AUDIO.n_mels)
    train(task, loop_of(25), make_fabric("cpu"), run)
    module = FlowModel(MODEL, AUDIO.n_mels).requires_grad_(False)
    return with_weights(module, run, "flow")


def taught_task(parts, teacher: FlowModel, **changes) -> FlowTask:
    config = FlowTrainingConfig(loop_of(60), MODEL, start_share=1.0, teacher="any", **changes)
    task = FlowTask(config, *parts, AUDIO.n_mels, teacher)
    task.modules["flow"].load_state_dict(teacher.state_dict())
    return task


def test_where_a_way_starts_the_aim_is_what_the_teacher_writes(parts, teacher):
    task = taught_task(parts, teacher, teacher_steps=3)
    module = task.modules["flow"].eval()
    batch = parts[0].batch(parts[0].ids[:2], torch.device("cpu"))
    noise = torch.randn(2, batch.mel.shape[2], AUDIO.n_mels)
    found = task._velocity_error(batch, torch.tensor([0.0, 0.4]), noise)
    frames = 0.5 * noise
    for step in range(3):
        times = torch.full((2,), step / 3)
        goal = teacher(frames, times, batch.vectors, batch.durations)
        frames = frames + (goal - frames) / (3 - step)
    mel = module.scaling.scale(batch.mel)
    started = module(0.5 * noise, torch.zeros(2), batch.vectors, batch.durations)[0] - frames[0]
    noisy = 0.6 * noise + 0.4 * mel
    under_way = module(noisy, torch.full((2,), 0.4), batch.vectors, batch.durations)[1] - mel[1]
    inside = batch.mask[:, 0].bool()
    errors = torch.cat([started[inside[0]], under_way[inside[1]] / 0.6])
    torch.testing.assert_close(found, errors.square().mean(), rtol=1e-4, atol=0)


def test_one_step_comes_to_write_what_took_two(parts, teacher, tmp_path):
    task = taught_task(parts, teacher)
    with torch.no_grad():
        before = task.validate()
    train(task, loop_of(60), make_fabric("cpu"), tmp_path / "run")
    after = json.loads((tmp_path / "run" / "best.json").read_text())["valid"]
    assert after["loss"] < 0.5 * before["loss"]
