"""The figures of a comparison as tables for the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tts_pipeline.comparison import Comparison, StrategyResult
from tts_pipeline.evaluation.compare.findings import number
from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.tables import markdown

COST = (
    "x real time", "first sound ms", "memory MB", "parameters", "GMAC/s", "steps/s", "texts",
)  # fmt: skip
HOW = """\
One thread; medians over texts, after one that is not counted; a sound made in less than a quarter
of a second is timed three times. `x real time`: seconds of sound for a second of the processor, of
the vocoder alone for `copy-...`, of everything from the text on for the others. `first sound`: time
that goes by from the call to the first block of samples. `memory`: the most that a process doing
nothing else held. `GMAC/s`: billions (1e9) of multiply-accumulates for a second of sound, in
matrix products, convolutions and Fourier transforms. `steps/s`: how many of them must wait for the
one before. Brackets hold 95 % bootstrap intervals over texts."""
PREPARED = """\
Recordings are compared as they were prepared for training (high-passed at 60 Hz, levelled,
trimmed): rumble that no listener misses would count against every copy."""


def cost_cells(row: StrategyResult) -> list[str]:
    """What a strategy costs, in the order of :data:`COST`."""
    texts = str(row.n_texts)
    if row.limited_by:
        texts += f" of {row.n_possible}"
    cost = row.cost
    if cost is None:
        return ["-"] * (len(COST) - 1) + [texts]
    return [
        number(cost.xrt.median),
        number(cost.first_audio_ms.p50),
        "-" if cost.peak_memory_mb is None else f"{cost.peak_memory_mb:.0f}",
        f"{cost.parameters / 1e6:.2f} M" if cost.parameters else "0",
        "-" if cost.gmac_per_s is None else f"{cost.gmac_per_s:.2f}",
        "-" if cost.steps_per_s is None else number(cost.steps_per_s),
        texts,
    ]


def cost_values(row: StrategyResult) -> list[float | None]:
    """The numbers behind :func:`cost_cells`."""
    cost = row.cost
    if cost is None:
        return [*[None] * (len(COST) - 1), row.n_texts]
    return [
        cost.xrt.median,
        cost.first_audio_ms.p50,
        cost.peak_memory_mb,
        cost.parameters,
        cost.gmac_per_s,
        cost.steps_per_s,
        row.n_texts,
    ]


def quality_cell(row: StrategyResult, metric: str, *, interval: bool = True) -> str:
    """A score with its interval; "-" if there is none."""
    found = row.metrics.get(metric)
    if found is None:
        return "-"
    digits = METRICS[metric].digits
    value = f"{found.value:.{digits}f}"
    return f"{value} [{found.low:.{digits}f}, {found.high:.{digits}f}]" if interval else value


def metrics_of(comparison: Comparison) -> list[str]:
    """The metrics of which some strategy has a score."""
    return [name for name in METRICS if any(name in row.metrics for row in comparison.strategies)]


def short_table(comparison: Comparison) -> str:
    """Costs and the main scores, for a terminal."""
    shown = [name for name in metrics_of(comparison) if METRICS[name].shown]
    header = ["strategy", *COST, *(METRICS[name].label for name in shown)]
    rows = [
        [row.name, *cost_cells(row), *(quality_cell(row, m, interval=False) for m in shown)]
        for row in comparison.strategies
    ]
    return markdown(header, rows)


def notes(comparison: Comparison) -> list[str]:
    """What failed, is missing or was left out, and why."""
    out = [f"{row.name} failed: {row.failed}" for row in comparison.strategies if row.failed]
    for row in comparison.strategies:
        out += [
            f"{row.name}, {METRICS[name].label if name in METRICS else name}: not available for "
            f"{reason}"
            for name, reason in row.unavailable.items()
        ]
    out += [
        f"{item.strategy}, {item.text}: left out {'; '.join(item.left_out)}"
        for item in comparison.sounds
        if item.left_out
    ]
    out += [
        f"{item.strategy}, {item.text}: {'; '.join(item.problems)}"
        for item in comparison.sounds
        if item.problems
    ]
    return out


def report_markdown(comparison: Comparison) -> str:
    """Everything but the sound."""
    rows = comparison.main
    voice = comparison.voice
    scores = [
        [METRICS[m].title, METRICS[m].best, *(quality_cell(row, m) for row in rows)]
        for m in metrics_of(comparison)
    ]
    parts = [
        "# What each strategy costs, and what it sounds like",
        f"Voice {voice.name} ({voice.fingerprint[:12]}), tts_pipeline {comparison.version}, "
        f"seed {comparison.seed}, {len(comparison.texts)} texts, {comparison.made}. "
        f"Machine: {comparison.machine.describe()}.",
        "\n".join(f"- {sentence}" for sentence in comparison.findings),
        "## Cost",
        markdown(
            ["strategy", "what it is", *COST],
            [[row.name, row.label, *cost_cells(row)] for row in rows],
        ),
        HOW,
        "## Sound",
        markdown(["metric", "best", *(row.name for row in rows)], scores),
        f"Recogniser: {comparison.recogniser}. What compares moment by moment (PESQ-WB, STOI, "
        "log-spectral distance, F0) is not defined for speech from text, whose timing is its own. "
        + PREPARED.replace("\n", " "),
        *_curve_tables(comparison),
        *_section("## Notes", notes(comparison)),
        "## Texts",
        "\n".join(f"- {item.id}: {item.text}" for item in comparison.texts),
    ]
    return "\n\n".join(parts) + "\n"


def _curve_tables(comparison: Comparison) -> list[str]:
    """Quality and speed against the number of steps, a table a strategy."""
    out = []
    shown = metrics_of(comparison)
    for name, points in comparison.curves.items():
        known = [m for m in shown if any(m in row.metrics for row in points)]
        header = ["steps", *COST[:2], *(METRICS[m].label for m in known)]
        rows = [
            [str(row.steps), *cost_cells(row)[:2], *(quality_cell(row, m) for m in known)]
            for row in points
        ]
        out += [f"## {name} by steps", markdown(header, rows)]
    return out


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [title, "\n".join(f"- {line}" for line in lines)] if lines else []
