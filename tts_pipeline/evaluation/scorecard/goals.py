"""What a voice must reach, and whether it does."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from tts_pipeline.evaluation.metrics.scoring import NATURAL, Scored
from tts_pipeline.evaluation.statistics import Summary, bootstrap, difference, quotient
from tts_pipeline.evaluation.tables import markdown, paired

COPY, SPEECH, REFERENCE = "copy", "speech", "griffin-lim"


@dataclasses.dataclass(frozen=True)
class Goals:
    """Bounds of the figures of a voice.

    Attributes:
        pesq: least PESQ-WB of copy-synthesis (natural mel to sound).
        stoi: least STOI of copy-synthesis.
        mcd: largest mel-cepstral distortion of copy-synthesis in dB.
        wer_ratio: largest WER of the voice by that of the recordings.
        duration: lowest and highest total duration by that of the recordings.
        log_f0_std: lowest and highest standard deviation of log F0 by that of the recordings.
        dnsmos_loss: largest loss of DNSMOS OVRL against the recordings.
    """

    pesq: float = 3.0
    stoi: float = 0.97
    mcd: float = 2.5
    wer_ratio: float = 1.15
    duration: tuple[float, float] = (0.85, 1.15)
    log_f0_std: tuple[float, float] = (0.75, 1.25)
    dnsmos_loss: float = 0.3


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One figure against its bounds.

    Attributes:
        name: what is measured.
        found: the figure with its interval, None if it is not available.
        low: lowest value allowed.
        high: highest value allowed.
    """

    name: str
    found: Summary | None
    low: float = -math.inf
    high: float = math.inf

    @property
    def met(self) -> bool | None:
        """Whether the figure itself (not its interval) is within bounds; None if not available."""
        return None if self.found is None else self.low <= self.found.value <= self.high


def _single(scored: Sequence[Scored], system: str, metric: str) -> Summary | None:
    from tts_pipeline.evaluation.metrics.registry import METRICS

    rows = [s.scores.rows[metric] for s in scored if s.system == system and metric in s.scores.rows]
    return bootstrap(np.array(rows), METRICS[metric].statistic) if rows else None


def judge(scored: Sequence[Scored], spoken_whole: Sequence[bool], goals: Goals) -> list[Outcome]:
    """Compare the figures with the goals.

    Args:
        scored: with the systems ``natural``, ``copy`` and ``speech``.
        spoken_whole: per text whether every phone of it was spoken.
        goals: the bounds.
    """
    whole = bootstrap(np.array([[float(value), 1.0] for value in spoken_whole]))
    return [
        Outcome("copy-synthesis: PESQ-WB", _single(scored, COPY, "pesq"), low=goals.pesq),
        Outcome("copy-synthesis: STOI", _single(scored, COPY, "stoi"), low=goals.stoi),
        Outcome("copy-synthesis: MCD (DTW) dB", _single(scored, COPY, "mcd"), high=goals.mcd),
        Outcome(
            "WER by natural WER",
            paired(scored, SPEECH, NATURAL, "wer", quotient),
            high=goals.wer_ratio,
        ),
        Outcome("share of texts spoken whole", whole, low=1.0),
        Outcome(
            "total duration by natural", _single(scored, SPEECH, "duration_ratio"), *goals.duration
        ),
        Outcome(
            "log-F0 deviation by natural",
            _single(scored, SPEECH, "log_f0_std_ratio"),
            *goals.log_f0_std,
        ),
        Outcome(
            "DNSMOS OVRL less natural",
            paired(scored, SPEECH, NATURAL, "dnsmos_ovrl", difference),
            low=-goals.dnsmos_loss,
        ),
    ]


def outcome_table(outcomes: Sequence[Outcome]) -> str:
    """Figures, bounds and verdicts as a Markdown table."""
    rows = []
    for item in outcomes:
        bounds = []
        if item.low > -math.inf:
            bounds.append(f"at least {item.low:g}")
        if item.high < math.inf:
            bounds.append(f"at most {item.high:g}")
        found = "not available"
        if item.found is not None:
            found = f"{item.found.value:.3f} [{item.found.low:.3f}, {item.found.high:.3f}]"
        verdict = {True: "yes", False: "no", None: "unknown"}[item.met]
        rows.append([item.name, found, ", ".join(bounds), verdict])
    return markdown(["figure", "found [95 %]", "goal", "met"], rows)
