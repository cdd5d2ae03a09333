"""``tts-pipeline batch --engine ray``: a local Ray of two workers, one of which is killed."""

from __future__ import annotations

import json
import os
import pickle
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tts_pipeline import Voice, synthesize
from tts_pipeline.cli import main
from tts_pipeline.commands.batch.rows import Row
from tts_pipeline.commands.batch.workers import Job

N_ROWS = 60


def _workers() -> list[int]:
    """Processes below this one that Ray calls workers of its map."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])

    def is_ours(pid: int) -> bool:
        while pid > 1:
            if pid == os.getpid():
                return True
            pid = parents.get(pid, 0)
        return False

    found = []
    for pid in filter(is_ours, parents):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        found += [pid] if b"MapWorker" in command else []
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="workers are found in /proc")
def test_killed_worker_loses_no_row_and_the_batch_goes_on(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    from tts_pipeline.commands.batch.ray_workers import speak_with_ray

    folder = tmp_path / "out"
    folder.mkdir()
    texts = [f"This is the line with number {n}." for n in range(N_ROWS)]
    jobs = [Job(Row(n, f"row{n}", t), folder / f"row{n}.wav", "") for n, t in enumerate(texts)]
    options = {"voice": Voice.load(tiny_voice), "lexicon": None, "seed": 4}
    outcomes = []
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        for outcome in speak_with_ray(jobs, options, 2):
            outcomes.append(outcome)
            if len(outcomes) == 3:
                workers = _workers()
                assert workers
                os.kill(workers[0], signal.SIGKILL)
        assert sorted(outcome.job.row.line for outcome in outcomes) == list(range(N_ROWS))
        assert not any(outcome.error for outcome in outcomes)
        assert len(list(folder.iterdir())) == N_ROWS, "no file missing, none half written"
        for n in (0, 17, N_ROWS - 1):
            samples, _ = soundfile.read(folder / f"row{n}.wav", dtype="float32")
            expected = synthesize(texts[n], voice=tiny_voice, seed=4).samples
            np.testing.assert_allclose(samples, expected, atol=2e-4)

        csv, again = tmp_path / "rows.csv", tmp_path / "again"
        csv.write_text("a|Hello.\nb|\nc|Go on.\n", encoding="utf-8")
        arguments = ["batch", str(csv), str(again), "--voice", str(tiny_voice), "--workers", "2"]
        assert main([*arguments, "--engine", "ray"]) == 1
        err = capsys.readouterr().err
        assert "rows.csv:2: b: error: the text is empty" in err
        assert "2 spoken, 0 done before, 1 failed" in err
        noted = [json.loads(x) for x in (again / "batch.jsonl").read_text().splitlines() if x]
        assert sorted(entry["file"] for entry in noted) == ["a.wav", "c.wav"]
        (again / "c.wav").unlink()
        assert main([*arguments, "--engine", "processes"]) == 1
        assert "1 spoken, 1 done before, 1 failed" in capsys.readouterr().err
    finally:
        ray.shutdown()


def test_voice_travels_between_processes(tiny_voice: Path) -> None:
    voice = Voice.load(tiny_voice)
    copy = pickle.loads(pickle.dumps(voice))
    assert (copy.name, copy.fingerprint, copy.path) == (voice.name, voice.fingerprint, voice.path)
    expected = synthesize("Hello there.", voice=voice, seed=2).samples
    assert np.array_equal(synthesize("Hello there.", voice=copy, seed=2).samples, expected)


def test_a_voice_with_changed_weights_travels_too(tiny_voice: Path) -> None:
    pytest.importorskip("torch")
    voice = Voice.load(tiny_voice)
    expected = synthesize("Hello there.", voice=voice, seed=2).samples
    module: Any = voice.module("autoregressive")
    module.decoder.output.bias.add_(1.0)
    other = voice.with_model("autoregressive", module)
    changed = pickle.loads(pickle.dumps(other))
    spoken = [synthesize("Hello there.", voice=v, seed=2).samples for v in (other, changed)]
    assert np.array_equal(*spoken) and not np.array_equal(spoken[0], expected)


def test_without_ray_the_remedy_is_named(
    tiny_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    csv = tmp_path / "rows.csv"
    csv.write_text("a|Hello.\n", encoding="utf-8")
    arguments = ["batch", str(csv), str(tmp_path / "out"), "--voice", str(tiny_voice)]
    assert main([*arguments, "--engine", "ray"]) == 1
    assert "tts_pipeline[ray]" in capsys.readouterr().err
