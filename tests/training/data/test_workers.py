from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.data import worker_jobs
from tts_pipeline.errors import CorpusError
from tts_pipeline.training.data.workers import run_in_workers

ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def jobs(folder: Path, n: int = 6) -> dict[str, Path]:
    return {f"{number}.wav": folder / str(number) for number in range(n)}


def done(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".seen")


def test_all_get_done(tmp_path):
    run_in_workers(worker_jobs.write, jobs(tmp_path), 2, "test")
    assert done(tmp_path) == list("012345")


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"^test: 2\.wav: no sound in it$"):
        run_in_workers(worker_jobs.refuse, jobs(tmp_path), 2, "test")


@posix
def test_one_crash_loses_nothing(tmp_path):
    run_in_workers(worker_jobs.crash_once, jobs(tmp_path), 2, "test")
    assert done(tmp_path) == list("012345") and (tmp_path / "0.seen").exists()


@posix
def test_a_file_that_crashes_its_process_is_named_with_cause_and_remedy(tmp_path):
    message = r"test: 3\.wav: its process was ended by SIGSEGV, twice: .* remove the \*\.nbi"
    with pytest.raises(CorpusError, match=message):
        run_in_workers(worker_jobs.crash_always, jobs(tmp_path), 2, "test")


@posix
def test_workers_end_with_their_parent(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.training.data import worker_jobs\n"
        "from tts_pipeline.training.data.workers import run_in_workers\n"
        "if __name__ == '__main__':\n"
        "    jobs = {name: Path(sys.argv[1], name) for name in 'ab'}\n"
        "    run_in_workers(worker_jobs.wait_long, jobs, 2, 'test')\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    out = tmp_path / "out"
    out.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script), str(out)], env=environment) as process:
        files = [out / "a", out / "b"]
        while process.poll() is None and not all(f.exists() and f.read_text() for f in files):
            time.sleep(0.05)
        process.kill()
    alive = [int(file.read_text()) for file in files]
    assert len(alive) == 2
    limit = time.monotonic() + 30
    while alive and time.monotonic() < limit:
        alive = [pid for pid in alive if Path(f"/proc/{pid}").exists() and _runs(pid)]
        time.sleep(0.05)
    assert not alive


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()
