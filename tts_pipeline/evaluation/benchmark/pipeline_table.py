"""The pipeline's benchmark as a table and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tts_pipeline.comparison import Machine
from tts_pipeline.errors import TTSPipelineError


def table(figures: dict[str, Any]) -> str:
    """The figures for a terminal."""
    lines = [Machine(**figures["machine"]).describe()]
    lines.append(f"stage 1: {figures['acoustic']}; stage 2: {figures['vocoder']}")
    lines.append(
        f"{'system':26}{'text':13}{'threads':>7}{'median ms':>11}{'min-max ms':>19}"
        f"{'x real time':>13}{'per core':>10}"
    )
    for row in figures["systems"]:
        span = f"{1e3 * row['least_s']:.1f}-{1e3 * row['most_s']:.1f}"
        # A front end, or a first block, makes no sound whose length would mean anything.
        speeds = f"{row['xrt']:13.1f}{row['xrt_per_core']:10.1f}"
        speeds = "" if row["name"] == "first sound" else speeds
        lines.append(
            f"{row['name']:26}{row['text']:13}{row['threads']:7}{1e3 * row['median_s']:11.1f}"
            f"{span:>19}{speeds}"
        )
    shares = ", ".join(f"{name} {100 * part:.0f} %" for name, part in figures["share"].items())
    for threads, first in figures["first_sound_ms_by_threads"].items():
        lines.append(
            f"first sound of ten seconds, {threads} thread{'s'[: int(threads) > 1]}: "
            f"p50 {first['p50']:.0f} ms, p95 {first['p95']:.0f} ms"
        )
    lines.append(f"stage 1: {figures['stage_1_frames_per_s']:.0f} frames/s")
    lines.append(f"shares: {shares}")
    growth = figures["cost_of_long_text"]
    lines.append(f"a second of ten minutes costs {growth:.2f} x a second of ten seconds")
    for name, amount in figures["peak_memory_mb"].items():
        shown = "unknown" if amount is None else f"{amount:.0f} MB"
        lines.append(f"peak memory, {name}, streamed: {shown}")
    return "\n".join(lines)


def draw(figures: dict[str, Any], path: Path) -> None:
    """Bars of the speed of every system that makes sound of the ten-second text.

    Raises:
        TTSPipelineError: if matplotlib is missing or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise TTSPipelineError(
            "--picture needs matplotlib; install with: pip install 'tts_pipeline[train]'"
        ) from error
    rows = [
        row
        for row in figures["systems"]
        if row["text"] == "ten seconds"
        and row["threads"] == 1
        and row["name"] not in ("first sound", "text front end")
    ]
    rows.sort(key=lambda row: row["xrt"])
    figure = Figure(figsize=(7, 0.5 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([row["name"] for row in rows], [row["xrt"] for row in rows])
    axes.bar_label(bars, [f"{row['xrt']:.0f}" for row in rows], padding=3)
    axes.set_xscale("log")
    axes.set_xlabel(f"x real time, one thread, {figures['machine']['processor']}")
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise TTSPipelineError(f"{path}: cannot be written ({error})") from error
