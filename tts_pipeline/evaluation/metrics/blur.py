"""Blur: detail of the mel that a mean over possible sounds has lost, against the recording's.

A model that is taught to come near to every right answer at once gives their mean, whose bands
move less and more slowly than those of speech ("over-smoothing", Toda and Tokuda 2007, IEICE
Transactions E90-D, global variance; Ren et al. 2022, ACL, "Revisiting over-smoothness in text to
speech"). Levels more than 60 dB below the loudest count as that, so that noise between words does
not matter.
"""

from __future__ import annotations

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.evaluation.metrics.registry import RECORDING, Case, Row, metric
from tts_pipeline.evaluation.metrics.sound import Sound
from tts_pipeline.evaluation.statistics import quotient

_AUDIO = AudioConfig()
_RANGE = 60 * np.log(10) / 20
FASTEST_SLOW_HZ = 8.0


def mel_of(sound: Sound) -> np.ndarray:
    """Natural-log mel ``(80, T)`` at 100 frames a second."""
    # Not above: its filters are PyTorch's, which strategies whose memory is measured do not need.
    from tts_pipeline.audio.mel import log_mel

    return log_mel(sound.samples, _AUDIO)


def limited(mel: np.ndarray) -> np.ndarray:
    """A log mel ``(M, T)`` without what lies more than 60 dB below its loudest number."""
    return np.maximum(mel.astype(np.float64), mel.max() - _RANGE)


def band_deviations(mel: np.ndarray) -> np.ndarray:
    """Sum over time of squared deviations from the mean of each band ``(M,)``."""
    levels = limited(mel)
    return ((levels - levels.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)


def fast_modulation(mel: np.ndarray, frame_rate: float = _AUDIO.frame_rate) -> float:
    """Energy of what moves faster than 8 Hz in the bands of a log mel ``(M, T)``, over all
    frames and bands.

    Syllables come at 4 to 8 Hz (Drullman et al. 1994, JASA 95); what is faster are the edges of
    sounds, bursts and roughness.
    """
    levels = limited(mel)
    spectrum = np.fft.rfft(levels, axis=1)
    spectrum[:, np.fft.rfftfreq(levels.shape[1], 1 / frame_rate) <= FASTEST_SLOW_HZ] = 0
    return float((np.fft.irfft(spectrum, levels.shape[1], axis=1) ** 2).sum())


def mean_of_band_ratios(sums: np.ndarray) -> np.ndarray:
    """Mean over bands of one variance by another.

    Columns: per band the sum of squared deviations and the number of frames of the one, then the
    same of the other: ``M + 1 + M + 1``.
    """
    half = sums.shape[-1] // 2
    variances = [part[..., :-1] / part[..., -1:] for part in (sums[..., :half], sums[..., half:])]
    with np.errstate(divide="ignore", invalid="ignore"):
        return (variances[0] / variances[1]).mean(axis=-1)


def _variances(generated: np.ndarray, reference: np.ndarray) -> tuple[float, ...]:
    return tuple(
        number for mel in (generated, reference) for number in (*band_deviations(mel), mel.shape[1])
    )


def _modulations(generated: np.ndarray, reference: np.ndarray) -> tuple[float, ...]:
    return tuple(
        number for mel in (generated, reference) for number in (fast_modulation(mel), mel.shape[1])
    )


@metric(
    "band_variance",
    "band variance ratio",
    unit="",
    better="one",
    needs=[RECORDING],
    digits=2,
    statistic=mean_of_band_ratios,
    about="variance over time of each mel band by the recording's: below 1 is blurred",
    shown=True,
)
def _band_variance(case: Case) -> Row:
    return _variances(case.generated.once(mel_of), case.recording.once(mel_of))


@metric(
    "modulation",
    "fast modulation ratio",
    unit="",
    better="one",
    needs=[RECORDING],
    digits=2,
    statistic=quotient,
    about="energy of mel modulations above 8 Hz by the recording's: below 1 is blurred",
)
def _modulation(case: Case) -> Row:
    return _modulations(case.generated.once(mel_of), case.recording.once(mel_of))


@metric(
    "mel_band_variance",
    "band variance ratio, before the vocoder",
    unit="",
    better="one",
    needs=[RECORDING, "mel"],
    digits=2,
    statistic=mean_of_band_ratios,
    about="the same of the mel that the acoustic model gives",
)
def _mel_band_variance(case: Case) -> Row:
    return _variances(case.array("mel"), case.recording.once(mel_of))


@metric(
    "mel_modulation",
    "fast modulation ratio, before the vocoder",
    unit="",
    better="one",
    needs=[RECORDING, "mel"],
    digits=2,
    statistic=quotient,
    about="the same of the mel that the acoustic model gives",
)
def _mel_modulation(case: Case) -> Row:
    return _modulations(case.array("mel"), case.recording.once(mel_of))
