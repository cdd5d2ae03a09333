"""``tts-pipeline warmup``: compile what is compiled once, so that nobody waits for it later."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tts_pipeline.errors import TTSPipelineError


def main(argv: Sequence[str]) -> int:
    """Compile, load and speak once; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline warmup",
        description="Compile the kernels into their cache, load the voice, and speak one sentence. "
        "To be run once after installing, for instance when an image is built. Exit code 1 if "
        "there is no folder to keep the kernels in.",
    )
    parser.add_argument("--voice", type=Path, metavar="FOLDER", help="default: the one that ships")
    arguments = parser.parse_args(argv)

    start = time.perf_counter()
    from tts_pipeline.nn.jit import cache_folders
    from tts_pipeline.synthesis import stream
    from tts_pipeline.voice.models import ACOUSTIC, VOCODER
    from tts_pipeline.voice.voice import cached_voice

    voice = cached_voice(arguments.voice)
    loaded = time.perf_counter()
    named = [{role: name} for role in (ACOUSTIC, VOCODER) for name in voice.names(role)]
    roads: list[dict[str, Any]] = [{}, *named]
    for chosen in roads:
        for _ in stream("Ready.", voice=voice, **chosen):
            pass
    spoken = time.perf_counter()
    first = next(stream("Ready.", voice=voice))
    print(f"voice    {voice.name} loaded in {loaded - start:.1f} s")
    print(f"kernels  compiled or read in {spoken - loaded:.1f} s")
    print(f"speech   from now on after {1e3 * first.report.compute_s:.0f} ms")
    folders = cache_folders()
    for folder in folders:
        print(f"cache    {folder}")
    if not folders:
        raise TTSPipelineError(
            "compiled kernels cannot be kept: every process will compile them anew; set "
            "NUMBA_CACHE_DIR to a folder that can be written"
        )
    return 0
