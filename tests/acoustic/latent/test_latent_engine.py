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
    shaken,
    tensors,
)
from tts_pipeline.acoustic.latent.config import LatentConfig, LatentOptions
from tts_pipeline.acoustic.latent.engine import LatentEngine
from tts_pipeline.acoustic.latent.model import Gaussian, LatentModel
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig
from tts_pipeline.errors import ConfigError

CONFIG = LatentConfig(
    token_channels=TOKEN_CHANNELS,
    utterance_size=5,
    phone_size=3,
    channels=16,
    hidden=24,
    prior_blocks=2,
    posterior_blocks=1,
    decoder=FrameDecoderConfig(channels=16, hidden=24, n_blocks=2),
    temperature=0.4,
)


@pytest.fixture(scope="module")
def model() -> LatentModel:
    return shaken(lambda: LatentModel(CONFIG, 80))


@pytest.fixture(scope="module")
def engine(model) -> LatentEngine:
    return LatentEngine(CONFIG, AUDIO, arrays(model), USES)


def generated(model: LatentModel, temperature: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    utterance = torch.from_numpy(random.standard_normal((1, 5), np.float32))
    phone = torch.from_numpy(random.standard_normal((8, 3), np.float32))[None]
    vectors, durations = tensors(LONG)
    mask = torch.ones(1, 8, 1)
    made = model.generate(vectors, mask, durations, utterance, phone, temperature=temperature)
    return made[0].numpy()


def test_the_contract_of_engines_along_a_plan_holds(engine):
    check_contract(engine)
    check_contract(engine, LatentOptions(temperature=1.0))


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0])
def test_the_engine_is_its_module(model, engine, temperature):
    made = mel_of(engine, LONG, 6, LatentOptions(temperature=temperature))
    np.testing.assert_allclose(made, generated(model, temperature, 6), atol=1e-4)


def test_the_voice_says_the_temperature_and_0_is_the_mean(engine):
    as_configured = mel_of(engine, LONG, 6)
    same = mel_of(engine, LONG, 6, LatentOptions(temperature=0.4))
    np.testing.assert_array_equal(as_configured, same)
    assert not np.array_equal(as_configured, mel_of(engine, LONG, 7))
    means = [mel_of(engine, LONG, seed, LatentOptions(temperature=0.0)) for seed in (6, 7)]
    np.testing.assert_array_equal(*means)


def test_what_is_drawn_changes_all_frames_together(engine):
    one, two = (mel_of(engine, LONG, seed, LatentOptions(temperature=1.0)) for seed in (1, 2))
    assert (one != two).any(0).all()


def test_the_decoder_sees_as_far_ahead_as_it_says(engine):
    """Through the mean of the prior, which reads the whole text, a token reaches further; with the
    draw held still it is the decoder's look-ahead."""
    plan = engine.text.plan(LONG)
    drawn = engine.draw(plan, 0, 1.0)
    assert drawn.vectors.shape == (8, TOKEN_CHANNELS + 3 + 5)
    np.testing.assert_array_equal(drawn.vectors[:, :TOKEN_CHANNELS], plan.vectors)
    # The utterance's numbers are the same for all tokens, the tokens' own are not.
    assert (drawn.vectors[:, -5:] == drawn.vectors[0, -5:]).all()
    assert (drawn.vectors[1:, -8:-5] != drawn.vectors[0, -8:-5]).all()
    assert frames_seen_ahead(engine) == 200


def test_divergence_is_that_of_two_gaussians():
    one = Gaussian(torch.tensor([0.5, -1.0]), torch.tensor([0.2, -0.7]))
    two = Gaussian(torch.tensor([0.1, 0.4]), torch.tensor([-0.3, 0.0]))
    first, second = (
        torch.distributions.Normal(each.mean, each.log_std.exp()) for each in (one, two)
    )
    expected = torch.distributions.kl_divergence(first, second)
    np.testing.assert_allclose(one.divergence_from(two), expected, rtol=1e-5)
    assert not one.divergence_from(one).any()


def test_operations_by_hand(engine, model):
    tokens = 8 * (12 * 16 + 2 * 16 * (2 * 24 + 5) + 2 * 16 * 3 + 20 * 16) + 3 * 16 * 5
    frames = 332 * (3 * 16 + 2 * 16 * (2 * 24 + 7) + 16 * 80)
    assert engine.operations(LONG) == (tokens + frames + 8 * 10, 3)
    assert engine.n_parameters == sum(p.numel() for p in model.parameters()) + 1000


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "1"])
def test_temperatures_out_of_range_are_named(value):
    with pytest.raises(ConfigError, match="temperature="):
        LatentOptions(temperature=value)
