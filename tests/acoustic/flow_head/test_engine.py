"""The decoder with a flow head: module against engine, and what it promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.acoustic.plans import (
    AUDIO,
    LONG,
    TOKEN_CHANNELS,
    USES,
    arrays,
    check_contract,
    frames_seen_ahead,
    mel_of,
    sentence,
    shaken,
    tensors,
)
from tts_pipeline.acoustic.flow_head.config import FlowHeadConfig, FlowHeadOptions
from tts_pipeline.acoustic.flow_head.engine import FlowHeadEngine
from tts_pipeline.acoustic.flow_head.model import FlowHeadModel
from tts_pipeline.errors import ConfigError, VoiceError

CONFIG = FlowHeadConfig(
    token_channels=TOKEN_CHANNELS,
    channels=16,
    hidden=24,
    n_blocks=2,
    kernel=3,
    prenet=8,
    head_channels=12,
    head_hidden=20,
    head_blocks=2,
    step_channels=8,
    steps=2,
    temperature=0.7,
)


def model(half: bool = False) -> FlowHeadModel:
    made = shaken(lambda: FlowHeadModel(CONFIG, 80))
    if half:
        for parameter in made.parameters():
            parameter.copy_(parameter.half())
    return made


def engine_of(module: FlowHeadModel) -> FlowHeadEngine:
    return FlowHeadEngine(CONFIG, AUDIO, arrays(module), USES)


@pytest.fixture(scope="module")
def engine() -> FlowHeadEngine:
    return engine_of(model())


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(("steps", "temperature"), [(1, 0.0), (1, 1.0), (2, 0.7), (5, 0.2)])
def test_engine_writes_what_the_module_writes(half, steps, temperature):
    module = model(half)
    n_steps = int(LONG.fixed_frames.sum()) // 2
    masks = module.recurrence.masks(n_steps, torch.Generator().manual_seed(3))
    noise = np.random.default_rng(3).standard_normal((1, n_steps, 160), np.float32)
    expected = module.generate(
        *tensors(LONG), masks, torch.from_numpy(noise), steps=steps, temperature=temperature
    )
    options = FlowHeadOptions(steps=steps, temperature=temperature)
    made = mel_of(engine_of(module), LONG, 3, options)
    # Rounding goes through the loop 166 times.
    np.testing.assert_allclose(made, expected[0], atol=2e-4, rtol=0)
    np.testing.assert_allclose(made[:, :40], expected[0, :, :40], atol=2e-5, rtol=0)


def test_engine_keeps_the_contract(engine):
    check_contract(engine)
    check_contract(engine, FlowHeadOptions(steps=3, temperature=1.0))


def test_what_is_not_asked_for_is_as_the_voice_says(engine):
    as_it_says = FlowHeadOptions(steps=CONFIG.steps, temperature=CONFIG.temperature)
    given = sentence(30, 20)
    np.testing.assert_array_equal(mel_of(engine, given), mel_of(engine, given, 0, as_it_says))
    for other in ({"steps": 1}, {"temperature": 0.1}):
        made = mel_of(engine, given, 0, FlowHeadOptions(**other))
        assert not np.array_equal(made, mel_of(engine, given))


def test_teacher_forced_steps_are_where_generation_goes():
    """Told what it wrote itself, it points from the same noise to the same frames."""
    module, given = model(), sentence(9, 12)
    generator = torch.Generator().manual_seed(1)
    masks = module.recurrence.masks(11, generator)
    noise = torch.randn(1, 11, 160, generator=generator)
    mel = module.generate(*tensors(given), masks, noise, steps=1)
    # An odd number of frames: of the last step only the first is known.
    true = module.steps(module.scaling.scale(mel))
    made = module(
        *tensors(given), true, torch.zeros_like(true), masks[None], noise[None],
        torch.zeros(1, 1, 11),
    )[0]  # fmt: skip
    torch.testing.assert_close(made[:, :10], true[:, :10], atol=1e-5, rtol=0)
    torch.testing.assert_close(made[:, 10, :80], true[:, 10, :80], atol=1e-5, rtol=0)


def test_a_step_depends_on_what_was_written_before_it(engine):
    first = mel_of(engine, sentence(40, 40), 0, FlowHeadOptions(temperature=0.5))
    other = mel_of(engine, sentence(40, 40), 1, FlowHeadOptions(temperature=0.5))
    assert (first != other).any(0).all()


def test_no_frame_looks_further_ahead_than_the_blocks_do(engine):
    # Two blocks of three steps of two frames.
    assert frames_seen_ahead(engine) == 2 * 1 * 2


def test_work_grows_with_euler_steps_by_the_head_alone(engine):
    one, two, three = (engine.operations(LONG, FlowHeadOptions(steps=n)) for n in (1, 2, 3))
    more = two.multiply_accumulates - one.multiply_accumulates
    assert three.multiply_accumulates - two.multiply_accumulates == more
    assert more == 166 * (2 * 160 * 12 + 2 * 2 * 12 * 20)
    assert [work.sequential_steps for work in (one, two, three)] == [166, 332, 498]


def test_weights_of_another_model_are_refused():
    weights = arrays(model())
    del weights["head.told_input.bias"]
    with pytest.raises(VoiceError, match="head.told_input.bias"):
        FlowHeadEngine(CONFIG, AUDIO, weights, USES)


def test_options_out_of_range_name_the_value():
    with pytest.raises(ConfigError, match="steps=33"):
        FlowHeadOptions(steps=33)
    with pytest.raises(ConfigError, match="temperature=1.5"):
        FlowHeadOptions(temperature=1.5)
