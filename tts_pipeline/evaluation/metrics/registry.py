"""All metrics by name, and one utterance scored by any of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Mapping

from tts_pipeline.errors import ConfigError, TTSPipelineError
from tts_pipeline.evaluation.metrics.cepstral import mel_cepstral_distortion
from tts_pipeline.evaluation.metrics.intelligibility import (
    Recogniser,
    character_errors,
    word_errors,
)
from tts_pipeline.evaluation.metrics.naturalness import dnsmos
from tts_pipeline.evaluation.metrics.perceptual import pesq_wb, stoi
from tts_pipeline.evaluation.metrics.pitch import log_f0_sums, pitch_error
from tts_pipeline.evaluation.metrics.sound import Sound
from tts_pipeline.evaluation.spectral import log_spectral_distance
from tts_pipeline.evaluation.statistics import Statistic, ratio, standard_deviation_ratio


@dataclasses.dataclass(frozen=True)
class Metric:
    """How a metric is called and read.

    Attributes:
        label: for tables.
        best: what a perfect system gets.
        digits: shown after the point.
        statistic: of the sums over utterances; see :mod:`tts_pipeline.evaluation.statistics`.
        about: what it measures and where it comes from, in a line; the definition is with the
            function that computes it.
    """

    label: str
    best: str
    digits: int = 3
    statistic: Statistic = ratio
    about: str = ""


METRICS: dict[str, Metric] = {
    "pesq": Metric(
        "PESQ-WB", "high, at most 4.64", 2, about="predicted listening quality (ITU-T P.862.2)"
    ),
    "stoi": Metric("STOI", "1", about="predicted intelligibility (Taal et al. 2011)"),
    "mcd": Metric(
        "MCD (DTW) dB",
        "0",
        2,
        about="distance of mel-cepstra of WORLD envelopes after time warping (Kubichek 1993)",
    ),
    "lsd": Metric(
        "log-spectral distance dB",
        "0",
        2,
        about="distance of log power spectra, root mean square (Gray and Markel 1976)",
    ),
    "f0_rmse": Metric(
        "F0 RMSE cents",
        "0",
        1,
        about="error of F0 where both are voiced, pYIN (Mauch and Dixon 2014)",
    ),
    "voicing_error": Metric(
        "voicing error", "0", about="share of frames voiced in one only (Nakatani et al. 2008)"
    ),
    "duration_ratio": Metric("duration ratio", "1", about="duration by that of the recording"),
    "log_f0_std_ratio": Metric(
        "log-F0 deviation ratio",
        "1",
        3,
        standard_deviation_ratio,
        about="spread of log F0 by that of the recording: below 1 is monotonous",
    ),
    "wer": Metric("WER", "0", about="word errors of a recogniser by words said"),
    "cer": Metric("CER", "0", about="character errors of a recogniser by characters said"),
    "deletions": Metric(
        "share of words not heard", "0", about="words that the recogniser left out by words said"
    ),
    "dnsmos_ovrl": Metric(
        "DNSMOS OVRL",
        "high, at most 5",
        2,
        about="predicted overall opinion without a reference (Reddy et al. 2022)",
    ),
    "dnsmos_sig": Metric("DNSMOS SIG", "high, at most 5", 2, about="the same for the voice itself"),
    "dnsmos_bak": Metric(
        "DNSMOS BAK", "high, at most 5", 2, about="the same for freedom from noise"
    ),
}
# What needs no recording to compare with.
ALONE = ("wer", "cer", "deletions", "dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak")
# What compares moment by moment, so that it needs the timing of the recording.
ALIGNED = ("pesq", "stoi", "lsd", "f0_rmse", "voicing_error")


@dataclasses.dataclass(frozen=True)
class Case:
    """One sound to score and what it can be compared with."""

    generated: Sound
    reference: Sound | None = None
    text: str | None = None
    recogniser: Recogniser | None = None


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
        import numpy as np

        value = float(METRICS[metric].statistic(np.array(self.rows[metric])))
        return value if math.isfinite(value) else None


def score(case: Case, wanted: Collection[str] = tuple(METRICS)) -> Scores:
    """Score one sound. A metric that cannot be had is reported with its reason, never left out.

    Args:
        case: the sound.
        wanted: names out of :data:`METRICS`.

    Raises:
        ConfigError: if ``wanted`` holds an unknown name.
    """
    unknown = sorted(set(wanted) - set(METRICS))
    if unknown:
        raise ConfigError(f"metrics {', '.join(unknown)}: expected some of {', '.join(METRICS)}")
    rows: dict[str, tuple[float, ...]] = {}
    unavailable: dict[str, str] = {}
    heard: list[str] = []
    for names, compute in _FAMILIES:
        asked = [name for name in names if name in wanted]
        if not asked:
            continue
        try:
            found = compute(case, heard)
        except TTSPipelineError as error:
            unavailable.update(dict.fromkeys(asked, str(error)))
            continue
        for name in asked:
            if all(math.isfinite(number) for number in found[name]):
                rows[name] = found[name]
            else:
                unavailable[name] = "not defined here: no frame is voiced in both sounds"
    return Scores(rows, unavailable, heard[0] if heard else None)


_Rows = dict[str, tuple[float, ...]]


def _reference(case: Case) -> Sound:
    if case.reference is None:
        raise ConfigError("no reference recording was given")
    return case.reference


def _pesq(case: Case, heard: list[str]) -> _Rows:
    return {"pesq": (pesq_wb(_reference(case), case.generated), 1.0)}


def _stoi(case: Case, heard: list[str]) -> _Rows:
    return {"stoi": (stoi(_reference(case), case.generated), 1.0)}


def _mcd(case: Case, heard: list[str]) -> _Rows:
    return {"mcd": (mel_cepstral_distortion(_reference(case), case.generated), 1.0)}


def _lsd(case: Case, heard: list[str]) -> _Rows:
    return {"lsd": (log_spectral_distance(_reference(case), case.generated), 1.0)}


def _pitch(case: Case, heard: list[str]) -> _Rows:
    found = pitch_error(_reference(case), case.generated)
    return {"f0_rmse": (found.rmse_cents, 1.0), "voicing_error": (found.voicing_error, 1.0)}


def _duration(case: Case, heard: list[str]) -> _Rows:
    return {"duration_ratio": (case.generated.duration_s, _reference(case).duration_s)}


def _liveliness(case: Case, heard: list[str]) -> _Rows:
    return {"log_f0_std_ratio": log_f0_sums(case.generated) + log_f0_sums(_reference(case))}


def _words(case: Case, heard: list[str]) -> _Rows:
    if case.text is None:
        raise ConfigError("no text was given")
    if case.recogniser is None:
        raise ConfigError("no recogniser was given")
    heard.append(case.recogniser.transcribe(case.generated.samples))
    words, characters = (count(case.text, heard[0]) for count in (word_errors, character_errors))
    return {
        "wer": (words.total, words.length),
        "cer": (characters.total, characters.length),
        "deletions": (words.deletions, words.length),
    }


def _opinion(case: Case, heard: list[str]) -> _Rows:
    names = ("dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak")
    return {name: (value, 1.0) for name, value in zip(names, dnsmos(case.generated), strict=True)}


_FAMILIES: tuple[tuple[tuple[str, ...], Callable[[Case, list[str]], _Rows]], ...] = (
    (("pesq",), _pesq),
    (("stoi",), _stoi),
    (("mcd",), _mcd),
    (("lsd",), _lsd),
    (("f0_rmse", "voicing_error"), _pitch),
    (("duration_ratio",), _duration),
    (("log_f0_std_ratio",), _liveliness),
    (("wer", "cer", "deletions"), _words),
    (("dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak"), _opinion),
)
