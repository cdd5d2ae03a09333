"""``tts-pipeline benchmark``: how fast a voice speaks on this machine, beside others."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.atomic import write_json

WHATS = ("pipeline", "vocoders", "server")


def main(argv: Sequence[str]) -> int:
    """Measure and show; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline benchmark",
        description="Time text to waveform and its stages, warm, in interleaved rounds, beside "
        "espeak-ng, flite and piper where they are installed (the start of their process "
        "included). With the word vocoders: WaveNet by its generators, the parallel vocoder and "
        "Griffin-Lim on the same mel. With the word server: first sound over HTTP and for "
        "screen readers, many clients at once, memory. Medians with the least and the most.",
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
    parser.add_argument("--clients", type=int, default=50, metavar="N", help="server: (50)")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="server: (60)")
    parser.add_argument("--requests", type=int, default=2000, metavar="N", help="server: (2000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw them (matplotlib)")
    arguments = parser.parse_args(argv)
    if arguments.what == "server":
        return _server(arguments)
    if arguments.rounds < 1 or min(arguments.threads) < 1:
        parser.error("--rounds and --threads: expected at least 1")

    from tts_pipeline.evaluation.benchmark import pipeline, pipeline_table, vocoder_table, vocoders
    from tts_pipeline.voice.voice import Voice

    voice = Voice.load(arguments.voice)
    if arguments.what == "vocoders":
        more = arguments.more
        figures = vocoders.measure(voice, rounds=arguments.rounds, smaller=more, batch=more)
        shown, picture = vocoder_table.table(figures), vocoder_table.draw
    else:
        figures, _ = pipeline.measure(
            voice,
            rounds=arguments.rounds,
            threads=tuple(sorted({1, *arguments.threads})),
            piper_model=arguments.piper_model,
            peers=not arguments.no_peers,
        )
        shown, picture = pipeline_table.table(figures), pipeline_table.draw
    print(shown)
    if arguments.json:
        write_json(arguments.json, figures)
    if arguments.picture:
        picture(figures, arguments.picture)
    return 0


def _server(arguments: argparse.Namespace) -> int:
    from tts_pipeline.serve import measure
    from tts_pipeline.serve.settings import default_workers

    found = measure.measure(
        arguments.voice,
        clients=arguments.clients,
        seconds=arguments.seconds,
        n_memory=arguments.requests,
        workers=default_workers(),
    )
    print(measure.shown(found))
    if arguments.json:
        write_json(arguments.json, found)
    if arguments.picture:
        measure.draw_memory(found["memory_mb"], arguments.picture)
    return 0
