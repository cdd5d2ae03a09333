"""Unseen pairs: neighbouring codes that no recording of the training set has beside one another.

Who draws each of several right answers by itself puts together parts of different ones
("multi-modality", Gu et al. 2018, arXiv 1711.02281); over codes that can be counted. Neighbours are
codes of the same group in steps that follow one another, and of groups that follow one another in
the same step, see :mod:`tts_pipeline.features.codes.pairs`. Recordings that were held out have such
pairs too, since no corpus holds all that may be said: they are the yardstick.
"""

from __future__ import annotations

from tts_pipeline.evaluation.metrics.registry import Case, Row, metric


@metric(
    "unseen_pairs",
    "unseen pairs of codes",
    unit="share",
    better="recordings",
    needs=["mel_pairs"],
    about="share of neighbouring codes of the mel that are never neighbours in the training set",
)
def _unseen_pairs(case: Case) -> Row:
    """Pairs that are unseen and pairs in all, of the codes that the auto-encoder gives the mel."""
    n_unseen, n_pairs = case.array("mel_pairs")
    return float(n_unseen), float(n_pairs)


@metric(
    "written_unseen_pairs",
    "unseen pairs of codes, as written",
    unit="share",
    better="recordings",
    needs=["code_pairs"],
    about="the same of the codes that the model itself wrote, before they were decoded",
)
def _written_unseen_pairs(case: Case) -> Row:
    n_unseen, n_pairs = case.array("code_pairs")
    return float(n_unseen), float(n_pairs)
