"""Two processes under torchrun against one, on losses that are means over equal shares."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.distributed_run import STEPS, losses_of_run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Losses per step of one process and of the two."""
    folder = tmp_path_factory.mktemp("distributed")
    single = losses_of_run(folder / "single")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    finished = subprocess.run(
        [*command, "-m", "tests.training.distributed_run", str(folder / "double")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    double = [json.loads((folder / f"double-{rank}.json").read_text()) for rank in (0, 1)]
    return single, double


def test_both_processes_took_part(runs):
    _, double = runs
    assert [run["world_size"] for run in double] == [2, 2]
    assert [run["drawn"] for run in double] == [2, 2], "each draws its half of a batch of four"


@pytest.mark.parametrize("step", range(STEPS))
def test_losses_of_two_processes_are_those_of_one(runs, step):
    single, (first, second) = runs
    expected = single["losses"][step]
    assert len(expected) > 2
    for name, value in expected.items():
        both = (first["losses"][step][name] + second["losses"][step][name]) / 2
        assert both == pytest.approx(value, rel=1e-4), name


def test_both_processes_end_with_the_same_weights(runs):
    _, (first, second) = runs
    assert first["weights"] == second["weights"]
