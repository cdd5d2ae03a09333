"""How fast a voice speaks on this machine, next to a named peer in the same run."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numba
import torch

from tts_pipeline.synthesis import stream, synthesize
from tts_pipeline.voice import GRIFFIN_LIM, Voice

TEXTS = {
    "short": "Good morning, how are you?",
    "medium": (
        "The harbour was quiet when the boats came in. Nobody spoke, for the night had been long, "
        "and the nets were heavy with fish."
    ),
}


class Measured(NamedTuple):
    """Seconds over all rounds: median, least and most, and how many a second of audio costs."""

    name: str
    median_s: float
    least_s: float
    most_s: float
    xrt: float


def interleaved(jobs: dict[str, Callable[[], float]], rounds: int) -> list[Measured]:
    """Time jobs that return the seconds of audio they made, in turn, after one warm-up each."""
    audio_s = {name: job() for name, job in jobs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begun = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - begun)
    return [
        Measured(name, statistics.median(s), min(s), max(s), audio_s[name] / statistics.median(s))
        for name, s in seconds.items()
    ]


def machine() -> dict[str, str | int]:
    """What the figures depend on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return {
        "processor": model,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numba": numba.__version__,
    }


def measure(voice: Voice, rounds: int) -> list[Measured]:
    """Both stages apart, the whole road, and Griffin-Lim (torchaudio) in place of stage 2."""
    sentences, _ = voice.front_end(TEXTS["medium"])
    tokens = torch.tensor([sentences[-1].tokens])
    rate = voice.audio.frame_rate
    mel = voice.acoustic.infer(tokens).mel

    def acoustic() -> float:
        return voice.acoustic.infer(tokens).mel.shape[2] / rate

    def vocoder(name: str) -> Callable[[], float]:
        return lambda: (
            voice.choose_vocoder(name).infer(mel, seed=0).shape[-1] / voice.audio.sample_rate
        )

    def whole(text: str) -> Callable[[], float]:
        return lambda: synthesize(text, voice=voice).duration_s

    def first_block() -> float:
        return next(stream(TEXTS["medium"], voice=voice)).duration_s

    jobs = {
        "stage 1, acoustic model": acoustic,
        "stage 2, parallel vocoder": vocoder("parallel"),
        "stage 2, Griffin-Lim 60 (torchaudio)": vocoder(GRIFFIN_LIM),
        **{f"text to waveform, {name}": whole(text) for name, text in TEXTS.items()},
        "first block of a stream, medium": first_block,
    }
    return interleaved(jobs, rounds)


def main(argv: list[str] | None = None) -> int:
    """The command ``tts-pipeline benchmark``."""
    parser = argparse.ArgumentParser(prog="tts-pipeline benchmark", description=__doc__)
    parser.add_argument("--voice", type=Path, help="folder of a voice; default: the shipped one")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(argv)
    torch.set_num_threads(options.threads)
    where = machine()
    figures = measure(Voice.load(options.voice), options.rounds)
    print(", ".join(f"{key} {value}" for key, value in where.items()))
    print(f"{'system':40} {'median ms':>10} {'min-max ms':>16} {'x real time':>12}")
    for row in figures:
        span = f"{row.least_s * 1e3:.1f}-{row.most_s * 1e3:.1f}"
        print(f"{row.name:40} {row.median_s * 1e3:10.1f} {span:>16} {row.xrt:12.1f}")
    if options.json:
        result = {"machine": where, "systems": [row._asdict() for row in figures]}
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0
