"""``tts-pipeline pronounce TEXT``: how a text is read, step by step."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Explain; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline pronounce",
        description="Show normalised words, the source of each pronunciation, phones and spans.",
    )
    parser.add_argument("text")
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help="your own words")
    arguments = parser.parse_args(argv)

    from tts_pipeline.text.english.explain import explain
    from tts_pipeline.text.english.frontend import EnglishFrontEnd

    print(explain(arguments.text, EnglishFrontEnd(lexicon=arguments.lexicon)))
    return 0
