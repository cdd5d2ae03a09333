from __future__ import annotations

import re

import pytest

from tts_pipeline.cli import main
from tts_pipeline.training import estimate


def test_time_estimate_is_arithmetic_over_throughput(monkeypatch, tiny_corpus, capsys):
    monkeypatch.setattr(estimate, "measure_throughput", lambda: ("cpu", 12.0))
    result = estimate.estimate(3600.0, {"one": 300.0})
    assert dict(result.stages) == {
        "prepare": pytest.approx(3600 * estimate.PREPARE_S_PER_AUDIO_S),
        "one": pytest.approx(300.0 / 12.0),
    }
    assert result.total_s == pytest.approx(sum(seconds for _, seconds in result.stages))
    assert main(["doctor", str(tiny_corpus)]) == 0
    report = capsys.readouterr().out
    assert "training time  about" in report and "12 GFLOP/s" in report
    assert re.search(r"wavenet \d+\.\d h", report)


def test_throughput_is_measured():
    device, gflop_per_s = estimate.measure_throughput(seconds=0.05)
    assert device and gflop_per_s > 0.01
