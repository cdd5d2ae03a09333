"""Several trainings at once on one machine that is there for minutes only, each in its own process.

One that fails does not hurt the others; what is best so far is handed out again and again, in
float16, so that little is lost if the machine goes early.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from tts_pipeline.config import load_yaml
from tts_pipeline.errors import ConfigError

# Seconds that a training may go on beyond its time, for its last validation and checkpoint.
GRACE_S = 25.0
LARGEST_BUNDLE = 15 * 2**20
# TensorBoard files with more in them than curves stay where they are.
LARGEST_LOG = 2 * 2**20


@dataclasses.dataclass(frozen=True)
class Training:
    """One training of a plan.

    Attributes:
        after: others of the plan, which must have ended before this one starts.
        until: share of the plan's seconds at which it ends.
    """

    after: tuple[str, ...] = ()
    until: float = 1.0


@dataclasses.dataclass(frozen=True)
class Plan:
    """Trainings by name, all of which end within ``seconds``."""

    seconds: float
    trainings: dict[str, Training]

    def __post_init__(self) -> None:
        for name, training in self.trainings.items():
            for other in training.after:
                if other not in self.trainings:
                    known = ", ".join(self.trainings)
                    raise ConfigError(f"{name}: after {other!r}: expected one of {known}")
            if not 0 < training.until <= 1:
                raise ConfigError(f"{name}: until={training.until}: expected a share in (0, 1]")


class SideBySide:
    """A plan at work.

    Args:
        plan: what to train.
        folder: of the trainings' YAML files.
        data: folder of the prepared utterances.
        runs: folder for everything that is written.
        options: further options of every training.
    """

    def __init__(
        self, plan: Plan, folder: Path, data: Path, runs: Path, options: tuple[str, ...] = ()
    ) -> None:
        self.plan, self.folder, self.data, self.runs = plan, folder, data, runs
        self.options = options
        self.started = time.time()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def ends(self, name: str) -> float:
        """Time of day at which a training ends, in seconds since 1970."""
        return self.started + self.plan.seconds * self.plan.trainings[name].until

    def step(self) -> bool:
        """Start what can be started, end what is over its time; whether anything is left."""
        for name, training in self.plan.trainings.items():
            if name not in self.processes and all(map(self._is_over, training.after)):
                self.processes[name] = self._start(name)
            process = self.processes.get(name)
            if process and process.poll() is None and time.time() > self.ends(name) + GRACE_S:
                process.kill()
        return not all(map(self._is_over, self.plan.trainings))

    def _is_over(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is not None

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        run = self.runs / name
        run.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}.yaml"
        command = [sys.executable, "-m", "tts_pipeline.training.strategies", file]
        command += ["--data", self.data, "--runs", self.runs, "--until", str(self.ends(name))]
        with open(run / "log.txt", "wb") as log:
            return subprocess.Popen(
                [*map(str, command), *self.options], stdout=log, stderr=subprocess.STDOUT
            )

    def report(self) -> str:
        """A line for each training: how it stands and the end of its log."""
        lines = [f"{time.time() - self.started:.0f} s"]
        for name, process in self.processes.items():
            code = process.poll()
            state = "runs" if code is None else "done" if code == 0 else f"FAILED ({code})"
            text = (self.runs / name / "log.txt").read_text(encoding="utf-8", errors="replace")
            rows = [row for row in text.replace("\r", "\n").split("\n") if row.strip()]
            lines.append(f"  {name}: {state}: {rows[-1][-200:] if rows else ''}")
        return "\n".join(lines)

    def hand_out(self, out: Path) -> None:
        """Put the best weights so far, in float16, and all logs into ``out``."""
        out.mkdir(parents=True, exist_ok=True)
        halves = {}
        for name in self.plan.trainings:
            best = self.runs / name / "best.safetensors"
            if best.exists():
                halves[name] = self.runs / name / "best.float16.safetensors"
                save_file(halved(load_file(best)), halves[name])
        for index, names in enumerate(bundles({n: p.stat().st_size for n, p in halves.items()})):
            files = [path for n in names for path in (halves[n], self.runs / n / "best.json")]
            self._write(out / f"weights-{index}.tar", files)
        logs = [path for n in self.processes for path in (self.runs / n).glob("*") if _is_log(path)]
        self._write(out / "logs.tar.gz", logs)

    def _write(self, path: Path, files: list[Path]) -> None:
        made = self.runs / path.name
        with tarfile.open(made, "w:gz" if path.suffix == ".gz" else "w") as archive:
            for file in files:
                # A file that a training is just about to replace is there the next time.
                with contextlib.suppress(FileNotFoundError):
                    archive.add(file, str(file.relative_to(self.runs)))
        path.write_bytes(made.read_bytes())


def _is_log(path: Path) -> bool:
    if path.name != "log.txt" and not path.name.startswith("events."):
        return False
    return path.stat().st_size <= LARGEST_LOG


def halved(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Real numbers as float16, others as they are."""
    return {
        name: value.astype(np.float16) if value.dtype.kind == "f" else value
        for name, value in weights.items()
    }


def bundles(sizes: Mapping[str, int], largest: int = LARGEST_BUNDLE) -> list[list[str]]:
    """Names in as few groups as come of filling each up to ``largest`` bytes, big ones first."""
    groups: list[list[str]] = []
    for name in sorted(sizes, key=lambda n: (-sizes[n], n)):
        for group in groups:
            if sum(sizes[n] for n in group) + sizes[name] <= largest:
                group.append(name)
                break
        else:
            groups.append([name])
    return groups


def main(argv: list[str] | None = None) -> int:
    """``python -m tts_pipeline.training.side_by_side``; 1 if any training failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path, help="YAML file; the trainings' files lie beside it")
    parser.add_argument("--data", type=Path, required=True, help="folder of prepared utterances")
    parser.add_argument("--runs", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is to be kept")
    parser.add_argument("--seconds", type=float, help="in place of the plan's")
    parser.add_argument("--only", nargs="*", help="names of the trainings to run; default all")
    parser.add_argument("--hand-out-every-s", type=float, default=60.0)
    options, rest = parser.parse_known_args(argv)
    plan = load_yaml(Plan, options.plan)
    chosen = plan.trainings
    if options.only:
        chosen = {
            name: dataclasses.replace(
                training, after=tuple(n for n in training.after if n in options.only)
            )
            for name, training in plan.trainings.items()
            if name in options.only
        }
    plan = Plan(options.seconds or plan.seconds, chosen)
    # One core each: there are more trainings than a training has use for cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    work = SideBySide(plan, options.plan.parent, options.data, options.runs, tuple(rest))
    handed_out = time.monotonic()
    while work.step():
        time.sleep(0.5)
        if time.monotonic() - handed_out > options.hand_out_every_s:
            work.hand_out(options.out)
            print(work.report(), flush=True)
            handed_out = time.monotonic()
    work.hand_out(options.out)
    print(work.report(), flush=True)
    return int(any(process.returncode for process in work.processes.values()))


if __name__ == "__main__":
    raise SystemExit(main())
