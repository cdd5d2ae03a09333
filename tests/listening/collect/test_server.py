"""The server and its store: who may do what, and what is refused."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.listening.simulation import Client, answer_to, serving, small_test
from tts_pipeline.cli import main
from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.collect.answers import parse_answer
from tts_pipeline.listening.collect.store import AnswerStore, TestFull
from tts_pipeline.listening.trials import ANSWERS_FILE, Key


@pytest.fixture(scope="module")
def built(comparison: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key]:
    folder = tmp_path_factory.mktemp("built") / "test"
    return folder, small_test(comparison, folder, design="mushra", headphones="require")


@pytest.fixture(scope="module")
def server(built: tuple[Path, Key]) -> Iterator[tuple[int, AnswerStore]]:
    with serving(*built) as running:
        yield running


def test_a_listener_gets_trials_answers_them_and_goes_on(
    server: tuple[int, AnswerStore], built: tuple[Path, Key]
) -> None:
    client = Client(server[0])
    session = client.begin()
    assert session["answered"] == []
    public = [[t.public() for t in own] for own in built[1].sessions]
    assert session["trials"] in public
    for trial in session["trials"][:3]:
        assert client.answer(answer_to(trial)) == (201, {"stored": trial["id"]})
    again = Client(server[0], client.token).session()
    assert sorted(again["answered"]) == sorted(t["id"] for t in session["trials"][:3])
    assert again["trials"] == session["trials"]


def test_repeated_answers_are_refused_and_the_first_stays(
    server: tuple[int, AnswerStore],
) -> None:
    client = Client(server[0])
    trial = next(t for t in client.begin()["trials"] if t["kind"] == "mushra")
    first = answer_to(trial)
    assert client.answer(first)[0] == 201
    status, content = client.answer({**first, "seconds": 9.0})
    assert status == 409
    assert content["detail"] == f"trial {trial['id']} is answered already"
    stored = [a for s in server[1].all_answers() for a in s.answers if a["trial"] == trial["id"]]
    assert first in stored


def test_one_listener_cannot_read_or_write_for_another(server: tuple[int, AnswerStore]) -> None:
    one, two = Client(server[0]), Client(server[0])
    trials, others = one.begin()["trials"], two.begin()["trials"]
    assert one.token != two.token
    assert one.answer(answer_to(trials[0]))[0] == 201
    assert two.session()["answered"] == []
    # Trials of another schedule are nobody's but that listener's.
    status, content = one.answer(answer_to(others[0]))
    assert (status, content["detail"]) == (422, f"trial {others[0]['id']} is none of yours")
    for token in ("", "0" * 32, one.token[:-1], one.token + "0", "é" * 32, "x"):
        stranger = Client(server[0])
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = json.dumps(answer_to(trials[1])).encode()
        got = stranger.request("POST", "/api/answers", raw=body, headers=headers)
        assert got[0] == 401
        assert stranger.request("GET", "/api/session", headers=headers)[0] == 401
    assert one.session()["answered"] == [trials[0]["id"]]


def _rubbish(trial: dict[str, Any]) -> list[tuple[Any, str]]:
    good = answer_to(trial)
    sound = trial["stimuli"][0]
    scores = good["scores"]
    return [
        ([], "malformed answer"),
        ("text", "malformed answer"),
        ({}, "kind"),
        ({**good, "kind": "opera"}, "kind"),
        ({**good, "kind": "mos"}, "malformed answer"),
        ({**answer_to({**trial, "kind": "mos"}), "trial": trial["id"]}, "takes answers of kind"),
        ({**good, "trial": "0" * 16}, "none of yours"),
        ({**good, "trial": "' OR 1=1 --"}, "trial"),
        ({**good, "extra": 1}, "extra"),
        ({**good, "seconds": -1}, "seconds"),
        ({**good, "seconds": "1"}, "seconds"),
        ({**good, "seconds": float("nan")}, "seconds"),
        ({**good, "seconds": float("inf")}, "seconds"),
        ({**good, "plays": {}}, "was not played"),
        ({**good, "plays": {**good["plays"], sound: 0}}, "plays"),
        ({**good, "plays": {**good["plays"], "0" * 16: 1}}, "does not belong"),
        ({**good, "scores": {}}, "one score for each"),
        ({**good, "scores": {**scores, sound: 101}}, "scores"),
        ({**good, "scores": {**scores, sound: -1}}, "scores"),
        ({**good, "scores": {**scores, sound: 50.5}}, "scores"),
        ({**good, "scores": {**scores, sound: True}}, "scores"),
        ({**good, "scores": {**scores, sound: None}}, "scores"),
        ({**good, "scores": {**scores, trial["reference"]: 100}}, "one score for each"),
        ({**good, "scores": {f"{n:016x}": 1 for n in range(50)}}, "scores"),
    ]


def test_rubbish_is_refused_with_a_reason_and_leaves_nothing(
    server: tuple[int, AnswerStore],
) -> None:
    client = Client(server[0])
    trial = next(t for t in client.begin()["trials"] if t["kind"] == "mushra")
    for content, reason in _rubbish(trial):
        status, answer = client.answer(content)
        assert status == 422, content
        assert reason in answer["detail"], content
    for raw, status in (
        (b"{", 422),
        (b"\xff\xfe", 422),
        (b"[" * 20_000, 422),
        (b'{"kind": "comment", "text": "' + b"a" * 40_000 + b'"}', 413),
        (b"", 422),
    ):
        assert client.request("POST", "/api/answers", raw=raw)[0] == status
    plain = {"Content-Type": "text/plain"}
    assert client.request("POST", "/api/answers", raw=b"{}", headers=plain)[0] == 415
    assert client.request("DELETE", "/api/answers")[0] == 405
    assert client.request("PUT", "/api/session", {})[0] == 405
    assert client.session()["answered"] == []


def test_text_that_cannot_be_stored_is_refused(server: tuple[int, AnswerStore]) -> None:
    client = Client(server[0])
    trial = client.begin()["trials"][-1]
    assert trial["kind"] == "comment"
    for text, status in (("\ud800", 422), ("x" * 2001, 422), (None, 422), ("ok\u0000 😀", 201)):
        assert client.answer(answer_to(trial, text=text))[0] == status


def test_only_public_files_are_served_with_strict_headers(
    server: tuple[int, AnswerStore], built: tuple[Path, Key]
) -> None:
    client = Client(server[0])
    sound = next(iter(built[1].stimuli))
    for path, kind in (
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/js/main.js", "javascript"),
        (f"/audio/{sound}.wav", "audio/"),
        ("/test.json", "application/json"),
    ):
        status, content, headers = client.request("GET", path)
        assert status == 200, path
        assert kind in headers["Content-Type"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert content["mode"] == "server"
    for path in (
        "/key.json", "/sessions/0.json", "/answers.sqlite", "/audio/", "/js/", "/docs",
        "/openapi.json", "/js/../key.json", "/js/..%2f..%2fkey.json", "/audio/..%2f..%2fkey.json",
        "/audio/%2e%2e/%2e%2e/key.json", "//key.json", "/audio/0000000000000000.wav",
    ):  # fmt: skip
        status, content, _ = client.request("GET", path)
        assert status == 404, path
        assert b"natural" not in (content if isinstance(content, bytes) else b"")


def test_page_loads_nothing_from_elsewhere(built: tuple[Path, Key]) -> None:
    for path in (built[0] / "public").rglob("*"):
        if path.suffix in (".html", ".js", ".css"):
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            assert "http:" not in text
            assert "https:" not in text
            assert "//cdn" not in text


def test_schedules_go_to_those_that_fewest_have_taken(comparison: Path, tmp_path: Path) -> None:
    key = small_test(comparison, tmp_path / "test", design="mos", sessions=3, max_listeners=7)
    store = AnswerStore(tmp_path / ANSWERS_FILE, key)
    listeners = [store.add_listener()[0] for _ in range(3)]
    assert [item.session for item in listeners] == [0, 1, 2]
    # Schedules 0 and 2 are finished: the one whose listener left is given out again.
    for listener in (listeners[0], listeners[2]):
        for trial in key.sessions[listener.session]:
            store.add(listener, parse_answer(answer_to(trial)))
    assert store.add_listener()[0].session == 1
    for _ in range(3):
        store.add_listener()
    with pytest.raises(TestFull):
        store.add_listener()
    store.close()


def test_token_is_not_in_the_file_and_writes_are_synchronous(
    comparison: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = small_test(comparison, tmp_path / "test", design="mos")
    connections = []

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connections.append(plain_connect(*arguments, **options))
        return connections[-1]

    plain_connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    store = AnswerStore(tmp_path / ANSWERS_FILE, key)
    _, token = store.add_listener()
    assert len(token) == 32
    (base,) = connections
    assert base.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
    for path in tmp_path.glob(f"{ANSWERS_FILE}*"):
        assert token.encode() not in path.read_bytes()


def test_store_of_another_test_or_no_store_at_all_is_refused(
    comparison: Path, tmp_path: Path
) -> None:
    key = small_test(comparison, tmp_path / "one", design="mos")
    other = small_test(comparison, tmp_path / "two", design="mos")
    AnswerStore(tmp_path / ANSWERS_FILE, key).close()
    with pytest.raises(ConfigError, match="another build"):
        AnswerStore(tmp_path / ANSWERS_FILE, other)
    (tmp_path / "text").write_text("this is no database" * 100)
    with pytest.raises(ConfigError, match="not a database"):
        AnswerStore(tmp_path / "text", key)


def test_serve_says_what_is_wrong(
    built: tuple[Path, Key],
    server: tuple[int, AnswerStore],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["listen", "serve", str(built[0]), "--answers", str(tmp_path / "answers.sqlite")]
    for options, message in (
        (["--port", str(server[0])], f"cannot listen on 127.0.0.1:{server[0]}"),
        (["--port", "99999"], "cannot listen on 127.0.0.1:99999"),
        (["--port", "0", "--answers", str(tmp_path)], "not a database of answers"),
    ):
        assert main([*arguments, *options]) == 1
        assert message in capsys.readouterr().err
    assert main(["listen", "serve", str(tmp_path)]) == 1
    assert "expected a folder that tts-pipeline listen build made" in capsys.readouterr().err


def test_threads_and_two_processes_worth_of_stores_share_a_file(
    comparison: Path, tmp_path: Path
) -> None:
    key = small_test(comparison, tmp_path / "test", design="mos", exposure="full")
    stores = [AnswerStore(tmp_path / ANSWERS_FILE, key) for _ in range(2)]
    faults: list[BaseException] = []

    def take_the_test(store: AnswerStore) -> None:
        try:
            listener, token = store.add_listener()
            for trial in key.sessions[listener.session]:
                store.add(listener, parse_answer(answer_to(trial)))
            assert store.listener(token) == listener
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=take_the_test, args=(stores[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    found = stores[0].all_answers()
    assert Counter(item.session for item in found) == Counter(range(8))
    assert all(len(item.answers) == len(key.sessions[0]) for item in found)
    for store in stores:
        store.close()
    with sqlite3.connect(tmp_path / ANSWERS_FILE) as base:
        assert base.execute("SELECT COUNT(finished) FROM listeners").fetchone() == (8,)
