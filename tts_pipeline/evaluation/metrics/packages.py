"""Optional packages of the extra ``[eval]``, loaded when a metric first needs them."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tts_pipeline.errors import TTSPipelineError

_LIBROSA = tuple(
    f"librosa.{module}"
    for module in ("util.utils", "core.audio", "core.pitch", "core.spectrum", "sequence", "feature")
)
# Packages that compile ufuncs when they are imported, and the modules that do.
_IMPORTED_FIRST = {"librosa": _LIBROSA, "speechmos": _LIBROSA, "speechmos.dnsmos": _LIBROSA}


class MissingPackage(TTSPipelineError):
    """A metric's package is not installed or does not load here."""


def load_package(name: str, purpose: str) -> Any:
    """Import the module ``name``.

    Args:
        name: of the module.
        purpose: what needs it, for the message.

    Raises:
        MissingPackage: if it cannot be imported, with the reason and the remedy.
    """
    try:
        if name in _IMPORTED_FIRST:
            with _one_process_at_a_time():
                for module in (*_IMPORTED_FIRST[name], name):
                    importlib.import_module(module)
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackage(
            f"{purpose} needs the package {name} ({error}): pip install 'tts_pipeline[eval]'"
        ) from error


@contextlib.contextmanager
def _one_process_at_a_time() -> Iterator[None]:
    """Processes that compile one cached ufunc at once can leave files of both, mixed, after which
    every later process crashes (github.com/numba/numba/issues/10128)."""
    try:
        import fcntl
    except ImportError:  # Windows has none, and starts its processes more slowly than it imports.
        yield
        return
    path = Path(tempfile.gettempdir(), f"tts_pipeline-{os.getuid()}-imports.lock")
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
