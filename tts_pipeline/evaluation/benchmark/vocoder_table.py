"""The vocoders' benchmark as a table and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tts_pipeline.comparison import Machine
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.evaluation.tables import markdown

_HEADER = (
    "system", "threads", "samples/s", "min-max", "x real time", "x naive", "first sample",
    "min-max", "peak memory", "compiling",
)  # fmt: skip


def table(figures: dict[str, Any]) -> str:
    """The figures for a terminal, or for Markdown."""
    rows = []
    for row in figures["systems"]:
        first = row["first_sample_ms"]
        rows.append(
            [
                row["name"],
                str(row["threads"]),
                _short(row["samples_per_second"]),
                f"{_short(row['least_samples_per_second'])}-"
                f"{_short(row['most_samples_per_second'])}",
                f"{row['xrt']:.2g}" if row["xrt"] < 10 else f"{row['xrt']:.0f}",
                _short(row["speed_up_over_naive"]),
                f"{first['median']:.1f} ms" if first else "",
                f"{first['least']:.1f}-{first['most']:.1f}" if first else "",
                f"{row['peak_memory_mb']:.0f} MB" if row["peak_memory_mb"] else "unknown",
                f"{row['compile_s']:.1f} s" if row["compile_s"] is not None else "",
            ]
        )
    notes = [Machine(**figures["machine"]).describe(), ""]
    if not figures["wavenet_is_trained"]:
        notes.append(
            f"voice {figures['voice']} has no WaveNet: one of the full size with random weights "
            "takes its place"
        )
    speed = {row["name"]: row["samples_per_second"] for row in figures["systems"]}
    over = f"numba-f32 is {speed['numba-f32'] / speed['cached']:.1f} x cached"
    return "\n".join([*notes, markdown(_HEADER, rows), "", over])


def draw(figures: dict[str, Any], path: Path) -> None:
    """Bars of samples per second on a logarithmic scale, with a line at real time.

    Raises:
        TTSPipelineError: if matplotlib is missing or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise TTSPipelineError(
            "--picture needs matplotlib; install with: pip install 'tts_pipeline[train]'"
        ) from error
    rows = sorted(figures["systems"], key=lambda row: row["samples_per_second"])
    speeds = [row["samples_per_second"] for row in rows]
    beyond = [
        [row["samples_per_second"] - row["least_samples_per_second"] for row in rows],
        [row["most_samples_per_second"] - row["samples_per_second"] for row in rows],
    ]
    figure = Figure(figsize=(7, 0.8 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([row["name"] for row in rows], speeds, xerr=beyond)
    axes.bar_label(bars, [_short(speed) for speed in speeds], padding=5)
    axes.axvline(figures["sample_rate"], color="black", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlim(1, 10 * max(speeds))
    axes.set_xlabel(f"samples per second (dashed: real time), {figures['machine']['processor']}")
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise TTSPipelineError(f"{path}: cannot be written ({error})") from error


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
