"""Workers: limits, cancellation, death."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.idle import idle_connections, n_open_files
from tests.processes import children, needs_proc
from tests.serve.running import running_server
from tts_pipeline import synthesize
from tts_pipeline.errors import TextError, TTSPipelineError
from tts_pipeline.serve.formats import RAW
from tts_pipeline.serve.job import Chunk, Done, Speech
from tts_pipeline.serve.pool import Pool
from tts_pipeline.serve.refusals import Busy, TooLong, WorkerLost
from tts_pipeline.serve.settings import Settings
from tts_pipeline.serve.wyoming.door import MAX_CONNECTIONS

LONG = "This is one of many sentences. " * 600


def _in_pool(settings: Settings, body: Callable[[Pool], Awaitable[None]]) -> None:
    async def run() -> None:
        pool = Pool(settings)
        try:
            await pool.start()
            await asyncio.wait_for(body(pool), 60)
        finally:
            await pool.stop(0)

    asyncio.run(run())


async def _said(pool: Pool, text: str) -> tuple[np.ndarray, Done]:
    content, done = b"", None
    async with contextlib.aclosing(pool.do(Speech(text, {}, RAW))) as events:
        async for event in events:
            if isinstance(event, Chunk):
                content += event.content
            else:
                done = event
    assert isinstance(done, Done)
    return np.frombuffer(content, "<i2") / 32767, done


async def _begun(pool: Pool, text: str = LONG) -> tuple[Any, object]:
    events = pool.do(Speech(text, {}, RAW))
    return events, await anext(events)


def test_queue_limits_and_cancellation(tiny_voice: Path) -> None:
    async def body(pool: Pool) -> None:
        first, chunk = await _begun(pool)
        assert isinstance(chunk, Chunk) and chunk.content
        waiting = asyncio.create_task(_said(pool, "I wait."))
        await asyncio.sleep(0)
        assert (pool.n_busy, pool.n_waiting) == (1, 1)
        with pytest.raises(Busy, match="1 requests are waiting") as refused:
            await _said(pool, "No place for me.")
        assert 1 <= refused.value.retry_s <= 60
        # Hanging up makes place for who waits, in the same process.
        await first.aclose()
        samples, done = await waiting
        expected = synthesize("I wait.", voice=tiny_voice).samples
        np.testing.assert_allclose(samples, expected, atol=1.2e-4)
        assert done.n_sentences == 1 and done.used == len("I wait.")
        assert pool.n_lost == 0
        # Who gives up while waiting is not spoken to.
        first, _ = await _begun(pool)
        waiting = asyncio.create_task(_said(pool, "Never mind."))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert pool.n_waiting == 0
        await first.aclose()
        with pytest.raises(TextError, match="no words"):
            await _said(pool, "...")

    _in_pool(Settings(tiny_voice, workers=1, queue=1), body)


def test_a_killed_worker_loses_its_request_only_and_is_replaced(tiny_voice: Path) -> None:
    async def body(pool: Pool) -> None:
        while pool.n_ready < 2:
            await asyncio.sleep(0.02)

        async def heard(events: AsyncIterator[object]) -> None:
            async for event in events:
                assert isinstance(event, Chunk)

        both = [asyncio.create_task(heard((await _begun(pool))[0])) for _ in range(2)]
        assert pool.n_busy == 2
        victim = multiprocessing.active_children()[0].pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        (lost,), (other,) = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(WorkerLost, match="died"):
            await lost
        other.cancel()
        await asyncio.wait([other])
        while pool.n_ready < 2:
            await asyncio.sleep(0.02)
        assert pool.n_lost == 1
        samples, _ = await _said(pool, "Still here.")
        assert len(samples) > 1000

    _in_pool(Settings(tiny_voice, workers=2), body)


def _refuse_processes(monkeypatch: pytest.MonkeyPatch, *refused: int) -> None:
    """Let some of the next processes (0 is the first) not be started, as under a limit on their
    number."""
    start, numbers = BaseProcess.start, itertools.count()

    def refusing(process: BaseProcess) -> None:
        if next(numbers) in refused:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        start(process)

    monkeypatch.setattr(BaseProcess, "start", refusing)


def test_a_worker_that_cannot_be_started_is_tried_again(
    tiny_voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(pool: Pool) -> None:
        _refuse_processes(monkeypatch, 0)
        (worker,) = multiprocessing.active_children()
        worker.kill()
        while pool.n_ready:
            await asyncio.sleep(0.01)
        samples, _ = await _said(pool, "Still here.")
        assert len(samples) > 1000

    _in_pool(Settings(tiny_voice, workers=1), body)


def test_a_server_starts_with_fewer_workers_than_asked_for_and_gets_the_others_later(
    tiny_voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(pool: Pool) -> None:
        samples, _ = await _said(pool, "One will do.")
        assert len(samples) > 1000
        while pool.n_ready < 2:
            await asyncio.sleep(0.02)

    _refuse_processes(monkeypatch, 1)
    _in_pool(Settings(tiny_voice, workers=2), body)


def test_a_server_without_workers_is_refused_at_the_start(
    tiny_voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(pool: Pool) -> None:
        raise AssertionError("it started")

    _refuse_processes(monkeypatch, 0)
    with pytest.raises(TTSPipelineError, match=r"no worker process.*fewer --workers"):
        _in_pool(Settings(tiny_voice, workers=1), body)


def test_too_long_is_ended(tiny_voice: Path) -> None:
    async def body(pool: Pool) -> None:
        with pytest.raises(TooLong, match=r"0\.1 s"):
            await _said(pool, LONG * 10)
        samples, _ = await _said(pool, "Next.")
        assert len(samples) > 1000

    _in_pool(Settings(tiny_voice, workers=1, max_seconds=0.1), body)


def test_a_worker_does_not_run_far_ahead_of_its_client(
    tiny_voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(pool: Pool) -> None:
        events, _ = await _begun(pool)
        running = next(worker.running for worker in pool._workers if worker.running)

        def ahead_s() -> float:
            return sum(event.n_samples for event in running.events._queue) / 16_000

        while ahead_s() < 119:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        assert ahead_s() < 125
        rest = [event async for event in events]
        assert isinstance(rest[-1], Done) and rest[-1].used == len(LONG)

    _in_pool(Settings(tiny_voice, workers=1), body)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python looks there first")
def test_files_in_the_current_folder_are_no_modules(
    tiny_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(pool: Pool) -> None:
        samples, _ = await _said(pool, "Fine.")
        assert len(samples) > 1000

    (tmp_path / "types.py").write_text("raise SystemExit('the wrong types')")
    monkeypatch.chdir(tmp_path)
    _in_pool(Settings(tiny_voice, workers=1), body)


def test_a_voice_that_cannot_be_loaded_is_told_at_the_start(tmp_path: Path) -> None:
    async def body(pool: Pool) -> None:
        raise AssertionError("it started")

    with pytest.raises(TTSPipelineError, match="nothing_here"):
        _in_pool(Settings(tmp_path / "nothing_here", workers=1), body)


@needs_proc
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stopped_server_finishes_what_it_speaks(tiny_voice: Path, name: str) -> None:
    number = getattr(signal, name)
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, as under nohup")
    with running_server(tiny_voice, "--workers", 1) as server:
        got: list[bytes] = []
        thread = threading.Thread(
            target=lambda: got.append(server.speak(LONG[:6000], response_format="pcm"))
        )
        thread.start()
        while not server.metric("tts_pipeline_workers_busy"):
            time.sleep(0.01)
        # A terminal sends SIGINT and SIGHUP to the whole group.
        group = set() if name == "SIGTERM" else children(server.process.pid)
        for pid in (server.process.pid, *group):
            os.kill(pid, number)
        thread.join(30)
        assert server.process.wait(30) == 0
        assert server.process.stderr is not None and server.process.stderr.read() == ""
    expected = synthesize(LONG[:6000], voice=tiny_voice)
    assert len(got[0]) == 2 * round(len(expected.samples) * 1.5)


@needs_proc
def test_what_takes_too_long_when_it_stops_is_told_in_a_line(tiny_voice: Path) -> None:
    before = "from tts_pipeline.serve import server; server.STOP_S = 0.5"
    with running_server(tiny_voice, "--workers", 1, before=before) as server:
        wanted = {"input": LONG, "response_format": "pcm"}
        answer = urllib.request.Request(
            f"{server.url}/v1/audio/speech",
            json.dumps(wanted).encode(),
            {"Content-Type": "application/json"},
        )
        # A client that takes nothing more of it.
        with urllib.request.urlopen(answer, timeout=60) as sound:
            sound.read(10)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
        assert server.process.stderr is not None
        told = server.process.stderr.read()
    assert "an answer was broken off: the server stops" in told and "Traceback" not in told


def test_idle_connections_lock_nobody_out(tiny_voice: Path) -> None:
    with running_server(tiny_voice, "--workers", 1) as server:
        expected = server.speak("Hello.")
        with idle_connections(server.http_port, 1100) as http:
            assert server.speak("Hello.") == expected
            with idle_connections(server.wyoming_port, 1100) as wyoming:
                assert server.speak("Hello.") == expected
                assert http[0].recv(1) == wyoming[0].recv(1) == b""
                assert n_open_files(server.process.pid) < 2 * MAX_CONNECTIONS + 50
                wyoming[-1].sendall(b'{"type": "describe"}\n')
                assert wyoming[-1].recv(16) == b'{"type": "info",'
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        assert server.process.stderr is not None and server.process.stderr.read() == ""


def test_one_worker_and_no_queue_answers_429_and_key_and_origin_are_checked(
    tiny_voice: Path,
) -> None:
    options = ("--workers", 1, "--queue", 0, "--api-key", "sesame", "--cors", "https://chat.test")
    with running_server(tiny_voice, *options) as server:
        key = {"Authorization": "Bearer sesame"}
        wanted = {"input": LONG, "response_format": "pcm"}
        status, headers, content = server.request("POST", "/v1/audio/speech", wanted)
        assert (status, json.loads(content)["error"]["code"]) == (401, "invalid_api_key")
        assert headers["www-authenticate"] == "Bearer"
        for wrong in ({"Authorization": "Bearer Sesame"}, {"Authorization": "Basic sesame"}):
            assert server.request("GET", "/v1/models", headers=wrong)[0] == 401
        assert server.request("GET", "/metrics")[0] == 401
        assert server.request("GET", "/health")[0] == server.request("GET", "/")[0] == 200
        request = urllib.request.Request(
            f"{server.url}/v1/audio/speech",
            json.dumps(wanted).encode(),
            {"Content-Type": "application/json", **key},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read(10)
            status, headers, content = server.request(
                "POST", "/v1/audio/speech", {"input": "Me too."}, key
            )
        error = json.loads(content)["error"]
        assert (status, error["type"]) == (429, "rate_limit_error")
        assert int(headers["retry-after"]) >= 1
        asked = {"Access-Control-Request-Method": "POST", "Origin": "https://chat.test"}
        status, headers, _ = server.request("OPTIONS", "/v1/audio/speech", headers=asked)
        assert headers["access-control-allow-origin"] == "https://chat.test"
        asked["Origin"] = "https://evil.test"
        status, headers, _ = server.request("OPTIONS", "/v1/audio/speech", headers=asked)
        assert status == 400 and "access-control-allow-origin" not in headers
