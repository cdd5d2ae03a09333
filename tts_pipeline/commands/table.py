"""The commands of ``tts-pipeline``."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """Where a command's ``main(argv) -> int | None`` lives, and what it is for."""

    module: str
    purpose: str
    extra: str = ""


COMMANDS = {
    "speak": Command(
        "tts_pipeline.commands.speak.command", "speak a text (what happens without a command)"
    ),
    "batch": Command(
        "tts_pipeline.commands.batch.command", "speak every row of a csv into a folder"
    ),
    "pronounce": Command(
        "tts_pipeline.commands.pronounce", "show how a text is read, step by step"
    ),
    "serve": Command(
        "tts_pipeline.commands.serve", "a warm voice over HTTP and Wyoming, and a page", "serve"
    ),
    "speechd-module": Command(
        "tts_pipeline.commands.speechd_module", "speak for speech-dispatcher, which starts it"
    ),
    "voice": Command("tts_pipeline.commands.voice", "show and verify a voice"),
    "warmup": Command("tts_pipeline.commands.warmup", "compile the kernels now, once"),
    "doctor": Command("tts_pipeline.commands.doctor", "look for faults in a corpus", "train"),
    "train": Command("tts_pipeline.commands.train", "make a voice from a recipe", "train"),
    "evaluate": Command("tts_pipeline.commands.evaluate", "score a voice", "eval"),
    "compare": Command(
        "tts_pipeline.commands.compare", "compare strategies, in figures and sound", "eval"
    ),
    "listen": Command(
        "tts_pipeline.commands.listen", "build, serve and analyse listening tests", "listen"
    ),
    "samples": Command("tts_pipeline.commands.samples", "make sounds to publish", "eval"),
    "benchmark": Command("tts_pipeline.commands.benchmark", "measure speed here", "eval"),
}
