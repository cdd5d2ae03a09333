"""Nothing that was acknowledged is lost when servers and browsers are killed, twenty times."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import CHROMIUM_ARGUMENTS
from tests.listening.in_browser import SMALL, TOKEN, WAIT_MS
from tests.listening.simulation import Client, answer_to, small_test
from tts_pipeline.listening.analysis.results import read_results
from tts_pipeline.listening.collect.store import AnswerStore
from tts_pipeline.listening.trials import ANSWERS_FILE, Key

ROOT = Path(__file__).resolve().parents[3]
N_SERVER_KILLS = 14
N_BROWSER_ROUNDS = 3  # each kills the server once and the browser once

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="this system has no signal that cannot be caught"
)


class KilledServer:
    """``tts-pipeline listen serve`` in a process of its own, which SIGKILL ends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.start()

    def start(self) -> None:
        code = "import sys; from tts_pipeline.cli import main; sys.exit(main())"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "listen", "serve", self.folder, "--port", str(self.port)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, line
        self.port = int(found[1])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[KilledServer]:
    server = KilledServer(folder)
    try:
        yield server
    finally:
        server.kill()


class Answerer(threading.Thread):
    """Takes the test again and again, answering as fast as it can, whatever happens."""

    def __init__(self, port: int, number: int) -> None:
        super().__init__()
        self.port, self.number = port, number
        self.acknowledged: list[dict[str, Any]] = []
        self.n_answers = 0
        self.unexpected: list[Any] = []
        self.stop = False

    def run(self) -> None:
        while not self.stop:
            client = Client(self.port)
            session = self._insist(client.begin)
            for trial in session["trials"] if session else []:
                self._answer(client, trial)

    def _answer(self, client: Client, trial: dict[str, Any]) -> None:
        self.n_answers += 1
        content = answer_to(trial, seconds=self.number + self.n_answers / 1000)
        got = self._insist(lambda: client.answer(content))
        # 409: it was stored, but the server died before it could say so.
        if got and got[0] in (201, 409):
            self.acknowledged.append(content)
        elif got:
            self.unexpected.append(got)

    def _insist(self, call: Any) -> Any:
        while not self.stop:
            try:
                return call()
            except (OSError, HTTPException):
                time.sleep(0.02)
        return None


def _stored(folder: Path, key: Key) -> list[dict[str, Any]]:
    store = AnswerStore(folder / ANSWERS_FILE, key)
    try:
        return [answer for listener in store.all_answers() for answer in listener.answers]
    finally:
        store.close()


def test_killed_server_loses_no_acknowledged_answer(comparison: Path, tmp_path: Path) -> None:
    folder = tmp_path / "test"
    key = small_test(comparison, folder, design="mos", exposure="full", max_listeners=100_000)
    random = np.random.default_rng(1)
    with _server(folder) as server:
        answerers = [Answerer(server.port, number) for number in range(3)]
        for answerer in answerers:
            answerer.start()
        try:
            for _ in range(N_SERVER_KILLS):
                before = sum(len(a.acknowledged) for a in answerers)
                while sum(len(a.acknowledged) for a in answerers) < before + 5:
                    time.sleep(0.01)
                # At any moment of an answer's way, not only between two.
                time.sleep(float(random.uniform(0, 0.02)))
                server.kill()
                server.start()
        finally:
            for answerer in answerers:
                answerer.stop = True
            for answerer in answerers:
                answerer.join()
    assert [answerer.unexpected for answerer in answerers] == [[]] * 3
    acknowledged = [answer for answerer in answerers for answer in answerer.acknowledged]
    stored = _stored(folder, key)
    lost = [answer for answer in acknowledged if answer not in stored]
    assert len(acknowledged) >= 5 * N_SERVER_KILLS
    assert lost == []
    assert read_results(key, [folder / ANSWERS_FILE]).faults == ()


def _wait_for_token_on_disk(page: Any, profile: Path, token: str) -> None:
    folder = profile / "Default" / "Local Storage" / "leveldb"
    for _ in range(WAIT_MS // 100):
        for file in folder.glob("*.l*"):
            with contextlib.suppress(OSError):
                content = file.read_bytes()
                if token.encode() in content or token.encode("utf-16-le") in content:
                    return
        page.wait_for_timeout(100)
    pytest.fail(f"the browser has not written the token within {WAIT_MS / 1000:g} s")


def _browser_process(profile: Path) -> int:
    """The main process of the browser that uses a profile, which is this test's own."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                mine = any(w == f"--user-data-dir={profile}".encode() for w in words)
                if mine and not any(word.startswith(b"--type=") for word in words):
                    return int(entry.name)
    raise AssertionError(f"no browser uses {profile}")


def _answer_one(page: Any) -> str:
    """Listen and rate; the trial's heading."""
    page.wait_for_selector(".trial", timeout=WAIT_MS)
    heading = str(page.inner_text("h1"))
    page.click("button.play", timeout=WAIT_MS)
    page.wait_for_selector("fieldset:not([disabled])", timeout=WAIT_MS)
    page.keyboard.press("4")
    page.click("#continue", timeout=WAIT_MS)
    page.wait_for_function(
        "before => document.querySelector('h1').textContent !== before",
        arg=heading,
        timeout=WAIT_MS,
    )
    return heading


def _enter(page: Any, port: int) -> None:
    page.goto(f"http://127.0.0.1:{port}/")
    for heading in ("Set your volume", "The test begins"):
        page.click("#continue", timeout=WAIT_MS)
        page.wait_for_selector(f"h1:text-is('{heading}')", timeout=WAIT_MS)
    page.click("#continue")


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the browser in /proc")
def test_killed_browser_and_server_lose_no_answer(
    chromium: tuple[Any, str], comparison: Path, tmp_path: Path
) -> None:
    playwright, path = chromium
    folder, profile = tmp_path / "test", tmp_path / "profile"
    key = small_test(comparison, folder, design="mos", exposure="full")

    def launch() -> Any:
        return playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=path,
            args=CHROMIUM_ARGUMENTS,
            viewport=SMALL,
        )

    with _server(folder) as server:
        context = launch()
        page = context.pages[0]
        _enter(page, server.port)
        token = page.evaluate(TOKEN)
        for round_number in range(N_BROWSER_ROUNDS):
            _answer_one(page)
            # The server dies; the next answer waits in the page until it is back.
            server.kill()
            _answer_one(page)
            page.wait_for_selector("#status[data-kind='waiting']", timeout=WAIT_MS)
            server.start()
            page.wait_for_selector("#status[data-kind='saved']", timeout=WAIT_MS)
            expected = 2 * (round_number + 1)
            assert len(Client(server.port, token).session()["answered"]) == expected
            # The browser writes its storage lazily: the token is to be on the disk first.
            _wait_for_token_on_disk(page, profile, token)
            os.kill(_browser_process(profile), signal.SIGKILL)
            with contextlib.suppress(Exception):
                context.close()
            context = launch()
            page = context.pages[0]
            _enter(page, server.port)
            # The same listener goes on with the next sound.
            assert page.evaluate(TOKEN) == token
            page.wait_for_selector(f"h1:text-is('Sound {expected + 1}')", timeout=WAIT_MS)
        context.close()
    (listener,) = read_results(key, [folder / ANSWERS_FILE]).participants
    assert len(listener.judgements) == 2 * N_BROWSER_ROUNDS
    assert {item.value for item in listener.judgements} == {4.0}
