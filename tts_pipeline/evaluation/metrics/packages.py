"""Optional packages of the extra ``[eval]``, loaded when a metric first needs them."""

from __future__ import annotations

import importlib
from typing import Any

from tts_pipeline.errors import TTSPipelineError


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
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackage(
            f"{purpose} needs the package {name} ({error}): pip install 'tts_pipeline[eval]'"
        ) from error
