"""Counters and histograms in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

from tts_pipeline.serve.pool import Pool

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.4, 0.8, 1.6, 5.0, 30.0)
_FACTORS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class Histogram:
    """Counts how many values lie at or below each bound."""

    def __init__(self, name: str, purpose: str, bounds: tuple[float, ...]) -> None:
        self._name, self._purpose, self._bounds = name, purpose, bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def lines(self) -> list[str]:
        """As Prometheus reads it."""
        out = [f"# HELP {self._name} {self._purpose}", f"# TYPE {self._name} histogram"]
        total = 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts):
            total += count
            out.append(f'{self._name}_bucket{{le="{bound}"}} {total}')
        return [*out, f"{self._name}_sum {self._sum:.6f}", f"{self._name}_count {total}"]


class Metrics:
    """What a server has done since it started."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()
        self.audio_s = 0.0
        self._first_sound = Histogram(
            "tts_pipeline_first_sound_seconds",
            "From the arrival of a request to its first block of sound.",
            _SECONDS,
        )
        self._factor = Histogram(
            "tts_pipeline_real_time_factor",
            "Seconds of computing per second of sound, by request.",
            _FACTORS,
        )

    def count(self, door: str, outcome: str) -> None:
        """Count a request: where it came in ("http", "wyoming") and what became of it."""
        self._requests[door, outcome] += 1

    def first_sound(self, seconds: float) -> None:
        """Note how long a client waited."""
        self._first_sound.add(seconds)

    def spoken(self, audio_s: float, compute_s: float) -> None:
        """Note what was spoken to the end."""
        self.audio_s += audio_s
        if audio_s > 0:
            self._factor.add(compute_s / audio_s)

    def text(self, pool: Pool) -> str:
        """All of it, with the state of the pool."""
        out = [
            "# HELP tts_pipeline_requests_total Requests for speech by door and outcome.",
            "# TYPE tts_pipeline_requests_total counter",
        ]
        for (door, outcome), count in sorted(self._requests.items()):
            labels = f'door="{door}",outcome="{outcome}"'
            out.append(f"tts_pipeline_requests_total{{{labels}}} {count}")
        out += self._first_sound.lines() + self._factor.lines()
        for name, kind, purpose, value in (
            ("audio_seconds_total", "counter", "Seconds of sound made.", f"{self.audio_s:.3f}"),
            ("queue_length", "gauge", "Requests that wait for a worker.", pool.n_waiting),
            ("workers_busy", "gauge", "Workers at a request.", pool.n_busy),
            ("workers_ready", "gauge", "Workers with a warm voice.", pool.n_ready),
            ("workers_lost_total", "counter", "Workers that died.", pool.n_lost),
        ):
            out += [
                f"# HELP tts_pipeline_{name} {purpose}",
                f"# TYPE tts_pipeline_{name} {kind}",
                f"tts_pipeline_{name} {value}",
            ]
        return "\n".join(out) + "\n"
