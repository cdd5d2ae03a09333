"""The model that writes all codes at once: module against engine, and what it promises."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.acoustic.planned import RandomPlanner, sentence
from tests.features.codes.test_codes import AUDIO, N_MELS, SMALL, lively
from tts_pipeline.acoustic.masked.config import MaskedConfig, MaskedOptions
from tts_pipeline.acoustic.masked.engine import MaskedEngine
from tts_pipeline.acoustic.masked.model import MaskedModel
from tts_pipeline.errors import ConfigError
from tts_pipeline.features.codes.engine import CodesEngine
from tts_pipeline.features.codes.model import CodesAutoencoder
from tts_pipeline.protocols import AcousticModel

CONFIG = MaskedConfig(text_channels=12, channels=32, hidden=40, n_blocks=2, kernel_size=5)


@pytest.fixture(scope="module")
def model() -> MaskedModel:
    torch.manual_seed(2)
    made = lively(MaskedModel(CONFIG))
    made.output.weight *= 4
    return made


@pytest.fixture(scope="module")
def engine(model) -> MaskedEngine:
    torch.manual_seed(3)
    codes = lively(CodesAutoencoder(SMALL, N_MELS))
    decoder = CodesEngine(SMALL, AUDIO, {k: v.numpy() for k, v in codes.state_dict().items()})
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    uses = {"text": RandomPlanner(CONFIG.text_channels), "codes": decoder}
    return MaskedEngine(CONFIG, AUDIO, weights, uses)


def plan_of(given) -> tuple[torch.Tensor, torch.Tensor]:
    planned = RandomPlanner(CONFIG.text_channels).plan(given)
    return torch.from_numpy(planned.vectors)[None], torch.from_numpy(planned.durations)[None]


def by_module(model: MaskedModel, given, seed: int, options: MaskedOptions) -> np.ndarray:
    vectors, durations = plan_of(given)
    shape = (-(-int(durations.sum()) // 2), CONFIG.n_groups)
    random = np.random.default_rng(seed)
    uniforms = np.stack([random.random((2, *shape), np.float32) for _ in range(options.steps)])
    return model.generate(vectors, durations, torch.from_numpy(uniforms), options).numpy()


@pytest.mark.parametrize("n_tokens", [1, 3, 40])
@pytest.mark.parametrize("steps", [1, 2, 5, 16])
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_module_and_engine_write_the_same_codes_of_the_same_numbers(
    model, engine, n_tokens, steps, temperature
):
    options = MaskedOptions(steps=steps, temperature=temperature)
    given = sentence(n_tokens, n_tokens)
    codes = engine.write_codes(given, seed=n_tokens, options=options)
    np.testing.assert_array_equal(codes, by_module(model, given, n_tokens, options))
    assert codes.max() < CONFIG.n_codes


def test_one_step_draws_every_code_by_itself(model, engine):
    given = sentence(20)
    vectors, durations = plan_of(given)
    n_steps = -(-int(durations.sum()) // 2)
    hidden = torch.full((1, n_steps, CONFIG.n_groups), model.hidden)
    shares = torch.softmax(model(vectors, durations, hidden)[0], -1)
    options = MaskedOptions(steps=1, temperature=1.0)
    codes = np.stack([engine.write_codes(given, seed=k, options=options) for k in range(2000)])
    at, group = 7, 1
    counted = np.bincount(codes[:, at, group], minlength=CONFIG.n_codes) / len(codes)
    expected = shares[at, group].numpy()
    # Four standard errors of a share.
    assert (np.abs(counted - expected) <= 4 * np.sqrt(expected / len(codes)) + 2e-3).all()


def test_rounds_settle_by_the_cosine_schedule(engine, monkeypatch):
    seen = []
    table = engine._settled

    class Spy:
        def __getitem__(self, key):
            seen.append(int((key[1] == CONFIG.n_codes).sum()))
            return table[key]

    monkeypatch.setattr(engine, "_settled", Spy())
    codes = engine.write_codes(sentence(40), seed=0, options=MaskedOptions(steps=4))
    shares = np.cos(np.pi / 2 * np.arange(4) / 4)
    np.testing.assert_array_equal(seen, np.floor(shares * codes.size + 1e-9))


def test_a_settled_code_is_told_to_its_neighbours_on_both_sides(model):
    vectors, durations = plan_of(sentence(20))
    n_steps = -(-int(durations.sum()) // 2)
    codes = torch.full((1, n_steps, CONFIG.n_groups), model.hidden)
    told = codes.clone()
    told[0, 9, 0] = 3
    differs = (model(vectors, durations, codes) != model(vectors, durations, told))[0]
    differs = differs.flatten(1).any(1)
    sight = CONFIG.n_blocks * (CONFIG.kernel_size // 2)
    assert differs[9 - sight : 10 + sight].all()
    assert not differs[: 9 - sight].any() and not differs[10 + sight :].any()


def test_same_seed_same_mel_and_batch_is_single(engine):
    inputs = [sentence(n, n) for n in (3, 50, 17)]
    for given, made in zip(inputs, engine.infer(inputs, seed=1)):
        mel = made.read()
        assert np.array_equal(mel, engine.stream(given, seed=1).read())
        assert mel.shape == (N_MELS, made.durations.sum())
    assert not np.array_equal(mel, engine.stream(given, seed=2).read())


def test_the_length_follows_the_rate_and_fixed_frames(engine):
    given = sentence(30)
    slow = dataclasses.replace(given, rate=np.full(30, 0.5, np.float32))
    plain, slower = (engine.stream(g, seed=0).read().shape[1] for g in (given, slow))
    assert slower == 2 * plain
    fixed = dataclasses.replace(given, fixed_frames=np.full(30, 5))
    assert engine.stream(fixed, seed=0).read().shape[1] == 150


def test_keeps_the_contract(model, engine):
    assert isinstance(engine, AcousticModel)
    own = sum(p.numel() for p in model.parameters())
    assert engine.n_parameters == own + engine.codes.n_parameters
    once, often = (engine.operations(sentence(20), MaskedOptions(steps=steps)) for steps in (1, 16))
    assert (once.sequential_steps, often.sequential_steps) == (1, 16)
    # The decoder and what is told are paid once, not every round.
    assert 2 * once.multiply_accumulates < often.multiply_accumulates
    assert often.multiply_accumulates < 16 * once.multiply_accumulates


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"temperature": -1.0}, {"choice_temperature": -0.5}]
)
def test_options_out_of_range_are_named(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        MaskedOptions(**wrong)
