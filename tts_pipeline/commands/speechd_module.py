"""``tts-pipeline speechd-module``: what speech-dispatcher starts to speak with.

The same is installed as ``sd_tts-pipeline``, as speech-dispatcher's configuration names a program
without arguments.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.processes import threads_environment


def main(argv: Sequence[str] | None = None) -> int:
    """Speak with speech-dispatcher on standard input and output; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline speechd-module",
        description="A module for speech-dispatcher, which starts it; see README.",
    )
    parser.add_argument("--voice", type=Path, metavar="FOLDER", help="default: the one that ships")
    # speech-dispatcher names the configuration file of the module.
    parser.add_argument("config", nargs="?", help="ignored")
    arguments = parser.parse_args(argv)

    # Before NumPy is imported: a second thread would only take the core that the screen reader
    # needs.
    os.environ.update(threads_environment(1))
    from tts_pipeline.serve.speechd.module import run_module

    return run_module(arguments.voice)
