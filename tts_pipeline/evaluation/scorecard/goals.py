"""What a voice must reach, and whether it does."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.metrics.scoring import NATURAL, Scored
from tts_pipeline.evaluation.statistics import Summary, bootstrap, difference, quotient
from tts_pipeline.evaluation.tables import markdown, paired

COPY, SPEECH, REFERENCE = "copy", "speech", "griffin-lim"


@dataclasses.dataclass(frozen=True)
class Goals:
    """Bounds of the figures of a voice.

    Attributes:
        copy_distillmos_loss: largest loss of DistillMOS by copy-synthesis (natural mel to sound).
        copy_dnsmos_loss: largest loss of DNSMOS OVRL by copy-synthesis.
        pesq: least PESQ-WB of copy-synthesis.
        stoi: least STOI of copy-synthesis.
        mcd: largest mel-cepstral distortion of copy-synthesis in dB.
        distillmos_loss: largest loss of DistillMOS by speech from text against the recordings.
        dnsmos_loss: largest loss of DNSMOS OVRL by speech from text.
        wer_ratio: largest WER of speech from text by that of the recordings.
        duration: lowest and highest total duration by that of the recordings.
        log_f0_std: lowest and highest standard deviation of log F0 by that of the recordings.
        band_variance: lowest and highest variance of mel bands by that of the recordings.
    """

    copy_distillmos_loss: float = 0.18
    copy_dnsmos_loss: float = 0.08
    pesq: float = 3.15
    stoi: float = 0.972
    mcd: float = 2.8
    distillmos_loss: float = 0.28
    dnsmos_loss: float = 0.12
    wer_ratio: float = 0.75
    duration: tuple[float, float] = (0.9, 1.1)
    log_f0_std: tuple[float, float] = (0.9, 1.1)
    band_variance: tuple[float, float] = (0.9, 1.1)


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
    rows = [s.scores.rows[metric] for s in scored if s.system == system and metric in s.scores.rows]
    return bootstrap(np.array(rows), METRICS[metric].statistic) if rows else None


def _loss(scored: Sequence[Scored], system: str, metric: str) -> Summary | None:
    return paired(scored, system, NATURAL, metric, difference)


def judge(scored: Sequence[Scored], spoken_whole: Sequence[bool], goals: Goals) -> list[Outcome]:
    """Compare the figures with the goals.

    Args:
        scored: with the systems ``natural``, ``copy`` and ``speech``.
        spoken_whole: per text whether every phone of it was spoken.
        goals: the bounds.
    """
    whole = bootstrap(np.array([[float(value), 1.0] for value in spoken_whole]))
    return [
        Outcome(
            "copy-synthesis: DistillMOS less natural",
            _loss(scored, COPY, "distillmos"),
            low=-goals.copy_distillmos_loss,
        ),
        Outcome(
            "copy-synthesis: DNSMOS OVRL less natural",
            _loss(scored, COPY, "dnsmos_ovrl"),
            low=-goals.copy_dnsmos_loss,
        ),
        Outcome("copy-synthesis: PESQ-WB", _single(scored, COPY, "pesq"), low=goals.pesq),
        Outcome("copy-synthesis: STOI", _single(scored, COPY, "stoi"), low=goals.stoi),
        Outcome("copy-synthesis: MCD (DTW) dB", _single(scored, COPY, "mcd"), high=goals.mcd),
        Outcome(
            "DistillMOS less natural",
            _loss(scored, SPEECH, "distillmos"),
            low=-goals.distillmos_loss,
        ),
        Outcome(
            "DNSMOS OVRL less natural",
            _loss(scored, SPEECH, "dnsmos_ovrl"),
            low=-goals.dnsmos_loss,
        ),
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
            "variance of mel bands by natural",
            _single(scored, SPEECH, "band_variance"),
            *goals.band_variance,
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
