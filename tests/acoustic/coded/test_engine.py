"""The model that writes codes one after another: module against engine, and what it promises."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.acoustic.planned import RandomPlanner, sentence
from tests.features.codes.test_codes import AUDIO, N_MELS, SMALL, lively
from tts_pipeline.acoustic.coded.config import CodedConfig, CodedOptions
from tts_pipeline.acoustic.coded.engine import CodedEngine
from tts_pipeline.acoustic.coded.kernel import draw
from tts_pipeline.acoustic.coded.model import CodedModel, drawn
from tts_pipeline.errors import ConfigError
from tts_pipeline.features.codes.engine import CodesEngine
from tts_pipeline.features.codes.model import CodesAutoencoder
from tts_pipeline.protocols import AcousticModel

CONFIG = CodedConfig(text_channels=12, channels=32, hidden=40, n_blocks=2, past=16)


@pytest.fixture(scope="module")
def model() -> CodedModel:
    torch.manual_seed(2)
    made = lively(CodedModel(CONFIG))
    for output in made.outputs:
        output.weight *= 6
    return made


@pytest.fixture(scope="module")
def engine(model) -> CodedEngine:
    torch.manual_seed(3)
    codes = lively(CodesAutoencoder(SMALL, N_MELS))
    decoder = CodesEngine(SMALL, AUDIO, {k: v.numpy() for k, v in codes.state_dict().items()})
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    uses = {"text": RandomPlanner(CONFIG.text_channels), "codes": decoder}
    return CodedEngine(CONFIG, AUDIO, weights, uses)


def by_module(model: CodedModel, given, seed: int, options: CodedOptions) -> np.ndarray:
    planned = RandomPlanner(CONFIG.text_channels).plan(given)
    n_steps = -(-int(planned.durations.sum()) // CONFIG.frames_per_code)
    uniforms = np.random.default_rng(seed).random((n_steps, CONFIG.n_groups), np.float32)
    vectors, durations = (torch.from_numpy(part)[None] for part in planned[:2])
    return model.generate(vectors, durations, torch.from_numpy(uniforms), options).numpy()


@pytest.mark.parametrize("n_tokens", [1, 2, 30, 90])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 1.0, "top_p": 1.0},
        {"temperature": 0.0},
        {"temperature": 1.3, "top_p": 0.5},
    ],
)
def test_module_and_engine_write_the_same_codes_of_the_same_numbers(
    model, engine, n_tokens, options
):
    given, options = sentence(n_tokens, n_tokens), CodedOptions(**options)
    codes = engine.write_codes(given, seed=n_tokens, options=options)
    np.testing.assert_array_equal(codes, by_module(model, given, n_tokens, options))


def test_generation_follows_the_teacher_forced_distribution(model):
    given = sentence(12)
    planned = RandomPlanner(CONFIG.text_channels).plan(given)
    vectors, durations = (torch.from_numpy(part)[None] for part in planned[:2])
    codes = torch.from_numpy(by_module(model, given, 0, CodedOptions(temperature=0.0)))[None]
    logits = model(vectors, durations, codes, codes)
    np.testing.assert_array_equal(logits.argmax(-1), codes)


def test_a_code_depends_on_no_later_code(model):
    planned = RandomPlanner(CONFIG.text_channels).plan(sentence(20))
    vectors, durations = (torch.from_numpy(part)[None] for part in planned[:2])
    n_steps = -(-int(planned.durations.sum()) // 2)
    codes = torch.randint(CONFIG.n_codes, (1, n_steps, 4))
    changed = codes.clone()
    changed[:, 9, 2] = (changed[:, 9, 2] + 1) % CONFIG.n_codes
    before, after = (model(vectors, durations, each, each) for each in (codes, changed))
    same = (before == after).all(-1)[0]
    assert same[:9].all() and same[9, :3].all()
    assert not same[9, 3] and not same[10:].any()


@pytest.mark.parametrize("seed", range(20))
def test_drawing_in_the_kernel_is_drawing_in_pytorch(seed):
    random = np.random.default_rng(seed)
    logits = (random.standard_normal(125) * 3).astype(np.float32)
    for temperature, top_p in ((1.0, 1.0), (0.7, 0.9), (1.5, 0.2), (0.0, 1.0)):
        uniform = np.float32(random.random())
        options = CodedOptions(temperature=temperature, top_p=top_p)
        expected = int(drawn(torch.from_numpy(logits), torch.tensor(uniform), options))
        assert draw(logits.copy(), uniform, temperature, top_p) == expected


def test_top_p_leaves_the_likeliest_and_their_proportions():
    logits = np.log(np.array([0.1, 0.4, 0.3, 0.2], np.float32))
    numbers = (np.arange(2000) + 0.5) / 2000
    counts = np.bincount([draw(logits.copy(), u, 1.0, 0.65) for u in numbers], minlength=4)
    np.testing.assert_allclose(counts / 2000, [0, 4 / 7, 3 / 7, 0], atol=2e-3)


def test_same_seed_same_mel_and_another_seed_another(engine):
    given = sentence(40)
    first, again = (engine.infer([given], seed=4)[0].read() for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, engine.infer([given], seed=5)[0].read())


def test_batch_is_single_and_blocks_are_the_whole_to_the_last_bit(engine):
    inputs = [sentence(n, n) for n in (3, 50, 17)]
    for given, made in zip(inputs, engine.infer(inputs, seed=1)):
        streamed = engine.stream(given, seed=1)
        blocks = list(streamed.blocks)
        whole = made.read()
        assert np.array_equal(np.concatenate(blocks, 1), whole)
        assert whole.shape == (N_MELS, streamed.durations.sum())


def test_the_first_block_needs_only_the_codes_that_it_is_made_of(engine, monkeypatch):
    written = []
    run = engine.run
    monkeypatch.setattr(
        engine, "run", lambda rows, *more: written.append(len(rows)) or run(rows, *more)
    )
    made = engine.stream(sentence(200), seed=1, options=CodedOptions(first_frames=20))
    assert next(made.blocks).shape == (N_MELS, 20)
    assert sum(written) < made.durations.sum() / 2 / 5


def test_the_mel_is_that_of_the_codes(engine):
    given = sentence(30)
    codes = engine.write_codes(given, seed=9)
    made = engine.infer([given], seed=9)[0]
    whole = engine.codes.decode(codes)[:, : made.durations.sum()]
    np.testing.assert_allclose(made.read(), whole, atol=1e-5, rtol=0)


def test_the_length_follows_the_rate_and_fixed_frames(engine):
    given = sentence(30)
    slow = dataclasses.replace(given, rate=np.full(30, 0.5, np.float32))
    plain, slower = (int(engine.stream(g, seed=0).durations.sum()) for g in (given, slow))
    assert slower == 2 * plain
    fixed = dataclasses.replace(given, fixed_frames=np.full(30, 5))
    assert engine.infer([fixed], seed=0)[0].read().shape[1] == 150


def test_keeps_the_contract(model, engine):
    assert isinstance(engine, AcousticModel)
    own = sum(p.numel() for p in model.parameters())
    assert engine.n_parameters == own + engine.codes.n_parameters
    long, short = (engine.operations(sentence(n)) for n in (80, 20))
    assert long.multiply_accumulates > 3 * short.multiply_accumulates
    n_frames = engine.stream(sentence(20), seed=0).durations.sum()
    assert short.sequential_steps == -(-n_frames // 2) * 4


@pytest.mark.parametrize("wrong", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_options_out_of_range_are_named(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        CodedOptions(**wrong)
