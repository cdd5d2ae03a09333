"""The figures of a comparison as tables for the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts_pipeline.evaluation.compare.findings import number
from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.tables import markdown

COST = ("x real time", "first sound ms", "memory MB", "parameters", "GMAC/s", "texts")
_SHOWN = ("dnsmos_ovrl", "pesq", "stoi", "mcd", "wer")
HOW = """\
One thread; medians over texts, after one that is not counted; a sound made in less than a quarter
of a second is timed three times. `x real time`: seconds of sound for a second of the processor, of
the vocoder alone for `copy-...`, of everything from the text on for the others. `first sound`: time
that goes by from the call to the first block of samples. `memory`: the most that a process doing
nothing else held. `GMAC/s`: thousand millions of multiply-accumulates for a second of sound, in
matrix products, convolutions and Fourier transforms. Brackets hold 95 % bootstrap intervals over
texts."""


def cost_cells(row: dict[str, Any]) -> list[str]:
    """What a strategy costs, in the order of :data:`COST`."""
    texts = str(row["n_texts"])
    if row["limited_by"]:
        texts += f" of {row['n_possible']}"
    if not row["xrt"]:
        return ["-"] * (len(COST) - 1) + [texts]
    operations, memory = row["gmac_per_s"], row["peak_memory_mb"]
    return [
        number(row["xrt"]["median"]),
        number(row["first_audio_ms"]["p50"]),
        "-" if memory is None else f"{memory:.0f}",
        f"{row['parameters'] / 1e6:.2f} M" if row["parameters"] else "0",
        "-" if operations is None else f"{operations:.2f}",
        texts,
    ]


def quality_cell(row: dict[str, Any], metric: str, *, interval: bool = True) -> str:
    """A score with its interval; "-" if there is none."""
    if metric not in row["metrics"]:
        return "-"
    found, digits = row["metrics"][metric], METRICS[metric].digits
    value = f"{found['value']:.{digits}f}"
    return f"{value} [{found['low']:.{digits}f}, {found['high']:.{digits}f}]" if interval else value


def metrics_of(comparison: dict[str, Any]) -> list[str]:
    """The metrics of which some strategy has a score."""
    rows = comparison["strategies"]
    return [name for name in METRICS if any(name in row["metrics"] for row in rows)]


def short_table(comparison: dict[str, Any]) -> str:
    """Costs and the main scores, for a terminal."""
    shown = [name for name in _SHOWN if name in metrics_of(comparison)]
    header = ["strategy", *COST, *(METRICS[name].label for name in shown)]
    rows = [
        [row["name"], *cost_cells(row), *(quality_cell(row, m, interval=False) for m in shown)]
        for row in comparison["strategies"]
    ]
    return markdown(header, rows)


def notes(comparison: dict[str, Any]) -> list[str]:
    """What failed, is missing or was left out, and why."""
    said = [f"{row['name']} failed: {row['failed']}" for row in _rows(comparison, "failed")]
    for row in comparison["strategies"]:
        said += [
            f"{row['name']}, {METRICS[name].label}: not available for {reason}"
            for name, reason in row["unavailable"].items()
        ]
    said += [
        f"{item['strategy']}, {item['text']}: left out {'; '.join(item['left_out'])}"
        for item in comparison["items"]
        if item["left_out"]
    ]
    return said


def _rows(comparison: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [row for row in comparison["strategies"] if row[key]]


def report_markdown(comparison: dict[str, Any]) -> str:
    """Everything but the sound."""
    names = [row["name"] for row in comparison["strategies"]]
    voice = comparison["voice"]
    machine = ", ".join(f"{key} {value}" for key, value in comparison["machine"].items())
    scores = [
        [METRICS[m].label, METRICS[m].best, *(quality_cell(r, m) for r in comparison["strategies"])]
        for m in metrics_of(comparison)
    ]
    parts = [
        "# What each strategy costs, and what it sounds like",
        f"Voice {voice['name']} ({voice['fingerprint'][:12]}), tts_pipeline "
        f"{comparison['version']}, seed {comparison['seed']}, {len(comparison['texts'])} texts, "
        f"{comparison['made']}. Machine: {machine}.",
        "\n".join(f"- {sentence}" for sentence in comparison["statement"]),
        "## Cost",
        markdown(
            ["strategy", "what it is", *COST],
            [[row["name"], row["label"], *cost_cells(row)] for row in comparison["strategies"]],
        ),
        HOW,
        "## Sound",
        markdown(["metric", "best", *names], scores),
        f"Recogniser: {comparison['recogniser']}. What compares moment by moment (PESQ-WB, STOI, "
        "log-spectral distance, F0) is not defined for speech from text, whose timing is its own.",
        *_section("## Notes", notes(comparison)),
        "## Texts",
        "\n".join(f"- {item['id']}: {item['text']}" for item in comparison["texts"]),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [title, "\n".join(f"- {line}" for line in lines)] if lines else []
