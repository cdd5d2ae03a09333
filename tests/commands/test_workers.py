"""``tts-pipeline batch --workers``: nothing is lost, whoever is killed."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.processes import children, is_alive, needs_proc
from tts_pipeline import Voice, synthesize
from tts_pipeline.cli import main
from tts_pipeline.commands.batch.rows import Row
from tts_pipeline.commands.batch.workers import Job, speak_in_workers
from tts_pipeline.errors import TTSPipelineError

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


@contextlib.contextmanager
def another_thread() -> Iterator[None]:
    """A thread that a fork would cut off in the middle."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


@pytest.mark.parametrize("beside", [contextlib.nullcontext, another_thread], ids=["alone", "not"])
def test_killed_worker_loses_no_row(tiny_voice: Path, tmp_path: Path, beside: Any) -> None:
    jobs = [
        Job(Row(n, f"row{n}", f"This is the line with number {n}."), tmp_path / f"row{n}.wav", "")
        for n in range(40)
    ]
    options = {"voice": Voice.load(tiny_voice), "lexicon": None}
    outcomes = []
    with beside():
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


@pytest.mark.parametrize("n_started", [0, 1])
def test_fewer_workers_than_asked_for_do_it_as_well(
    tiny_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_started: int
) -> None:
    start, calls = BaseProcess.start, itertools.count()

    def limited(process: BaseProcess) -> None:
        if next(calls) >= n_started:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        start(process)

    monkeypatch.setattr(BaseProcess, "start", limited)
    jobs = [Job(Row(n, f"row{n}", "Hello."), tmp_path / f"row{n}.wav", "") for n in range(4)]
    options = {"voice": Voice.load(tiny_voice), "lexicon": None}
    if n_started:
        outcomes = list(speak_in_workers(jobs, options, 3))
        assert [outcome.error for outcome in outcomes] == [""] * 4
        assert len(list(tmp_path.glob("*.wav"))) == 4
    else:
        with pytest.raises(TTSPipelineError, match=r"no worker process.*try --workers 1"):
            list(speak_in_workers(jobs, options, 3))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers start afresh")
def test_workers_of_a_process_without_other_threads_are_forked_when_it_is_ready(
    tiny_voice: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", FORKED, tiny_voice, tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "fork True\n", "")


# Prints how the workers were started, and whether they found kernels and dictionary loaded.
FORKED = """
import multiprocessing, sys
from pathlib import Path
from tts_pipeline import Voice
from tts_pipeline.commands.batch.rows import Row
from tts_pipeline.commands.batch.workers import Job, speak_in_workers
voice = Voice.load(sys.argv[1])
jobs = [Job(Row(n, f"{n}", "Hello."), Path(sys.argv[2], f"{n}.wav"), "") for n in range(4)]
for outcome in speak_in_workers(jobs, {"voice": voice, "lexicon": None}, 2):
    assert not outcome.error
    found = {type(child).__name__ for child in multiprocessing.active_children()}
print(*(name.removesuffix("Process").lower() for name in found), "front_end" in vars(voice))
"""


@needs_proc
@pytest.mark.parametrize("n_spoken", [0, 5])
def test_killed_batch_goes_on_and_leaves_nothing(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], n_spoken: int
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
    workers: set[int] = set()
    while process.poll() is None and (not workers or len(list(folder.glob("*.wav"))) < n_spoken):
        workers = children(process.pid)
        time.sleep(0.001)
    process.kill()
    process.wait()
    # The workers see that they are alone, and end.
    limit = time.monotonic() + 60
    while any(map(is_alive, workers)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert workers and not any(map(is_alive, workers))
    assert not list(temporary.iterdir())
    there = sorted(int(path.stem[3:]) for path in folder.glob("*.wav"))
    assert n_spoken <= len(there) < 300
    _require_whole(folder, tiny_voice, there)
    noted = [json.loads(x) for x in (folder / "batch.jsonl").read_text().splitlines() if x]
    assert main([*arguments, "--workers", "1"]) == 0
    assert f"{300 - len(noted)} spoken, {len(noted)} done before" in capsys.readouterr().err
    names = {path.name for path in folder.iterdir()}
    assert names == {"batch.jsonl", *(f"row{number}.wav" for number in range(300))}
