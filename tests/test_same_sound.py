"""The sound that was recorded is the sound that is made, whatever is rebuilt in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.same_sound import THREADS, fingerprint

TABLE = Path(__file__).parent / "data" / "same_sound.json"
RECORDED: dict[str, Any] = json.loads(TABLE.read_text())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("same_sound") / "table.json"
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    command = [sys.executable, "-m", "tests.same_sound", str(file)]
    root = Path(__file__).resolve().parents[1]
    environment["PYTHONPATH"] = os.pathsep.join([str(root), environment.get("PYTHONPATH", "")])
    subprocess.run(command, check=True, env=environment, cwd=root)
    return dict(json.loads(file.read_text())["calls"])


def test_the_table_is_long_enough_to_mean_something() -> None:
    calls = RECORDED["calls"]
    assert len(calls) >= 60
    assert len({row["samples"] for row in calls.values()}) > 60


@pytest.mark.parametrize("name", RECORDED["calls"])
def test_sound_is_the_recorded_one(name: str, made: dict[str, Any]) -> None:
    expected, found = RECORDED["calls"][name], made[name]
    assert found["said"] == expected["said"]
    if fingerprint() == RECORDED["fingerprint"]:
        assert found == expected
        return
    # Elsewhere sums round differently: a token may last a frame more, and a model that draws
    # samples one by one goes another way; the loudness over time stays.
    assert found["n_samples"] == pytest.approx(expected["n_samples"], rel=0.02, abs=800)
    ours, theirs = np.array(found["rms"], float), np.array(expected["rms"], float)
    assert np.sqrt((ours**2).mean()) == pytest.approx(np.sqrt((theirs**2).mean()), rel=0.15)
    longest = max(len(ours), len(theirs))
    places = np.linspace(0, 1, longest)
    ours, theirs = (np.interp(places, np.linspace(0, 1, len(x)), x) for x in (ours, theirs))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9
