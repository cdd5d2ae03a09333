"""The texts of an evaluation: a file of tabs, with recordings where there are some."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tts_pipeline.corpus.recording import load_recording
from tts_pipeline.corpus.texts import read_text_rows
from tts_pipeline.errors import ConfigError

if TYPE_CHECKING:
    from tts_pipeline.audio.config import AudioConfig

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the file: name, text, and the file of its recording if one is named."""

    name: str
    text: str
    recording: Path | None = None


def read_rows(path: Path) -> list[Row]:
    """Read lines ``name<TAB>text`` or ``name<TAB>text<TAB>file``; empty lines are skipped.

    Args:
        path: UTF-8; files of recordings are relative to its folder.

    Raises:
        ConfigError: if the file cannot be read or holds no line, or naming the line that is not
            of that form or repeats a name.
    """
    rows = read_text_rows(path, ConfigError, recordings=True)
    if not rows:
        raise ConfigError(f"{path}: holds no texts; expected lines of name<TAB>text")
    return [Row(row.name, row.text, row.recording) for row in rows]


@dataclasses.dataclass(frozen=True, eq=False)
class Material:
    """What strategies work from.

    Attributes:
        name: of the text, usable as a file name.
        text: what is to be said.
        audio: settings of the voice.
        recording: a person saying it ``(S,)`` float32 at the voice's rate, None if there is none.
        takes: all recordings of it, :attr:`recording` first.
    """

    name: str
    text: str
    audio: AudioConfig
    recording: np.ndarray | None = None
    takes: tuple[np.ndarray, ...] = ()

    @property
    def natural(self) -> np.ndarray:
        """The recording ``(S,)``.

        Raises:
            ConfigError: if there is none.
        """
        if self.recording is None:
            raise ConfigError(f"{self.name}: there is no recording of this text")
        return self.recording

    @functools.cached_property
    def mel(self) -> np.ndarray:
        """Natural-log mel of the recording ``(M, T)`` float32."""
        # Not above: the mel is made once for all strategies, whose memory is not to count it.
        from tts_pipeline.audio.mel import log_mel

        return log_mel(self.natural, self.audio)

    @functools.cached_property
    def key(self) -> str:
        """Changes with the text, the recordings and the settings."""
        sounds = [] if self.recording is None else [self.recording.tobytes()]
        sounds += [take.tobytes() for take in self.takes[1:]]
        return hashlib.sha256(
            b"".join([f"{self.text}\n{self.audio}\n".encode(), *sounds])
        ).hexdigest()


def load_material(rows: list[Row], audio: AudioConfig) -> list[Material]:
    """Read the recordings, filtered, levelled and trimmed as voices are trained on them.

    Rows with recordings of the same text are one text with several takes, called after the first.

    Raises:
        ConfigError: if a name cannot be that of a file.
        AudioError: if a recording cannot be read.
    """
    takes: dict[tuple[str, str], list[np.ndarray]] = {}
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        if not _FILE_NAME.fullmatch(row.name):
            raise ConfigError(
                f"name {row.name!r}: expected letters, digits, '.', '_' and '-', as files are "
                "named after it"
            )
        key = row.text, "" if row.recording else row.name
        first.setdefault(key, row)
        own = takes.setdefault(key, [])
        if row.recording is not None:
            own.append(load_recording(row.recording, audio.sample_rate))
    return [
        Material(
            row.name, row.text, audio, takes[key][0] if takes[key] else None, tuple(takes[key])
        )
        for key, row in first.items()
    ]
