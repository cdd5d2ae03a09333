"""Against a recording with the same timing: PESQ, STOI and log-spectral distance."""

from __future__ import annotations

import warnings

import numpy as np

from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.registry import TIMING, Case, Row, metric
from tts_pipeline.evaluation.metrics.sound import (
    HOP_LENGTH,
    SAMPLE_RATE,
    Sound,
    aligned_samples,
)

_N_FFT = 1024
# Magnitude under which a bin counts as silent: the rounding noise of 16 bits is about this loud.
_FLOOR = 1e-3


def pesq_wb(reference: Sound, generated: Sound) -> float:
    """PESQ in wide band: predicted MOS-LQO from 1.0 (bad) to 4.64 (the same sound).

    ITU-T P.862.2 (2007), the ITU's own code in the package ``pesq``.

    Raises:
        AudioError: if the sounds differ in length by more than 20 ms, or PESQ finds no speech.
        MissingPackage: if pesq is not installed.
    """
    package = load_package("pesq", "PESQ")
    try:
        return float(package.pesq(SAMPLE_RATE, *aligned_samples(reference, generated), "wb"))
    except package.PesqError as error:
        raise AudioError(f"PESQ refuses the sound: {_said(error)}") from error


def _said(error: Exception) -> str:
    message = error.args[0] if error.args else error
    return message.decode() if isinstance(message, bytes) else str(message)


def stoi(reference: Sound, generated: Sound) -> float:
    """Short-time objective intelligibility: 1 for the same sound, about 0 for unrelated ones.

    Taal, Hendriks, Heusdens and Jensen 2011 (IEEE TASLP 19), the original measure, by the package
    ``pystoi``.

    Raises:
        AudioError: if the sounds differ in length by more than 20 ms, or less than about 0.4 s
            of the reference is not silent.
        MissingPackage: if pystoi is not installed.
    """
    package = load_package("pystoi", "STOI")
    first, second = aligned_samples(reference, generated)
    with warnings.catch_warnings():
        # Too little speech is a warning there, with a made-up figure of 1e-5.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(package.stoi(first, second, SAMPLE_RATE, extended=False))
        except RuntimeWarning as error:
            raise AudioError("STOI needs at least 0.4 s of speech") from error


def _log_spectrum_db(samples: np.ndarray) -> np.ndarray:
    """``(T, F)`` in dB."""
    padded = np.pad(samples.astype(np.float64), _N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::HOP_LENGTH]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)
    return 20 * np.log10(np.maximum(np.abs(np.fft.rfft(frames * window)), _FLOOR))


def log_spectral_distance(reference: Sound, generated: Sound) -> float:
    """Log-spectral distance in dB (Gray and Markel 1976, IEEE TASSP 24), 0 for the same sound.

    Root mean square over frequency of the difference of the two log power spectra, averaged over
    frames: windows of 64 ms (Hann, 1024 samples) every 10 ms, magnitudes not below 1e-3.

    Raises:
        AudioError: if the sounds differ in length by more than 20 ms.
    """
    first, second = aligned_samples(reference, generated)
    difference = _log_spectrum_db(first) - _log_spectrum_db(second)
    return float(np.sqrt((difference**2).mean(axis=1)).mean())


@metric(
    "pesq",
    "PESQ-WB",
    unit="1 to 4.64",
    better="higher",
    needs=[TIMING],
    package="pesq",
    digits=2,
    about="predicted listening quality (ITU-T P.862.2)",
    shown=True,
    plotted="Likeness to the recording: vocoders fed with its own mel.",
)
def _pesq(case: Case) -> Row:
    return pesq_wb(case.recording, case.generated)


@metric(
    "stoi",
    "STOI",
    unit="0 to 1",
    better="higher",
    needs=[TIMING],
    package="pystoi",
    about="predicted intelligibility (Taal et al. 2011)",
    shown=True,
)
def _stoi(case: Case) -> Row:
    return stoi(case.recording, case.generated)


@metric(
    "lsd",
    "log-spectral distance",
    unit="dB",
    better="lower",
    needs=[TIMING],
    digits=2,
    about="distance of log power spectra, root mean square (Gray and Markel 1976)",
)
def _lsd(case: Case) -> Row:
    return log_spectral_distance(case.recording, case.generated)
