"""What every vocoder can do, so that any of them may stand behind any acoustic model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import torch

from tts_pipeline.audio.config import AudioConfig


class Vocoder(Protocol):
    """Mel in, waveform out.

    Attributes:
        audio: settings of the mel it expects.
    """

    audio: AudioConfig

    def infer(self, mel: torch.Tensor, *, seed: int = 0) -> torch.Tensor:
        """Waveform of a mel: ``(B, M, T)`` to ``(B, T * hop_length)``, or both without ``B``.

        Args:
            mel: natural-log amplitude.
            seed: same seed, same samples.

        Raises:
            AudioError: if the mel has another shape, is empty or not finite.
        """

    def stream(self, mel: Iterable[torch.Tensor], *, seed: int = 0) -> Iterator[torch.Tensor]:
        """:meth:`infer` of a mel that comes block by block.

        Args:
            mel: blocks ``(M, t)`` of natural-log amplitude.
            seed: as for :meth:`infer`.

        Yields:
            Blocks of samples ``(S,)``, each as soon as the vocoder can give it; together they are
            what :meth:`infer` returns, to 1e-4.

        Raises:
            AudioError: if a block has another shape, is empty or not finite.
        """
