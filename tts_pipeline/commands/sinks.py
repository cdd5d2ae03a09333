"""Where sound goes while it is made: a file that appears when it is whole, or a pipe."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from tts_pipeline.atomic import replacing
from tts_pipeline.audio.files import FORMATS
from tts_pipeline.errors import AudioError

# "As long as it takes": players and libsndfile read on to the end of the pipe.
_UNKNOWN_SIZE = 0xFFFFFFFF


class Sink(Protocol):
    """Takes samples block by block."""

    def write(self, samples: np.ndarray) -> None:
        """Take ``(S,)`` float32 in [-1, 1]."""


class PipeSink:
    """16-bit PCM, little-endian, to a pipe; every block leaves at once.

    Args:
        pipe: binary and writable.
        sample_rate: samples per second.
        header: begin with that of a wav file of unknown length.
    """

    def __init__(self, pipe: IO[bytes], sample_rate: int, *, header: bool) -> None:
        self._pipe = pipe
        self._header = _wav_header(sample_rate) if header else b""

    def write(self, samples: np.ndarray) -> None:
        """Take ``(S,)`` float32 in [-1, 1]."""
        # Not before there is sound: after an error the pipe holds nothing.
        self._pipe.write(self._header)
        self._header = b""
        self._pipe.write(np.rint(samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
        self._pipe.flush()


@contextlib.contextmanager
def file_sink(path: Path, sample_rate: int) -> Iterator[Sink]:
    """A file that gets its name only when all is written; after an error there is none.

    Raises:
        AudioError: if the suffix is no format that can be written, the folder is missing or
            cannot be written to.
    """
    import soundfile

    suffix = path.suffix.lower()
    if suffix not in FORMATS or path.is_dir():
        raise AudioError(f"{path}: expected a file name that ends in {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise AudioError(f"{path}: folder {path.parent} does not exist; create it first")
    container, subtype = FORMATS[suffix]
    try:
        with (
            replacing(path, AudioError) as part,
            soundfile.SoundFile(
                part, "w", sample_rate, 1, format=container, subtype=subtype
            ) as file,
        ):
            yield file
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: cannot be written ({error})") from error


def _wav_header(sample_rate: int) -> bytes:
    width = 2
    form = struct.pack("<HHIIHH", 1, 1, sample_rate, sample_rate * width, width, 8 * width)
    return b"".join(
        [
            struct.pack("<4sI4s", b"RIFF", _UNKNOWN_SIZE, b"WAVE"),
            struct.pack("<4sI", b"fmt ", len(form)),
            form,
            struct.pack("<4sI", b"data", _UNKNOWN_SIZE),
        ]
    )
