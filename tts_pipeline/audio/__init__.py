"""The one audio front end: settings, the log-mel spectrogram, levels, and audio files in and out.

Each name loads what it needs when it is first used, so that files and levels do without PyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tts_pipeline.audio.config import AudioConfig, mel_filters
    from tts_pipeline.audio.files import Audio, encode_audio, read_audio, write_audio
    from tts_pipeline.audio.levels import (
        active_level_db,
        high_pass,
        normalise_loudness,
        resample,
        speech_span,
        trim_silence,
    )
    from tts_pipeline.audio.mel import log_mel, mel_filterbank, mel_of_batch

_HOME = {
    "AudioConfig": "config",
    "mel_filters": "config",
    "Audio": "files",
    "encode_audio": "files",
    "read_audio": "files",
    "write_audio": "files",
    "active_level_db": "levels",
    "high_pass": "levels",
    "normalise_loudness": "levels",
    "resample": "levels",
    "speech_span": "levels",
    "trim_silence": "levels",
    "log_mel": "mel",
    "mel_filterbank": "mel",
    "mel_of_batch": "mel",
}
__all__ = [
    "Audio",
    "AudioConfig",
    "active_level_db",
    "encode_audio",
    "high_pass",
    "log_mel",
    "mel_filterbank",
    "mel_filters",
    "mel_of_batch",
    "normalise_loudness",
    "read_audio",
    "resample",
    "speech_span",
    "trim_silence",
    "write_audio",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tts_pipeline.audio' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tts_pipeline.audio.{_HOME[name]}"), name)
    globals()[name] = value
    return value
