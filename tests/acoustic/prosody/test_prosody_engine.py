from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.acoustic.prosody.modules import lively_model
from tests.tiny import make_tiny_voice
from tts_pipeline.acoustic.prosody.config import ProsodyConfig, ProsodyOptions
from tts_pipeline.acoustic.prosody.engine import ProsodyEngine
from tts_pipeline.acoustic.prosody.mixture import REACH, factors_of, kept_of_plan
from tts_pipeline.acoustic.prosody.model import ProsodyModel
from tts_pipeline.acoustic.token_plan import TokenPlanner, TokenPrediction
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import ConfigError, TextError, VoiceError
from tts_pipeline.protocols import AcousticInput, ProsodySource
from tts_pipeline.text.symbols import ARPABET, encode

TOKENS = np.array(
    [encode(p) for p in "<bos> HH AH0 L OW1 , W ER1 L D | AE1 N D <short> S OW2 ! <eos>".split()]
)


@pytest.fixture(scope="module")
def model() -> ProsodyModel:
    return lively_model()


@pytest.fixture(scope="module")
def planner() -> TokenPlanner:
    return make_tiny_voice().acoustic.text


def engine_of(model: ProsodyModel, planner: TokenPlanner, **changes: object) -> ProsodyEngine:
    arrays = {name: value.numpy() for name, value in model.state_dict().items()}
    config = dataclasses.replace(model.config, **changes)
    return ProsodyEngine(config, AudioConfig(), arrays, {"text": planner, "alphabet": ARPABET})


@pytest.fixture(scope="module")
def engine(model, planner) -> ProsodyEngine:
    return engine_of(model, planner)


def module_values(model: ProsodyModel, tokens: np.ndarray, seed: int) -> np.ndarray:
    """With the random numbers of a sentence."""
    random = np.random.default_rng([0x9205, seed])
    noise = torch.from_numpy(random.standard_normal((1, len(tokens), 3), np.float32))
    mask = torch.ones(1, len(tokens), 1)
    return model.generate(torch.from_numpy(tokens)[None], mask, noise)[0].numpy()


@pytest.mark.parametrize("seed", [0, 7, 2**63 - 1])
@pytest.mark.parametrize("n_tokens", [1, 3, len(TOKENS)])
def test_the_engine_is_its_module(model, engine, seed, n_tokens):
    tokens = TOKENS[:n_tokens]
    expected = module_values(model, tokens, seed)
    np.testing.assert_allclose(engine.values(tokens, seed), expected, atol=1e-4)


def test_it_is_what_the_contract_asks_for(model, engine):
    assert isinstance(engine, ProsodySource)
    assert engine.n_parameters == sum(p.numel() for p in model.parameters())


def test_company_changes_nothing(model):
    """Two sentences side by side are what each is alone, whatever stands beyond the shorter."""
    source = torch.Generator().manual_seed(1)
    noise = torch.randn(2, len(TOKENS), 3, generator=source)
    tokens = torch.from_numpy(np.stack([TOKENS, TOKENS]))
    mask = torch.ones(2, len(TOKENS), 1)
    mask[1, 8:] = 0
    both = model.generate(tokens, mask, noise)
    alone = model.generate(tokens[1:, :8], mask[1:, :8], noise[1:, :8])
    np.testing.assert_allclose(both[1, :8], alone[0], atol=1e-5)
    assert not both[1, 8:].any()


def test_steps_are_eulers_by_the_formula(model):
    source = torch.Generator().manual_seed(2)
    noise = torch.randn(1, len(TOKENS), 3, generator=source)
    tokens, mask = torch.from_numpy(TOKENS)[None], torch.ones(1, len(TOKENS), 1)
    x, n_steps = noise.clone(), model.config.steps
    for k in range(n_steps):
        time = torch.tensor([k / n_steps])
        velocity = (model(tokens, mask, x, time) - x) / (1 - time)
        x = x + velocity / n_steps
    made = model.generate(tokens, mask, noise)
    np.testing.assert_allclose(made, x * model.std + model.mean, atol=1e-4)


def test_the_seed_decides_and_nothing_else(engine):
    first, again, other = (engine.draw(TOKENS, seed=seed, temperature=1.0) for seed in (3, 3, 4))
    for mine, same, different in zip(first, again, other):
        np.testing.assert_array_equal(mine, same)
        assert not np.allclose(mine, different)
        assert mine.dtype == np.float32 and mine.shape == TOKENS.shape


def test_at_temperature_1_the_plan_becomes_the_draw(engine, planner):
    """Where nothing is out of reach, and the plan gives a gap some time."""
    factors = engine.draw(TOKENS, seed=5, temperature=1.0)
    drawn, alone = engine.values(TOKENS, 5), planner.predict(TOKENS)
    plan = planner.plan(AcousticInput.plain(TOKENS, pitch=factors.pitch, energy=factors.energy))
    near = np.abs(drawn - np.stack([np.log1p(alone.frames), alone.pitch, alone.energy], 1)) < REACH
    assert near.mean() > 0.6
    np.testing.assert_allclose(plan.pitch[near[:, 1]], drawn[near[:, 1], 1], atol=1e-4)
    np.testing.assert_allclose(plan.energy[near[:, 2]], drawn[near[:, 2], 2], atol=1e-4)
    spoken = near[:, 0] & (alone.frames > 1e-3) & (drawn[:, 0] > 0.01)
    assert spoken.sum() > 4
    frames = (alone.frames / factors.rate)[spoken]
    np.testing.assert_allclose(frames, np.expm1(drawn[spoken, 0]), rtol=1e-3)


def test_marks_that_recordings_lack_are_read_as_those_that_are_alike(engine):
    tokens = TOKENS.copy()
    for mark, other in (("!", "."), ("<short>", ",")):
        assert encode(mark) in tokens
        tokens[tokens == encode(mark)] = encode(other)
    np.testing.assert_array_equal(engine.values(tokens, 3), engine.values(TOKENS, 3))
    tokens[tokens == encode(",")] = encode("?")
    assert not np.allclose(engine.values(tokens, 3), engine.values(TOKENS, 3), atol=1e-3)


def test_small_temperatures_change_little(engine):
    away = [
        max(float(np.abs(np.log(f)).max()) for f in engine.draw(TOKENS, seed=1, temperature=t))
        for t in (1e-4, 0.1, 1.0)
    ]
    assert away[0] < 1e-2 < away[1] < away[2]


@pytest.mark.parametrize("temperature", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("agreement", [0.0, 0.45, 0.9, 1.0])
def test_what_is_kept_of_the_plan_keeps_the_variance(temperature, agreement):
    random = np.random.default_rng(0).standard_normal((2, 200_000))
    plan = random[0]
    drawn = agreement * random[0] + np.sqrt(1 - agreement**2) * random[1]
    mixed = kept_of_plan(temperature, np.array(agreement)) * plan + temperature * drawn
    assert mixed.std() == pytest.approx(1, abs=0.01)


def test_no_draw_goes_beyond_its_reach():
    numbers = np.ones(4, np.float32)
    frames = np.array([0, 2e-3, 5, 40.0])
    plan = TokenPrediction(frames, numbers, numbers, np.float32(0.2), np.float32(0.8))
    for far in (-1e30, 1e30):
        drawn = np.full((4, 3), far)
        rate, pitch, energy = factors_of(plan, drawn, np.zeros(3), np.ones(3), 1.0)
        sign = np.sign(far)
        np.testing.assert_allclose(pitch, np.exp(sign * 3 * 0.2), rtol=1e-5)
        np.testing.assert_allclose(energy, np.exp(sign * 3 * 0.8), rtol=1e-5)
        frames = plan.frames / rate
        # What lasts no time has none to be multiplied; the others stay above none at all.
        assert frames[0] == 0 and rate[0] == 1
        expected = (1 + plan.frames[1:]) * np.exp(sign * 1.5) - 1
        np.testing.assert_allclose(frames[1:], expected.clip(1e-3), rtol=1e-4)


def test_tokens_of_no_language_are_refused(engine):
    for tokens in (np.array([], np.int64), np.array([63]), np.array([5 + 64 * 9])):
        with pytest.raises(TextError):
            engine.draw(tokens, seed=0, temperature=1.0)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), True, "much"])
def test_temperatures_out_of_range_are_named(value):
    with pytest.raises(ConfigError, match="prosody_temperature="):
        ProsodyOptions(value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("channels", 0), ("n_blocks", 0), ("text_blocks", -1), ("kernel", 10**9), ("steps", 0),
     ("steps", 10**400), ("dropout", float("nan")),
     ("temperature", 2.0), ("dropout", 1.0), ("colour", 1)],
)  # fmt: skip
def test_odd_settings_are_named(key, value):
    with pytest.raises(ConfigError, match=rf"config\.{key}"):
        from_mapping(ProsodyConfig, {key: value})


def test_weights_of_another_form_are_refused(model, planner):
    with pytest.raises(VoiceError, match="lacks blocks.2"):
        engine_of(model, planner, n_blocks=3)
    with pytest.raises(VoiceError, match="unknown text_blocks.0"):
        engine_of(model, planner, text_blocks=0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_weights_that_give_no_numbers_are_named(planner):
    model = lively_model()
    for parameter in model.parameters():
        parameter.fill_(1e9)
    with pytest.raises(VoiceError, match="prosody_temperature=0"):
        engine_of(model, planner).draw(TOKENS, seed=0, temperature=0.5)
