from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.small_corpus import speech_like
from tts_pipeline.audio.files import Audio, encode_audio, read_audio, write_audio
from tts_pipeline.errors import AudioError

RATE = 16000


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    return speech_like("a red fish")


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [
        (".wav", "PCM_U8", 1e-2),
        (".wav", "PCM_16", 1e-4),
        (".wav", "PCM_24", 1e-6),
        (".wav", "PCM_32", 1e-7),
        (".wav", "FLOAT", 0),
        (".wav", "DOUBLE", 0),
        (".flac", "PCM_16", 1e-4),
        (".flac", "PCM_24", 1e-6),
        (".aiff", "PCM_16", 1e-4),
        (".au", "PCM_16", 1e-4),
    ],
)
def test_formats_round_trip(tmp_path, wave, suffix, subtype, tolerance):
    path = tmp_path / f"sound{suffix}"
    write_audio(path, wave, RATE, subtype=subtype)
    assert soundfile.info(path).subtype == subtype
    result = read_audio(path)
    assert result.sample_rate == RATE and result.samples.dtype == np.float32
    np.testing.assert_allclose(result.samples, wave, atol=tolerance)


@pytest.mark.parametrize("suffix", [".ogg", ".opus", ".mp3"])
def test_lossy_formats_round_trip(tmp_path, wave, suffix):
    path = tmp_path / f"sound{suffix}"
    write_audio(path, wave, RATE)
    result = read_audio(path, sample_rate=RATE)
    assert abs(len(result.samples) - len(wave)) < 0.1 * RATE
    level = np.sqrt(np.mean(result.samples**2)) / np.sqrt(np.mean(wave**2))
    assert 0.8 < level < 1.25


def test_default_is_16_bit_pcm(tmp_path, wave):
    Audio(wave, RATE).save(tmp_path / "sound.WAV")
    info = soundfile.info(tmp_path / "sound.WAV")
    assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1)
    assert info.frames == len(wave)


def test_bytes_are_the_file(tmp_path, wave):
    audio = Audio(wave, RATE)
    audio.save(tmp_path / "sound.flac")
    assert audio.to_bytes(".flac") == (tmp_path / "sound.flac").read_bytes()
    samples, _ = soundfile.read(io.BytesIO(audio.to_bytes()), dtype="float32")
    np.testing.assert_allclose(samples, wave, atol=1e-4)


def test_channels_are_averaged_and_rates_changed(tmp_path):
    left = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([left, 0.5 * left], axis=1), 48000, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(path).samples, 0.75 * left, atol=1e-6)
    result = read_audio(path, sample_rate=RATE)
    assert result.sample_rate == RATE and result.duration_s == 1.0
    expected = 0.375 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    np.testing.assert_allclose(result.samples[500:-500], expected[500:-500], atol=1e-4)


def test_offset_is_kept(tmp_path, wave):
    soundfile.write(tmp_path / "offset.wav", 0.5 * wave + 0.25, RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "offset.wav").samples, 0.5 * wave + 0.25)


def test_wav_written_to_a_pipe_is_whole(tmp_path, wave):
    content = bytearray(encode_audio(wave, RATE))
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "piped.wav").write_bytes(content)
    assert len(read_audio(tmp_path / "piped.wav").samples) == len(wave)


def _make_bad(path: Path, kind: str) -> None:
    good = speech_like("a red fish")
    contents = {
        "no bytes": b"",
        "text": b"this is no sound at all, but a sentence" * 20,
        "riff header only": encode_audio(good, RATE)[:20],
        "wav cut short": encode_audio(good, RATE)[: len(good)],
        "flac cut short": encode_audio(good, RATE, ".flac")[:5000],
        "no samples": encode_audio(good[:0], RATE),
    }
    broken = good.copy()
    broken[100] = np.nan if kind == "nan" else np.inf
    arrays = {
        "one sample": good[3000:3001],
        "silent": np.zeros(8000),
        "offset only": np.full(8000, 0.1),
        "nan": broken,
        "infinity": broken,
        "channels cancel": np.stack([good, -good], axis=1),
    }
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind in arrays:
        soundfile.write(path, arrays[kind], RATE, subtype="FLOAT", format="WAV")
    elif kind == "folder":
        path.mkdir()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("no bytes", "empty"),
        ("text", "not a readable audio file"),
        ("riff header only", "audio|samples"),
        ("wav cut short", "cut short"),
        ("flac cut short", "cut short|not a readable"),
        ("no samples", "no samples"),
        ("one sample", "single sample"),
        ("silent", "silent"),
        ("offset only", "silent"),
        ("nan", "NaN"),
        ("infinity", "infinity"),
        ("channels cancel", "cancel"),
    ],
)
def test_bad_files_are_named(tmp_path, kind, message):
    path = tmp_path / "bad.wav"
    _make_bad(path, kind)
    with pytest.raises(AudioError, match=message) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["sound.xyz", "sound", "sound.txt"])
def test_unknown_suffix_is_refused(tmp_path, wave, name):
    with pytest.raises(AudioError, match=r"\.wav"):
        Audio(wave, RATE).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_writing_refuses(tmp_path, wave):
    with pytest.raises(AudioError, match="NaN"):
        write_audio(tmp_path / "a.wav", np.array([0.0, np.nan]), RATE)
    with pytest.raises(AudioError, match="int16"):
        write_audio(tmp_path / "a.wav", np.zeros(10, np.int16), RATE)
    with pytest.raises(AudioError, match="folder"):
        write_audio(tmp_path / "nowhere" / "a.wav", wave, RATE)
    with pytest.raises(AudioError, match="VORBIS"):
        write_audio(tmp_path / "a.wav", wave, RATE, subtype="VORBIS")
    with pytest.raises(AudioError, match="11111 Hz"):
        write_audio(tmp_path / "a.opus", wave, 11111)
    with pytest.raises(AudioError, match="one channel"):
        Audio(np.zeros((2, 10)), RATE)
    with pytest.raises(AudioError, match="sample_rate=0"):
        Audio(wave, 0)
    assert not list(tmp_path.iterdir())


def test_clipping_is_told(tmp_path):
    with pytest.warns(UserWarning, match="1 samples"):
        write_audio(tmp_path / "a.wav", np.array([0.0, 1.5, -0.5]), RATE)
    assert read_audio(tmp_path / "a.wav").samples.max() > 0.999


def test_failed_write_leaves_the_old_file(tmp_path, wave, monkeypatch):
    path = tmp_path / "sound.wav"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(AudioError, match="disk full"):
        Audio(wave, RATE).save(path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("rate", [1, 999, 384_001, 2**31 - 1, 2**31])
def test_a_rate_that_no_recording_has_is_refused_at_once(tmp_path, rate):
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(16000) / 9), 16000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    assert content[24:28] == struct.pack("<I", 16000)
    content[24:28] = struct.pack("<I", rate)
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"a\.wav"):
        read_audio(path, sample_rate=16000)
