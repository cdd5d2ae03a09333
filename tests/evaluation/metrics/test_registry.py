"""The registry: what a metric says of itself, and what can be asked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.small_corpus import speech_like
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.metrics.registry import (
    METRICS,
    RECORDING,
    TEXT,
    TIMING,
    Case,
    metric,
    possible,
    score,
)
from tts_pipeline.evaluation.metrics.sound import Sound


@pytest.fixture
def sound() -> Sound:
    return Sound(speech_like("A big dog."))


def test_needs_decide_what_is_possible():
    alone = possible(set())
    assert {"dnsmos_ovrl", "distillmos"} <= set(alone) and "wer" not in alone
    assert set(possible({TEXT})) - set(alone) == {"wer", "cer", "deletions"}
    compared = possible({RECORDING})
    assert "mcd" in compared and "pesq" not in compared
    # The same timing implies a recording.
    assert METRICS["pesq"].needs == {TIMING, RECORDING}
    assert {"pesq", "mcd"} <= set(possible({TIMING, RECORDING}))


def test_every_metric_says_what_it_is():
    assert all(one.label and one.about and one.best for one in METRICS.values())
    assert METRICS["mcd"].title == "MCD (DTW) (dB)"


def test_a_metric_registers_in_one_line_and_names_are_unique(sound):
    def peak(case: Case) -> float:
        return float(np.abs(case.generated.samples).max())

    register = metric("peak", "peak", unit="full scale", better="lower")
    try:
        assert register(peak) is peak
        assert register(peak) is peak
        found = score(Case(sound), ["peak"])
        assert found.rows == {"peak": (float(np.abs(sound.samples).max()), 1.0)}
        with pytest.raises(ConfigError, match="metric 'peak'"):
            register(lambda case: 0.0)
    finally:
        del METRICS["peak"]
    with pytest.raises(ConfigError, match="metrics peak: expected some of"):
        score(Case(sound), ["peak"])


def test_analyses_are_made_once_and_errors_remembered(sound):
    calls = []

    def analysis(given: Sound) -> int:
        calls.append(given)
        if len(given.samples) < 0:
            return 0
        raise ConfigError("cannot be had")

    for _ in range(2):
        with pytest.raises(ConfigError, match="cannot be had"):
            sound.once(analysis)
    assert calls == [sound]
