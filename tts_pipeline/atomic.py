"""Files that appear whole or not at all: written beside their place, then renamed there."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tts_pipeline.errors import StorageError, TTSPipelineError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def replacing(path: Path, error: type[TTSPipelineError] = StorageError) -> Iterator[Path]:
    """A name beside ``path`` to write under; what is there when the block ends becomes ``path``.

    After an exception, an interrupt included, nothing is left and an older ``path`` stays as it
    was. A kill leaves the unfinished file behind: :func:`remove_unfinished`.

    Args:
        path: the file to be made or replaced; its folder must exist.
        error: class of the error to raise.

    Raises:
        TTSPipelineError: of class ``error``, naming the file and why it cannot be written, if an
            ``OSError`` is the cause.
    """
    # In the same folder, since a rename is atomic only within one file system.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        os.replace(part, path)
    except TTSPipelineError:
        raise
    except Exception as cause:
        found = _os_error(cause)
        if found is None:
            raise
        raise error(f"{path}: cannot be written: {reason(found)}") from cause
    finally:
        # On a disk that has turned read-only this must not hide the first error.
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, error: type[TTSPipelineError] = StorageError) -> None:
    """Write a file at once or not at all; raises as :func:`replacing`."""
    with replacing(path, error) as part:
        part.write_bytes(content)


def write_text(path: Path, text: str, error: type[TTSPipelineError] = StorageError) -> None:
    """Write a text as UTF-8, line ends as they are, at once or not at all; raises as
    :func:`replacing`."""
    write_bytes(path, text.encode(), error)


def write_json(path: Path, content: Any, error: type[TTSPipelineError] = StorageError) -> None:
    """Write JSON at once or not at all.

    Raises:
        TTSPipelineError: as :func:`replacing`.
        ValueError: if ``content`` holds NaN or infinity.
    """
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n", error)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left in a folder that nobody writes to at the moment."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def reason(error: OSError) -> str:
    """Why a file cannot be written, with the remedy if the disk is full."""
    if error.errno in _FULL:
        return f"the disk is full ({error.strerror}); free some space and run again"
    return error.strerror or str(error)


def _os_error(error: BaseException | None) -> OSError | None:
    """The ``OSError`` behind an error: libraries written in C++ wrap what a file object raises."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error
