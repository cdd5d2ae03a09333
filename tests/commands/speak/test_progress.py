"""What a terminal shows while a text is spoken."""

from __future__ import annotations

import re
import sys

from tts_pipeline.cli import main


def test_a_terminal_shows_speed_and_time_left(tiny_voice, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    out = tmp_path / "out.wav"
    assert main(["--voice", str(tiny_voice), "A big dog ran over to me.", str(out)]) == 0
    shown = capsys.readouterr().err.split("\r")
    pattern = r"\d+\.\d s of speech, \d+\.\d x real time, [\d,]+ samples/s"
    lines = [line for line in shown if re.search(pattern, line)]
    assert len(lines) > 1
    assert "sentence done in " in lines[0] and "done in" not in lines[-1]


def test_nothing_is_shown_in_a_pipe(tiny_voice, tmp_path, capsys):
    assert main(["--voice", str(tiny_voice), "A big dog.", str(tmp_path / "out.wav")]) == 0
    assert capsys.readouterr().err == ""
