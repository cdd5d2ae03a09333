"""F0 against a recording: its error, and the spread of log F0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.registry import RECORDING, TIMING, Case, Row, metric
from tts_pipeline.evaluation.metrics.sound import Sound, aligned_samples
from tts_pipeline.evaluation.statistics import standard_deviation_ratio


class PitchError(NamedTuple):
    """Error of F0.

    Attributes:
        rmse_cents: root mean square over the frames that are voiced in both, in cents
            (1200 to the octave); NaN if there are none.
        voicing_error: share of frames voiced in one and unvoiced in the other, in [0, 1].
    """

    rmse_cents: float
    voicing_error: float


def pitch_error(reference: Sound, generated: Sound) -> PitchError:
    """F0 RMSE in cents and voicing decision error, frame by frame.

    Both F0 by pYIN, see :attr:`~tts_pipeline.evaluation.metrics.sound.Sound.f0`. The voicing
    decision error is that of Nakatani et al. 2008 (Speech Communication 50). Gross errors of the
    tracker count in full, so that octave jumps weigh heavily.

    Raises:
        AudioError: if the sounds differ in length by more than 20 ms.
    """
    aligned_samples(reference, generated)
    n_frames = min(len(reference.f0), len(generated.f0))
    first, second = reference.f0[:n_frames], generated.f0[:n_frames]
    both = (first > 0) & (second > 0)
    voicing_error = float(np.mean((first > 0) != (second > 0)))
    if not both.any():
        return PitchError(float("nan"), voicing_error)
    cents = 1200 * np.log2(first[both] / second[both])
    return PitchError(float(np.sqrt(np.mean(cents**2))), voicing_error)


def log_f0_sums(sound: Sound) -> tuple[float, float, float]:
    """Number of voiced frames, sum and sum of squares of their natural-log F0.

    Added up over utterances they give the standard deviation over all of their frames.

    Raises:
        AudioError: if nothing is voiced.
    """
    voiced = sound.f0[sound.f0 > 0].astype(np.float64)
    if len(voiced) == 0:
        raise AudioError("nothing is voiced: there is no F0 to measure")
    logs = np.log(voiced)
    return float(len(logs)), float(logs.sum()), float((logs**2).sum())


@metric(
    "f0_rmse",
    "F0 RMSE",
    unit="cents",
    better="lower",
    needs=[TIMING],
    digits=1,
    about="error of F0 where both are voiced, pYIN (Mauch and Dixon 2014)",
)
def _f0_rmse(case: Case) -> Row:
    return pitch_error(case.recording, case.generated).rmse_cents


@metric(
    "voicing_error",
    "voicing error",
    unit="share of frames",
    better="lower",
    needs=[TIMING],
    about="share of frames voiced in one only (Nakatani et al. 2008)",
)
def _voicing_error(case: Case) -> Row:
    return pitch_error(case.recording, case.generated).voicing_error


@metric(
    "log_f0_std_ratio",
    "log-F0 deviation ratio",
    unit="",
    better="one",
    needs=[RECORDING],
    statistic=standard_deviation_ratio,
    about="spread of log F0 by that of the recording: below 1 is monotonous",
)
def _log_f0_spread(case: Case) -> Row:
    return log_f0_sums(case.generated) + log_f0_sums(case.recording)
