"""What the terminal shows while a text is spoken."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from tts_pipeline.audio.files import Audio

_CLEAR_LINE = "\r\x1b[K"


def shown(blocks: Iterator[Audio]) -> Iterator[Audio]:
    """Pass blocks on; say what was left out or went wrong, and on a terminal how far it is."""
    progress = sys.stderr.isatty()
    begun, spoken_s, known_s = time.perf_counter(), 0.0, 0.0
    told: set[str] = set()
    for block in blocks:
        for said in _warnings(block, told):
            clear = _CLEAR_LINE if progress else ""
            print(f"{clear}tts-pipeline: warning: {said}", file=sys.stderr)
        yield block
        spoken_s += block.duration_s
        # A sentence's timestamps come with its first block, and tell how long it will be.
        known_s = max([known_s, *(stamp.end_s for stamp in block.timestamps)])
        if progress:
            speed = spoken_s / (time.perf_counter() - begun)
            status = (
                f"{_CLEAR_LINE}{spoken_s:.1f} s of speech, {speed:.1f} x real time, "
                f"{speed * block.sample_rate:,.0f} samples/s"
            )
            if block.duration_s and known_s > spoken_s:
                # At this block's own speed: loading and compiling are over.
                rtf = block.report.rtf if block.report else 1 / speed
                left_s = (known_s - spoken_s) * rtf
                status += f", sentence done in {left_s:.1f} s"
            print(status, end="", file=sys.stderr, flush=True)
    if progress:
        print(file=sys.stderr)


def _warnings(block: Audio, told: set[str]) -> list[str]:
    """What was left out of this block, and problems that were not told yet."""
    if block.report is None:
        return []
    problems = [item for item in block.report.problems if item not in told]
    told |= set(problems)
    return [*(item.describe() for item in block.report.dropped), *problems]
