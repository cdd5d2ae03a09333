"""What a listening test consists of, as its YAML file says it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tts_pipeline.config import load_yaml
from tts_pipeline.errors import ConfigError

DESIGNS = ("mos", "mushra", "ab", "abx", "intelligibility")
EXPOSURES = ("latin", "full")
# BS.1534-3 section 5.3: no more than 12 signals in a trial, hidden reference and anchors included.
MAX_MUSHRA_SIGNALS = 12

QUESTIONS = {
    "mos": "How natural does the speech sound?",
    "mushra": "How close is each sound to the reference, as a whole?",
    "ab": "Which of the two sounds more natural?",
    "abx": "Which of the two is X the same as?",
    "intelligibility": "What do you hear? Type every word, as well as you can.",
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """Settings of one listening test; the YAML file has the same keys.

    Attributes:
        design: ``mos`` (ITU-T P.800 absolute category rating), ``mushra`` (ITU-R BS.1534-3),
            ``ab`` (preference), ``abx`` (identification) or ``intelligibility`` (type what you
            hear).
        title: heading of the page.
        introduction: paragraph on the first page; a general one by default.
        question: asked in every trial; one that suits the design by default.
        contact: whom listeners may write to.
        comparison: folder that ``tts-pipeline compare`` wrote; or else ``conditions``.
        conditions: from a condition's name to its folder of ``<text id>.wav`` (or flac, ogg ...).
        only: names of the conditions to use; all by default.
        reference: name of the condition that holds the recordings; MUSHRA needs it.
        texts: tab-separated file of text id and text; intelligibility needs it.
        text_ids: ids of the texts to use; all by default.
        missing: ``drop`` leaves out a text that some condition lacks, so that all conditions are
            judged on the same texts; ``keep`` keeps it for the conditions that have it.
        exposure: ``latin``: a listener hears every text once, each in another condition, and over
            the listeners every text is heard equally often in each; ``full``: every text in every
            condition. By default full for MUSHRA and latin for the others.
        pairs: conditions compared by ``ab`` and ``abx``; by default every two.
        no_preference: whether ``ab`` offers that answer.
        anchors_hz: cut-off frequencies of MUSHRA's low-pass anchors; BS.1534-3 asks for 3500 and,
            as the mid-range anchor, 7000.
        training: trials for practice, which do not count; None leaves the number to the design.
        checks: attention checks per listener; None for 2, or 0 in MUSHRA, whose hidden reference
            and anchor do that work.
        headphones: ``require`` leaves listeners without headphones out of the analysis,
            ``record`` only notes them, ``off`` drops the check.
        sessions: number of different schedules; 0 for the fewest balanced ones from 24 on.
        max_listeners: how many listeners the server takes in.
        seed: of every random order.
        loudness_lufs: level of all sounds, ITU-R BS.1770.
    """

    design: str
    title: str = "Listening test"
    introduction: str = ""
    question: str = ""
    contact: str = ""
    comparison: str | None = None
    conditions: dict[str, str] = dataclasses.field(default_factory=dict)
    only: tuple[str, ...] = ()
    reference: str | None = None
    texts: str | None = None
    text_ids: tuple[str, ...] = ()
    missing: str = "drop"
    exposure: str | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    no_preference: bool = True
    anchors_hz: tuple[int, ...] = (3500,)
    training: int | None = None
    checks: int | None = None
    headphones: str = "require"
    sessions: int = 0
    max_listeners: int = 1000
    seed: int = 0
    loudness_lufs: float = -23.0

    def __post_init__(self) -> None:
        _one_of("design", self.design, DESIGNS)
        _one_of("missing", self.missing, ("drop", "keep"))
        _one_of("exposure", self.exposure, (None, *EXPOSURES))
        _one_of("headphones", self.headphones, ("require", "record", "off"))
        for name, low, high in (
            ("training", 0, 20),
            ("checks", 0, 20),
            ("sessions", 0, 10_000),
            ("max_listeners", 1, 1_000_000),
            ("seed", 0, 2**63 - 1),
            ("loudness_lufs", -50, -10),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name}={value}: expected {low} to {high}")
        for cutoff in self.anchors_hz:
            if not 500 <= cutoff <= 20_000:
                raise ConfigError(f"anchors_hz={cutoff}: expected 500 to 20000 Hz")
        if bool(self.comparison) == bool(self.conditions):
            raise ConfigError(
                "where are the sounds? give either conditions (name: folder) or comparison "
                "(a folder written by tts-pipeline compare)"
            )
        if self.design == "intelligibility" and self.exposure == "full":
            raise ConfigError("exposure=full: who has heard a text once knows its words")
        if self.design == "mushra" and self.exposure == "latin":
            raise ConfigError("exposure=latin: a MUSHRA trial shows every condition of a text")

    @property
    def full(self) -> bool:
        """Whether every listener hears every text in every condition (or pair)."""
        return self.design == "mushra" or self.exposure == "full"

    @property
    def n_checks(self) -> int:
        """Attention checks per listener."""
        if self.design == "mushra":
            return 0
        return 2 if self.checks is None else self.checks

    @property
    def n_training(self) -> int:
        """Practice trials: several in MOS, so that the range of qualities is known beforehand."""
        if self.training is not None:
            return self.training
        return {"mos": 3, "ab": 1, "abx": 1, "mushra": 1, "intelligibility": 1}[self.design]


def read_plan(path: Path, **changes: Any) -> Plan:
    """Read a plan; folders and files in it are relative to the YAML file's own folder.

    Args:
        path: of the YAML file.
        changes: values that go before those of the file.

    Raises:
        ConfigError: naming the key, its value and what was expected.
    """
    plan = load_yaml(Plan, path, changes)
    base = path.parent
    return dataclasses.replace(
        plan,
        comparison=(
            str(base / plan.comparison)
            if plan.comparison and "comparison" not in changes
            else plan.comparison
        ),
        conditions={name: str(base / folder) for name, folder in plan.conditions.items()},
        texts=str(base / plan.texts) if plan.texts else None,
    )


def _one_of(name: str, value: str | None, known: tuple[str | None, ...]) -> None:
    if value not in known:
        names = ", ".join(str(item) for item in known if item is not None)
        raise ConfigError(f"{name}={value!r}: expected one of {names}")
