from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from tests.training.planned_data import (
    ACOUSTIC,
    CHANNELS,
    aligned_data,
    loop_of,
    planned_parts,
    small_acoustic,
)
from tts_pipeline.acoustic.durations import position_features
from tts_pipeline.acoustic.flow_head.config import FlowHeadConfig
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.tasks.flow_head import FlowHeadTask, FlowHeadTrainingConfig

MODEL = FlowHeadConfig(
    token_channels=CHANNELS,
    channels=CHANNELS,
    hidden=ACOUSTIC.hidden,
    n_blocks=ACOUSTIC.frame_blocks,
    kernel=ACOUSTIC.frame_kernel,
    prenet=ACOUSTIC.prenet,
    head_channels=24,
    head_hidden=32,
    head_blocks=2,
    step_channels=8,
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    return planned_parts(*aligned_data(tmp_path_factory.mktemp("flow_head")))


def make_task(parts, steps: int = 1, model: FlowHeadConfig = MODEL) -> FlowHeadTask:
    return FlowHeadTask(FlowHeadTrainingConfig(loop_of(steps), model), small_acoustic(), *parts)


def test_it_starts_from_the_decoder_that_it_builds_upon(parts):
    module, acoustic = make_task(parts).modules["flow_head"].eval(), small_acoustic()
    batch = parts[0].batch(parts[0].ids[:2], torch.device("cpu"))
    expected = acoustic.decoder.state_dict()
    for name, value in module.recurrence.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=0)
    n_steps = int(batch.durations.sum(1).min()) // 2
    frames = module.step_input(batch.vectors, batch.durations, n_steps)
    rows = torch.repeat_interleave(batch.vectors[0], batch.durations[0], 0)[: 2 * n_steps]
    rows = rows + acoustic.position_input(position_features(batch.durations[:1], 2 * n_steps))[0]
    told = acoustic.step_input(rows.reshape(n_steps, -1))
    torch.testing.assert_close(frames[0], told, rtol=0, atol=1e-5)


def test_a_decoder_of_another_size_is_refused(parts):
    with pytest.raises(ConfigError, match="other sizes"):
        make_task(parts, model=dataclasses.replace(MODEL, prenet=8))


def test_a_few_steps_lower_the_loss_and_what_it_writes_is_nearer(parts, tmp_path):
    task = make_task(parts, 30)
    module = task.modules["flow_head"].eval()
    with torch.no_grad():
        before = task.validate()
    module.train()
    train(task, loop_of(30), make_fabric("cpu"), tmp_path / "run")
    after = json.loads((tmp_path / "run" / "best.json").read_text())["valid"]
    assert after["loss"] < 0.6 * before["loss"]
    assert after["mel_2"] < 0.9 * before["mel_2"]


def test_the_error_of_the_velocity_is_that_of_the_frames_by_what_is_left(parts):
    task = make_task(parts)
    task.modules["flow_head"].eval()
    batch = parts[0].batch(parts[0].ids[:1], torch.device("cpu"))
    masks, noise = task._chance(batch)
    true = task.plain.steps(task.plain.scaling.scale(batch.mel))
    none = torch.zeros_like(noise)
    for time, factor in ((0.0, 1.0), (0.5, 4.0), (0.95, 25.0)):
        times = torch.full((2, 1, noise.shape[1]), time)
        noises = torch.stack([noise, -noise])
        with torch.no_grad():
            made = task.plain(batch.vectors, batch.durations, true, none, masks, noises, times)
            found = task._velocity_error(batch, times, noises, none, masks)
        n_frames = batch.mel.shape[2]
        error = (made - true).reshape(2, 1, -1, 80)[:, :, :n_frames].square().mean()
        torch.testing.assert_close(found, factor * error, rtol=1e-4, atol=0)
