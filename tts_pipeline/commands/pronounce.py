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
    parser.add_argument(
        "--text-format", choices=("plain", "markdown"), default="plain", help="how TEXT is written"
    )
    parser.add_argument(
        "--why",
        action="store_true",
        help="show which rule or model decided each word, and the tunes of its sentences: put it "
        "into a report of a fault",
    )
    arguments = parser.parse_args(argv)

    from tts_pipeline.text.english.explain import explain
    from tts_pipeline.text.english.frontend import EnglishFrontEnd

    front_end = EnglishFrontEnd(lexicon=arguments.lexicon, text_format=arguments.text_format)
    if arguments.why:
        from tts_pipeline.intonation.explain import explain_tunes
        from tts_pipeline.text.english.why import explain_why

        print(explain_why(arguments.text, front_end))
        print()
        print(explain_tunes(front_end(arguments.text)[0]))
    else:
        print(explain(arguments.text, front_end))
    return 0
