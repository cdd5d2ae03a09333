"""The Wyoming protocol, with its own client and with bytes that are none of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.serve.running import Server
from tts_pipeline import synthesize

wyoming = pytest.importorskip("wyoming")

from wyoming.audio import AudioChunk, AudioStart  # noqa: E402
from wyoming.client import AsyncTcpClient  # noqa: E402
from wyoming.error import Error  # noqa: E402
from wyoming.event import Event  # noqa: E402
from wyoming.info import Describe, Info  # noqa: E402
from wyoming.ping import Ping, Pong  # noqa: E402
from wyoming.tts import (  # noqa: E402
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

TEXT = (
    "Dr. Smith paid $4.50 at 7:30 p.m. for it. Then, after a while, he went home to St. Ives. "
    "Was it far? It was not! And the rest of the story is told another day, when there is time. "
    "\n\nA new paragraph ends it. Bye."
)


def _talk(server: Server, body: Callable[[AsyncTcpClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with AsyncTcpClient("127.0.0.1", server.wyoming_port) as client:
            return await asyncio.wait_for(body(client), 30)

    return asyncio.run(run())


async def _sound(client: AsyncTcpClient, end: str) -> tuple[np.ndarray, list[str]]:
    """The samples up to an event, and the types of events in order, repetitions once."""
    content, kinds, form = b"", [""], None
    while True:
        event = await client.read_event()
        assert event is not None, "the connection was closed"
        if event.type != kinds[-1]:
            kinds.append(event.type)
        if AudioStart.is_type(event.type):
            form = AudioStart.from_event(event)
        elif AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            assert form is not None
            assert (chunk.rate, chunk.width, chunk.channels) == (16_000, 2, 1)
            assert (form.rate, form.width, form.channels) == (16_000, 2, 1)
            assert len(chunk.audio) <= 2048
            assert chunk.timestamp == round(1000 * (len(content) // 2) / 16_000)
            content += chunk.audio
        if event.type == end or Error.is_type(event.type):
            return np.frombuffer(content, "<i2") / 32767, kinds[1:]


def test_describe(server: Server) -> None:
    async def body(client: AsyncTcpClient) -> Any:
        await client.write_event(Describe().event())
        return await client.read_event()

    (program,) = Info.from_event(_talk(server, body)).tts
    (voice,) = program.voices
    assert program.supports_synthesize_streaming and program.installed and voice.installed
    assert (voice.name, voice.description, voice.languages) == ("tiny", "tiny", ["en_US"])


def test_whole_text(server: Server, tiny_voice: Path) -> None:
    async def body(client: AsyncTcpClient) -> Any:
        voice = SynthesizeVoice(name="tiny")
        await client.write_event(Synthesize(text=TEXT, voice=voice).event())
        await client.write_event(Synthesize(text="Next.").event())
        return await _sound(client, "audio-stop"), await _sound(client, "audio-stop")

    (samples, kinds), (after, _) = _talk(server, body)
    assert kinds == ["audio-start", "audio-chunk", "audio-stop"]
    np.testing.assert_allclose(samples, synthesize(TEXT, voice=tiny_voice).samples, atol=2e-4)
    np.testing.assert_allclose(after, synthesize("Next.", voice=tiny_voice).samples, atol=2e-4)


@pytest.mark.parametrize("seed", range(3))
def test_text_in_pieces_of_half_words_is_the_text(
    server: Server, tiny_voice: Path, seed: int
) -> None:
    rng = random.Random(seed)
    pieces, at = [], 0
    while at < len(TEXT):
        size = rng.randint(1, 9)
        pieces.append(TEXT[at : at + size])
        at += size

    async def body(client: AsyncTcpClient) -> Any:
        await client.write_event(SynthesizeStart().event())
        for piece in pieces:
            await client.write_event(SynthesizeChunk(text=piece).event())
        # A copy for servers that know no streams.
        await client.write_event(Synthesize(text=TEXT).event())
        await client.write_event(SynthesizeStop().event())
        return await _sound(client, "synthesize-stopped")

    samples, kinds = _talk(server, body)
    assert kinds == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
    np.testing.assert_allclose(samples, synthesize(TEXT, voice=tiny_voice).samples, atol=2e-4)


def test_a_sentence_is_spoken_before_the_text_has_ended(server: Server) -> None:
    async def body(client: AsyncTcpClient) -> Any:
        await client.write_event(SynthesizeStart().event())
        for word in TEXT.split(" ")[:35]:
            await client.write_event(SynthesizeChunk(text=word + " ").event())
        first = await client.read_event()
        assert AudioStart.is_type(first.type)
        # No worker waits for the text: others are spoken to meanwhile.
        busy = await asyncio.to_thread(lambda: [server.speak("Hello.") for _ in range(3)])
        await client.write_event(SynthesizeStop().event())
        while (event := await client.read_event()).type != "synthesize-stopped":
            assert not Error.is_type(event.type)
        return busy

    assert all(_talk(server, body))


def test_ssml_in_pieces(server: Server, tiny_voice: Path) -> None:
    text = "<speak>One. <break time='300ms'/> Two, and three.</speak>"

    async def body(client: AsyncTcpClient) -> Any:
        await client.write_event(SynthesizeStart(text_format="ssml").event())
        for letter in text:
            await client.write_event(SynthesizeChunk(text=letter).event())
        await client.write_event(SynthesizeStop().event())
        return await _sound(client, "synthesize-stopped")

    samples, _ = _talk(server, body)
    np.testing.assert_allclose(samples, synthesize(text, voice=tiny_voice).samples, atol=2e-4)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Synthesize(text="\U0001f600"), "invalid-text"),
        (Synthesize(text="..."), "invalid-text"),
        (Synthesize(text="a" * 20_001), "invalid-text"),
        (Synthesize(text="Hi.", voice=SynthesizeVoice(name="bob")), "error"),
        (SynthesizeChunk(text="Hi."), "out-of-order"),
        (SynthesizeStop(), "out-of-order"),
    ],
)
def test_errors_are_events_and_the_connection_stays(server: Server, event: Any, code: str) -> None:
    async def body(client: AsyncTcpClient) -> Any:
        await client.write_event(event.event())
        error = await client.read_event()
        # A newer protocol's event is no fault.
        await client.write_event(Event("select-program", {"name": "x"}))
        await client.write_event(Ping(text="still there?").event())
        return error, await client.read_event()

    error, pong = _talk(server, body)
    assert Error.from_event(error).code == code
    assert Pong.from_event(pong).text == "still there?"


def test_a_stream_that_fails_ends_and_the_next_one_is_spoken(server: Server) -> None:
    async def body(client: AsyncTcpClient) -> Any:
        out = []
        for text in ("...", "Hello."):
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk(text=text).event())
            await client.write_event(SynthesizeStop().event())
            kinds = []
            while not kinds or kinds[-1] != "synthesize-stopped":
                kinds.append((await client.read_event()).type)
            out.append(kinds)
        return out

    failed, spoken = _talk(server, body)
    assert failed == ["error", "synthesize-stopped"]
    assert spoken[0] == "audio-start" and spoken[-2] == "audio-stop"


def _frames() -> bytes:
    def frame(kind: str, **data: Any) -> bytes:
        content = json.dumps(data).encode()
        head = {"type": kind, "version": "1.10.2", "data_length": len(content)}
        return json.dumps(head).encode() + b"\n" + content

    return (
        frame("synthesize-start", voice={"name": "tiny"})
        + frame("synthesize-chunk", text="Hello the")
        + frame("synthesize-stop")
        + frame("ping", text="x")
    )


def _raw(server: Server, content: bytes) -> bytes:
    """What comes back when this is all that a client sends."""
    said = b""
    with socket.create_connection(("127.0.0.1", server.wyoming_port), 30) as client:
        client.settimeout(30)
        client.sendall(content)
        client.shutdown(socket.SHUT_WR)
        while part := client.recv(65536):
            said += part
    return said


def test_a_client_that_only_listens_any_more_is_spoken_to(server: Server) -> None:
    said = _raw(server, _frames())
    assert b"audio-stop" in said and b"synthesize-stopped" in said and b'"error"' not in said


def test_a_client_that_has_gone_stops_the_work(server: Server) -> None:
    name = 'tts_pipeline_requests_total{door="wyoming",outcome="gone"}'
    gone = server.metric(name)

    async def body(client: AsyncTcpClient) -> None:
        await client.write_event(Synthesize(text="One of many sentences. " * 800).event())
        assert AudioStart.is_type((await client.read_event()).type)

    _talk(server, body)
    deadline = time.monotonic() + 20
    while server.metric(name) == gone and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.metric(name) == gone + 1


def test_broken_frames_get_an_error_or_silence_and_harm_nobody(server: Server) -> None:
    rng = random.Random(1)
    whole = _frames()
    said = b""
    for _ in range(100):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(broken))
            change = rng.randrange(3)
            if change == 0:
                broken[place] = rng.randrange(256)
            elif change == 1:
                del broken[place : place + rng.randint(1, 20)]
            else:
                broken[place:place] = rng.randbytes(rng.randint(1, 20))
        said += _raw(server, bytes(broken))
    assert b'"error"' in said and b"Traceback" not in said
    assert not re.search(rb"/(?:home|opt|root|tmp|usr|work)/|\.py\b", said)
    headers = (b'{"type": "x", "data_length": 1e12}', b'{"type": "x", "payload_length": 9999999}')
    for huge in (*headers, b"x" * 200_000, b"[" * 60_000):
        with socket.create_connection(("127.0.0.1", server.wyoming_port), 30) as client:
            client.settimeout(30)
            answer = b""
            with contextlib.suppress(ConnectionError):
                client.sendall(huge + b"\n")
                while part := client.recv(65536):
                    answer += part
            assert not answer or b"invalid-frame" in answer
    assert server.metric("tts_pipeline_workers_lost_total") == 0
    assert server.speak("Hello.")
