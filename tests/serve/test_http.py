"""OpenAI's API as the wire shows it."""

from __future__ import annotations

import base64
import http.client
import inspect
import io
import json
import re
import threading
import time
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.serve.running import Server
from tts_pipeline import stream, synthesize
from tts_pipeline.audio.levels import resample
from tts_pipeline.serve.http.choices import ARGUMENTS

TEXT = "Hello there. How are you?"


def _pcm(content: bytes) -> np.ndarray:
    return np.frombuffer(content, "<i2") / 32767


def test_wav_holds_the_samples_of_the_api(server: Server, tiny_voice) -> None:
    content = server.speak(TEXT, response_format="wav", seed=7, speed=1.25)
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    expected = synthesize(TEXT, voice=tiny_voice, seed=7, rate=1.25)
    assert rate == expected.sample_rate
    np.testing.assert_allclose(samples, expected.samples, atol=1.2e-4)


def test_pcm_comes_at_24_khz_without_seams(server: Server, tiny_voice) -> None:
    text = "This is a longer text. " * 6
    samples = _pcm(server.speak(text, response_format="pcm"))
    expected = resample(synthesize(text, voice=tiny_voice).samples, 16_000, 24_000)
    np.testing.assert_allclose(samples, expected, atol=2e-4)


@pytest.mark.parametrize("name", ["mp3", "opus", "flac"])
def test_compressed_formats_can_be_read(server: Server, tiny_voice, name: str) -> None:
    samples, rate = soundfile.read(io.BytesIO(server.speak(TEXT, response_format=name)))
    expected = synthesize(TEXT, voice=tiny_voice)
    assert rate == expected.sample_rate
    assert len(samples) == pytest.approx(len(expected.samples), abs=3 * 1152)


def test_markdown_and_text_that_looks_like_markup(server: Server, tiny_voice) -> None:
    text = "# News\n\n- *one*\n- two [here](https://example.com)"
    content = server.speak(text, response_format="pcm", text_format="markdown")
    expected = synthesize(text, voice=tiny_voice, text_format="markdown")
    assert len(content) == 2 * round(1.5 * len(expected.samples))
    assert len(content) != len(server.speak(text, response_format="pcm"))
    asked = {"input": text, "text_format": "markdown"}
    read = json.loads(server.request("POST", "/v1/audio/reading", asked)[2])
    assert [word["text"] for word in read["words"]] == ["news", "one", "two", "here"]
    answer = json.loads(server.speak("<speak>Hi & bye.", text_format="text", timestamps=True))
    last = answer["timestamps"][-1]
    assert (last["word"], last["span"]) == ("bye", [12, 15])


def test_all_of_a_voices_controls_are_there(server: Server, tiny_voice) -> None:
    fields = {"pitch": 1.2, "energy": 1.5, "vocoder": "griffin-lim", "seed": 2**63 - 1}
    content = server.speak("Hello.", response_format="wav", **fields)
    samples, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    expected = synthesize("Hello.", voice=tiny_voice, **fields)
    np.testing.assert_allclose(samples, expected.samples, atol=1.2e-4)


def test_events_hold_the_same_sound_and_the_times(server: Server, tiny_voice) -> None:
    fields = {"response_format": "pcm", "stream_format": "sse", "timestamps": True}
    wanted = {"model": "tts-1", "input": TEXT, "voice": {"id": "tiny"}, **fields}
    status, headers, content = server.request("POST", "/v1/audio/speech", wanted)
    assert status == 200 and headers["content-type"].startswith("text/event-stream")
    blocks = content.decode().split("\n\n")
    assert blocks.pop() == ""
    events = [json.loads(block.removeprefix("data: ")) for block in blocks]
    sound = b"".join(
        base64.b64decode(event["audio"])
        for event in events
        if event["type"] == "speech.audio.delta"
    )
    assert sound == server.speak(TEXT, response_format="pcm")
    expected = synthesize(TEXT, voice=tiny_voice)
    times = [
        (word["word"], word["start_time"], tuple(word["span"]))
        for event in events
        if event["type"] == "speech.audio.timestamps"
        for word in event["timestamps"]
    ]
    assert times == [
        (stamp.text, pytest.approx(stamp.start_s, abs=1e-4), stamp.span)
        for stamp in expected.timestamps
        if stamp.kind == "word"
    ]
    done = events[-1]
    assert done["type"] == "speech.audio.done"
    assert done["usage"] == {
        "input_tokens": len(TEXT),
        "output_tokens": round(expected.duration_s * 20),
        "total_tokens": len(TEXT) + round(expected.duration_s * 20),
    }


def test_timestamps_in_one_object(server: Server, tiny_voice) -> None:
    text = '<speak>One <mark name="here"/>two.</speak>'
    fields = {"response_format": "wav", "timestamps": True, "ssml": True, "style": "teapot"}
    answer = json.loads(server.speak(text, **fields))
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(answer["audio"])))
    expected = synthesize(text, voice=tiny_voice)
    assert "teapot" in answer["dropped"][0]
    assert len(samples) == len(expected.samples) and rate == answer["sample_rate"] == 16_000
    assert [(w["word"], w["kind"]) for w in answer["timestamps"]] == [
        ("one", "word"),
        ("here", "mark"),
        ("two", "word"),
    ]


GONE = 'tts_pipeline_requests_total{door="http",outcome="gone"}'


def _leave_early(server: Server, text: str) -> None:
    """Ask for much, take a little, see that the rest is being made, hang up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=60)
    wanted = json.dumps({"input": text, "response_format": "pcm"})
    connection.request("POST", "/v1/audio/speech", wanted, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.read(2000)
    assert server.metric("tts_pipeline_workers_busy") == 1, "it comes while the rest is being made"
    connection.close()


def test_a_client_that_goes_away_stops_the_work(server: Server) -> None:
    gone = server.metric(GONE)
    made = server.metric("tts_pipeline_audio_seconds_total")
    _leave_early(server, "This is one of many sentences. " * 600)
    deadline = time.monotonic() + 10
    while server.metric(GONE) == gone and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.metric(GONE) == gone + 1
    while server.metric("tts_pipeline_workers_busy") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.metric("tts_pipeline_workers_busy") == 0
    assert server.metric("tts_pipeline_workers_lost_total") == 0
    assert server.metric("tts_pipeline_audio_seconds_total") == made, "it was not spoken to the end"


def test_many_clients_get_what_is_theirs(server: Server) -> None:
    texts = [f"Number {number} is here." for number in range(12)]
    alone = [server.speak(text, response_format="pcm", seed=n) for n, text in enumerate(texts)]
    together: dict[int, bytes] = {}

    def ask(number: int) -> None:
        together[number] = server.speak(texts[number], response_format="pcm", seed=number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[number] for number in range(len(texts))] == alone
    assert len(set(alone)) == len(alone)


@pytest.mark.parametrize(
    ("fields", "status", "param", "said"),
    [
        ({"input": ""}, 400, "input", "no words"),
        ({"input": "\U0001f600"}, 400, "input", "nothing of the text"),
        ({"input": "ok \U0001f600", "strict": True}, 400, "input", "cannot speak"),
        ({"input": "a" * 20_001}, 400, "input", "20001 characters"),
        ({"input": "Hi [[HH QQ]]."}, 400, "input", "QQ"),
        ({"input": "<speak>open"}, 400, "input", "SSML"),
        ({"input": "no tags", "ssml": True}, 400, "input", "<speak>"),
        ({"input": "\ud800"}, 400, "input", "nothing of the text"),
        ({"input": 3}, 400, "input", "valid string"),
        ({"voice": "bob"}, 400, "voice", "expected one of tiny"),
        ({"voice": {"id": "../../etc/passwd"}}, 400, "voice", "expected one of tiny"),
        ({"model": "whisper-1"}, 404, "model", "expected one of tts_pipeline"),
        ({"response_format": "aac"}, 400, "response_format", "mp3, opus, flac, wav, pcm"),
        ({"response_format": "midi"}, 400, "response_format", "mp3"),
        ({"speed": 9}, 400, "speed", "less than or equal to 4"),
        ({"speed": "fast"}, 400, None, "fast"),
        ({"seed": -1}, 400, "seed", "greater than or equal to 0"),
        ({"vocoder": "nothing"}, 400, "vocoder", "griffin-lim"),
        ({"acoustic": "nothing"}, 400, "acoustic", "expected one of"),
        ({"options": {"voice": 3}}, 400, "options", "options.voice"),
        ({"options": {"depth": 3}}, 400, None, "depth"),
        ({"stream_format": "carrier pigeon"}, 400, "stream_format", "sse"),
    ],
)
def test_errors_name_the_field_and_the_remedy(
    server: Server, fields: dict[str, Any], status: int, param: str | None, said: str
) -> None:
    found, error = server.fault(**fields)
    assert found == status, error
    assert said in error["message"]
    assert param is None or error["param"] == param
    assert error["code"]


def test_no_option_reaches_another_argument() -> None:
    named = {
        name
        for name, parameter in inspect.signature(stream).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    assert set(ARGUMENTS) == named


def test_other_requests_that_are_wrong(server: Server) -> None:
    def asked(*request: Any) -> tuple[int, dict[str, Any]]:
        status, _, content = server.request(*request)
        return status, json.loads(content)["error"]

    plain = {"Content-Type": "text/plain"}
    path = "/v1/audio/speech"
    assert asked("POST", path, b'{"input": "Hi."}', plain)[0] == 415
    assert asked("POST", path, b'{"input": ')[0] == 400
    assert asked("POST", path, b"[" * 100_000)[0] == 400
    assert asked("POST", path, b'{"input": "\xff"}')[0] == 400
    assert asked("POST", path, b" " * 400_000)[0] == 413
    assert asked("GET", path)[0] == 405
    assert asked("GET", "/v1/nothing")[0] == 404
    assert asked("GET", "/page/../../settings.py")[0] == 404
    assert asked("GET", "/v1/models/whisper-1")[1]["code"] == "model_not_found"
    chunked = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=60)
    connection.request("POST", path, iter([b" " * 77_000] * 4), chunked, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_what_clients_ask_first(server: Server) -> None:
    models = json.loads(server.request("GET", "/v1/models")[2])
    names = [entry["id"] for entry in models["data"]]
    assert models["object"] == "list" and {"tts-1", "tts-1-hd", "gpt-4o-mini-tts"} <= set(names)
    one = json.loads(server.request("GET", "/v1/models/tts-1")[2])
    assert one == {"id": "tts-1", "object": "model", "created": one["created"],
                   "owned_by": "tts_pipeline"}  # fmt: skip
    voices = json.loads(server.request("GET", "/v1/audio/voices")[2])
    assert voices["voices"][0]["id"] == voices["data"][0]["name"] == "tiny"
    assert len(voices["voices"]) == 14 and "parallel" in voices["vocoders"]
    assert voices["default_acoustic"] == "autoregressive"
    assert voices["default_vocoder"] == "parallel"
    assert {"id": "tts-1", "name": "tts-1"} in json.loads(
        server.request("GET", "/v1/audio/models")[2]
    )["models"]
    assert json.loads(server.request("GET", "/health")[2])["status"] == "ok"


def test_reading_tells_where_every_word_comes_from(server: Server) -> None:
    _, _, content = server.request("POST", "/v1/audio/reading", {"input": "Dr. Smith, 3."})
    answer = json.loads(content)
    assert answer["normalised"] == "doctor smith, three."
    assert [(w["text"], w["span"]) for w in answer["words"]] == [
        ("doctor", [0, 3]),
        ("smith", [4, 9]),
        ("three", [11, 12]),
    ]
    assert answer["words"][1]["phones"] == ["S", "M", "IH1", "TH"]


def test_metrics_are_in_prometheus_format_and_count(server: Server) -> None:
    name = 'tts_pipeline_requests_total{door="http",outcome="ok"}'
    before, audio_s = server.metric(name), server.metric("tts_pipeline_audio_seconds_total")
    first = server.metric("tts_pipeline_first_sound_seconds_count")
    content = server.speak(TEXT, response_format="pcm")
    assert server.metric(name) == before + 1
    made = server.metric("tts_pipeline_audio_seconds_total") - audio_s
    assert made == pytest.approx(len(content) / 48_000, abs=2e-3)
    assert server.metric("tts_pipeline_first_sound_seconds_count") == first + 1
    text = server.request("GET", "/metrics")[2].decode()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+')
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines and all(sample.fullmatch(line) for line in lines)
