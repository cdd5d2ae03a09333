"""Intrusive predictions of what listeners would say: PESQ and STOI."""

from __future__ import annotations

import warnings

from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE, Sound, aligned_samples


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
