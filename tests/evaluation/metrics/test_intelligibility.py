"""The recogniser."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tts_pipeline.evaluation.metrics.recogniser import PocketsphinxRecogniser


def test_pocketsphinx_is_offline_repeatable_and_picklable():
    pytest.importorskip("pocketsphinx")
    recogniser = pickle.loads(pickle.dumps(PocketsphinxRecogniser()))
    noise = 0.1 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    hum = (0.1 * np.sin(np.arange(8000) * 0.06)).astype(np.float32)
    first = recogniser.transcribe(noise)
    recogniser.transcribe(hum)
    assert recogniser.transcribe(noise) == first
    assert recogniser.name.startswith("pocketsphinx 5")
