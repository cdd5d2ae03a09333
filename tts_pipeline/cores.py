"""How many processors this process may keep busy."""

from __future__ import annotations

import functools
import math
import os
from pathlib import Path


def usable_cores(root: str = "/") -> int:
    """Processors that this process may keep busy: those that it may run on, or fewer where its
    control groups (a container's limit, say) give it less of their time.

    Args:
        root: folder that holds ``proc`` of Linux; where there is none, no quota is known.

    Returns:
        at least 1; a quota that is no whole number is rounded.
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, math.floor(min(cores, cpu_quota(root)) + 0.5))


def cpu_quota(root: str = "/") -> float:
    """Seconds of processor time a second that control groups of Linux allow this process.

    Of a group and all groups above it, each of which may have a quota, the least is what counts.

    Args:
        root: folder that holds ``proc``.

    Returns:
        above 0; infinity without a limit.
    """
    groups = _text(os.path.join(root, "proc/self/cgroup"))
    return min((_quota_of(folder) for folder in _folders(root, groups)), default=math.inf)


@functools.lru_cache(maxsize=4)
def _folders(root: str, groups: str) -> tuple[str, ...]:
    """The folders of all control groups that may limit the processor time of a process.

    Args:
        root: see :func:`cpu_quota`.
        groups: ``/proc/self/cgroup``: lines of hierarchy, controllers and the process's group;
            version 2 names no controllers.
    """
    group_of: dict[str, str] = {}
    for line in groups.splitlines():
        _, controllers, group = (*line.split(":", 2), "", "")[:3]
        for controller in controllers.split(","):
            group_of[controller] = group
    found = []
    for line in _text(os.path.join(root, "proc/self/mountinfo")).splitlines():
        # proc(5): ... top, folder, ... - type, source, options of the file system.
        about, _, system = (part.split() for part in line.partition(" - "))
        if len(about) < 5 or len(system) < 3:
            continue
        kind, controller = system[0], "" if system[0] == "cgroup2" else "cpu"
        if kind not in ("cgroup", "cgroup2") or controller not in ("", *system[2].split(",")):
            continue
        folder, top = Path(root, about[4].lstrip("/")), about[3].rstrip("/")
        group = group_of.get(controller, "")
        # Within a container the group may be named as the host sees it; the folder is its own.
        inside = group.startswith(f"{top}/") and ".." not in group
        names = group.removeprefix(top).strip("/").split("/") if inside else []
        found += [str(folder.joinpath(*names[:n])) for n in range(len(names) + 1)]
    return tuple(dict.fromkeys(found))


def _quota_of(folder: str) -> float:
    """The quota that one control group has: version 2 (``max`` without one), then 1 (-1)."""
    limit, _, period = _text(os.path.join(folder, "cpu.max")).partition(" ")
    if not limit:
        limit = _text(os.path.join(folder, "cpu.cfs_quota_us"))
        period = _text(os.path.join(folder, "cpu.cfs_period_us")) if limit else ""
    try:
        quota = int(limit) / int(period)
    except (ValueError, ZeroDivisionError):
        return math.inf
    return quota if quota > 0 else math.inf


def _text(path: str) -> str:
    """What a file holds; nothing if there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
