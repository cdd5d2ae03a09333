"""``tts-pipeline samples``: sounds to publish, of fixed sentences, with a page that plays them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.commands.comparing import add_options, limits_of
from tts_pipeline.evaluation.pages.samples import SENTENCES, make_samples
from tts_pipeline.voice.voice import Voice

_ABOUT = """\
Speaks the sentences of DIR/sentences.tsv (lines name<TAB>text) with every strategy that needs no
recording, into DIR/audio/STRATEGY/NAME.flac, with manifest.json, index.html and README.md beside.
The same voice, seed and machine give the same samples again."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 1 if a strategy failed.

    Raises:
        ConfigError: if options or sentences do not fit together.
        VoiceError: if the voice cannot be read.
    """
    parser = argparse.ArgumentParser(prog="tts-pipeline samples", description=_ABOUT)
    parser.add_argument(
        "--out", type=Path, default=Path("samples"), metavar="DIR", help="(samples)"
    )
    parser.add_argument("--sentences", type=Path, metavar="FILE", help=f"(DIR/{SENTENCES})")
    add_options(parser)
    options = parser.parse_args(argv)
    manifest, failures = make_samples(
        Voice.load(options.voice),
        options.sentences or options.out / SENTENCES,
        options.out,
        seed=options.seed,
        only=options.strategies.split(",") if options.strategies else None,
        limits=limits_of(options.limit),
        budget_s=options.seconds,
    )
    total = sum((options.out / item.file).stat().st_size for item in manifest.samples)
    print(f"{len(manifest.samples)} sounds, {total / 1e6:.1f} MB: {options.out / 'index.html'}")
    return int(bool(failures))
