"""Processors that a process may keep busy: those it may run on, less what a quota takes away."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import pytest

from tts_pipeline.cores import cpu_quota, usable_cores

V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup rw,nsdelegate"
V1 = "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:7 - cgroup cgroup rw,cpu,cpuacct"
OTHER = "40 30 0:36 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"


def machine(root: Path, groups: str, mounts: list[str], limits: dict[str, str]) -> str:
    """A folder that looks like that of a Linux machine.

    Args:
        root: the folder.
        groups: of the process.
        mounts: lines of its mounts.
        limits: files below ``/sys/fs/cgroup`` and what they hold.
    """
    proc = root / "proc/self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(groups)
    (proc / "mountinfo").write_text("".join(line + "\n" for line in [*mounts, "odd"]))
    for name, content in limits.items():
        file = root / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return str(root)


def v1(folder: str, quota: int, period: int = 100_000) -> dict[str, str]:
    return {
        f"cpu,cpuacct/{folder}cpu.cfs_quota_us": f"{quota}\n",
        f"cpu,cpuacct/{folder}cpu.cfs_period_us": f"{period}\n",
    }


@pytest.mark.parametrize(
    ("groups", "mounts", "limits", "quota"),
    [
        pytest.param("0::/a/b\n", [V2], {"a/b/cpu.max": "150000 100000\n"}, 1.5, id="own group"),
        pytest.param(
            "0::/a/b\n",
            [V2],
            {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "50000 50000\n"},
            1.0,
            id="group above",
        ),
        pytest.param(
            "0::/a/b\n",
            [V2],
            {"a/b/cpu.max": "300000 100000\n", "a/cpu.max": "400000 100000\n"},
            3.0,
            id="least of several",
        ),
        pytest.param("0::/\n", [V2], {"cpu.max": "20000 100000\n"}, 0.2, id="top of a container"),
        pytest.param(
            "0::/../../other\n", [V2], {"cpu.max": "200000 100000\n"}, 2.0, id="moved from outside"
        ),
        pytest.param(
            "0::/docker/c0de/x\n",
            [V2.replace(" / ", " /docker/c0de ")],
            {"cpu.max": "400000 100000\n", "x/cpu.max": "250000 100000\n"},
            2.5,
            id="part of the tree",
        ),
        pytest.param(
            "0::/docker/c0de\n",
            [V2.replace(" / ", " /docker/c0de ")],
            {"cpu.max": "100000 100000\n", "docker/c0de/cpu.max": "max 100000\n"},
            1.0,
            id="path of the host",
        ),
        pytest.param(
            "4:memory:/m\n1:cpu,cpuacct:/a\n0::/\n",
            [OTHER, V1],
            v1("a/", 150_000, 50_000),
            3.0,
            id="version 1",
        ),
        pytest.param(
            "1:cpu,cpuacct:/docker/c0de\n",
            [V1.replace(" / ", " /docker/c0de ")],
            v1("", 100_000),
            1.0,
            id="container of version 1",
        ),
        pytest.param(
            "1:cpu,cpuacct:/a\n0::/a\n", [V1, V2], v1("a/", -1), math.inf, id="version 1 unlimited"
        ),
        pytest.param(
            "1:cpu,cpuacct:/a\n0::/b\n",
            [V1, V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified")],
            {**v1("a/", 200_000), "unified/b/cpu.max": "100000 100000\n"},
            1.0,
            id="both versions",
        ),
        pytest.param("0::/a\n", [V2], {"a/cpu.max": "max 100000\n"}, math.inf, id="unlimited"),
        pytest.param("0::/a\n", [V2], {"a/cpu.max": "much\n"}, math.inf, id="no numbers"),
        pytest.param("0::/a\n", [V2], {"a/cpu.max": "5 0\n"}, math.inf, id="no period"),
        pytest.param("0::/a\n", [V2], {}, math.inf, id="no files"),
        pytest.param("0::/a\n", [OTHER], {}, math.inf, id="no such controller"),
        pytest.param("\nodd\n1:2\n", [V2], {"cpu.max": "100000 100000"}, 1.0, id="odd groups"),
    ],
)
def test_quota_of_control_groups(
    tmp_path: Path, groups: str, mounts: list[str], limits: dict[str, str], quota: float
) -> None:
    assert cpu_quota(machine(tmp_path, groups, mounts, limits)) == quota


def test_without_proc_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(str(tmp_path)) == math.inf
    assert usable_cores(str(tmp_path)) == usable_cores(str(tmp_path / "nowhere")) >= 1


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs affinity as on Linux")
@pytest.mark.parametrize(
    ("n_processors", "quota", "cores"),
    [(8, 100_000, 1), (8, 140_000, 1), (8, 150_000, 2), (8, 1_000, 1), (2, 900_000, 2), (1, -1, 1)],
)
def test_cores_are_the_less_of_both(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    n_processors: int,
    quota: int,
    cores: int,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(n_processors)))
    assert usable_cores(machine(tmp_path, "1:cpu,cpuacct:/\n", [V1], v1("", quota))) == cores


def test_a_quota_that_changes_is_seen(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/a\n", [V2], {"a/cpu.max": "max 100000\n"})
    assert cpu_quota(root) == math.inf
    (tmp_path / "sys/fs/cgroup/a/cpu.max").write_text("100000 100000\n")
    assert cpu_quota(root) == 1.0
    (tmp_path / "proc/self/cgroup").write_text("0::/b\n")
    assert cpu_quota(root) == math.inf


@pytest.mark.skipif(sys.platform != "linux", reason="needs control groups")
def test_quota_of_this_process_is_none_or_a_number() -> None:
    assert cpu_quota() > 0
