"""Measuring a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts_pipeline.cli import main
from tts_pipeline.serve import measure

FIGURES = {
    "first_sound": {"api_median_ms": 9.0, "api_p95_ms": 10.0, "http_median_ms": 11.0,
                    "http_p95_ms": 12.25},
    "screen_reader_ms": {"ours": {"letter": 0.75}},
    "crowd": {"outcomes": {"ok": 5, "429": 2}, "first_sound_median_s": 0.1},
    "memory_mb": [(0, 300.0), (100, 310.0)],
}  # fmt: skip


def test_clients_at_once_get_what_one_alone_gets(tiny_voice: Path) -> None:
    with measure.server(tiny_voice, 1, 64) as running:
        status, first_s, alone = measure.ask(running.port, "Hello.", 3)
        assert status == 200 and first_s > 0 and len(alone) > 1000
        assert measure.resident_mb(running.pid) > 100
    found = measure.crowd(tiny_voice, clients=4, seconds=1, workers=1)
    assert found["outcomes"]["ok"] > 0 and set(found["outcomes"]) <= {"ok", "429"}


def test_the_command_shows_and_writes_it(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    asked: dict[str, Any] = {}
    monkeypatch.setattr(measure, "measure", lambda voice, **how: asked.update(how) or FIGURES)
    files = ["--json", str(tmp_path / "a.json"), "--picture", str(tmp_path / "a.png")]
    assert main(["benchmark", "server", "--clients", "7", *files]) == 0
    assert asked["clients"] == 7 and asked["seconds"] == 60
    shown = capsys.readouterr().out
    for line in ("http: median 11.0 ms, p95 12.2 ms", "ours: letter 0.8 ms", "5 ok, 2 429",
                 "memory after 100 requests: 310 MB"):  # fmt: skip
        assert line in shown
    assert json.loads((tmp_path / "a.json").read_text())["crowd"] == FIGURES["crowd"]
    assert (tmp_path / "a.png").stat().st_size > 1000
