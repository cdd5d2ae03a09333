"""OpenAI's own Python package against our server."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.serve.running import Server
from tts_pipeline import synthesize

openai = pytest.importorskip("openai")

TEXT = "Hello from a client. It streams."


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="not-needed", max_retries=0) as client:
        yield client


def test_streams_to_a_file(client: Any, tiny_voice: Path, tmp_path: Path) -> None:
    path = tmp_path / "speech.mp3"
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="coral", input=TEXT, instructions="Speak cheerfully."
    ) as response:
        response.stream_to_file(path)
    samples, rate = soundfile.read(path)
    expected = synthesize(TEXT, voice=tiny_voice)
    assert rate == 16_000 and 0 <= len(samples) - len(expected.samples) < 3 * 1152


def test_plays_pcm_as_it_comes(client: Any, tiny_voice: Path) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm", speed=1.5
    ) as response:
        content = b"".join(response.iter_bytes(1024))
    expected = synthesize(TEXT, voice=tiny_voice, rate=1.5)
    assert len(content) == 2 * round(1.5 * len(expected.samples))


def test_events(client: Any, tiny_voice: Path) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="nova", input=TEXT, response_format="wav",
        stream_format="sse",
    ) as response:  # fmt: skip
        events = [json.loads(line.removeprefix("data: ")) for line in response.iter_lines() if line]
    assert events[-1]["type"] == "speech.audio.done" and events[-1]["usage"]["total_tokens"] > 0
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    samples, _ = soundfile.read(io.BytesIO(sound), dtype="float32")
    np.testing.assert_allclose(samples, synthesize(TEXT, voice=tiny_voice).samples, atol=2e-4)


def test_whole_and_with_our_own_fields(client: Any, tiny_voice: Path) -> None:
    response = client.audio.speech.create(
        model="tts-1-hd", voice={"id": "tiny"}, input=TEXT, response_format="flac",
        extra_body={"seed": 9, "pitch": 1.1},
    )  # fmt: skip
    samples, _ = soundfile.read(io.BytesIO(response.read()), dtype="float32")
    expected = synthesize(TEXT, voice=tiny_voice, seed=9, pitch=1.1)
    np.testing.assert_allclose(samples, expected.samples, atol=2e-4)


def test_models_and_errors(client: Any) -> None:
    assert "tts-1" in [model.id for model in client.models.list()]
    assert client.models.retrieve("tts-1-hd").owned_by == "tts_pipeline"
    with pytest.raises(openai.BadRequestError, match="expected one of tiny") as refused:
        client.audio.speech.create(model="tts-1", voice="bob", input=TEXT)
    assert (refused.value.param, refused.value.code) == ("voice", "unknown_voice")
    with pytest.raises(openai.NotFoundError, match="whisper-1"):
        client.audio.speech.create(model="whisper-1", voice="alloy", input=TEXT)
    with pytest.raises(openai.BadRequestError, match="aac"):
        client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="aac")
