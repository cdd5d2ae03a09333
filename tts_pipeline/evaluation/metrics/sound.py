"""A waveform under evaluation with the analyses that several metrics share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tts_pipeline.audio.f0 import track_f0
from tts_pipeline.errors import AudioError, TTSPipelineError

# Every metric here is defined at this rate: PESQ-WB, DNSMOS and the recogniser accept no other.
SAMPLE_RATE = 16000
HOP_LENGTH = 160
# Waveforms count as aligned in time if their lengths differ by no more than this.
_TOLERANCE = 2 * HOP_LENGTH
Result = TypeVar("Result")


class Sound:
    """A waveform at 16 kHz.

    Args:
        samples: ``(S,)`` real in [-1, 1], at least a tenth of a second.
        f0: F0 in Hz per frame of 10 ms ``(T,)``, 0 where unvoiced, if it is known already.

    Raises:
        AudioError: if the samples are of another shape, not finite, too short or silent.
    """

    def __init__(self, samples: np.ndarray, f0: np.ndarray | None = None) -> None:
        samples = np.asarray(samples, dtype=np.float32)
        if samples.ndim != 1 or len(samples) < SAMPLE_RATE // 10:
            raise AudioError(
                f"samples of shape {samples.shape}: expected (S,) with at least "
                f"{SAMPLE_RATE // 10} samples (0.1 s)"
            )
        if not np.isfinite(samples).all():
            raise AudioError("samples hold NaN or infinity: write the file again")
        if not samples.any():
            raise AudioError("samples are all zero: there is no sound to evaluate")
        self.samples = samples
        self._results: dict[Callable[[Sound], Any], Any] = {}
        if f0 is not None:
            self.f0 = np.asarray(f0, dtype=np.float32)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE

    @functools.cached_property
    def f0(self) -> np.ndarray:
        """F0 in Hz per frame of 10 ms ``(ceil(S / 160),)`` float32, 0 where unvoiced.

        See :func:`tts_pipeline.audio.f0.track_f0`.
        """
        return track_f0(self.samples, SAMPLE_RATE, HOP_LENGTH)

    def once(self, analysis: Callable[[Sound], Result]) -> Result:
        """What a function makes of this sound, computed once for all metrics that ask for it.

        An error is remembered too, so that a package that is missing is looked for once.
        """
        if analysis not in self._results:
            try:
                self._results[analysis] = analysis(self)
            except TTSPipelineError as error:
                self._results[analysis] = error
        found = self._results[analysis]
        if isinstance(found, TTSPipelineError):
            raise found
        return found

    def is_aligned(self, other: Sound) -> bool:
        """Whether both are so alike in length that sample ``i`` of both can be compared."""
        return abs(len(self.samples) - len(other.samples)) <= _TOLERANCE


def aligned_samples(reference: Sound, generated: Sound) -> tuple[np.ndarray, np.ndarray]:
    """Samples of both, cut to the shorter one.

    Raises:
        AudioError: if the lengths differ by more than 20 ms, so that they cannot be aligned.
    """
    if not reference.is_aligned(generated):
        raise AudioError(
            f"lengths of {reference.duration_s:.2f} and {generated.duration_s:.2f} s: this metric "
            "compares sample by sample and needs the same timing (copy-synthesis)"
        )
    n_samples = min(len(reference.samples), len(generated.samples))
    return reference.samples[:n_samples], generated.samples[:n_samples]
