"""Sizes of the parallel vocoder."""

from __future__ import annotations

import dataclasses
import math

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import within
from tts_pipeline.errors import AudioError, ConfigError


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

    channels: int = within(128, 1, 8192)
    hidden: int = within(256, 1, 8192)
    n_blocks: int = within(3, 0, 64)
    f0_min: float = within(70.0, 10, 1000)
    f0_max: float = within(420.0, 50, 4000)
    bin_cents: float = within(20.0, 1, 400)

    @property
    def n_bins(self) -> int:
        """Number of F0 classes."""
        return int(1200 * math.log2(self.f0_max / self.f0_min) / self.bin_cents) + 1


@dataclasses.dataclass(frozen=True)
class DetailConfig:
    """What the network says of the sources inside a frame.

    Attributes:
        n_bands: bands, evenly spaced from 0 Hz to the Nyquist frequency, in which the noise follows
            the pitch period and pulses differ from each other.
        gains_per_hop: log gains of either source in a hop, between which it is interpolated.
        wander_per_hop: random numbers in a hop, between which is interpolated, by which pulses
            differ from each other.
        max_log_gain: largest absolute log gain of a source.
    """

    n_bands: int = within(32, 2, 4096)
    gains_per_hop: int = within(4, 1, 4096)
    wander_per_hop: int = within(2, 1, 4096)
    max_log_gain: float = within(4.0, 0.01, 20)

    @property
    def n_outputs(self) -> int:
        """Numbers that the network gives a frame."""
        return 4 * self.n_bands + 2 * self.gains_per_hop


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
        detail: finer structure of the sources; None: they are steady in a window.
    """

    channels: int = within(256, 1, 8192)
    hidden: int = within(512, 1, 8192)
    n_blocks: int = within(6, 0, 64)
    n_fft: int = within(640, 32, 16384)
    max_log_gain: float = within(4.0, 0.01, 20)
    pitch: PitchConfig = PitchConfig()
    detail: DetailConfig | None = dataclasses.field(default=None, metadata={"later": True})

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
        if self.detail is not None:
            for name in ("gains_per_hop", "wander_per_hop"):
                if not 1 <= getattr(self.detail, name) <= hop or hop % getattr(self.detail, name):
                    raise AudioError(
                        f"generator detail.{name}={getattr(self.detail, name)}: expected a "
                        f"divisor of the hop of {hop} samples"
                    )
            if not 2 <= self.detail.n_bands <= self.n_bins:
                raise AudioError(
                    f"generator detail.n_bands={self.detail.n_bands}: expected 2 to {self.n_bins}"
                )
        return (self.n_fft - hop) // 2


@dataclasses.dataclass(frozen=True)
class HarmonicNoiseOptions:
    """Settings per call.

    Attributes:
        breath: factor on the noise where the voice is voiced, 0.1 to 10; above 1 is breathy.

    Raises:
        ConfigError: if it is out of its range.
    """

    breath: float = 1.0

    def __post_init__(self) -> None:
        if not 0.1 <= self.breath <= 10:
            raise ConfigError(f"breath={self.breath!r}: expected 0.1 to 10")
