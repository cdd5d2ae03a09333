"""What every vocoder can do, so that any of them may stand behind any acoustic model."""

from __future__ import annotations

from typing import Protocol

import torch

from tts_pipeline.audio import AudioConfig


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
