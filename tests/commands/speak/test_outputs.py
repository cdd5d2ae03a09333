"""Where speech can go and come from: players, subtitles, JSON lines, a file as stdout, a server."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.serve.running import ROOT, running_server
from tts_pipeline import synthesize
from tts_pipeline.cli import main
from tts_pipeline.commands.speak import playing
from tts_pipeline.commands.speak.subtitles import Cue, cues, srt, vtt
from tts_pipeline.timestamps import Timestamp

TEXT = "Dr. Smith paid $4.50 for it. Then he went home."


def _command(*arguments: object, **options) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-m", "tts_pipeline", *map(str, arguments)]
    return subprocess.run(command, env=environment, timeout=120, **options)


def _player(folder: Path, name: str, code: int = 0) -> None:
    """A program of this name that keeps what it is told to play."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    copy = f'cp "$last" "{folder}/played.wav"'
    path.write_text(
        f'#!/bin/sh\nfor last; do :; done\nif [ "$last" = - ]; then cat > "{folder}/played.wav"; '
        f"else {copy}; fi\nexit {code}\n"
    )
    path.chmod(0o755)


@pytest.mark.parametrize("name", ["aplay", "ffplay", "afplay", "powershell"])
def test_play_through_what_there_is(
    tiny_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _player(tmp_path / "bin", name)
    monkeypatch.setattr(
        playing.shutil, "which", lambda program: program if program == name else None
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    out = tmp_path / "out.wav"
    assert main(["--voice", str(tiny_voice), "--play", TEXT, str(out)]) == 0
    expected = synthesize(TEXT, voice=tiny_voice).samples
    for path in (out, tmp_path / "bin" / "played.wav"):
        samples, rate = soundfile.read(path, dtype="float32")
        assert rate == 16_000
        np.testing.assert_allclose(samples, expected, atol=2e-4)


def test_play_needs_no_file_but_a_player_that_works(
    tiny_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(playing.shutil, "which", lambda program: None)
    assert main(["--voice", str(tiny_voice), "--play", TEXT]) == 1
    assert "no player was found: expected one of aplay" in capsys.readouterr().err
    _player(tmp_path / "bin", "aplay", code=3)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    assert main(["--voice", str(tiny_voice), "--play", TEXT]) == 1
    assert "aplay ended with code 3" in capsys.readouterr().err


def test_stdout_that_is_a_file_gets_true_sizes(tiny_voice: Path, tmp_path: Path) -> None:
    arguments = ("--voice", tiny_voice, TEXT, "-o", "-")
    path = tmp_path / "out.wav"
    with path.open("wb") as file:
        assert _command(*arguments, stdout=file).returncode == 0
    content = path.read_bytes()
    assert int.from_bytes(content[4:8], "little") == len(content) - 8
    assert int.from_bytes(content[40:44], "little") == len(content) - 44
    # Behind something else, and into a pipe, the length stays unknown.
    with path.open("ab") as file:
        assert _command(*arguments, stdout=file).returncode == 0
    assert path.read_bytes()[: len(content)] == content
    piped = _command(*arguments, stdout=subprocess.PIPE).stdout
    assert piped[4:8] == piped[40:44] == b"\xff" * 4 and piped[44:] == content[44:]


def test_json_lines(tiny_voice: Path, tmp_path: Path, capsys) -> None:
    rows = [
        {"text": "One.", "output_file": "first.flac", "seed": 5, "rate": 1.5},
        {"text": "Two."},
    ]
    lines = tmp_path / "lines.jsonl"
    lines.write_text("\n\n".join(map(json.dumps, rows)) + "\n")
    arguments = ["--voice", str(tiny_voice), "--json-lines", "-f", str(lines), "-o", str(tmp_path)]
    assert main([*arguments, "--seed", "2"]) == 0
    first, second = map(Path, capsys.readouterr().out.splitlines())
    assert (first.name, second.name) == ("first.flac", "0003.wav")
    for path, expected in (
        (first, synthesize("One.", voice=tiny_voice, seed=5, rate=1.5)),
        (second, synthesize("Two.", voice=tiny_voice, seed=2)),
    ):
        samples, _ = soundfile.read(path, dtype="float32")
        np.testing.assert_allclose(samples, expected.samples, atol=2e-4)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: not JSON"),
        ("[1]", 'line 1: expected an object with "text"'),
        ('{"text": 3}', 'line 1: expected an object with "text"'),
        ('{"text": "x", "voice": "/etc"}', "line 1: unknown key 'voice'"),
        ('{"text": "x", "rate": 99}', "line 1: rate=99"),
        ('{"text": "..."}', "line 1: the text holds no words"),
        ('{"text": "x", "output_file": "no/such/folder.wav"}', "line 1: "),
    ],
)
def test_json_lines_that_are_wrong(
    tiny_voice: Path, tmp_path: Path, capsys, line: str, said: str
) -> None:
    path = tmp_path / "lines"
    path.write_text(line)
    arguments = ["--voice", str(tiny_voice), "--json-lines", "-f", str(path), "-o", str(tmp_path)]
    assert main(arguments) == 1
    assert said in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["lines"]


def test_subtitles(tiny_voice: Path, tmp_path: Path) -> None:
    arguments = ["--srt", str(tmp_path / "a.srt"), "--vtt", str(tmp_path / "a.vtt")]
    assert main(["--voice", str(tiny_voice), TEXT, str(tmp_path / "a.wav"), *arguments]) == 0
    stamps = [s for s in synthesize(TEXT, voice=tiny_voice).timestamps if s.kind == "word"]
    then = next(stamp for stamp in stamps if stamp.text == "then")
    blocks = (tmp_path / "a.srt").read_text().split("\n\n")
    number, times, *lines = blocks[0].split("\n")
    assert (number, lines) == ("1", ["Dr. Smith paid $4.50 for it."])
    start = round(1000 * stamps[0].start_s)
    assert times.startswith(f"00:00:{start // 1000:02},{start % 1000:03} --> 00:00:")
    start = round(1000 * then.start_s)
    assert f"\n00:00:{start // 1000:02},{start % 1000:03} --> " in "\n" + blocks[1][2:]
    written = (tmp_path / "a.vtt").read_text()
    assert written.startswith("WEBVTT\n\n00:00:00.") and "\nThen he went home.\n" in written


def test_long_sentences_are_cut_at_commas_and_never_overlap() -> None:
    text = ("and on it goes, " * 30).strip(", ") + ". A & B <now>."
    stamps, at = [], 0.0
    for start, word in ((i, w) for i, w in _words(text)):
        stamps.append(Timestamp("word", word, at, at + 0.3, (start, start + len(word))))
        at += 0.3
    found = cues(text, stamps)
    assert " ".join(cue.text for cue in found) == text
    assert all(len(cue.text) <= 84 and cue.end_s - cue.start_s <= 6.01 for cue in found)
    assert all(cue.text.endswith((",", ".")) for cue in found)
    assert all(one.end_s <= other.start_s + 1e-9 for one, other in zip(found, found[1:]))
    assert all(len(line) <= 45 for line in srt(found).splitlines())
    assert "A &amp; B &lt;now&gt;." in vtt(found)
    hours = srt([Cue(3723.0044, 3724.9996, "Late.")])
    assert hours.startswith("1\n01:02:03,004 --> 01:02:05,000\nLate.\n")


def _words(text: str) -> list[tuple[int, str]]:
    out, at = [], 0
    for part in text.split(" "):
        clean = part.strip(",.<>")
        out.append((at + part.find(clean), clean))
        at += len(part) + 1
    return out


def test_through_a_server_it_is_the_same(tiny_voice: Path, tmp_path: Path, capsys) -> None:
    pytest.importorskip("fastapi")
    with running_server(tiny_voice, "--workers", 1) as server:
        times, out = tmp_path / "times.json", tmp_path / "out.wav"
        arguments = ["--server", server.url, TEXT, str(out), "--timestamps", str(times)]
        assert main([*arguments, "--seed", "4", "--rate", "1.25"]) == 0
        expected = synthesize(TEXT, voice=tiny_voice, seed=4, rate=1.25)
        samples, rate = soundfile.read(out, dtype="float32")
        assert rate == 16_000
        np.testing.assert_allclose(samples, expected.samples, atol=2e-4)
        told = json.loads(times.read_text())
        words = [stamp for stamp in expected.timestamps if stamp.kind == "word"]
        assert [item["text"] for item in told["timestamps"]] == [word.text for word in words]
        assert told["timestamps"][3]["start_s"] == pytest.approx(words[3].start_s, abs=1e-4)
        piped = _command("--server", f"{server.url}/v1", "-o", "-", input=TEXT.encode(),
                         stdout=subprocess.PIPE)  # fmt: skip
        heard, _ = soundfile.read(io.BytesIO(piped.stdout))
        assert len(heard) == len(synthesize(TEXT, voice=tiny_voice).samples)
        capsys.readouterr()
        assert main(["--server", server.url, "...", str(out)]) == 1
        assert "no words" in capsys.readouterr().err
    assert main(["--server", server.url, "Hi.", str(out)]) == 1
    assert "start it with: tts-pipeline serve" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--server", server.url, "--voice", str(tiny_voice), "Hi.", str(out)])
