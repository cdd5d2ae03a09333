"""The model with a canvas of one length: module against engine, pieces, ends and their absence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.acoustic.planned import RandomPlanner, sentence
from tests.features.codes.test_codes import N_MELS, lively
from tts_pipeline.acoustic.fixed_length.config import FixedLengthConfig, FixedLengthOptions
from tts_pipeline.acoustic.fixed_length.engine import FixedLengthEngine
from tts_pipeline.acoustic.fixed_length.model import FixedLengthModel
from tts_pipeline.acoustic.fixed_length.pieces import pieces_of
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import ConfigError
from tts_pipeline.protocols import AcousticInput, AcousticModel
from tts_pipeline.text.symbols import ARPABET, encode

CONFIG = FixedLengthConfig(
    text_channels=12, canvas=128, channels=32, hidden=40, n_layers=2, blocks_per_layer=1
)
AUDIO = AudioConfig(n_mels=N_MELS)
USES = {"text": RandomPlanner(12), "alphabet": ARPABET}


@pytest.fixture(scope="module")
def model() -> FixedLengthModel:
    torch.manual_seed(2)
    made = lively(FixedLengthModel(CONFIG, N_MELS))
    made.token_frames.fill_(4.0)
    return made


def engine_of(model: FixedLengthModel) -> FixedLengthEngine:
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    return FixedLengthEngine(CONFIG, AUDIO, weights, USES)


def ending_at(model: FixedLengthModel, logit: float) -> FixedLengthEngine:
    """One whose end is equally likely everywhere."""
    weights = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    weights["end.weight"][:] = 0
    weights["end.bias"][:] = logit
    return FixedLengthEngine(CONFIG, AUDIO, weights, USES)


@pytest.mark.parametrize("n_tokens", [1, 5, 27])
def test_module_and_engine_write_the_same_canvas(model, n_tokens):
    given = sentence(n_tokens)
    rate = np.linspace(0.7, 1.4, n_tokens, dtype=np.float32)
    vectors = RandomPlanner(12).plan(given).vectors
    made = engine_of(model).write(vectors, rate)
    lengths = torch.tensor([n_tokens])
    expected = model(torch.from_numpy(vectors)[None], lengths, torch.from_numpy(rate)[None])
    np.testing.assert_allclose(made.mel, expected.mel[0], atol=1e-4, rtol=0)
    np.testing.assert_allclose(made.end, expected.end[0].sigmoid(), atol=1e-5, rtol=0)
    np.testing.assert_allclose(made.attention, expected.attention[0], atol=1e-5, rtol=0)


def test_in_a_padded_batch_as_alone(model):
    vectors = torch.randn(2, 20, 12)
    rate = torch.ones(2, 20)
    both = model(vectors, torch.tensor([20, 9]), rate)
    alone = model(vectors[1:, :9], torch.tensor([9]), rate[1:, :9])
    np.testing.assert_allclose(both.mel[1], alone.mel[0], atol=1e-5, rtol=0)
    assert not both.attention[1, :, :, 9:].any()


def test_the_first_end_cuts_and_what_follows_is_thrown_away(model):
    engine = engine_of(model)
    given = sentence(20)
    canvas = engine.write(RandomPlanner(12).plan(given).vectors, given.rate)
    threshold = float(np.sort(canvas.end)[-20])
    first = int(np.flatnonzero(canvas.end >= threshold)[0])
    made = engine.stream(given, seed=0, options=FixedLengthOptions(threshold))
    assert np.array_equal(made.read(), canvas.mel[:, : max(1, first)])
    assert made.durations is None and made.problems == ()


def test_a_canvas_without_an_end_is_used_whole_and_said(model):
    made = ending_at(model, -5.0).infer([sentence(10)], seed=0)[0]
    assert made.read().shape == (N_MELS, CONFIG.canvas)
    (problem,) = made.problems
    assert "end was not found within 128 frames (1.28 s)" in problem


def test_an_end_at_once_leaves_a_frame(model):
    assert ending_at(model, 5.0).stream(sentence(10), seed=0).read().shape == (N_MELS, 1)


def test_a_text_longer_than_the_canvas_is_cut_and_said(model):
    engine = ending_at(model, -5.0)
    made = engine.stream(AcousticInput.plain([20] * 50), seed=0)
    assert "128 frames" in made.problems[0] and "2 pieces" in made.problems[0]
    blocks = list(made.blocks)
    assert [block.shape for block in blocks] == [(N_MELS, 128)] * 2
    assert len(made.problems) == 3
    assert made.f0.shape == (50,)


def words(*phones: str) -> AcousticInput:
    return AcousticInput.plain([encode(phone) for phone in phones])


def test_the_cut_is_at_the_strongest_gap_near_the_middle():
    text = ["<bos>", *["T", "AH0", "|"] * 4, "T", ",", *["T", "AH0", "|"] * 6, "T", ".", "<eos>"]
    first, second = pieces_of(words(*text), 1.0, 25.0, ARPABET)
    comma = text.index(",")
    own = [piece.given.tokens[piece.own].tolist() for piece in (first, second)]
    assert own == [
        words(*text[: comma + 1]).tokens.tolist(),
        words(*text[comma + 1 :]).tokens.tolist(),
    ]
    assert first.given.tokens[-1] == encode("<eos>") and second.given.tokens[0] == encode("<bos>")
    assert first.given.tokens[0] == encode("<bos>") and second.given.tokens[-1] == encode("<eos>")


def test_every_token_is_in_one_piece_and_every_piece_fits():
    random = np.random.default_rng(0)
    gaps = [encode("|"), encode(",")]
    for n_tokens in (5, 40, 299):
        tokens = random.integers(12, 50, n_tokens)
        tokens[random.random(n_tokens) < 0.2] = gaps[0]
        given = dataclasses.replace(
            AcousticInput.plain(tokens), rate=random.uniform(0.5, 2, n_tokens).astype(np.float32)
        )
        pieces = pieces_of(given, 6.0, 200.0, ARPABET)
        joined = np.concatenate([piece.given.tokens[piece.own] for piece in pieces])
        np.testing.assert_array_equal(joined, tokens)
        rates = np.concatenate([piece.given.rate[piece.own] for piece in pieces])
        np.testing.assert_array_equal(rates, given.rate)
        assert all((6.0 / piece.given.rate[piece.own]).sum() <= 200 for piece in pieces)


def test_words_without_any_gap_are_cut_all_the_same():
    pieces = pieces_of(words(*["T"] * 90), 6.0, 200.0, ARPABET)
    assert [piece.own.stop - piece.own.start for piece in pieces] == [22, 23, 22, 23]


def test_the_rate_moves_where_tokens_are_expected(model):
    vectors = RandomPlanner(12).plan(sentence(12)).vectors
    engine = engine_of(model)
    places = np.arange(CONFIG.canvas) + 0.5
    plain, fast = (engine.write(vectors, np.full(12, rate, np.float32)) for rate in (1, 2))
    last_plain, last_fast = (
        (canvas.attention[0, :, -1] * places).sum() / canvas.attention[0, :, -1].sum()
        for canvas in (plain, fast)
    )
    assert last_fast < last_plain


def test_batch_is_single_and_keeps_the_contract(model):
    engine = engine_of(model)
    assert isinstance(engine, AcousticModel)
    assert engine.n_parameters == sum(p.numel() for p in model.parameters())
    inputs = [sentence(n, n) for n in (3, 60)]
    for given, made in zip(inputs, engine.infer(inputs, seed=0)):
        assert np.array_equal(made.read(), engine.stream(given, seed=1).read())
    once, twice = (engine.operations(sentence(n)).multiply_accumulates for n in (25, 50))
    assert twice > 1.9 * once


def test_an_option_out_of_range_is_named():
    with pytest.raises(ConfigError, match=r"end_threshold=1\.0"):
        FixedLengthOptions(1.0)
    with pytest.raises(ConfigError, match="channels=30"):
        FixedLengthConfig(channels=30)
