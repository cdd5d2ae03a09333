"""Timing things against each other: interleaved, so that load on the machine affects all alike."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tts_pipeline.comparison import Machine
from tts_pipeline.processes import threads_environment


@dataclasses.dataclass(frozen=True)
class Job:
    """Something to time.

    Attributes:
        name: the system or stage.
        text: name of the text that it speaks.
        run: does it, given the number of the call; returns the seconds of audio it made.
        threads: that matrix libraries and the package may use.
        repeats: calls a round.
        every: takes part in every so many-th round only.
    """

    name: str
    text: str
    run: Callable[[int], float]
    threads: int = 1
    repeats: int = 1
    every: int = 1


@dataclasses.dataclass(frozen=True)
class Timed:
    """What came of a :class:`Job`: wall-clock seconds and seconds of audio of every call."""

    name: str
    text: str
    threads: int
    seconds: tuple[float, ...]
    audio_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """Median of the calls."""
        return statistics.median(self.seconds)

    @property
    def xrt(self) -> float:
        """Seconds of audio per second of computing, median of the calls."""
        return statistics.median(a / s for a, s in zip(self.audio_s, self.seconds))

    @property
    def xrt_span(self) -> tuple[float, float]:
        """The slowest and the fastest call."""
        rates = [a / s for a, s in zip(self.audio_s, self.seconds)]
        return min(rates), max(rates)

    def percentile_s(self, q: float) -> float:
        """Seconds that ``q`` percent of the calls keep within."""
        return float(np.percentile(self.seconds, q))


def interleaved(jobs: Sequence[Job], rounds: int) -> list[Timed]:
    """Time jobs in turn, round after round, each after one call that is not counted."""
    # Not needed for speaking, so not among what is always installed.
    from threadpoolctl import ThreadpoolController

    pools = ThreadpoolController()
    seconds: list[list[float]] = [[] for _ in jobs]
    audio_s: list[list[float]] = [[] for _ in jobs]
    for job in jobs:
        if job.every == 1:
            with pools.limit(limits=job.threads):
                job.run(0)
    for turn in range(rounds):
        for number, job in enumerate(jobs):
            if turn % job.every:
                continue
            with pools.limit(limits=job.threads):
                for repeat in range(job.repeats):
                    start = time.perf_counter()
                    made_s = job.run(turn * job.repeats + repeat)
                    seconds[number].append(time.perf_counter() - start)
                    audio_s[number].append(made_s)
    return [
        Timed(job.name, job.text, job.threads, tuple(s), tuple(a))
        for job, s, a in zip(jobs, seconds, audio_s)
    ]


def machine() -> Machine:
    """This machine, with its load at the moment."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    versions = {"python": platform.python_version()}
    for name in ("numpy", "numba", "torch"):
        # Speech needs no PyTorch.
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return Machine(model, os.cpu_count() or 1, load, versions)


def peak_memory_mb(code: str, *arguments: str, threads: int = 1) -> float | None:
    """Largest resident memory in MB of a new process that runs Python code with so many threads;
    None if this system does not tell."""
    tell = """
from tts_pipeline.evaluation.benchmark.memory import peak_resident_mb
print(peak_resident_mb() or "unknown")
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code + tell, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **threads_environment(threads), "PYTHONPATH": str(root)},
    )
    last = done.stdout.split()[-1]
    return None if last == "unknown" else float(last)
