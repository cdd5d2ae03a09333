from __future__ import annotations

import dataclasses

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
from tts_pipeline.acoustic.flow.config import FlowConfig, FlowOptions
from tts_pipeline.acoustic.flow.engine import FlowEngine, FlowRefinerEngine
from tts_pipeline.acoustic.flow.model import FlowModel
from tts_pipeline.errors import AudioError, ConfigError, VoiceError
from tts_pipeline.protocols import Refiner

CONFIG = FlowConfig(
    token_channels=TOKEN_CHANNELS,
    channels=16,
    hidden=24,
    n_blocks=2,
    step_channels=8,
    steps=2,
    temperature=0.5,
)
TOLD = dataclasses.replace(CONFIG, told_mel=True)


@pytest.fixture(scope="module")
def model() -> FlowModel:
    return shaken(lambda: FlowModel(CONFIG, 80))


@pytest.fixture(scope="module")
def engine(model) -> FlowEngine:
    return FlowEngine(CONFIG, AUDIO, arrays(model), USES)


@pytest.fixture(scope="module")
def told_model() -> FlowModel:
    return shaken(lambda: FlowModel(TOLD, 80))


@pytest.fixture(scope="module")
def refiner(told_model) -> FlowRefinerEngine:
    return FlowRefinerEngine(TOLD, AUDIO, arrays(told_model), USES)


@pytest.fixture(scope="module")
def mel() -> np.ndarray:
    return np.random.default_rng(8).standard_normal((80, 332)).astype(np.float32) - 5


def noise(seed: int, n_frames: int = 332) -> torch.Tensor:
    shape = (1, n_frames, 80)
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, np.float32))


def test_the_contract_of_engines_along_a_plan_holds(engine):
    check_contract(engine)
    check_contract(engine, FlowOptions(steps=3, temperature=1.0))


@pytest.mark.parametrize(("steps", "temperature"), [(1, 0.0), (1, 1.0), (4, 0.3), (32, 1.0)])
def test_the_engine_is_its_module(model, engine, steps, temperature):
    options = FlowOptions(steps=steps, temperature=temperature)
    made = mel_of(engine, LONG, 3, options)
    expected = model.generate(*tensors(LONG), noise(3), steps=steps, temperature=temperature)
    np.testing.assert_allclose(made, expected[0], atol=1e-4)


def test_what_a_call_leaves_open_the_voice_says(engine):
    as_configured = mel_of(engine, LONG, 3)
    options = FlowOptions(steps=2, temperature=0.5)
    np.testing.assert_array_equal(as_configured, mel_of(engine, LONG, 3, options))
    assert not np.array_equal(as_configured, mel_of(engine, LONG, 3, FlowOptions(steps=3)))


def test_the_seed_matters_but_for_temperature_0(engine):
    still = FlowOptions(temperature=0.0)
    assert not np.array_equal(mel_of(engine, LONG, 1), mel_of(engine, LONG, 2))
    np.testing.assert_array_equal(mel_of(engine, LONG, 1, still), mel_of(engine, LONG, 2, still))


@pytest.mark.parametrize("steps", [1, 3])
def test_a_frame_sees_as_far_ahead_as_it_says(engine, steps):
    options = FlowOptions(steps=steps, temperature=0.0)
    # The outermost frames of several steps are changed by less than a float tells.
    assert (steps - 1) * 6 < frames_seen_ahead(engine, options) <= steps * CONFIG.lookahead


def test_the_last_step_ends_where_the_net_says(model):
    """Euler steps by the formula: x += (mel - noise) / N, with the velocity of each time."""
    vectors, durations = tensors(sentence(4, 5))
    start, n = noise(0, 9), 3
    x = start.clone()
    for k in range(n):
        t = torch.tensor([k / n])
        velocity = (model(x, t, vectors, durations) - x) / (1 - t)
        x = x + velocity / n
    made = model.generate(vectors, durations, start, steps=n)
    np.testing.assert_allclose(made, model.scaling.unscale(x), atol=1e-4)


def test_the_time_of_a_step_is_heard(model):
    vectors, durations = tensors(sentence(4, 5))
    early, late = (model(noise(0, 9), torch.tensor([t]), vectors, durations) for t in (0.0, 0.5))
    assert float((early - late).abs().max()) > 1e-3


def test_operations_grow_with_the_steps(engine):
    one, four = (engine.operations(LONG, FlowOptions(steps=n)) for n in (1, 4))
    assert (one.sequential_steps, four.sequential_steps) == (1, 4)
    # By hand: 2 blocks of 16 channels, output and input of 80 bands.
    step = 332 * (2 * 16 * (2 * 24 + 7) + 16 * 80 + 80 * 16)
    rest = 332 * 3 * 16 + 8 * TOKEN_CHANNELS * 16 + 8 * 10
    assert one.multiply_accumulates == step + rest
    assert four.multiply_accumulates == 4 * step + rest


def test_parameters_are_the_modules(model, engine, told_model, refiner):
    assert engine.n_parameters == sum(p.numel() for p in model.parameters()) + 1000
    assert refiner.n_parameters == sum(p.numel() for p in told_model.parameters())


@pytest.mark.parametrize(
    ("field", "value"),
    [("steps", 0), ("steps", 33), ("steps", 2.0), ("steps", True), ("temperature", -0.1),
     ("temperature", 1.1), ("temperature", float("nan")), ("first_frames", 0)],
)  # fmt: skip
def test_settings_out_of_range_are_named(field, value):
    with pytest.raises(ConfigError, match=rf"{field}="):
        FlowOptions(**{field: value})


def test_weights_of_another_form_are_refused(model, told_model):
    with pytest.raises(VoiceError, match="unknown told_input"):
        FlowEngine(CONFIG, AUDIO, arrays(told_model), USES)
    with pytest.raises(VoiceError, match="lacks told_input"):
        FlowRefinerEngine(TOLD, AUDIO, arrays(model), USES)
    with pytest.raises(ConfigError, match="no acoustic model"):
        FlowEngine(TOLD, AUDIO, arrays(told_model), USES)
    with pytest.raises(ConfigError, match="no refiner"):
        FlowRefinerEngine(CONFIG, AUDIO, arrays(model), USES)


@pytest.mark.parametrize(("steps", "temperature"), [(1, 0.0), (4, 0.7)])
def test_the_refiner_is_its_module(told_model, refiner, mel, steps, temperature):
    options = FlowOptions(steps=steps, temperature=temperature)
    made = refiner.refine(mel, LONG, LONG.fixed_frames, seed=4, options=options)
    told = torch.from_numpy(mel)[None]
    expected = told_model.generate(
        *tensors(LONG), noise(4), steps=steps, temperature=temperature, told=told
    )
    np.testing.assert_allclose(made, expected[0], atol=1e-4)
    assert isinstance(refiner, Refiner)


@pytest.mark.parametrize("n_blocks", [1, 3, 332])
def test_a_refined_stream_is_the_whole(refiner, mel, n_blocks):
    whole = refiner.refine(mel, LONG, LONG.fixed_frames, seed=4)
    blocks = np.array_split(mel, n_blocks, 1)
    made = list(refiner.stream(iter(blocks), LONG, LONG.fixed_frames, seed=4))
    np.testing.assert_array_equal(np.concatenate(made, 1), whole)


def test_a_refined_stream_starts_before_the_mel_has_ended(refiner, mel):
    taken = []

    def blocks():
        for k in range(332):
            taken.append(k)
            yield mel[:, k : k + 1]

    first = next(iter(refiner.stream(blocks(), LONG, LONG.fixed_frames)))
    assert len(taken) == 64 + refiner.lookahead()
    # As long as the first block of a mel that is not refined.
    assert 64 <= first.shape[1] < 68


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_refined_frame_sees_as_far_ahead_as_the_refiner_says(refiner, mel, steps):
    options = FlowOptions(steps=steps, temperature=0.0)
    lookahead = refiner.lookahead(options)
    assert steps * TOLD.lookahead <= lookahead < steps * TOLD.lookahead + 4
    changed = mel.copy()
    changed[:, 200:] += 1
    made, other = (
        refiner.refine(each, LONG, LONG.fixed_frames, options=options) for each in (mel, changed)
    )
    differs = np.flatnonzero((made != other).any(0))
    assert 200 - steps * TOLD.lookahead <= differs[0] < 200


def test_frames_that_are_not_to_be_written_stay_and_lead_the_others(refiner, mel):
    mask = np.zeros(332, bool)
    mask[100:140] = True
    made = refiner.refine(mel, LONG, LONG.fixed_frames, mask=mask, seed=1)
    np.testing.assert_array_equal(made[:, ~mask], mel[:, ~mask])
    assert (made[:, mask] != mel[:, mask]).all()
    # The frames around the gap have a say in it, which they lack when all is written anew.
    alone = refiner.refine(mel, LONG, LONG.fixed_frames, seed=1)
    assert not np.allclose(made[:, mask], alone[:, mask], atol=1e-3)
    everything = refiner.refine(mel, LONG, LONG.fixed_frames, mask=np.ones(332, bool), seed=1)
    np.testing.assert_array_equal(everything, alone)


def test_what_a_refiner_cannot_work_with_is_said(refiner, mel):
    frames = LONG.fixed_frames
    with pytest.raises(ConfigError, match="needs the frames of each token"):
        refiner.refine(mel, LONG, None)
    with pytest.raises(ConfigError, match="332 frames for a mel of 331"):
        refiner.refine(mel[:, 1:], LONG, frames)
    with pytest.raises(ConfigError, match="a mel of 331 frames for durations of 332"):
        list(refiner.stream([mel[:, 1:]], LONG, frames))
    with pytest.raises(AudioError, match=r"mask of shape \(2,\)"):
        refiner.refine(mel, LONG, frames, mask=np.ones(2, bool))
    with pytest.raises(AudioError, match="NaN or infinity"):
        refiner.refine(np.full_like(mel, np.nan), LONG, frames)
    with pytest.raises(AudioError, match="one at a time"):
        refiner.refine(mel[None], LONG, frames)
