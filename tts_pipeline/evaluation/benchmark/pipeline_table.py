"""``tts-pipeline benchmark``: how fast a voice speaks on this machine, beside others."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tts_pipeline.errors import TTSPipelineError

WHATS = ("pipeline", "vocoders")


def main(argv: Sequence[str]) -> int:
    """Measure and show; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline benchmark",
        description="Time text to waveform and its stages, warm, in interleaved rounds, beside "
        "espeak-ng, flite and piper where they are installed (the start of their process "
        "included). With the word vocoders: WaveNet by its generators, the parallel vocoder and "
        "Griffin-Lim on the same mel. Medians with the least and the most.",
    )
    parser.add_argument("what", nargs="?", choices=WHATS, default="pipeline")
    parser.add_argument("--voice", type=Path, metavar="FOLDER", help="default: the one that ships")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="default 7")
    parser.add_argument(
        "--threads", type=int, nargs="+", default=[2], metavar="N", help="beside 1; default 2"
    )
    parser.add_argument("--no-peers", action="store_true", help="leave other programs out")
    parser.add_argument("--piper-model", type=Path, metavar="FILE", help="voice for piper")
    parser.add_argument(
        "--more", action="store_true", help="vocoders: also WaveNet with 10 layers, and batches"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw them (matplotlib)")
    arguments = parser.parse_args(argv)
    if arguments.rounds < 1 or min(arguments.threads) < 1:
        parser.error("--rounds and --threads: expected at least 1")

    from tts_pipeline.evaluation.benchmark.pipeline import measure
    from tts_pipeline.evaluation.benchmark.pipeline_table import vocoder_table
    from tts_pipeline.evaluation.benchmark.pipeline_table import vocoders as benchmark_vocoders
    from tts_pipeline.voice.voice import Voice

    voice = Voice.load(arguments.voice)
    if arguments.what == "vocoders":
        more = arguments.more
        figures = benchmark_vocoders.measure(
            voice, rounds=arguments.rounds, smaller=more, batch=more
        )
        shown, picture = vocoder_table.table(figures), vocoder_table.draw
    else:
        figures, _ = measure(
            voice,
            rounds=arguments.rounds,
            threads=tuple(sorted({1, *arguments.threads})),
            piper_model=arguments.piper_model,
            peers=not arguments.no_peers,
        )
        shown, picture = table(figures), draw
    print(shown)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if arguments.picture:
        picture(figures, arguments.picture)
    return 0


def table(figures: dict[str, Any]) -> str:
    """The figures for a terminal."""
    lines = [", ".join(f"{key} {value}" for key, value in figures["machine"].items())]
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
