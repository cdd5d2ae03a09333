"""Sounds, servers and listeners that stand in for real ones."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn

from tts_pipeline.audio.files import Audio, write_audio
from tts_pipeline.comparison import (
    ComparedSound,
    ComparedText,
    Comparison,
    Machine,
    StrategyResult,
    VoiceMark,
)
from tts_pipeline.listening.collect.server import make_app
from tts_pipeline.listening.collect.store import AnswerStore
from tts_pipeline.listening.design.build import build_test
from tts_pipeline.listening.design.plan import Plan
from tts_pipeline.listening.trials import ANSWERS_FILE, Key, Trial

RATE = 16_000
STRATEGIES = ("natural", "two-stage", "wavenet")
LABELS = {"natural": "recording", "two-stage": "AR and parallel vocoder", "wavenet": "AR, WaveNet"}
TEXTS = {
    "t01": "The old clock struck nine.",
    "t02": "We walked along the river.",
    "t03": "Nobody knew the blue door.",
    "t04": "Snow fell on the station.",
}


def tone(seconds: float, hz: float, level: float = 0.1) -> np.ndarray:
    """A tone with harmonics up to 8 kHz, so that low-pass filters have something to remove."""
    time = np.arange(round(seconds * RATE)) / RATE
    harmonics = np.arange(1, int(7800 / hz) + 1)
    wave = np.cos(2 * np.pi * hz * np.outer(time, harmonics)) @ (1 / harmonics)
    fade = np.minimum(1, np.minimum(time, seconds - time) / 0.01)
    return (level * fade * wave / np.abs(wave).max()).astype(np.float32)


class SoundMaker:
    """Says a text as a short tone; a new pitch for each text."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, text: str) -> Audio:
        self.said.append(text)
        return Audio(tone(0.25, 150 + 10 * len(self.said)), RATE)


def write_comparison(folder: Path, *, seconds: float = 0.3) -> None:
    """A folder as ``tts-pipeline compare`` writes it; ``wavenet`` lacks the last text."""
    found = []
    for number, text in enumerate(TEXTS):
        for place, strategy in enumerate(STRATEGIES):
            if strategy == "wavenet" and text == "t04":
                continue
            path = folder / "audio" / strategy / f"{text}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            samples = tone(seconds, 100 + 7 * number + 40 * place, 0.05 * 2**place)
            write_audio(path, samples, RATE)
            file = str(path.relative_to(folder))
            found.append(ComparedSound(text, strategy, file, seconds, 0, None, None, (), {}, None))
    Comparison(
        version="0",
        made="2000-01-01T00:00:00+00:00",
        machine=Machine("none", 1, None, {}),
        packages={},
        recogniser="none",
        voice=VoiceMark("none", "0" * 64),
        seed=0,
        n_seeds=1,
        sample_rate=RATE,
        texts=tuple(ComparedText(name, text, 1) for name, text in TEXTS.items()),
        strategies=tuple(
            StrategyResult(
                name=name,
                label=LABELS[name],
                reference=name == "natural",
                needs_recording=name == "natural",
                n_texts=len(TEXTS),
                n_possible=len(TEXTS),
                limited_by=None,
                budget_s=1.0,
                failed=None,
                cost=None,
                metrics={},
                unavailable={},
            )
            for name in STRATEGIES
        ),
        sounds=tuple(found),
    ).write(folder)


def small_test(comparison: Path, out: Path, **changes: Any) -> Key:
    """Build a test without headphone check, practice and attention checks unless asked for."""
    settings = {"headphones": "off", "training": 0, "checks": 0, **changes}
    return build_test(Plan(comparison=str(comparison), **settings), out, speak=SoundMaker())


def answer_to(trial: Trial | dict[str, Any], **given: Any) -> dict[str, Any]:
    """An answer that a server takes, with the middle of every scale unless given."""
    shown = trial if isinstance(trial, dict) else trial.public()
    sounds = [*shown.get("stimuli", ()), *filter(None, [shown.get("reference")])]
    content = {
        "mos": {"score": 3},
        "mushra": {"scores": dict.fromkeys(shown.get("stimuli", ()), 50)},
        "ab": {"choice": "a"},
        "abx": {"choice": "a"},
        "typed": {"text": "something"},
        "tones": {"choice": "1"},
        "comment": {"text": ""},
    }[shown["kind"]]
    return {
        "trial": shown["id"],
        "kind": shown["kind"],
        "seconds": 1.5,
        "plays": dict.fromkeys(sounds, 1),
        **content,
        **given,
    }


class Client:
    """Speaks to a server of a listening test over HTTP."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port, self.token = port, token

    def request(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        """Status, decoded content and headers of the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = raw if raw is not None else None if content is None else json.dumps(content).encode()
        all_headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            all_headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, body, {**all_headers, **(headers or {})})
            response = connection.getresponse()
            got = response.read()
        finally:
            connection.close()
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(got) if is_json else got, response.headers

    def begin(self) -> dict[str, Any]:
        """Become a listener; returns the session."""
        status, content, _ = self.request("POST", "/api/listeners", {})
        assert status == 201, content
        self.token = content["token"]
        return self.session()

    def session(self) -> dict[str, Any]:
        """The listener's trials and the answered ones."""
        status, content, _ = self.request("GET", "/api/session")
        assert status == 200, content
        return dict(content)

    def answer(self, content: Any) -> tuple[int, Any]:
        """Post an answer; returns status and content."""
        return self.request("POST", "/api/answers", content)[:2]


@contextlib.contextmanager
def serving(folder: Path, key: Key) -> Iterator[tuple[int, AnswerStore]]:
    """A running server of a test, in a thread: its port and its store."""
    store = AnswerStore(folder / ANSWERS_FILE, key)
    config = uvicorn.Config(make_app(folder, key, store), port=0, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        yield server.servers[0].sockets[0].getsockname()[1], store
    finally:
        server.should_exit = True
        thread.join(30)
        store.close()
