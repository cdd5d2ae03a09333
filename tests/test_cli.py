"""The command line: what it writes, says and returns."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tts_pipeline import cli, synthesize
from tts_pipeline.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[1]
TEXT = "Hello there. How are you?"


def _start(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """Start a real process; its stdin is empty unless given."""
    options = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        **options,
    }
    command = [
        sys.executable,
        "-c",
        # Children of a background job inherit an ignored SIGINT, which Python would leave ignored,
        # and what runs under nohup an ignored SIGHUP.
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "hasattr(signal, 'SIGHUP') and signal.signal(signal.SIGHUP, signal.SIG_DFL); "
        "from tts_pipeline.cli import main; sys.exit(main())",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([*command, *map(str, arguments)], env=environment, **options)


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_into_a_file(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    assert main([TEXT, str(out), "--voice", str(tiny_voice), "--seed", "3"]) == 0
    samples, rate = soundfile.read(out, dtype="float32")
    expected = synthesize(TEXT, voice=tiny_voice, seed=3)
    assert rate == 16000
    np.testing.assert_allclose(samples, expected.samples, atol=2e-4)
    assert capsys.readouterr() == ("", "")
    assert _files(tmp_path) == ["out.wav"]


def test_options_reach_the_voice(tiny_voice: Path, tmp_path: Path) -> None:
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("hello\tZ AA1 Z\n", encoding="utf-8")
    options = {"rate": 0.8, "pitch": 1.2, "energy": 1.5, "vocoder": "griffin-lim"}
    out = tmp_path / "out.flac"
    flags = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    arguments = ["speak", "hello.", "-o", str(out), "--voice", str(tiny_voice), *flags]
    assert main([*arguments, "--lexicon", str(lexicon)]) == 0
    expected = synthesize("hello.", voice=tiny_voice, lexicon=lexicon, **options)
    samples, _ = soundfile.read(out, dtype="float32")
    np.testing.assert_allclose(samples, expected.samples, atol=2e-4)


def test_file_in_and_timestamps_out(tiny_voice: Path, tmp_path: Path) -> None:
    source = tmp_path / "text.txt"
    source.write_text("\ufeffHello there.\nHow are you?\n", encoding="utf-8")
    out, stamps = tmp_path / "out.wav", tmp_path / "stamps.json"
    arguments = ["-f", source, out, "--voice", tiny_voice, "--timestamps", stamps]
    assert main([*map(str, arguments)]) == 0
    facts = json.loads(stamps.read_text())
    expected = synthesize("Hello there.\nHow are you?\n", voice=tiny_voice)
    assert facts["sample_rate"] == 16000
    assert facts["duration_s"] == pytest.approx(expected.duration_s)
    assert [item["text"] for item in facts["timestamps"]] == [s.text for s in expected.timestamps]
    assert facts["timestamps"][0]["span"] == list(expected.timestamps[0].span)


def test_stdin_to_wav_on_stdout(tiny_voice: Path, tmp_path: Path) -> None:
    process = _start("-o", "-", "--voice", tiny_voice, stdin=subprocess.PIPE)
    out, err = process.communicate(TEXT.encode())
    assert (process.returncode, err) == (0, b"")
    (tmp_path / "piped.wav").write_bytes(out)
    with soundfile.SoundFile(tmp_path / "piped.wav") as file:
        assert (file.samplerate, file.channels, file.subtype) == (16000, 1, "PCM_16")
    samples = np.frombuffer(out[44:], "<i2")
    expected = synthesize(TEXT, voice=tiny_voice).samples
    assert np.abs(samples - np.rint(expected * 32767)).max() <= 1


def test_raw_is_the_same_without_header_and_closing_the_pipe_is_no_error(tiny_voice: Path) -> None:
    process = _start(TEXT, "-o", "-", "--raw", "--voice", tiny_voice)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    expected = synthesize(TEXT, voice=tiny_voice).samples
    assert len(out) == 2 * len(expected)

    process = _start("-o", "-", "--voice", tiny_voice, stdin=subprocess.PIPE)
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(b"This is a line of the text.\n" * 2000)
    process.stdin.close()
    assert process.stdout.read(4) == b"RIFF"
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SIGINT", 130),
        *(
            pytest.param(*pair, marks=pytest.mark.skipif(sys.platform == "win32", reason="POSIX"))
            for pair in (("SIGTERM", 143), ("SIGHUP", 129))
        ),
    ],
)
def test_ended_by_a_signal_it_leaves_no_file_and_says_so(
    tiny_voice: Path, tmp_path: Path, name: str, code: int
) -> None:
    source = tmp_path / "book.txt"
    source.write_text("This is a line of the text.\n" * 20_000)
    out = tmp_path / "out" / "book.wav"
    out.parent.mkdir()
    process = _start("-f", source, out, "--voice", tiny_voice)
    while not _files(out.parent) and process.poll() is None:
        time.sleep(0.2)
    process.send_signal(getattr(signal, name))
    assert process.wait(60) == code
    assert process.stderr is not None and process.stderr.read() == b""
    assert _files(out.parent) == []


def test_an_interrupt_that_falls_into_a_callback_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Thing:
        pass

    def work(_: list[str]) -> int:
        thing = Thing()
        watcher = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
        del thing
        assert watcher() is None
        time.sleep(30)
        return 0

    monkeypatch.setattr(cli, "_run", work)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main([]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_spoken_is_said_on_stderr(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    arguments = ["Hi \U0001f600 there.", str(out), "--voice", str(tiny_voice)]
    assert main(arguments) == 0
    assert "warning: left out '\U0001f600' at character 3" in capsys.readouterr().err
    out.unlink()
    assert main([*arguments, "--strict"]) == 1
    assert capsys.readouterr().err.startswith("tts-pipeline: error: cannot speak '\U0001f600'")
    assert _files(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["", "out.wav"], "the text holds no words"),
        (["Hello.", "out.wav", "--rate", "9"], "rate=9.0: expected a number from 0.25 to 4"),
        (["Hello.", "out.wav", "--vocoder", "opera"], "vocoder 'opera'"),
        (["Hello.", "out.wav", "--voice", "nobody"], "nobody: no such folder"),
        (["Hello.", "out.wav", "--lexicon", "none.tsv"], "none.tsv"),
        (["Hello.", "nowhere/out.wav"], "folder nowhere does not exist"),
        (["Hello.", "out.xyz"], "out.xyz: expected a file name that ends in"),
        (["-f", "missing.txt", "out.wav"], "missing.txt: cannot be read (No such file"),
        (["-f", "latin.txt", "out.wav"], "latin.txt: not UTF-8 text"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(
    arguments: list[str],
    message: str,
    tiny_voice: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "latin.txt").write_bytes("Café.".encode("latin-1"))
    monkeypatch.chdir(tmp_path)
    voice = [] if "--voice" in arguments else ["--voice", str(tiny_voice)]
    assert main([*arguments, *voice]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tts-pipeline: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert _files(tmp_path) == ["latin.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Hello."], "where to?"),
        (["Hello.", "there.", "out.wav"], "expected one text and one file"),
        (["Hello.", "-f", "text.txt", "-o", "out.wav"], "expected one of the two"),
        (["Hello.", "out.wav", "--raw"], "--raw goes with -o - only"),
        (["Hello.", "out.wav", "--rate", "fast"], "invalid float value"),
        (["Hello.", "out.wav", "--louder"], "unrecognized arguments"),
        (["batch", "rows.csv"], "required: folder"),
    ],
)
def test_wrong_usage_is_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help_and_version_load_no_torch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tts-pipeline 0.")
    code = (
        "import sys; from tts_pipeline.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.endswith("False\n")
    for name in COMMANDS:
        assert f"tts-pipeline {name}" in done.stdout


def test_text_that_is_the_name_of_a_command(tiny_voice: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    assert main(["speak", "batch", str(out), "--voice", str(tiny_voice)]) == 0
    assert soundfile.info(out).frames == len(synthesize("batch", voice=tiny_voice).samples)


def test_voice_shows_what_it_verified(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["voice", str(tiny_voice)]) == 0
    out = capsys.readouterr().out
    for expected in (
        "tiny (en-US)",
        "16000 Hz",
        "autoregressive: acoustic",
        "parallel: vocoder",
        "verified",
        "# tiny",
    ):
        assert expected in out
    damaged = Path(shutil.copytree(tiny_voice, tmp_path / "damaged"))
    (damaged / "parallel.safetensors").write_bytes(b"")
    assert main(["voice", str(damaged)]) == 1
    assert "truncated" in capsys.readouterr().err


def test_pronounce_shows_words_and_phones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pronounce", "I paid $5."]) == 0
    out = capsys.readouterr().out
    assert "five dollars" in out
    assert "F AY1 V" in out


def test_doctor_judges_a_corpus(tiny_corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("yaml")
    main(["doctor", str(tiny_corpus)])
    assert "verdict" in capsys.readouterr().out
    assert main(["doctor", str(tiny_corpus / "nothing")]) == 1
    assert "tts-pipeline: error:" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(tiny_voice: Path) -> None:
    with open("/dev/full", "wb") as full:
        process = _start(TEXT, "-o", "-", "--voice", tiny_voice, stdout=full)
        _, err = process.communicate()
    assert process.returncode == 1
    assert b"error: the disk is full (No space left on device); free some space" in err
    assert b"Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits as of POSIX")
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_why_a_file_cannot_be_written_is_said(
    tiny_voice: Path, tmp_path: Path, suffix: str
) -> None:
    """A file that may not grow stands for a full disk, of which libsndfile tells as little."""
    code = (
        "import resource, sys; from tts_pipeline.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)); sys.exit(main())"
    )
    out = tmp_path / f"out{suffix}"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "Some words, many times over. " * 40,
            out,
            "--voice",
            tiny_voice,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == f"tts-pipeline: error: {out}: cannot be written: File too large\n"
    assert _files(tmp_path) == []


def test_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # None in sys.modules makes the import fail as if it were not installed.
    rooms = ("tts_pipeline.corpus", "tts_pipeline.commands.doctor", "tts_pipeline.training")
    for name in [name for name in sys.modules if name.startswith(rooms)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert main(["doctor", "corpus"]) == 1
    assert "doctor needs tqdm" in capsys.readouterr().err
    assert COMMANDS["doctor"].extra == "train"


def test_warmup_says_where_the_kernels_are_kept(
    tiny_voice: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["warmup", "--voice", str(tiny_voice)]) == 0
    out = capsys.readouterr().out
    assert "voice    tiny loaded in" in out
    folders = [Path(line[9:]) for line in out.splitlines() if line.startswith("cache    ")]
    assert any(list(folder.glob("kernel.*decode_steps*.nbi")) for folder in folders)
