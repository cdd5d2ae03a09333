"""Speaks JSON objects, one a line, each into a file of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tts_pipeline.audio.files import Audio
from tts_pipeline.commands.speak.sinks import file_sink
from tts_pipeline.errors import ConfigError, TTSPipelineError

_MAX_LINE = 1_048_576
# What a line may hold beside its text and its file.
_OPTIONS = (
    "seed",
    "rate",
    "pitch",
    "energy",
    "vocoder",
    "acoustic",
    "style",
    "strict",
    "text_format",
    "intonation",
)


def speak_lines(
    lines: Iterable[str],
    folder: Path,
    sample_rate: int,
    options: dict[str, Any],
    speak: Callable[[str, dict[str, Any]], Iterator[Audio]],
) -> Iterator[Path]:
    """Speak ``{"text": ..., "output_file": ..., "seed": ..., "rate": ...}``, line by line.

    Args:
        lines: blank ones are skipped. Without "output_file" the number of the line is the name.
        folder: where relative names lie.
        sample_rate: of the voice.
        options: those that a line does not give.
        speak: makes sound of a text with options.

    Returns:
        Iterator over the files, each when it is whole.

    Raises:
        ConfigError: naming the line that is no such object.
        TTSPipelineError: what ``speak`` raises, or if a file cannot be written.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        text, name, own = _parsed(line, number)
        path = folder / (name or f"{number:04}.wav")
        try:
            with file_sink(path, sample_rate) as sink:
                for block in speak(text, {**options, **own}):
                    sink.write(block.samples)
        except TTSPipelineError as error:
            raise type(error)(f"line {number}: {error}") from error
        yield path


def _parsed(line: str, number: int) -> tuple[str, str, dict[str, Any]]:
    if len(line) > _MAX_LINE:
        raise ConfigError(f"line {number}: longer than {_MAX_LINE} characters")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f'line {number}: not JSON ({error}); expected {{"text": "..."}}'
        ) from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ConfigError(f'line {number}: expected an object with "text", a string')
    name = row.pop("output_file", "")
    if not isinstance(name, str):
        raise ConfigError(f"line {number}: output_file {name!r}, expected a string")
    text = row.pop("text")
    unknown = sorted(set(row) - set(_OPTIONS))
    if unknown:
        known = ", ".join(("text", "output_file", *_OPTIONS))
        raise ConfigError(f"line {number}: unknown key {unknown[0]!r}, expected {known}")
    return text, name, row
