"""How a server holds out: first sound beside the API's own, many clients at once, its memory."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.speechd.measure import first_sounds

SENTENCE = "It was the night before the great race, and nobody in the little town could sleep."
N_FIRST = 200
N_MESSAGES = 20
_MEMORY_EVERY = 100


class Running(NamedTuple):
    """A server started for measuring."""

    pid: int
    port: int


@contextlib.contextmanager
def server(voice: Path | None, workers: int, queue: int) -> Iterator[Running]:
    """Start ``tts-pipeline serve`` on a free port of the loopback; stop it in the end.

    Raises:
        TTSPipelineError: if it does not start.
    """
    command = [sys.executable, "-m", "tts_pipeline", "serve", "--port", "0", "--no-wyoming"]
    options = ["--workers", str(workers), "--queue", str(queue)]
    if voice is not None:
        options += ["--voice", str(voice)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        told = next((line for line in process.stdout if "OpenAI:" in line), "")
        found = re.search(r":(\d+)/v1", told)
        if found is None:
            raise TTSPipelineError("the server did not start; run tts-pipeline serve to see why")
        running = Running(process.pid, int(found[1]))
        _await_workers(running, workers)
        yield running
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _await_workers(running: Running, workers: int) -> None:
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", "/health")
            if json.load(connection.getresponse())["workers"] == workers:
                return
        time.sleep(0.1)


def ask(port: int, text: str, seed: int = 0) -> tuple[int, float, bytes]:
    """Ask for speech on a connection of its own; status, seconds to the first sound, the sound."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    wanted = {"input": text, "response_format": "pcm", "seed": seed}
    with contextlib.closing(connection):
        begun_s = time.perf_counter()
        connection.request(
            "POST", "/v1/audio/speech", json.dumps(wanted), {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        first = answer.read(1)
        first_s = time.perf_counter() - begun_s
        return answer.status, first_s, first + answer.read()


def first_sound(voice: Path | None, n_requests: int) -> dict[str, float]:
    """Milliseconds to the first sound of a sentence, by the API and over HTTP in turn."""
    from tts_pipeline import Voice, stream

    loaded = Voice.load(voice)
    found: dict[str, list[float]] = {"api": [], "http": []}
    with server(voice, 1, 8) as running:
        for number in range(n_requests + 5):
            begun_s = time.perf_counter()
            blocks = stream(SENTENCE, voice=loaded, threads=1, seed=number)
            next(blocks)
            api_s = time.perf_counter() - begun_s
            for _ in blocks:
                pass
            _, http_s, _ = ask(running.port, SENTENCE, number)
            if number >= 5:
                found["api"].append(1000 * api_s)
                found["http"].append(1000 * http_s)
    out = {}
    for name, values in found.items():
        out[f"{name}_median_ms"] = float(np.median(values))
        out[f"{name}_p95_ms"] = float(np.percentile(values, 95))
    return out


def crowd(voice: Path | None, clients: int, seconds: float, workers: int) -> dict[str, Any]:
    """Clients at once, each asking again and again; whether each got what one alone gets."""
    texts = [
        f"This is client number {number}, and the rest is silence." for number in range(clients)
    ]
    outcomes: Counter[str] = Counter()
    waits: list[float] = []
    with server(voice, workers, clients // 2) as running:
        alone = [ask(running.port, text, n)[2] for n, text in enumerate(texts)]
        end_s = time.perf_counter() + seconds

        def visit(number: int) -> None:
            while time.perf_counter() < end_s:
                try:
                    status, first_s, content = ask(running.port, texts[number], number)
                except (OSError, http.client.HTTPException) as error:
                    outcomes[type(error).__name__] += 1
                    continue
                if status == 200:
                    waits.append(first_s)
                    outcomes["ok" if content == alone[number] else "mixed up"] += 1
                else:
                    outcomes[str(status)] += 1
                    time.sleep(0.2)

        threads = [threading.Thread(target=visit, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return {"outcomes": dict(outcomes), "first_sound_median_s": float(np.median(waits))}


def memory(voice: Path | None, n_requests: int, workers: int) -> list[tuple[int, float]]:
    """Megabytes resident in the server and its workers after so many requests, every 100; Linux."""
    curve = []
    with server(voice, workers, 64) as running:
        for number in range(n_requests + 1):
            if number % _MEMORY_EVERY == 0:
                curve.append((number, resident_mb(running.pid)))
            text = f"Item {number % 997}: {SENTENCE if number % 20 == 0 else 'done.'}"
            ask(running.port, text, number)
    return curve


def resident_mb(pid: int) -> float:
    """Megabytes resident in a process and its children; 0 where there is no /proc."""
    total, pids = 0, [pid]
    while pids:
        one = pids.pop()
        with contextlib.suppress(OSError):
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            total += pages * os.sysconf("SC_PAGE_SIZE")
            for task in Path(f"/proc/{one}/task").iterdir():
                pids += map(int, (task / "children").read_text().split())
    return total / 1e6


def draw_memory(curve: list[tuple[int, float]], path: Path) -> None:
    """Draw the curve of :func:`memory` (matplotlib)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(*zip(*curve))
    axes.set(xlabel="requests", ylabel="resident, MB", title="Server and workers", ylim=(0, None))
    axes.grid(alpha=0.3)
    figure.savefig(path)


def measure(
    voice: Path | None, *, clients: int, seconds: float, n_memory: int, workers: int
) -> dict[str, Any]:
    """All of it, by name."""
    return {
        "first_sound": first_sound(voice, N_FIRST),
        "screen_reader_ms": first_sounds(voice, N_MESSAGES),
        "crowd": crowd(voice, clients, seconds, workers),
        "memory_mb": memory(voice, n_memory, workers),
    }


def shown(found: dict[str, Any]) -> str:
    """The figures as lines of text."""
    first, curve = found["first_sound"], found["memory_mb"]
    lines = [
        f"first sound, {name}: median {first[f'{name}_median_ms']:.1f} ms, "
        f"p95 {first[f'{name}_p95_ms']:.1f} ms"
        for name in ("api", "http")
    ]
    for name, kinds in found["screen_reader_ms"].items():
        times = ", ".join(f"{kind} {ms:.1f} ms" for kind, ms in kinds.items())
        lines.append(f"first sound for a screen reader, {name}: {times}")
    outcomes = ", ".join(f"{count} {name}" for name, count in found["crowd"]["outcomes"].items())
    lines.append(f"many clients at once: {outcomes}")
    lines += [
        f"memory after {number} requests: {mb:.0f} MB"
        for number, mb in curve[:: max(1, len(curve) // 10)]
    ]
    return "\n".join(lines)
