"""The outcome of a comparison of strategies, as it is written to and read from comparison.json."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from tts_pipeline.atomic import write_json
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import ConfigError

FORMAT = 2
FILE = "comparison.json"


@dataclasses.dataclass(frozen=True)
class Score:
    """A figure over several texts.

    Attributes:
        value: the figure.
        low: lower end of its 95 % interval.
        high: upper end of it.
        n: number of texts.
    """

    value: float
    low: float
    high: float
    n: int


@dataclasses.dataclass(frozen=True)
class Speed:
    """Seconds of sound for a second of computing: median over texts, slowest and fastest text."""

    median: float
    slowest: float
    fastest: float


@dataclasses.dataclass(frozen=True)
class Latency:
    """Milliseconds from the call to the first block of samples: median and 95th percentile."""

    p50: float
    p95: float


@dataclasses.dataclass(frozen=True)
class Cost:
    """What sound costs on one thread.

    Attributes:
        xrt: speed, in multiples of real time.
        first_audio_ms: time to the first sound.
        peak_memory_mb: the most that a process doing nothing else held, None if unknown.
        parameters: trained numbers of the models in use.
        gmac_per_s: billions (1e9) of multiply-accumulates for a second of sound, None if unknown.
        steps_per_s: steps that must wait for one another, for a second of sound, None if unknown.
    """

    xrt: Speed
    first_audio_ms: Latency
    peak_memory_mb: float | None
    parameters: int
    gmac_per_s: float | None = None
    steps_per_s: float | None = None

    @property
    def rtf(self) -> float:
        """Seconds of computing for a second of sound (real-time factor)."""
        return 1 / self.xrt.median


@dataclasses.dataclass(frozen=True)
class StrategyResult:
    """What is known of a strategy.

    Attributes:
        name: names its folder of sounds.
        label: for people.
        reference: whether this is the recording itself.
        needs_recording: whether it works from a recording.
        n_texts: texts that were made.
        n_possible: texts that it could have made.
        limited_by: "limit" or "time" if not all were made, as asked or to save time.
        budget_s: seconds that making was allowed to take.
        failed: why it failed, if it did.
        cost: what sound costs; None for recordings and where nothing was timed.
        metrics: scores by name of the metric.
        unavailable: by name of the metric why there is no score.
        kinds: of the models at work, in the order of the way from text to sound.
        curve: name of the strategy of whose curve over steps this is a point, empty for none.
        steps: number of steps, if it is such a point.
    """

    name: str
    label: str
    reference: bool
    needs_recording: bool
    n_texts: int
    n_possible: int
    limited_by: str | None
    budget_s: float
    failed: str | None
    cost: Cost | None
    metrics: dict[str, Score]
    unavailable: dict[str, str]
    kinds: tuple[str, ...] = ()
    curve: str = ""
    steps: int | None = None


@dataclasses.dataclass(frozen=True)
class ComparedText:
    """A text: its name, what is said, and how many recordings of it there are."""

    id: str
    text: str
    recordings: int


@dataclasses.dataclass(frozen=True)
class ComparedSound:
    """A sound, and what is known of it alone.

    Attributes:
        text: name of the text.
        strategy: name of the strategy.
        file: relative to the folder of the comparison.
        seconds: its length.
        seed: of the random numbers.
        rtf: seconds of computing for a second of it; None if it was not timed.
        first_audio_ms: time to its first block of samples; None if it was not timed.
        left_out: what of the text was not spoken, and why.
        problems: what went wrong while it was made, as the models report it.
        scores: by name of the metric; None where a metric is not defined for one sound.
        transcript: what the recogniser heard, None if it was not asked.
    """

    text: str
    strategy: str
    file: str
    seconds: float
    seed: int
    rtf: float | None
    first_audio_ms: float | None
    left_out: tuple[str, ...]
    scores: dict[str, float | None]
    transcript: str | None
    problems: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Machine:
    """What speeds depend on.

    Attributes:
        processor: its name.
        cores: how many there are.
        load: of the machine while sounds were timed, None if unknown.
        versions: of Python and the libraries that compute.
    """

    processor: str
    cores: int
    load: float | None
    versions: dict[str, str]

    def describe(self) -> str:
        """One line."""
        load = "unknown" if self.load is None else f"{self.load:g}"
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.processor}, {self.cores} cores, load {load}, {versions}"


@dataclasses.dataclass(frozen=True)
class VoiceMark:
    """Which voice spoke: its name, and a digest of all its files."""

    name: str
    fingerprint: str


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Strategies on the same texts, in figures.

    Attributes:
        version: of the package.
        made: date and time in UTC.
        machine: where it was made.
        packages: versions of the packages that metrics come from, None where one is missing.
        recogniser: its name.
        voice: the voice.
        seed: of the first text; the others have the next ones.
        n_seeds: how many times strategies from text spoke each text.
        sample_rate: of all sounds, in Hz.
        texts: the texts.
        strategies: the strategies.
        sounds: one for each text and strategy.
        findings: what the figures say, in words.
    """

    version: str
    made: str
    machine: Machine
    packages: dict[str, str | None]
    recogniser: str
    voice: VoiceMark
    seed: int
    n_seeds: int
    sample_rate: int
    texts: tuple[ComparedText, ...]
    strategies: tuple[StrategyResult, ...]
    sounds: tuple[ComparedSound, ...]
    findings: tuple[str, ...] = ()

    def strategy(self, name: str) -> StrategyResult:
        """The strategy of that name."""
        return next(item for item in self.strategies if item.name == name)

    @property
    def main(self) -> tuple[StrategyResult, ...]:
        """The strategies that are no points of a curve over steps."""
        return tuple(item for item in self.strategies if not item.curve)

    @property
    def curves(self) -> dict[str, tuple[StrategyResult, ...]]:
        """By strategy its points over steps, fewest steps first."""
        names = dict.fromkeys(item.curve for item in self.strategies if item.curve)
        return {
            name: tuple(
                sorted(
                    (item for item in self.strategies if item.curve == name),
                    key=lambda item: item.steps or 0,
                )
            )
            for name in names
        }

    def write(self, folder: Path) -> None:
        """Write ``comparison.json`` into a folder."""
        write_json(folder / FILE, {"format": FORMAT, **dataclasses.asdict(self)})


def read_comparison(folder: Path) -> Comparison:
    """Read what :meth:`Comparison.write` wrote into a folder.

    Raises:
        ConfigError: if there is none, it is of another format, or it does not hold together.
    """
    path = folder / FILE
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}); expected the folder that "
            "tts-pipeline compare --out wrote"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: not the table of a comparison ({error!r})") from error
    if not isinstance(content, dict) or "format" not in content:
        raise ConfigError(f"{path}: not the table of a comparison: it names no format")
    if content.pop("format") != FORMAT:
        raise ConfigError(
            f"{path}: of another format than {FORMAT}; make the comparison again with this version"
        )
    found = from_mapping(Comparison, content, str(path))
    texts, strategies = {item.id for item in found.texts}, {item.name for item in found.strategies}
    for sound in found.sounds:
        if sound.text not in texts or sound.strategy not in strategies:
            raise ConfigError(f"{path}: {sound.file} is of unknown text or strategy")
    return found
