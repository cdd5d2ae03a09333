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
from tts_pipeline.acoustic.pyramid.config import PyramidConfig
from tts_pipeline.acoustic.pyramid.engine import PyramidEngine
from tts_pipeline.acoustic.pyramid.model import PyramidModel, coarser

CONFIG = PyramidConfig(token_channels=TOKEN_CHANNELS, channels=16, hidden=24, n_blocks=2)


@pytest.fixture(scope="module")
def model() -> PyramidModel:
    return shaken(lambda: PyramidModel(CONFIG, 80))


@pytest.fixture(scope="module")
def engine(model) -> PyramidEngine:
    return PyramidEngine(CONFIG, AUDIO, arrays(model), USES)


def test_the_contract_of_engines_along_a_plan_holds(engine):
    check_contract(engine)


@pytest.mark.parametrize("last", [60, 61, 62, 63])
def test_the_engine_is_its_module_whatever_the_length_leaves_over(model, engine, last):
    given = sentence(7, 0, 90, 31, 1, 0, 140, last)
    expected = model.generate(*tensors(given))[0]
    np.testing.assert_allclose(mel_of(engine, given), expected, atol=1e-4)


@pytest.mark.parametrize("n_frames", [1, 2, 3, 5])
def test_the_shortest_sentences_are_written_too(model, engine, n_frames):
    given = sentence(n_frames)
    expected = model.generate(*tensors(given))[0]
    assert expected.shape == (80, n_frames)
    np.testing.assert_allclose(mel_of(engine, given), expected, atol=1e-4)


def test_what_a_frame_sees_ahead_is_bounded(engine):
    # Two blocks of 7 at each level: 6 rows, which are 24, 12 and 6 frames, and the rest of the row
    # of four frames in which a frame stands.
    assert 18 < frames_seen_ahead(engine) <= 42 + 3


def test_coarser_levels_are_means_of_what_is_there():
    frames = torch.arange(24.0).reshape(1, 3, 8)
    valid = torch.tensor([1.0, 1.0, 1.0]).reshape(1, 3, 1)
    half = coarser(frames, valid, 2)
    expected = [[(0 + 1 + 8 + 9) / 4 + 2 * k for k in range(4)], [16.5 + 2 * k for k in range(4)]]
    np.testing.assert_allclose(half[0], expected)
    valid[0, 1:] = 0
    np.testing.assert_allclose(coarser(frames, valid, 2)[0], [[0.5, 2.5, 4.5, 6.5], [0] * 4])


def test_a_finer_level_is_told_of_the_coarser_one(model):
    vectors, durations = tensors(sentence(9, 8))
    levels = model(vectors, durations, 17)
    assert [tuple(level.shape) for level in levels] == [(1, 5, 20), (1, 9, 40), (1, 17, 80)]
    told = [levels[0] + 1, levels[1]]
    use = torch.ones(1, 1, 1)
    moved = model(vectors, durations, 17, told, use)
    assert torch.equal(moved[0], levels[0]) and not torch.allclose(moved[1], levels[1])
    same = model(vectors, durations, 17, [levels[0], levels[1]], use)
    assert all(torch.equal(*pair) for pair in zip(same, levels))
    unused = model(vectors, durations, 17, told, 0 * use)
    assert all(torch.equal(*pair) for pair in zip(unused, levels))


def test_operations_by_hand(engine, model):
    def level(n_rows: int, n_bands: int) -> int:
        return n_rows * (2 * 16 * (2 * 24 + 7) + 16 * n_bands)

    work = level(83, 20) + level(166, 40) + level(332, 80)
    work += 166 * 20 * 16 + 332 * 40 * 16
    work += 332 * 3 * 16 + 8 * TOKEN_CHANNELS * 16 + 8 * 10
    assert engine.operations(LONG) == (work, 3)
    assert engine.n_parameters == sum(p.numel() for p in model.parameters()) + 1000
