"""Sizes of WaveNet."""

from __future__ import annotations

import dataclasses
import math
import numbers

from tts_pipeline.config import within
from tts_pipeline.errors import AudioError


@dataclasses.dataclass(frozen=True)
class WaveNetConfig:
    """Size of a WaveNet and what it writes.

    Attributes:
        n_stacks: how often the dilations 1, 2, 4... are gone through.
        layers_per_stack: dilated layers in each.
        residual_channels: width of the residual path.
        gate_channels: both halves of the gated activation together.
        skip_channels: width of the sum that the output is made of.
        conditioning_channels: width of the network that reads the mel.
        output: ``mu-law``: one of ``n_classes``; ``logistics``: a mixture over 16-bit levels.
        n_classes: of the mu-law output.
        n_mixtures: of the logistics output.
        pre_emphasis: coefficient of the filter before the samples are modelled, undone after.
        temperature: logits are divided by it in generation, unless another one is asked for; below
            1 the likely becomes more likely, 0 is always the likeliest.
    """

    n_stacks: int = within(2, 1, 16)
    layers_per_stack: int = within(10, 1, 16)
    residual_channels: int = within(64, 1, 1024)
    gate_channels: int = within(128, 2, 2048)
    skip_channels: int = within(64, 1, 1024)
    conditioning_channels: int = within(128, 1, 2048)
    output: str = "mu-law"
    n_classes: int = within(256, 2, 65536)
    n_mixtures: int = within(10, 1, 256)
    pre_emphasis: float = within(0.85, 0, 0.99)
    temperature: float = within(1.0, 0, 10)

    def __post_init__(self) -> None:
        sizes = [f.name for f in dataclasses.fields(self) if f.type == "int"]
        for name in sizes:
            if getattr(self, name) < 1:
                raise AudioError(f"wavenet {name}={getattr(self, name)}: expected at least 1")
        if self.gate_channels % 2:
            raise AudioError(f"wavenet gate_channels={self.gate_channels}: expected an even number")
        if self.n_classes < 2:
            raise AudioError(f"wavenet n_classes={self.n_classes}: expected at least 2")
        if self.output not in ("mu-law", "logistics"):
            raise AudioError(f"wavenet output={self.output!r}: expected 'mu-law' or 'logistics'")
        if not 0 <= self.pre_emphasis < 1:
            raise AudioError(
                f"wavenet pre_emphasis={self.pre_emphasis}: expected at least 0 and below 1"
            )
        require_temperature(self.temperature)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Distance in samples between the two taps of every layer."""
        return tuple(1 << i for i in range(self.layers_per_stack)) * self.n_stacks

    @property
    def receptive_field(self) -> int:
        """Number of past samples that a sample depends on: 2,047 at the full size."""
        return 1 + sum(self.dilations)

    @property
    def n_outputs(self) -> int:
        """Numbers that the network gives per sample."""
        return self.n_classes if self.output == "mu-law" else 3 * self.n_mixtures

    @property
    def silence(self) -> int:
        """The symbol that stands before the first sample."""
        return self.n_classes // 2 if self.output == "mu-law" else 0

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights at sample rate by name, matrices as ``[in, out]``."""
        n_layers, inner = len(self.dilations), self.gate_channels // 2
        width, skip, outputs = self.residual_channels, self.skip_channels, self.n_outputs
        return {
            "embedding": (self.n_classes if self.output == "mu-law" else 2, width),
            "past": (n_layers, width, self.gate_channels),
            "present": (n_layers, width, self.gate_channels),
            "residual": (n_layers, inner, width),
            "residual_bias": (n_layers, width),
            "skip": (n_layers, inner, skip),
            "skip_bias": (skip,),
            "head": (skip, skip),
            "head_bias": (skip,),
            "output": (skip, outputs),
            "output_bias": (outputs,),
        }


@dataclasses.dataclass(frozen=True)
class WaveNetOptions:
    """Settings per call.

    Attributes:
        temperature: logits are divided by it; below 1 the likely becomes more likely, 0: always
            the likeliest; None: the configuration's.

    Raises:
        AudioError: if it is no number of at least 0.
    """

    temperature: float | None = None

    def __post_init__(self) -> None:
        if self.temperature is not None:
            require_temperature(self.temperature)


def require_temperature(value: float) -> None:
    """See that a temperature is one.

    Raises:
        AudioError: if it is not a number of at least 0.
    """
    if not isinstance(value, numbers.Real) or not 0 <= value < math.inf:
        raise AudioError(f"temperature={value!r}: expected a number of at least 0")
