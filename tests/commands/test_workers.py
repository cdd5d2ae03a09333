"""``tts-pipeline batch --workers``: nothing is lost, whoever is killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tts_pipeline import Voice, synthesize
from tts_pipeline.cli import main
from tts_pipeline.commands.batch.rows import Row
from tts_pipeline.commands.batch.workers import Job, speak_in_workers

ROOT = Path(__file__).resolve().parents[2]


def _csv(path: Path, n_rows: int) -> Path:
    lines = [f"row{number}|This is the line with number {number}.\n" for number in range(n_rows)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _require_whole(folder: Path, voice: Path, numbers: list[int]) -> None:
    for number in numbers:
        expected = synthesize(f"This is the line with number {number}.", voice=voice)
        assert soundfile.info(folder / f"row{number}.wav").frames == len(expected.samples)


def test_workers_write_what_one_process_writes(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = tmp_path / "rows.csv"
    csv.write_text("a|Hello.\nb|Go \U0001f600 on.\nc|\nd|zyx is here.\n", encoding="utf-8")
    lexicon = tmp_path / "mine.tsv"
    lexicon.write_text("zyx\tZ AA1 Z\n", encoding="utf-8")
    written = []
    for n in ("1", "2"):
        options = ["--voice", str(tiny_voice), "--lexicon", str(lexicon), "--workers", n]
        assert main(["batch", str(csv), str(tmp_path / n), *options]) == 1
        err = capsys.readouterr().err
        assert "rows.csv:2: b: warning: left out" in err
        assert "rows.csv:3: c: error: the text is empty" in err
        assert "3 spoken, 0 done before, 1 failed" in err
        written.append({p.name: soundfile.read(p)[0] for p in (tmp_path / n).glob("*.wav")})
    assert written[0].keys() == written[1].keys() == {"a.wav", "b.wav", "d.wav"}
    for name, samples in written[0].items():
        assert abs(samples - written[1][name]).max() < 2e-4


def test_killed_worker_loses_no_row(tiny_voice: Path, tmp_path: Path) -> None:
    jobs = [
        Job(Row(n, f"row{n}", f"This is the line with number {n}."), tmp_path / f"row{n}.wav", "")
        for n in range(40)
    ]
    options = {"voice": Voice.load(tiny_voice), "lexicon": None}
    outcomes = []
    for outcome in speak_in_workers(jobs, options, 2):
        outcomes.append(outcome)
        if len(outcomes) in (3, 6):
            victim = multiprocessing.active_children()[0]
            assert victim.pid
            os.kill(victim.pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    assert sorted(outcome.job.row.line for outcome in outcomes) == list(range(40))
    assert not any(outcome.error for outcome in outcomes)
    _require_whole(tmp_path, tiny_voice, [0, 1, 20, 39])
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_batch_goes_on(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv, folder, temporary = _csv(tmp_path / "rows.csv", 300), tmp_path / "out", tmp_path / "tmp"
    temporary.mkdir()
    code = "import sys; from tts_pipeline.cli import main; sys.exit(main())"
    arguments = ["batch", str(csv), str(folder), "--voice", str(tiny_voice)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--workers", "2"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and len(list(folder.glob("*.wav"))) < 5:
        time.sleep(0.01)
    process.kill()
    process.wait()
    # The workers see that they are alone, end, and take the copy of the voice with them.
    limit = time.monotonic() + 60
    while list(temporary.glob("tts_pipeline-*")) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not list(temporary.glob("tts_pipeline-*"))
    there = sorted(int(path.stem[3:]) for path in folder.glob("*.wav"))
    assert 5 <= len(there) < 300
    _require_whole(folder, tiny_voice, there)
    noted = [json.loads(x) for x in (folder / "batch.jsonl").read_text().splitlines() if x]
    assert main([*arguments, "--workers", "1"]) == 0
    assert f"{300 - len(noted)} spoken, {len(noted)} done before" in capsys.readouterr().err
    names = {path.name for path in folder.iterdir()}
    assert names == {"batch.jsonl", *(f"row{number}.wav" for number in range(300))}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("n_entries", [1, 3])
def test_a_batch_killed_while_it_copies_the_voice_leaves_no_copy(
    tiny_voice: Path, tmp_path: Path, n_entries: int
) -> None:
    csv, temporary = _csv(tmp_path / "rows.csv", 3), tmp_path / "tmp"
    temporary.mkdir()
    code = "import sys; from tts_pipeline.cli import main; sys.exit(main())"
    arguments = ["batch", str(csv), str(tmp_path / "out"), "--voice", str(tiny_voice)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--workers", "2"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stderr=subprocess.DEVNULL,
    )

    def copies() -> list[Path]:
        # Python itself tries the folder with a file of another name.
        return [path for path in temporary.rglob("*") if "tts_pipeline-" in str(path)]

    while process.poll() is None and len(copies()) < n_entries:
        time.sleep(0.001)
    process.kill()
    process.wait()
    limit = time.monotonic() + 60
    while copies() and time.monotonic() < limit:
        time.sleep(0.05)
    assert not copies()


@pytest.mark.skipif(os.name != "posix", reason="needs process ids as POSIX has them")
def test_what_a_killed_group_left_the_next_batch_removes(
    tiny_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    forsaken = tmp_path / "tmp" / f"tts_pipeline-batch-{gone.pid}-0123"
    in_use = tmp_path / "tmp" / f"tts_pipeline-batch-{os.getppid()}-0123"
    for folder in (forsaken, in_use):
        folder.mkdir(parents=True)
        (folder / "config.json").touch()
    options = {"voice": Voice.load(tiny_voice), "lexicon": None}
    (outcome,) = speak_in_workers([Job(Row(1, "a", "Hello."), tmp_path / "a.wav", "")], options, 1)
    assert not outcome.error
    assert list((tmp_path / "tmp").iterdir()) == [in_use]


def test_mapped_weights_are_those_of_the_file(tiny_voice: Path) -> None:
    mapped, read = (Voice.load(tiny_voice, mapped=mapped) for mapped in (True, False))
    text = "Hello there."
    first, second = (synthesize(text, voice=voice).samples for voice in (mapped, read))
    assert np.array_equal(first, second)
    if Path("/proc/self/maps").exists():
        used = Path("/proc/self/maps").read_text()
        assert str(tiny_voice / "autoregressive.safetensors") in used
