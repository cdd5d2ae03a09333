"""Sizes of the parallel vocoder."""

from __future__ import annotations

import dataclasses
import math

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError


@dataclasses.dataclass(frozen=True)
class PitchConfig:
    """Size and range of the pitch head.

    Attributes:
        channels: width.
        hidden: inner width of the blocks.
        n_blocks: number of ConvNeXt blocks.
        f0_min: lowest F0 in Hz.
        f0_max: highest F0 in Hz.
        bin_cents: width of one F0 class in cents.
    """

    channels: int = 128
    hidden: int = 256
    n_blocks: int = 3
    f0_min: float = 70.0
    f0_max: float = 420.0
    bin_cents: float = 20.0

    @property
    def n_bins(self) -> int:
        """Number of F0 classes."""
        return int(1200 * math.log2(self.f0_max / self.f0_min) / self.bin_cents) + 1


@dataclasses.dataclass(frozen=True)
class GeneratorConfig:
    """Size of the harmonic-plus-noise generator.

    Attributes:
        channels: width of the frame-rate network.
        hidden: inner width of its blocks.
        n_blocks: number of ConvNeXt blocks.
        n_fft: FFT and window size of the output spectrum in samples.
        max_log_gain: largest natural-log gain of either filter.
        pitch: the pitch head.
    """

    channels: int = 256
    hidden: int = 512
    n_blocks: int = 6
    n_fft: int = 640
    max_log_gain: float = 4.0
    pitch: PitchConfig = PitchConfig()

    @property
    def n_bins(self) -> int:
        """Bins of the output spectrum."""
        return self.n_fft // 2 + 1

    def margin(self, audio: AudioConfig) -> int:
        """Samples that a window of the output reaches beyond its hop to either side.

        Raises:
            AudioError: if windows leave gaps, or do not lie evenly about their hop.
        """
        hop = audio.hop_length
        if self.n_fft < 2 * hop or (self.n_fft - hop) % 2:
            raise AudioError(
                f"generator n_fft={self.n_fft}: expected at least {2 * hop} samples (two hops) "
                "and an even difference from the hop"
            )
        return (self.n_fft - hop) // 2
