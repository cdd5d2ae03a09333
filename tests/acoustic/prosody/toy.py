"""An acoustic model that can be told how loud to be, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts_pipeline.protocols import (
    AcousticInput,
    AcousticModel,
    MelStream,
    NoOptions,
    Operations,
)


class EnergyOnly:
    """Another model's mels."""

    controls = frozenset({"energy"})
    options = NoOptions
    n_parameters = 0

    def __init__(self, other: AcousticModel) -> None:
        self._other, self.features = other, other.features

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int = 0, options: Any = None
    ) -> list[MelStream]:
        return self._other.infer(inputs, seed=seed)

    def stream(self, given: AcousticInput, *, seed: int = 0, options: Any = None) -> MelStream:
        return self._other.stream(given, seed=seed)

    def operations(self, given: AcousticInput, options: Any = None) -> Operations:
        return self._other.operations(given)
