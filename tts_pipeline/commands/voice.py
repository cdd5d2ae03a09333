"""``tts-pipeline voice [FOLDER]``: what a voice is, whether its files are whole, and which of its
models speak if none is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Change if asked to, show and verify; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="tts-pipeline voice",
        description="Show a voice's models and card, and verify its files.",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="of the voice; default: the one that ships"
    )
    parser.add_argument(
        "--default-acoustic",
        metavar="NAME",
        help="let this acoustic model, NAME+REFINER with a refiner behind it, speak from now on if "
        "none is asked for; writes the folder's config.json",
    )
    parser.add_argument("--default-vocoder", metavar="NAME", help="likewise")
    arguments = parser.parse_args(argv)

    from tts_pipeline.voice.defaults import Defaults
    from tts_pipeline.voice.folder import write_defaults
    from tts_pipeline.voice.voice import SHIPPED, Voice

    folder = arguments.folder or SHIPPED
    voice = Voice.load(folder)
    asked = Defaults(arguments.default_acoustic, arguments.default_vocoder).given
    if asked:
        write_defaults(folder, Defaults(**{**voice.defaults.given, **asked}))
        voice = Voice.load(folder)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    print(f"voice      {voice.name} ({voice.language}), {folder}")
    print(f"audio      {voice.audio.sample_rate} Hz, {voice.audio.n_mels} mel bands, ", end="")
    print(f"{voice.audio.frame_rate:g} frames a second")
    print(f"default    {voice.default_acoustic}, {voice.default_vocoder}")
    voice.verify()
    for name, model in voice.models.items():
        count = voice.start(name, model.role).n_parameters
        print(f"model      {name}: {model.role}, {model.kind}, {count / 1e6:.2f} M parameters")
    for path in files:
        print(f"file       {path.name}: {path.stat().st_size / 1e6:.2f} MB")
    print("verified   sizes, SHA-256, names and shapes of all weights\n")
    print(voice.card.strip() or "(no card)")
    return 0
