"""Text to speech in two stages: an autoregressive acoustic model and a parallel vocoder.

>>> from tts_pipeline import synthesize
>>> synthesize("Hello there.").save("hello.wav")

Importing this package loads nothing else; each name loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tts_pipeline import audio, errors
    from tts_pipeline.audio.files import Audio
    from tts_pipeline.synthesis import stream, synthesize, synthesize_batch
    from tts_pipeline.voice.voice import Voice

__version__ = "0.1.0"
__all__ = [
    "Audio",
    "Voice",
    "__version__",
    "audio",
    "errors",
    "stream",
    "synthesize",
    "synthesize_batch",
]

_HOME = {
    "Audio": "tts_pipeline.audio.files",
    "Voice": "tts_pipeline.voice.voice",
    "stream": "tts_pipeline.synthesis",
    "synthesize": "tts_pipeline.synthesis",
    "synthesize_batch": "tts_pipeline.synthesis",
}


def __getattr__(name: str) -> Any:
    if name in ("audio", "errors"):
        return importlib.import_module(f"tts_pipeline.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'tts_pipeline' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
