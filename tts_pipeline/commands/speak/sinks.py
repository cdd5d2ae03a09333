"""Where sound goes while it is made: a file that appears when it is whole, or a pipe."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from tts_pipeline.atomic import replacing
from tts_pipeline.audio.files import FORMATS
from tts_pipeline.audio.pcm import HEADER_SIZE, WIDTH, pcm_16, wav_header
from tts_pipeline.errors import AudioError


class Sink(Protocol):
    """Takes samples block by block."""

    def write(self, samples: np.ndarray) -> None:
        """Take ``(S,)`` float32 in [-1, 1]."""


class PipeSink:
    """16-bit PCM, little-endian, to a pipe; every block leaves at once.

    If the "pipe" turns out to be a file (``> out.wav``), :meth:`close` puts the true length into
    its header.

    Args:
        pipe: binary and writable.
        sample_rate: samples per second.
        header: begin with that of a wav file of unknown length.
    """

    def __init__(self, pipe: IO[bytes], sample_rate: int, *, header: bool) -> None:
        self._pipe, self._sample_rate = pipe, sample_rate
        self._header = wav_header(sample_rate) if header else b""
        self._has_header = header
        self._n_bytes = 0

    def write(self, samples: np.ndarray) -> None:
        """Take ``(S,)`` float32 in [-1, 1]."""
        # Not before there is sound: after an error the pipe holds nothing.
        content = self._header + pcm_16(samples)
        self._header = b""
        self._pipe.write(content)
        self._pipe.flush()
        self._n_bytes += len(content)

    def close(self) -> None:
        """Say that all is written."""
        if not self._has_header or not self._n_bytes or not self._pipe.seekable():
            return
        end = self._pipe.tell()
        # Behind something else in the file (``>>``), or where somebody else writes too: hands off.
        if end != self._n_bytes:
            return
        self._pipe.seek(0)
        self._pipe.write(wav_header(self._sample_rate, (self._n_bytes - HEADER_SIZE) // WIDTH))
        self._pipe.seek(end)
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
        with replacing(path, AudioError) as part, _Watched(part, "w+") as written:
            with soundfile.SoundFile(
                written, "w", sample_rate, 1, format=container, subtype=subtype
            ) as file:
                yield _FileSink(file, written)
            written.check()
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: cannot be written ({error})") from error


class _Watched(io.FileIO):
    """A file that keeps why it could not be written, which libsndfile does not tell."""

    _fault: OSError | None = None

    def write(self, content: Any) -> int:
        """Write all of it; after a fault, nothing."""
        left = memoryview(content)
        try:
            while left and self._fault is None:
                left = left[super().write(left) :]
        except OSError as error:
            self._fault = error
        return len(content)

    def check(self) -> None:
        """Raise what went wrong, if something did."""
        if self._fault is not None:
            raise self._fault


class _FileSink:
    """A file that libsndfile encodes into."""

    def __init__(self, file: Any, written: _Watched) -> None:
        self._file, self._written = file, written

    def write(self, samples: np.ndarray) -> None:
        """Take ``(S,)`` float32 in [-1, 1]."""
        self._file.write(samples)
        self._written.check()
