"""Reads answers back, from databases and from files that listeners sent in, and scores them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.collect.answers import (
    Answer,
    AnswerError,
    Comment,
    Identification,
    Preference,
    QuietTone,
    Rating,
    Sliders,
    Typed,
    check_fits,
    parse_answer,
)
from tts_pipeline.listening.collect.store import AnswerStore, StoredListener
from tts_pipeline.listening.trials import MAIN, Key, Trial
from tts_pipeline.text.word_errors import spoken_words, word_errors

# The longest honest file: some thousand answers.
_MAX_FILE = 16 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What one listener made of one sound: MOS 1 to 5, MUSHRA 0 to 100, or word error rate."""

    listener: str
    text: str
    condition: str
    value: float
    seconds: float
    plays: int
    typed: str = ""


@dataclasses.dataclass(frozen=True)
class Choice:
    """What one listener chose in one AB or ABX trial.

    Attributes:
        listener: opaque name.
        text: id of the text.
        first: condition of sound A.
        second: condition of sound B.
        chosen: the preferred condition, or the one taken for X; None for no preference.
        correct: in ABX, whether that was so.
        seconds: time taken.
    """

    listener: str
    text: str
    first: str
    second: str
    chosen: str | None
    correct: bool | None
    seconds: float


@dataclasses.dataclass(frozen=True)
class Participant:
    """A listener's scored answers.

    Attributes:
        name: opaque.
        session: number of the schedule.
        finished: whether every trial was answered.
        tones: headphone check, right answers and trials.
        checks: attention checks, right answers and answered trials.
        judgements: of MOS, MUSHRA and intelligibility, practice and checks left out.
        choices: of AB and ABX, likewise.
        comment: what the listener said at the end.
    """

    name: str
    session: int
    finished: bool
    tones: tuple[int, int]
    checks: tuple[int, int]
    judgements: tuple[Judgement, ...]
    choices: tuple[Choice, ...]
    comment: str


@dataclasses.dataclass(frozen=True)
class Results:
    """All participants, and what could not be read."""

    participants: tuple[Participant, ...]
    faults: tuple[str, ...]


def read_results(key: Key, paths: Iterable[Path]) -> Results:
    """Read and score every answer.

    Args:
        key: of the test.
        paths: databases of the server, JSON files of the static build, or folders of them.

    Raises:
        ConfigError: if a path is missing or no answer was found.
    """
    faults: list[str] = []
    listeners: dict[str, StoredListener] = {}
    for path in _files(paths):
        found = _from_database(path, key) if _is_database(path) else _from_file(path, key, faults)
        for listener in found:
            known = listeners.setdefault(listener.name, listener)
            if known != listener:
                longer = max(known, listener, key=lambda item: len(item.answers))
                listeners[listener.name] = longer
                faults.append(
                    f"{path}: listener {listener.name} sent different files; "
                    f"the longer one counts ({len(longer.answers)} answers)"
                )
    participants = tuple(_scored(key, item, faults) for item in listeners.values())
    if not any(item.judgements or item.choices for item in participants):
        details = f": {'; '.join(faults)}" if faults else ""
        raise ConfigError(f"no answers yet{details}")
    return Results(participants, tuple(faults))


def _files(paths: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.iterdir() if p.suffix in (".json", ".sqlite"))
        elif path.is_file():
            files.append(path)
        else:
            raise ConfigError(f"{path}: no such file; expected answers of a listening test")
    return files


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def _from_database(path: Path, key: Key) -> list[StoredListener]:
    store = AnswerStore(path, key)
    try:
        return store.all_answers()
    finally:
        store.close()


def _from_file(path: Path, key: Key, faults: list[str]) -> list[StoredListener]:
    """A listener's own file: rubbish is reported, not trusted."""
    try:
        if path.stat().st_size > _MAX_FILE:
            raise ValueError(f"longer than {_MAX_FILE} bytes")
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["test"] != key.test:
            raise ValueError("answers to another build of a test")
        name, session, answers = content["listener"], content["session"], content["answers"]
        if type(name) is not str or not name.isalnum() or len(name) > 64:
            raise ValueError(f"listener {name!r}")
        if type(session) is not int or not 0 <= session < len(key.sessions):
            raise ValueError(f"session {session!r}")
        if type(answers) is not list:
            raise ValueError("answers are no list")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        faults.append(f"{path}: not the answers of a listener ({error!r})")
        return []
    return [StoredListener(name, session, tuple(answers))]


def _scored(key: Key, listener: StoredListener, faults: list[str]) -> Participant:
    trials = {trial.id: trial for trial in key.sessions[listener.session]}
    pairs: dict[str, tuple[Trial, Answer]] = {}
    for content in listener.answers:
        try:
            answer = parse_answer(content)
            trial = trials.get(answer.trial)
            if trial is None:
                raise AnswerError(f"trial {answer.trial} is not of schedule {listener.session}")
            check_fits(answer, trial)
            if trial.id in pairs:
                raise AnswerError(f"trial {trial.id} was answered before")
        except AnswerError as error:
            faults.append(f"listener {listener.name}: {error}")
            continue
        pairs[trial.id] = trial, answer
    answered = list(pairs.values())
    right = [
        _is_right(trial, answer) for trial, answer in answered if isinstance(answer, QuietTone)
    ]
    checks = [_is_right(trial, answer) for trial, answer in answered if trial.check]
    main = [
        (trial, answer) for trial, answer in answered if trial.phase == MAIN and not trial.check
    ]
    comments = [answer.text for _, answer in answered if isinstance(answer, Comment)]
    return Participant(
        listener.name,
        listener.session,
        len(pairs) == len(trials),
        (sum(right), len(right)),
        (sum(checks), len(checks)),
        tuple(item for pair in main for item in _judgements(key, listener.name, *pair)),
        tuple(item for pair in main for item in _choices(listener.name, *pair)),
        comments[0] if comments else "",
    )


def _is_right(trial: Trial, answer: Answer) -> bool:
    expected = str(trial.expected)
    if isinstance(answer, Typed):
        return set(spoken_words(expected)) <= set(spoken_words(answer.text))
    given: Any = answer.score if isinstance(answer, Rating) else getattr(answer, "choice", None)
    return str(given) == expected


def _judgements(key: Key, listener: str, trial: Trial, answer: Answer) -> Sequence[Judgement]:
    def judgement(place: int, value: float, typed: str = "") -> Judgement:
        sound = trial.stimuli[place]
        return Judgement(
            listener,
            trial.text,
            trial.conditions[place],
            value,
            answer.seconds,
            answer.plays[sound],
            typed,
        )

    if isinstance(answer, Rating):
        return [judgement(0, float(answer.score))]
    if isinstance(answer, Sliders):
        return [
            judgement(place, float(answer.scores[sound]))
            for place, sound in enumerate(trial.stimuli)
        ]
    if isinstance(answer, Typed):
        errors = word_errors(key.texts[trial.text], answer.text)
        return [judgement(0, errors.total / errors.length, answer.text)]
    return []


def _choices(listener: str, trial: Trial, answer: Answer) -> Sequence[Choice]:
    if not isinstance(answer, (Preference, Identification)):
        return []
    first, second = trial.conditions[:2]
    chosen = {"a": first, "b": second}.get(answer.choice)
    correct = answer.choice == trial.expected if isinstance(answer, Identification) else None
    return [Choice(listener, trial.text, first, second, chosen, correct, answer.seconds)]
