"""Connections that say nothing, half a request or good-bye too early keep nobody else out."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.idle import idle_connections, n_open_files
from tests.listening.simulation import small_test
from tts_pipeline.connections import MOST_CONNECTIONS, BoundedHTTP
from tts_pipeline.listening.collect.answers import parse_answer
from tts_pipeline.listening.trials import Key

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def built(comparison: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key]:
    folder = tmp_path_factory.mktemp("built") / "test"
    return folder, small_test(comparison, folder, design="ab")


@pytest.fixture
def served(built: tuple[Path, Key]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    code = "import sys; from tts_pipeline.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "listen", "serve", built[0], "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    assert found
    yield process, int(found[1])
    process.kill()
    process.communicate()


def status_of_page(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


def test_idle_connections_lock_nobody_out(served: tuple[subprocess.Popen[str], int]) -> None:
    process, port = served
    with idle_connections(port, 1100) as idle:
        assert status_of_page(port) == 200
        # The oldest had to make room; the newest are still there.
        assert idle[0].recv(1) == idle[-MOST_CONNECTIONS - 2].recv(1) == b""
        assert n_open_files(process.pid) < MOST_CONNECTIONS + 50
        idle[-1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle[-1].recv(12) == b"HTTP/1.1 200"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1] == ""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_it_though_a_browser_keeps_its_connection(
    served: tuple[subprocess.Popen[str], int], name: str, code: int
) -> None:
    process, port = served
    if signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, as under nohup")
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    kept.request("GET", "/")
    assert kept.getresponse().read()
    half = socket.create_connection(("127.0.0.1", port))
    half.send(b"POST /api/listeners HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in errors
    half.close()
    kept.close()


def test_a_client_that_leaves_causes_no_traceback(
    served: tuple[subprocess.Popen[str], int],
) -> None:
    process, port = served
    for _ in range(3):
        leaving = socket.create_connection(("127.0.0.1", port))
        head = "POST /api/listeners HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        leaving.send(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        time.sleep(0.2)
        leaving.close()
    assert status_of_page(port) == 200
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors and "Error" not in errors, errors


def test_a_request_that_does_not_end_is_given_up() -> None:
    class Hasty(BoundedHTTP):
        request_s = 0.5

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body or b"-"})

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, http=Hasty, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            for beginning in (
                b"",
                b"GET / HT",
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
                # A second request that stops in the middle.
                b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP",
            ):
                slow = socket.create_connection(("127.0.0.1", port), timeout=20)
                slow.sendall(beginning)
                received = b""
                while part := slow.recv(4096):
                    received += part
                assert received.count(b"200 OK") == (b"\r\n\r\nGET" in beginning)
                slow.close()
        finally:
            server.should_exit = True
            thread.join(20)
    assert not thread.is_alive()


def test_control_characters_are_left_out_of_what_listeners_type() -> None:
    sent = {"trial": "0" * 16, "seconds": 1.0, "plays": {}, "kind": "comment"}
    text = "good\x1b[2J\x07 sound\r\n\tbut \x9b31mred\x00\x7f"
    answer = parse_answer(json.loads(json.dumps({**sent, "text": text})))
    assert answer.model_dump()["text"] == "good[2J sound\n\tbut 31mred"
