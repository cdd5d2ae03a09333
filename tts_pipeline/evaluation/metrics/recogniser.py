"""Recognisers of speech, by which words are counted that can be understood."""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
from typing import Any, Protocol

import numpy as np

from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE


class Recogniser(Protocol):
    """Speech in, text out. Must be picklable, as worker processes get a copy.

    Attributes:
        name: what to call it in reports, with its version.
    """

    @property
    def name(self) -> str: ...

    def transcribe(self, samples: np.ndarray) -> str:
        """What is said in ``(S,)`` float32 at 16 kHz, in any spelling; may be empty.

        The result must not depend on what was transcribed before.
        """


@dataclasses.dataclass(frozen=True)
class PocketsphinxRecogniser:
    """Pocketsphinx 5 with the general US English models that its package holds.

    Old (hidden Markov models, trigrams), but small, offline and always the same. Cepstral means
    are taken over each recording as a whole, so that the order of the recordings does not matter.
    """

    @property
    def name(self) -> str:
        """Name and version, or that it is not installed."""
        try:
            found = importlib.metadata.version("pocketsphinx")
        except importlib.metadata.PackageNotFoundError:
            return "pocketsphinx, not installed"
        return f"pocketsphinx {found}, en-us general language model"

    def transcribe(self, samples: np.ndarray) -> str:
        """See :meth:`Recogniser.transcribe`."""
        decoder = _pocketsphinx_decoder()
        pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
        decoder.start_utt()
        decoder.process_raw(pcm.tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return "" if found is None else found.hypstr


@functools.lru_cache(maxsize=1)
def _pocketsphinx_decoder() -> Any:
    package = load_package("pocketsphinx", "the word error rate")
    return package.Decoder(samprate=SAMPLE_RATE, cmn="batch", loglevel="FATAL")
