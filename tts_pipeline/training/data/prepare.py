"""Recordings into cached features: levelled waveform and F0, one file per utterance."""

from __future__ import annotations

import dataclasses
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tts_pipeline.atomic import remove_unfinished, replacing
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.f0 import F0_MAX_HZ, F0_MIN_HZ, track_f0
from tts_pipeline.corpus.corpus import Utterance
from tts_pipeline.corpus.recording import load_recording
from tts_pipeline.errors import CorpusError
from tts_pipeline.training.data.workers import run_in_workers


@dataclasses.dataclass(frozen=True)
class PrepareConfig:
    """How recordings become training material.

    Attributes:
        level_db: active speech level in dBFS after normalisation.
        high_pass_hz: cutoff below the voice.
        margin_before_s: most silence kept before the speech in seconds.
        margin_after_s: most silence kept after it in seconds.
        f0_min: lowest F0 searched in Hz.
        f0_max: highest F0 searched in Hz.
        f0_window: samples seen by the F0 tracker at a time.
    """

    level_db: float = -23.0
    high_pass_hz: float = 60.0
    margin_before_s: float = 0.1
    margin_after_s: float = 0.15
    f0_min: float = F0_MIN_HZ
    f0_max: float = F0_MAX_HZ
    f0_window: int = 768


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write an ``.npz`` at once or not at all.

    Raises:
        StorageError: if it cannot be written.
    """
    with replacing(path) as part, open(part, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def read_arrays(path: Path, names: Sequence[str], stage: str) -> dict[str, np.ndarray]:
    """Arrays of an ``.npz`` by name.

    Args:
        path: the file.
        names: that must be in it; empty: all that are.
        stage: that writes it, for the remedy.

    Raises:
        CorpusError: if it is missing, cannot be read, or is damaged.
    """
    try:
        with np.load(path) as arrays:
            return {name: arrays[name] for name in names or arrays.files}
    except FileNotFoundError as error:
        raise CorpusError(f"{path}: missing, run the {stage} stage first") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # NumPy says of some damage that it is an OSError, without a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
        raise CorpusError(
            f"{path}: damaged ({error}); remove it and run the {stage} stage again"
        ) from error


def _prepare_one(job: tuple[Utterance, Path, AudioConfig, PrepareConfig]) -> None:
    utterance, path, audio, config = job
    waveform = load_recording(
        utterance.path,
        audio.sample_rate,
        level_db=config.level_db,
        high_pass_hz=config.high_pass_hz,
        margin_before_s=config.margin_before_s,
        margin_after_s=config.margin_after_s,
    )
    f0 = track_f0(
        waveform,
        audio.sample_rate,
        audio.hop_length,
        f0_min=config.f0_min,
        f0_max=config.f0_max,
        window=config.f0_window,
    )
    write_arrays(path, waveform=np.round(waveform * 32767).astype(np.int16), f0=f0)


def feature_path(folder: Path, utterance_id: str) -> Path:
    """Where :func:`prepare` puts the features of an utterance."""
    return folder / f"{utterance_id}.npz"


def prepare(
    utterances: Sequence[Utterance],
    folder: Path,
    audio: AudioConfig,
    config: PrepareConfig,
    *,
    n_workers: int = 1,
) -> None:
    """Cache the features of all utterances; those already there are kept.

    Raises:
        CorpusError: naming the first recording that cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(folder)
    jobs = {
        str(utterance.path): (utterance, feature_path(folder, utterance.id), audio, config)
        for utterance in utterances
        if not feature_path(folder, utterance.id).exists()
    }
    if jobs:
        # Here, once: workers find the kernels of the F0 tracker compiled.
        track_f0(np.zeros(audio.sample_rate // 10), audio.sample_rate, audio.hop_length)
        run_in_workers(_prepare_one, jobs, n_workers, "prepare")


def load_features(folder: Path, utterance_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Waveform ``(S,)`` float32 and F0 in Hz ``(T,)`` (0: unvoiced) of a prepared utterance.

    Raises:
        CorpusError: if the utterance was not prepared.
    """
    arrays = read_arrays(feature_path(folder, utterance_id), ("waveform", "f0"), "prepare")
    return arrays["waveform"].astype(np.float32) / 32767, arrays["f0"]
