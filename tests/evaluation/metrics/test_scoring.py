"""Scoring in one process and in several, and systems that fail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.small_corpus import TINY_TEXTS, speech_like
from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.scoring import Job, Scored, score_all

METRICS = ("lsd", "duration_ratio")


def job(name: str) -> Job:
    natural = speech_like(TINY_TEXTS[name])
    noise = np.random.default_rng(0).standard_normal(len(natural)).astype(np.float32)
    versions = {"faint": natural + 1e-3 * noise, "loud": natural + 1e-1 * noise}
    return Job(name, None, natural, versions, dict.fromkeys(versions, METRICS))


def test_two_processes_score_as_one():
    jobs = [job("tiny_01"), job("tiny_02")]
    alone = score_all(jobs)
    assert [(item.name, item.system) for item in alone] == [
        *(("tiny_01", "faint"), ("tiny_01", "loud")),
        *(("tiny_02", "faint"), ("tiny_02", "loud")),
    ]
    assert score_all(jobs, n_workers=2) == alone


def test_a_system_that_fails_is_named_and_the_others_are_scored():
    first = job("tiny_01")
    silent = dataclasses.replace(first, versions={**first.versions, "faint": np.zeros(9000)})
    failed, scored = score_all([silent])
    assert isinstance(scored, Scored) and set(scored.scores.rows) == set(METRICS)
    assert not failed.scores.rows
    assert all("all zero" in failed.scores.unavailable[name] for name in METRICS)


def test_a_broken_recording_is_an_error():
    first = job("tiny_01")
    with pytest.raises(AudioError, match="NaN"):
        score_all([dataclasses.replace(first, natural=np.full(9000, np.nan))])
