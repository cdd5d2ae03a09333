"""``tts-pipeline doctor CORPUS``: look at every row of a corpus before training on it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Examine; returns 0 if the corpus is fit for training, else 1."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline doctor",
        description="Report what is wrong with a corpus, by file and line, and how long training "
        "on it would take here. Exit code 1 if training would refuse it.",
    )
    parser.add_argument("corpus", type=Path, help="folder of recordings with their texts")
    parser.add_argument(
        "--exclude", nargs="+", default=[], metavar="ID", help="rows that training leaves out"
    )
    arguments = parser.parse_args(argv)

    from tts_pipeline.corpus.doctor import examine, format_report

    diagnosis = examine(arguments.corpus, exclude=arguments.exclude)
    print(format_report(diagnosis))
    return 0 if diagnosis.healthy else 1
