"""Speech from a running server, as if it were made here."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import urllib.parse
from collections.abc import Iterator
from typing import Any

import numpy as np

from tts_pipeline.audio.files import Audio
from tts_pipeline.audio.pcm import HEADER_SIZE
from tts_pipeline.errors import ConfigError, TextError, TTSPipelineError
from tts_pipeline.timestamps import Timestamp

KEY_VARIABLE = "TTS_PIPELINE_API_KEY"
_TIMEOUT_S = 60.0
# Names of our options in OpenAI's API and its extensions; the others are options of models.
_FIELDS = {"rate": "speed"}
_OWN = (
    "seed", "pitch", "energy", "strict", "acoustic", "vocoder", "style", "text_format",
    "intonation",
)  # fmt: skip


class Server:
    """A server that runs ``tts-pipeline serve``.

    Args:
        url: its address, such as ``http://127.0.0.1:8880``; ``/v1`` behind it does no harm.

    Raises:
        ConfigError: if that is no address of a server.
    """

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"--server {url!r}: expected an address like http://127.0.0.1:8880")
        self._url, self._parts = url, parts
        self._path = parts.path.rstrip("/").removesuffix("/v1")

    def sample_rate(self) -> int:
        """Of its voice.

        Raises:
            TTSPipelineError: if it does not answer.
        """
        with self._answer("GET", "/v1/audio/voices") as answer:
            rate = json.load(answer).get("sample_rate")
        if not isinstance(rate, int):
            raise TTSPipelineError(f"{self._url}: is no server of tts_pipeline")
        return rate

    def stream(self, text: str, sample_rate: int, options: dict[str, Any]) -> Iterator[Audio]:
        """Like :func:`tts_pipeline.stream`, with timestamps of words and marks and no report.

        Raises:
            TextError: if the server refuses the text.
            TTSPipelineError: for any other error.
        """
        wanted: dict[str, Any] = {
            "model": "tts_pipeline",
            "input": text,
            "response_format": "wav",
            "stream_format": "sse",
            "timestamps": True,
        }
        for name, value in options.items():
            if name in _FIELDS or name in _OWN:
                wanted[_FIELDS.get(name, name)] = value
            else:
                wanted.setdefault("options", {})[name] = value
        stamps: tuple[Timestamp, ...] = ()
        skip = HEADER_SIZE
        with self._answer("POST", "/v1/audio/speech", wanted) as answer:
            for event in _events(answer):
                kind = event["type"]
                if kind == "error":
                    raise _error(event["error"])
                if kind == "speech.audio.timestamps":
                    stamps += tuple(map(_timestamp, event["timestamps"]))
                elif kind == "speech.audio.delta":
                    content = base64.b64decode(event["audio"])[skip:]
                    skip = 0
                    samples = np.frombuffer(content, "<i2").astype(np.float32) / 32767
                    yield Audio(samples, sample_rate, stamps)
                    stamps = ()
                elif kind == "speech.audio.done":
                    return
        raise TTSPipelineError(f"{self._url}: broke off before the end; try again")

    @contextlib.contextmanager
    def _answer(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        host = self._parts.hostname or ""
        connection = kinds[self._parts.scheme](host, self._parts.port, timeout=_TIMEOUT_S)
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["Authorization"] = f"Bearer {key}"
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, self._path + path, content, headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise _refusal(answer.status, answer.read(65_536))
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise TTSPipelineError(
                f"{self._url}: no answer ({error}); start it with: tts-pipeline serve"
            ) from error
        finally:
            connection.close()


def _events(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    for line in answer:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def _timestamp(word: dict[str, Any]) -> Timestamp:
    span = (int(word["span"][0]), int(word["span"][1]))
    return Timestamp(word["kind"], word["word"], word["start_time"], word["end_time"], span)


def _refusal(status: int, content: bytes) -> TTSPipelineError:
    try:
        return _error(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return TTSPipelineError(f"the server answered with status {status}")


def _error(error: dict[str, Any]) -> TTSPipelineError:
    kind = TextError if error.get("param") == "input" else TTSPipelineError
    return kind(str(error.get("message")))
