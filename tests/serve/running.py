"""A real server in a process of its own, and small ways to talk to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
START_S = 120


class Server(NamedTuple):
    """Where a running server is."""

    process: subprocess.Popen[str]
    http_port: int
    wyoming_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body; a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=60)
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if body is not None else {}
        with contextlib.closing(connection):
            connection.request(method, path, content, {**given, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def speak(self, text: str, **fields: Any) -> bytes:
        """The sound of a text."""
        wanted = {"model": "tts-1", "voice": "alloy", "input": text, **fields}
        status, _, content = self.request("POST", "/v1/audio/speech", wanted)
        assert status == 200, content
        return content

    def fault(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Status and error of a request for speech that is refused."""
        wanted = {"model": "tts-1", "voice": "alloy", "input": "Hello.", **fields}
        status, headers, content = self.request("POST", "/v1/audio/speech", wanted)
        assert headers["content-type"] == "application/json"
        error = json.loads(content)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return status, error

    def metric(self, name: str) -> float:
        """The value of a line of /metrics."""
        text = self.request("GET", "/metrics")[2].decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


def environment() -> dict[str, str]:
    """In which a process finds this package."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def running_server(voice: Path, *options: object, before: str = "") -> Iterator[Server]:
    """Start ``tts-pipeline serve`` on free ports, after a line of Python; stop it in the end."""
    code = f"{before}\nimport sys\nfrom tts_pipeline.cli import main\nsys.exit(main())"
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--wyoming-port", "0"]
    process = subprocess.Popen(
        [*command, "--voice", str(voice), *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        told = ""
        while "Wyoming" not in told:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            told += line
        http_port, wyoming_port = (int(port) for port in re.findall(r":(\d+)(?:/v1)?$", told, re.M))
        yield Server(process, http_port, wyoming_port)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        process.stderr.close()
