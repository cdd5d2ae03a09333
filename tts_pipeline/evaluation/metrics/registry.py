"""The registry of metrics, and one sound scored by any of them.

A metric is a function with a decorator, in a file of its own::

    @metric("peak", "peak amplitude", unit="full scale", better="lower", digits=2)
    def peak(case: Case) -> Row:
        return float(np.abs(case.generated.samples).max())

Tables, plots, reports and options of commands read the registry, so that nothing else has to be
changed. Files of this package are imported by its ``__init__``; those of others by
``tts-pipeline compare --use MODULE``.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Collection, Mapping
from typing import Literal

import numpy as np

from tts_pipeline.errors import ConfigError, TTSPipelineError
from tts_pipeline.evaluation.metrics.recogniser import Recogniser
from tts_pipeline.evaluation.metrics.sound import Sound
from tts_pipeline.evaluation.statistics import Statistic, ratio

# What a metric may need beside the sound itself. TIMING: a recording with the same timing, so that
# both can be compared moment by moment; it implies RECORDING. GROUP: the same text by several
# seeds. Anything else names an array that the strategy hands over, such as "mel" or "codes".
RECORDING, TIMING, TEXT, GROUP = "recording", "timing", "text", "group"

Better = Literal["higher", "lower", "one", "recordings"]
# Numbers whose sums over utterances give the figure; of a single number the mean is taken.
Row = float | tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Metric:
    """How a metric is computed, called and read.

    Attributes:
        name: for files and options.
        label: for tables.
        unit: of the figure, with its range where that is not plain.
        better: "higher" or "lower"; "one" for a ratio whose best is 1, "recordings" for a figure
            whose best is that of the recordings.
        compute: from a :class:`Case` to its row.
        needs: what must be there beside the sound.
        package: whose version the figure depends on, empty if it is all our own.
        digits: shown after the point.
        statistic: of the sums of rows; see :mod:`tts_pipeline.evaluation.statistics`.
        about: what it measures and where it comes from, in a line; the definition is with the
            function that computes it.
        shown: whether short tables have it.
        plotted: caption of a picture of it against speed, empty for none.
    """

    name: str
    label: str
    unit: str
    better: Better
    compute: Callable[[Case], Row]
    needs: frozenset[str] = frozenset()
    package: str = ""
    digits: int = 3
    statistic: Statistic = ratio
    about: str = ""
    shown: bool = False
    plotted: str = ""

    @property
    def best(self) -> str:
        """What a good system gets, in words."""
        words = {"one": "1", "recordings": "as the recordings"}
        return words.get(self.better, self.better)

    @property
    def title(self) -> str:
        """Label and unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


METRICS: dict[str, Metric] = {}


def metric(
    name: str,
    label: str,
    *,
    unit: str,
    better: Better,
    needs: Collection[str] = (),
    package: str = "",
    digits: int = 3,
    statistic: Statistic = ratio,
    about: str = "",
    shown: bool = False,
    plotted: str = "",
) -> Callable[[Callable[[Case], Row]], Callable[[Case], Row]]:
    """Decorator that puts a function into the registry; see :class:`Metric`.

    Raises:
        ConfigError: if another function has the name already.
    """

    def register(compute: Callable[[Case], Row]) -> Callable[[Case], Row]:
        known = METRICS.get(name)
        origin = (compute.__module__, compute.__qualname__)
        if known and (known.compute.__module__, known.compute.__qualname__) != origin:
            raise ConfigError(f"metric {name!r}: {known.compute.__module__} has one of that name")
        METRICS[name] = Metric(
            name,
            label,
            unit,
            better,
            compute,
            frozenset(needs) | ({RECORDING} if TIMING in needs else set()),
            package,
            digits,
            statistic,
            about,
            shown,
            plotted,
        )
        return compute

    return register


def checked_names(names: Collection[str]) -> list[str]:
    """The metrics of those names, in the order of the registry.

    Raises:
        ConfigError: if one is unknown.
    """
    unknown = sorted(set(names) - set(METRICS))
    if unknown:
        raise ConfigError(f"metrics {', '.join(unknown)}: expected some of {', '.join(METRICS)}")
    return [name for name in METRICS if name in names]


def possible(given: Collection[str]) -> list[str]:
    """The metrics whose needs are met by what is given."""
    return [name for name, one in METRICS.items() if one.needs <= set(given)]


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """One sound to score and what it can be compared with.

    Attributes:
        generated: the sound.
        reference: a recording of the same text.
        text: what is said.
        recogniser: for word errors.
        group: the same text by several seeds, :attr:`generated` among them; of recordings,
            several takes.
        arrays: by name what else the strategy hands over, such as the acoustic model's "mel"
            ``(M, T)``.
    """

    generated: Sound
    reference: Sound | None = None
    text: str | None = None
    recogniser: Recogniser | None = None
    group: tuple[Sound, ...] = ()
    arrays: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @property
    def recording(self) -> Sound:
        """The reference.

        Raises:
            ConfigError: if there is none.
        """
        if self.reference is None:
            raise ConfigError("no reference recording was given")
        return self.reference

    @property
    def spoken_text(self) -> str:
        """The text.

        Raises:
            ConfigError: if there is none.
        """
        if self.text is None:
            raise ConfigError("no text was given")
        return self.text

    @functools.cached_property
    def transcript(self) -> str:
        """What the recogniser hears, asked once.

        Raises:
            ConfigError: if there is none.
        """
        if self.recogniser is None:
            raise ConfigError("no recogniser was given")
        return self.recogniser.transcribe(self.generated.samples)

    @property
    def known_transcript(self) -> str | None:
        """The transcript if some metric asked for it."""
        return self.__dict__.get("transcript")

    def array(self, name: str) -> np.ndarray:
        """What the strategy hands over under a name.

        Raises:
            ConfigError: if it does not.
        """
        if name not in self.arrays:
            raise ConfigError(f"the strategy gives no {name}")
        return self.arrays[name]


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores of one sound.

    Attributes:
        rows: by metric the numbers whose sums over utterances give the figure.
        unavailable: by metric the reason why there is no score.
        transcript: what the recogniser heard, None if it was not asked.
    """

    rows: Mapping[str, tuple[float, ...]]
    unavailable: Mapping[str, str]
    transcript: str | None = None

    def value(self, metric: str) -> float | None:
        """The score of this sound alone, None if there is none."""
        if metric not in self.rows:
            return None
        value = float(METRICS[metric].statistic(np.array(self.rows[metric])))
        return value if math.isfinite(value) else None


def score(case: Case, wanted: Collection[str]) -> Scores:
    """Score one sound. A metric that cannot be had is reported with its reason, never left out.

    Args:
        case: the sound.
        wanted: names out of :data:`METRICS`.

    Raises:
        ConfigError: if ``wanted`` holds an unknown name.
    """
    rows: dict[str, tuple[float, ...]] = {}
    unavailable: dict[str, str] = {}
    for name in checked_names(wanted):
        try:
            found = METRICS[name].compute(case)
        except TTSPipelineError as error:
            unavailable[name] = str(error)
            continue
        row = found if isinstance(found, tuple) else (found, 1.0)
        if all(math.isfinite(number) for number in row):
            rows[name] = tuple(map(float, row))
        else:
            unavailable[name] = "not defined for this sound"
    return Scores(rows, unavailable, case.known_transcript)
