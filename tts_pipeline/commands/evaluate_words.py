"""``tts-pipeline evaluate words``: are single words, letters, digits and names understood?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.atomic import write_json
from tts_pipeline.commands.options import add_voice_options, voice_options


def main(argv: Sequence[str]) -> int:
    """Measure and show; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline evaluate words",
        description="Say 100 common words, 26 letters, 10 digits and 30 first names alone, and "
        "count what pocketsphinx understands that knows the list and nothing else, beside flite "
        "slt where it is installed.",
    )
    add_voice_options(parser)
    parser.add_argument("--no-peers", action="store_true", help="leave other programs out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    arguments = parser.parse_args(argv)

    from tts_pipeline.evaluation.isolated.measure import measure, table

    figures = measure(peers=not arguments.no_peers, **voice_options(arguments))
    print(table(figures))
    if arguments.json:
        plain = {
            voice: {
                name: {"n_items": found.n_items, "n_right": found.n_right, "wrong": found.wrong}
                for name, found in lists.items()
            }
            for voice, lists in figures.items()
        }
        write_json(arguments.json, plain)
    return 0
