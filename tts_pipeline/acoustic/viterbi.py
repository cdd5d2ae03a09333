"""Best monotonic path through an alignment: the kernel behind the durations."""

from __future__ import annotations

import numpy as np

from tts_pipeline.errors import CorpusError
from tts_pipeline.nn.jit import compiled


def monotonic_durations(scores: np.ndarray, optional: np.ndarray | None = None) -> np.ndarray:
    """Frames per token of the best monotonic path.

    The path starts at the first token and ends at the last; at each frame it stays or moves on by
    one, over an optional token by two. Every other token gets at least one frame (Kim et al. 2020,
    Glow-TTS, arXiv 2005.11129, algorithm 1; used as by Badlani et al. 2021, arXiv 2108.10447,
    section 2.3; optional tokens as the optional silence of hidden Markov aligners).

    Args:
        scores: log probability (up to a constant per frame) of each token, ``(T, N)`` real.
        optional: ``(N,)`` True for tokens that may get no frame; neither the first nor the last,
            and no two in a row. None: no token is optional.

    Returns:
        ``(N,)`` int64 summing to ``T``.

    Raises:
        CorpusError: if there are fewer frames than tokens that need one, or scores are not finite.
    """
    scores = np.ascontiguousarray(scores, dtype=np.float32)
    n_tokens = scores.shape[1] if scores.ndim == 2 else 0
    skippable = np.zeros(n_tokens, np.bool_) if optional is None else np.asarray(optional, np.bool_)
    if n_tokens == 0 or scores.shape[0] < n_tokens - int(skippable.sum()):
        raise CorpusError(
            f"scores of shape {scores.shape}: expected (T, N) with at least one frame per token; "
            "the text is too long for the recording"
        )
    ends = skippable[[0, -1]].any()
    if skippable.shape != (n_tokens,) or ends or (skippable[1:] & skippable[:-1]).any():
        raise CorpusError("optional: expected (N,) without its ends and without two in a row")
    if not np.isfinite(scores).all():
        raise CorpusError("scores hold NaN or infinity: the aligner has diverged")
    return _durations(scores, skippable)


@compiled()
def _durations(scores: np.ndarray, skippable: np.ndarray) -> np.ndarray:
    n_frames, n_tokens = scores.shape
    moves = np.zeros((n_frames, n_tokens), np.uint8)
    best = np.full(n_tokens, -np.inf, np.float64)
    best[0] = scores[0, 0]
    for t in range(1, n_frames):
        # Backwards over tokens, so that those before n still hold the frame before.
        for n in range(n_tokens - 1, -1, -1):
            value, move = best[n], 0
            if n > 0 and best[n - 1] > value:
                value, move = best[n - 1], 1
            if n > 1 and skippable[n - 1] and best[n - 2] > value:
                value, move = best[n - 2], 2
            best[n] = value + scores[t, n]
            moves[t, n] = move
    durations = np.zeros(n_tokens, np.int64)
    n = n_tokens - 1
    for t in range(n_frames - 1, -1, -1):
        durations[n] += 1
        n -= moves[t, n]
    return durations
