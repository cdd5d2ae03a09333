"""Trials, and the two files about them: the private key and what a listener's browser gets."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from tts_pipeline.config import from_mapping
from tts_pipeline.errors import ConfigError

FORMAT = 1
KEY_FILE = "key.json"
PUBLIC = "public"
ANSWERS_FILE = "answers.sqlite"

# Kinds of trial: what a listener does in them.
MOS, MUSHRA, AB, ABX, TYPED, TONES, COMMENT = "mos mushra ab abx typed tones comment".split()
KIND_OF_DESIGN = {"mos": MOS, "mushra": MUSHRA, "ab": AB, "abx": ABX, "intelligibility": TYPED}
HEADPHONES, TRAINING, MAIN, END = "headphones training main end".split()


@dataclasses.dataclass(frozen=True)
class Trial:
    """One trial of one schedule.

    Attributes:
        id: opaque; no two trials of a test share it.
        phase: ``headphones``, ``training``, ``main`` or ``end``.
        kind: what the listener does.
        stimuli: opaque ids of the sounds, in the order of the buttons.
        reference: opaque id of MUSHRA's labelled reference.
        aligned: whether the sounds have the same length, so that switching can go on in time.
        no_preference: whether AB offers that answer.
        text: id of the text that is spoken.
        conditions: what each stimulus is, in the same order.
        expected: the right answer of a check, of the headphone check and of ABX.
        check: whether this is an attention check.
    """

    id: str
    phase: str
    kind: str
    stimuli: tuple[str, ...] = ()
    reference: str | None = None
    aligned: bool = False
    no_preference: bool = False
    text: str = ""
    conditions: tuple[str, ...] = ()
    expected: str | None = None
    check: bool = False

    def public(self) -> dict[str, Any]:
        """What the listener's browser gets: nothing that says what a sound is."""
        shown: dict[str, Any] = {"id": self.id, "phase": self.phase, "kind": self.kind}
        if self.stimuli:
            shown["stimuli"] = list(self.stimuli)
        if self.kind == MUSHRA:
            shown["reference"] = self.reference
        if self.kind in (MUSHRA, ABX):
            shown["aligned"] = self.aligned
        if self.kind == AB:
            shown["no_preference"] = self.no_preference
        return shown


@dataclasses.dataclass(frozen=True)
class Condition:
    """A condition of the test: ``role`` is ``system``, ``reference`` or ``anchor``."""

    name: str
    label: str
    role: str


@dataclasses.dataclass(frozen=True)
class Stimulus:
    """What a sound's opaque id stands for."""

    text: str
    condition: str
    seconds: float
    gain_db: float


@dataclasses.dataclass(frozen=True)
class Key:
    """Everything about a test, the secret part included: ``key.json``.

    Attributes:
        format: of the file.
        version: of the package that made it.
        test: opaque id of the test.
        design: see :class:`~tts_pipeline.listening.design.plan.Plan`, like the next ones.
        title: heading.
        headphones: rule of the headphone check.
        max_listeners: how many the server takes in.
        mid_anchor: name of the 7 kHz anchor, if there is one.
        conditions: all of them, in the plan's order.
        texts: from id to text.
        stimuli: from opaque id to what it is.
        sessions: the schedules.
        notes: what building the test had to decide.
    """

    format: int
    version: str
    test: str
    design: str
    title: str
    headphones: str
    max_listeners: int
    mid_anchor: str | None
    conditions: tuple[Condition, ...]
    texts: dict[str, str]
    stimuli: dict[str, Stimulus]
    sessions: tuple[tuple[Trial, ...], ...]
    notes: tuple[str, ...]

    @property
    def reference(self) -> str | None:
        """Name of the condition that holds the recordings."""
        return next((item.name for item in self.conditions if item.role == "reference"), None)

    def save(self, folder: Path) -> None:
        """Write ``key.json`` into the folder of the test."""
        content = json.dumps(dataclasses.asdict(self), separators=(",", ":"), ensure_ascii=False)
        (folder / KEY_FILE).write_text(content + "\n", encoding="utf-8")


def read_key(folder: Path) -> Key:
    """Read the key of a test.

    Raises:
        ConfigError: if the folder holds no test, a damaged one, or one of another format.
    """
    path = folder / KEY_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); expected a folder that "
            "tts-pipeline listen build made"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: damaged ({error}); build the test again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ConfigError(f"{path}: expected format {FORMAT}; build the test with this version")
    return from_mapping(Key, content, str(path))


def public_session(trials: tuple[Trial, ...]) -> dict[str, Any]:
    """A schedule as the listener's browser gets it."""
    return {"trials": [trial.public() for trial in trials]}
