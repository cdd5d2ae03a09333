"""Mel-cepstral distortion with dynamic time warping."""

from __future__ import annotations

import functools

import numpy as np

from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.registry import RECORDING, Case, Row, metric
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE, Sound

ORDER = 24
FRAME_SHIFT_MS = 5.0
# All-pass constant whose frequency warping is closest to the mel scale at 16 kHz.
WARPING = 0.42
# The cost matrix of two waveforms of a minute; beyond that it would fill the memory.
_MOST_CELLS = 144_000_000


@functools.lru_cache(maxsize=2)
def _warping_matrix(n_cepstra: int, order: int, alpha: float) -> np.ndarray:
    """Matrix ``(order + 1, n_cepstra)`` from cepstra to mel-cepstra.

    The recursion of Oppenheim and Johnson 1972 (Proc. IEEE 60, eq. 12; ``freqt`` of SPTK), applied
    to the identity, since it is linear.
    """
    warped = np.zeros((order + 1, n_cepstra))
    for row in np.identity(n_cepstra)[::-1]:
        last = warped.copy()
        warped[0] = row + alpha * last[0]
        warped[1] = (1 - alpha**2) * last[0] + alpha * last[1]
        for m in range(2, order + 1):
            warped[m] = last[m - 1] + alpha * (last[m] - warped[m - 1])
    return warped


def mel_cepstra(sound: Sound) -> np.ndarray:
    """Mel-cepstral coefficients 1 to 24 every 5 ms, ``(24, T)``.

    The spectral envelope is WORLD's CheapTrick (Morise 2015, Speech Communication 67) with F0 by
    Harvest (Morise 2017, Interspeech; 71 to 800 Hz, WORLD's defaults), from which the harmonics
    are gone; its mel-cepstrum has order 24 and all-pass constant 0.42, as SPTK's ``sp2mc`` makes
    it. The energy, coefficient 0, is left out.

    Raises:
        MissingPackage: if pyworld is not installed.
    """
    pyworld = load_package("pyworld", "mel-cepstral distortion")
    wave = sound.samples.astype(np.float64)
    f0, times = pyworld.harvest(wave, SAMPLE_RATE, frame_period=FRAME_SHIFT_MS)
    power = pyworld.cheaptrick(wave, f0, times, SAMPLE_RATE)
    # Of the minimum-phase amplitude: coefficient m > 0 of log power is that of twice the log
    # amplitude, and half of it lies at negative times.
    cepstra = np.fft.irfft(np.log(power), axis=1)[:, : power.shape[1]].T
    warped = _warping_matrix(power.shape[1], ORDER, WARPING) @ cepstra
    return warped[1:]


def mel_cepstral_distortion(reference: Sound, generated: Sound) -> float:
    """Mel-cepstral distortion in dB (Kubichek 1993, IEEE PacRim), 0 for the same sound.

    ``10 / ln 10 * sqrt(2 * sum_{m=1}^{24} (c_m - c'_m)^2)``, averaged over the path of the least
    sum of Euclidean distances (dynamic time warping, steps (1,1), (1,0), (0,1), all frames of
    both, silence included). See :func:`mel_cepstra` for the coefficients. Figures of other
    envelopes, orders or frame shifts cannot be compared with it.

    Raises:
        MissingPackage: if pyworld or librosa is not installed.
        AudioError: if both together are too long to be warped (a minute each).
    """
    librosa = load_package("librosa", "mel-cepstral distortion")
    first, second = reference.once(mel_cepstra), generated.once(mel_cepstra)
    if first.shape[1] * second.shape[1] > _MOST_CELLS:
        raise AudioError(
            f"{reference.duration_s:.0f} and {generated.duration_s:.0f} s of sound are too long "
            "for dynamic time warping: cut them into sentences"
        )
    squares = (first**2).sum(0)[:, None] + (second**2).sum(0) - 2 * first.T @ second
    distances = np.sqrt(np.maximum(squares, 0.0))
    _, path = librosa.sequence.dtw(C=distances)
    return float(10 / np.log(10) * np.sqrt(2) * distances[path[:, 0], path[:, 1]].mean())


@metric(
    "mcd",
    "MCD (DTW)",
    unit="dB",
    better="lower",
    needs=[RECORDING],
    package="pyworld",
    digits=2,
    about="distance of mel-cepstra of WORLD envelopes after time warping (Kubichek 1993)",
    shown=True,
)
def _mcd(case: Case) -> Row:
    return mel_cepstral_distortion(case.recording, case.generated)
