from __future__ import annotations

import itertools

import numpy as np
import pytest

from tts_pipeline.acoustic.viterbi import monotonic_durations
from tts_pipeline.errors import CorpusError


def best_by_enumeration(scores: np.ndarray, optional: np.ndarray) -> np.ndarray:
    """Durations of the best path among all of them, each written out."""
    n_frames, n_tokens = scores.shape
    least = np.where(optional, 0, 1)
    ranges = [range(low, n_frames + 1) for low in least]
    paths = [path for path in itertools.product(*ranges) if sum(path) == n_frames]
    values = [
        scores[np.arange(n_frames), np.repeat(np.arange(n_tokens), path)].sum() for path in paths
    ]
    return np.array(paths[int(np.argmax(values))])


@pytest.mark.parametrize("seed", range(12))
def test_best_path_among_all_paths(seed):
    rng = np.random.default_rng(seed)
    n_tokens = int(rng.integers(1, 6))
    scores = rng.standard_normal((7, n_tokens)).astype(np.float32)
    optional = np.zeros(n_tokens, bool)
    optional[1:-1:2] = rng.random(len(optional[1:-1:2])) < 0.7
    expected = best_by_enumeration(scores, optional)
    assert monotonic_durations(scores, optional).tolist() == expected.tolist()


def test_one_frame_per_token_is_just_enough():
    scores = np.random.default_rng(0).standard_normal((4, 4))
    assert monotonic_durations(scores).tolist() == [1, 1, 1, 1]
    optional = np.array([False, True, False, False])
    assert monotonic_durations(scores[:3], optional).tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("scores", "optional", "message"),
    [
        (np.zeros((2, 3)), None, "too long for the recording"),
        (np.zeros(3), None, "expected"),
        (np.zeros((5, 0)), None, "expected"),
        (np.full((5, 2), np.nan), None, "NaN"),
        (np.zeros((5, 3)), [True, False, False], "ends"),
        (np.zeros((5, 4)), [False, True, True, False], "two in a row"),
        (np.zeros((5, 3)), [False, False], "optional"),
    ],
)
def test_bad_scores_are_refused(scores, optional, message):
    with pytest.raises(CorpusError, match=message):
        monotonic_durations(scores, None if optional is None else np.array(optional))
