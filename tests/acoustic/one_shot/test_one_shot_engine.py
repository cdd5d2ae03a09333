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
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig, OneShotConfig
from tts_pipeline.acoustic.one_shot.engine import OneShotEngine
from tts_pipeline.acoustic.one_shot.model import OneShotModel

CONFIG = OneShotConfig(TOKEN_CHANNELS, FrameDecoderConfig(channels=16, hidden=24, n_blocks=3))


@pytest.fixture(scope="module")
def model() -> OneShotModel:
    return shaken(lambda: OneShotModel(CONFIG, 80))


@pytest.fixture(scope="module")
def engine(model) -> OneShotEngine:
    return OneShotEngine(CONFIG, AUDIO, arrays(model), USES)


def test_the_contract_of_engines_along_a_plan_holds(engine):
    check_contract(engine)


def test_the_engine_is_its_module(model, engine):
    expected = model.generate(*tensors(LONG))[0]
    np.testing.assert_allclose(mel_of(engine, LONG), expected, atol=1e-4)


def test_a_frame_sees_as_far_ahead_as_it_says(engine):
    assert frames_seen_ahead(engine) == CONFIG.decoder.lookahead == 9


def test_all_frames_are_one_step(engine, model):
    step, work = 332 * (3 * 16 * (2 * 24 + 7) + 16 * 80), engine.operations(LONG)
    rest = 332 * 3 * 16 + 8 * TOKEN_CHANNELS * 16 + 8 * 10
    assert work == (step + rest, 1)
    assert engine.n_parameters == sum(p.numel() for p in model.parameters()) + 1000


def test_an_item_in_a_batch_is_written_as_alone(model):
    vectors, durations = tensors(LONG)
    padded = torch.cat([durations, durations])
    padded[1, 5:] = 0
    made = model(torch.cat([vectors, vectors]), padded, 332)
    n = int(padded[1].sum())
    alone = model(vectors, padded[1:], n)
    np.testing.assert_allclose(made[1, :n], alone[0], atol=1e-5)
    assert not made[1, n:].any()
