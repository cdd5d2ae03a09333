"""Answers in SQLite: what was acknowledged is on disk, whatever dies afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tts_pipeline.errors import ConfigError, TTSPipelineError
from tts_pipeline.listening.collect.answers import Answer
from tts_pipeline.listening.trials import Key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS test (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS listeners (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    token_hash TEXT NOT NULL UNIQUE,
    session INTEGER NOT NULL,
    started TEXT NOT NULL,
    finished TEXT
);
CREATE TABLE IF NOT EXISTS answers (
    listener INTEGER NOT NULL REFERENCES listeners (id),
    trial TEXT NOT NULL,
    content TEXT NOT NULL,
    received TEXT NOT NULL,
    PRIMARY KEY (listener, trial)
) WITHOUT ROWID;
"""


class RepeatedAnswer(TTSPipelineError):
    """The listener has answered this trial before."""


class TestFull(TTSPipelineError):
    """No further listener is taken in."""

    __test__ = False  # not a test case, whatever pytest thinks of the name


@dataclasses.dataclass(frozen=True)
class Listener:
    """Somebody who takes the test, known by a secret token only."""

    id: int
    name: str
    session: int


@dataclasses.dataclass(frozen=True)
class StoredListener:
    """A listener's answers as they are read back.

    Attributes:
        name: opaque.
        session: number of the schedule.
        answers: decoded JSON of each answer, in the order they came.
    """

    name: str
    session: int
    answers: tuple[dict[str, Any], ...]


class AnswerStore:
    """The answers of one test; threads may share it, and several processes the file.

    Every write is one transaction of a write-ahead log that is synchronised to the disk before
    the call returns (``synchronous=FULL``), so a power cut loses none either.

    Args:
        path: of the database, made when missing.
        key: of the test that it belongs to.

    Raises:
        ConfigError: if the file is no such database or belongs to another build of the test.
    """

    def __init__(self, path: Path, key: Key) -> None:
        self._key = key
        self._lock = threading.Lock()
        try:
            self._base = sqlite3.connect(path, timeout=30, check_same_thread=False)
            self._base.isolation_level = None
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.execute("PRAGMA foreign_keys=ON")
            self._base.executescript(_SCHEMA)
            with self._writing():
                self._base.execute(
                    "INSERT INTO test SELECT ? WHERE NOT EXISTS (SELECT * FROM test)", (key.test,)
                )
            ((found,),) = self._base.execute("SELECT id FROM test").fetchall()
        except (sqlite3.Error, ValueError) as error:
            raise ConfigError(f"{path}: not a database of answers ({error})") from error
        if found != key.test:
            raise ConfigError(
                f"{path}: holds answers to another build of a test; give each its own file"
            )

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._base.close()

    def add_listener(self) -> tuple[Listener, str]:
        """Take in a listener, on the schedule that fewest have finished or begun.

        Returns:
            The listener and the secret token of 128 bits, which is kept nowhere.

        Raises:
            TestFull: if the test has its greatest number of listeners.
        """
        token, name = secrets.token_hex(16), secrets.token_hex(8)
        with self._writing():
            rows = self._base.execute(
                "SELECT session, COUNT(finished), COUNT(*) FROM listeners GROUP BY session"
            ).fetchall()
            if sum(count for _, _, count in rows) >= self._key.max_listeners:
                raise TestFull("this test has all the listeners it needs; thank you")
            taken = {session: (finished, begun) for session, finished, begun in rows}
            session = min(range(len(self._key.sessions)), key=lambda n: (*taken.get(n, (0, 0)), n))
            cursor = self._base.execute(
                "INSERT INTO listeners (name, token_hash, session, started) VALUES (?, ?, ?, ?)",
                (name, _hash(token), session, _now()),
            )
        return Listener(int(cursor.lastrowid or 0), name, session), token

    def listener(self, token: str) -> Listener | None:
        """Who has the token, if anybody."""
        with self._lock:
            row = self._base.execute(
                "SELECT id, name, session FROM listeners WHERE token_hash = ?", (_hash(token),)
            ).fetchone()
        return Listener(*row) if row else None

    def answered(self, listener: Listener) -> list[str]:
        """Ids of the trials that a listener has answered."""
        with self._lock:
            rows = self._base.execute(
                "SELECT trial FROM answers WHERE listener = ?", (listener.id,)
            ).fetchall()
        return [trial for (trial,) in rows]

    def add(self, listener: Listener, answer: Answer) -> None:
        """Store an answer; when this returns, it is on the disk.

        Raises:
            RepeatedAnswer: if the trial was answered before; the first answer stays.
        """
        n_trials = len(self._key.sessions[listener.session])
        with self._writing():
            try:
                self._base.execute(
                    "INSERT INTO answers VALUES (?, ?, ?, ?)",
                    (listener.id, answer.trial, json.dumps(answer.model_dump()), _now()),
                )
            except sqlite3.IntegrityError as error:
                raise RepeatedAnswer(f"trial {answer.trial} is answered already") from error
            self._base.execute(
                "UPDATE listeners SET finished = ? WHERE id = ? AND "
                "(SELECT COUNT(*) FROM answers WHERE listener = ?) = ?",
                (_now(), listener.id, listener.id, n_trials),
            )

    def all_answers(self) -> list[StoredListener]:
        """Every listener with the answers so far."""
        with self._lock:
            listeners = self._base.execute("SELECT id, name, session FROM listeners").fetchall()
            rows = self._base.execute(
                "SELECT listener, content FROM answers ORDER BY received"
            ).fetchall()
        found: dict[int, list[dict[str, Any]]] = {number: [] for number, _, _ in listeners}
        for number, content in rows:
            found[number].append(json.loads(content))
        return [
            StoredListener(name, session, tuple(found[number]))
            for number, name, session in listeners
        ]

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")


def _hash(token: str) -> str:
    # Whoever reads the file must not be able to answer in a listener's name. A fast hash is
    # enough for a token of 128 random bits.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
