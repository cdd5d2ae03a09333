"""Sound as the bytes that a client asked for, block by block."""

from __future__ import annotations

import io
from typing import Any, NamedTuple, Protocol

import numpy as np

from tts_pipeline.audio.files import FORMATS
from tts_pipeline.audio.levels import StreamResampler
from tts_pipeline.audio.pcm import pcm_16, wav_header

# What clients of OpenAI's API take for granted: headerless samples come at this rate.
PCM_RATE = 24_000
# libsndfile compresses in one go what it is given: long blocks would come out late.
_BLOCK = 4096


class Format(NamedTuple):
    """A format: its media type, the suffix of a file, and whether the voice's rate is kept."""

    media_type: str
    suffix: str


SOUND_FORMATS = {
    "mp3": Format("audio/mpeg", ".mp3"),
    "opus": Format("audio/opus", ".opus"),
    "flac": Format("audio/flac", ".flac"),
    "wav": Format("audio/wav", ".wav"),
    "pcm": Format("audio/pcm", ".pcm"),
}
# 16-bit little-endian samples at the rate of the voice; no client can ask for it by name.
RAW = "raw"
# Named by clients, but nothing here can write it.
REFUSED_FORMATS = ("aac",)


class Encoder(Protocol):
    """Turns blocks of samples into bytes."""

    def write(self, samples: np.ndarray) -> bytes:
        """Take ``(S,)`` float32 in [-1, 1]; return what can leave now, maybe nothing."""

    def finish(self) -> bytes:
        """Return the rest."""


def encoder(name: str, sample_rate: int) -> Encoder:
    """An encoder for one of ``SOUND_FORMATS``, or ``RAW``.

    Args:
        name: of the format. "pcm" is 16-bit little-endian without a header at 24,000 samples a
            second; the others keep the rate of the voice.
        sample_rate: of the voice.
    """
    if name in ("pcm", RAW):
        return _Pcm(sample_rate, PCM_RATE if name == "pcm" else sample_rate)
    if name == "wav":
        return _Wav(sample_rate)
    kind = {"flac": _Flac, "mp3": _Mp3}.get(name, _Coded)
    return kind(SOUND_FORMATS[name].suffix, sample_rate)


class _Pcm:
    def __init__(self, sample_rate: int, new_rate: int) -> None:
        self._resampler = StreamResampler(sample_rate, new_rate)

    def write(self, samples: np.ndarray) -> bytes:
        return pcm_16(self._resampler.write(samples))

    def finish(self) -> bytes:
        return pcm_16(self._resampler.finish())


class _Wav:
    """Of unknown length, and with nothing behind the samples."""

    def __init__(self, sample_rate: int) -> None:
        self._header = wav_header(sample_rate)

    def write(self, samples: np.ndarray) -> bytes:
        header, self._header = self._header, b""
        return header + pcm_16(samples)

    def finish(self) -> bytes:
        return b""


class _Coded:
    """What libsndfile writes, as it writes it."""

    def __init__(self, suffix: str, sample_rate: int, **quality: Any) -> None:
        import soundfile

        container, subtype = FORMATS[suffix]
        self._outbox = _Outbox()
        self._file = soundfile.SoundFile(
            self._outbox, "w", sample_rate, 1, format=container, subtype=subtype, **quality
        )

    def write(self, samples: np.ndarray) -> bytes:
        for start in range(0, len(samples), _BLOCK):
            self._file.write(samples[start : start + _BLOCK].clip(-1, 1))
        return self._outbox.take()

    def finish(self) -> bytes:
        self._file.close()
        return self._outbox.take()


class _Flac(_Coded):
    """In one piece: many readers, libsndfile among them, take a FLAC of unknown length for one of
    2 ** 63 samples."""

    def write(self, samples: np.ndarray) -> bytes:
        self._file.write(samples.clip(-1, 1))
        return b""


class _Mp3(_Coded):
    """At a constant rate and without the frame of lengths that should come first, from both of
    which readers guess how long it is."""

    def __init__(self, suffix: str, sample_rate: int) -> None:
        super().__init__(suffix, sample_rate, bitrate_mode="CONSTANT", compression_level=0.6)
        self._head: bytes | None = b""

    def write(self, samples: np.ndarray) -> bytes:
        return self._without_lengths(super().write(samples))

    def finish(self) -> bytes:
        return self._without_lengths(super().finish())

    def _without_lengths(self, content: bytes) -> bytes:
        if self._head is None:
            return content
        self._head += content
        # That frame is a header and zeros until its true contents are known.
        second = self._head.find(self._head[:2], 4) if len(self._head) > 4 else -1
        if second < 0:
            return b""
        head, self._head = self._head, None
        return head[second:] if not any(head[4:second]) else head


class _Outbox(io.RawIOBase):
    """A file of which the beginning has left already: what is written there again is lost.

    Encoders go back to put lengths into headers, which a reader of a stream does without.
    """

    def __init__(self) -> None:
        super().__init__()
        self._start = 0
        self._bytes = bytearray()
        self._at = 0

    def take(self) -> bytes:
        """What has not left yet."""
        out = bytes(self._bytes)
        self._start += len(out)
        self._bytes.clear()
        return out

    def write(self, content: bytes) -> int:  # type: ignore[override]
        content = bytes(content)
        kept = content[max(0, self._start - self._at) :]
        place = max(0, self._at - self._start)
        self._bytes[place : place + len(kept)] = kept
        self._at += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence, self._start + len(self._bytes))
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        # An encoder that wants to read what it wrote finds the end of the file.
        return 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
