"""Sound in and out: :class:`Audio`, and reading and writing files of every soundfile format."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tts_pipeline.atomic import write_bytes
from tts_pipeline.audio.levels import resample
from tts_pipeline.errors import AudioError

# A file whose loudest sample stays below this (-90 dBFS, 1 step of 16 bits) holds no sound.
SILENCE_PEAK = 10 ** (-90 / 20)

# Rates of speech recordings; others come from damaged headers, and would fill the memory when
# resampled.
LOWEST_RATE, HIGHEST_RATE = 1_000, 384_000

# Container and encoding of each file suffix that can be written.
FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".aiff": ("AIFF", "PCM_16"),
    ".aif": ("AIFF", "PCM_16"),
    ".au": ("AU", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Audio:
    """A mono waveform with what is known about it.

    Attributes:
        samples: ``(S,)`` float32 in [-1, 1].
        sample_rate: samples per second.
        timestamps: when each word and phone is spoken, if the audio was synthesized.
        report: what the text front end and the models did, if the audio was synthesized.
    """

    samples: np.ndarray
    sample_rate: int
    timestamps: tuple[Any, ...] = ()
    report: Any = None

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples, dtype=np.float32)
        if samples.ndim != 1:
            raise AudioError(f"samples of shape {samples.shape}: expected one channel, (S,)")
        if isinstance(self.sample_rate, bool) or not self.sample_rate > 0:
            raise AudioError(f"sample_rate={self.sample_rate!r}: expected samples per second")
        object.__setattr__(self, "samples", samples)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    def save(self, path: str | os.PathLike[str], *, subtype: str | None = None) -> None:
        """Write the file at once or not at all; see :func:`write_audio`."""
        write_audio(path, self.samples, self.sample_rate, subtype=subtype)

    def to_bytes(self, suffix: str = ".wav", *, subtype: str | None = None) -> bytes:
        """The bytes of the file that :meth:`save` would write; see :func:`encode_audio`."""
        return encode_audio(self.samples, self.sample_rate, suffix, subtype=subtype)


def read_audio(path: str | os.PathLike[str], *, sample_rate: int | None = None) -> Audio:
    """Read any file that soundfile knows, as one channel.

    Channels are averaged; whole-number formats are scaled to [-1, 1]; floating-point files keep
    their values. A constant offset is kept: :func:`~tts_pipeline.audio.mel.high_pass` removes it.

    Args:
        path: wav, flac, ogg, mp3, aiff and so on.
        sample_rate: resample to this rate; None keeps that of the file.

    Raises:
        AudioError: if the file is missing, not audio, corrupt, cut short, empty, silent, of a
            single sample, of an impossible sample rate, or holds NaN or infinity. The message
            names the file.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        state = "is a folder" if path.is_dir() else "does not exist"
        raise AudioError(f"{path}: {state}; expected an audio file")
    if path.stat().st_size == 0:
        raise AudioError(f"{path}: the file is empty (0 bytes)")
    try:
        with soundfile.SoundFile(path) as file:
            expected, rate, log = file.frames, file.samplerate, file.extra_info
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                raise AudioError(
                    f"{path}: its header says {rate} samples per second, expected {LOWEST_RATE} to "
                    f"{HIGHEST_RATE}; write the header anew or convert the file"
                )
            channels = file.read(dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise AudioError(f"{path}: not a readable audio file ({error})") from error
    if len(channels) == 0:
        raise AudioError(f"{path}: holds no samples")
    missing = max(expected - len(channels), _bytes_cut(log))
    if missing > 0:
        raise AudioError(f"{path}: cut short, its header promises more sound than it holds")
    if len(channels) == 1:
        raise AudioError(f"{path}: holds a single sample, which is no sound")
    if not np.isfinite(channels).all():
        raise AudioError(f"{path}: holds NaN or infinity; write the file again")
    if _is_silent(channels):
        raise AudioError(f"{path}: silent throughout (no sample above -90 dBFS)")
    samples = channels.mean(axis=1)
    if _is_silent(samples[:, None]):
        raise AudioError(f"{path}: its channels cancel each other; keep one of them")
    if sample_rate is not None and sample_rate != rate:
        samples, rate = resample(samples, rate, sample_rate), sample_rate
    return Audio(samples, rate)


def _is_silent(channels: np.ndarray) -> bool:
    # A constant offset is no sound either, so the mean does not count.
    return bool(np.abs(channels - channels.mean(axis=0)).max() < SILENCE_PEAK)


def _bytes_cut(log: str) -> int:
    """Bytes of sound missing from a wav file, from libsndfile's log of its header.

    libsndfile reads a file that was cut short without a word. A size of 0 or above 2 GiB means
    "unknown" (written to a pipe) and is no fault.
    """
    match = re.search(r"^data\s*: (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if match is None or int(match[1]) >= 0x7FFFF000:
        return 0
    return max(0, int(match[1]) - int(match[2]))


def encode_audio(
    samples: np.ndarray, sample_rate: int, suffix: str = ".wav", *, subtype: str | None = None
) -> bytes:
    """The bytes of an audio file.

    Args:
        samples: ``(S,)`` real in [-1, 1]; what lies outside is clipped with a warning.
        sample_rate: samples per second.
        suffix: ``.wav``, ``.flac``, ``.aiff``, ``.au``, ``.ogg``, ``.opus`` or ``.mp3``.
        subtype: soundfile's name of the encoding; by default 16-bit PCM, or the codec's own.

    Raises:
        AudioError: for an unknown suffix or encoding, a rate that the format lacks, or samples
            that are not real, finite and of shape ``(S,)``.
    """
    import soundfile

    if suffix.lower() not in FORMATS:
        raise AudioError(f"suffix {suffix!r}: expected one of {', '.join(FORMATS)}")
    container, default = FORMATS[suffix.lower()]
    subtype = subtype or default
    if not soundfile.check_format(container, subtype):
        known = ", ".join(soundfile.available_subtypes(container))
        raise AudioError(f"encoding {subtype!r}: {container} files hold one of {known}")
    samples = np.asarray(samples)
    if samples.ndim != 1 or not np.issubdtype(samples.dtype, np.floating):
        raise AudioError(
            f"samples of shape {samples.shape} and {samples.dtype}: expected (S,) real numbers"
        )
    if not np.isfinite(samples).all():
        raise AudioError("samples hold NaN or infinity: nothing was written")
    over = int(np.count_nonzero(np.abs(samples) > 1))
    if over:
        warnings.warn(f"{over} samples outside [-1, 1] were clipped", stacklevel=3)
        samples = samples.clip(-1, 1)
    file = io.BytesIO()
    try:
        soundfile.write(file, samples, sample_rate, format=container, subtype=subtype)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise AudioError(f"{container} at {sample_rate} Hz cannot be written ({error})") from error
    return file.getvalue()


def write_audio(
    path: str | os.PathLike[str],
    samples: np.ndarray,
    sample_rate: int,
    *,
    subtype: str | None = None,
) -> None:
    """Write an audio file at once or not at all: a reader never sees half a file.

    Args:
        path: its suffix chooses the format; an existing file is replaced.
        samples: ``(S,)`` real in [-1, 1].
        sample_rate: samples per second.
        subtype: see :func:`encode_audio`.

    Raises:
        AudioError: as :func:`encode_audio`, or if the folder is missing or cannot be written to.
    """
    path = Path(path)
    if path.is_dir() or not path.suffix:
        raise AudioError(f"{path}: expected a file name that ends in {', '.join(FORMATS)}")
    content = encode_audio(samples, sample_rate, path.suffix, subtype=subtype)
    if not path.parent.is_dir():
        raise AudioError(f"{path}: folder {path.parent} does not exist; create it first")
    write_bytes(path, content, AudioError)
