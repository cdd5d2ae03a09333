"""An acoustic model with a refiner behind it: again an acoustic model."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from typing import Any

from tts_pipeline.protocols import (
    AcousticInput,
    AcousticModel,
    MelStream,
    Operations,
    Refiner,
    finite,
)

_FIRST = "the acoustic model before the refiner"


class Refined:
    """The acoustic model's mel, written anew by the refiner.

    Settings per call are those of both; one that both have goes to both.

    Args:
        acoustic: writes the first mel.
        refiner: of the same features.
    """

    def __init__(self, acoustic: AcousticModel, refiner: Refiner) -> None:
        self._acoustic, self._refiner = acoustic, refiner
        self.features, self.controls = acoustic.features, acoustic.controls
        self.n_parameters = acoustic.n_parameters + refiner.n_parameters
        self.options = _joined(acoustic.options, refiner.options)

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int = 0, options: Any = None
    ) -> list[MelStream]:
        """Write sentences; the refiner sees each of them whole."""
        mine, other = self._options(options)
        streams = self._acoustic.infer(inputs, seed=seed, options=mine)
        for stream, given in zip(streams, inputs, strict=True):
            stream.blocks = finite(stream.blocks, _FIRST)
            mel = stream.read()
            durations = stream.durations
            made = self._refiner.refine(mel, given, durations, seed=seed, options=other)
            stream.blocks = iter([made])
        return streams

    def stream(self, given: AcousticInput, *, seed: int = 0, options: Any = None) -> MelStream:
        """Write one sentence, the refiner lagging by the frames that it looks ahead."""
        mine, other = self._options(options)
        stream = self._acoustic.stream(given, seed=seed, options=self._with_room(mine, other))
        blocks = finite(stream.blocks, _FIRST)
        durations = stream.durations
        refined = self._refiner.stream(blocks, given, durations, seed=seed, options=other)
        stream.blocks = refined
        return stream

    def operations(self, given: AcousticInput, options: Any = None) -> Operations:
        """Arithmetic of both; their steps follow one another."""
        mine, other = self._options(options)
        stream = self._acoustic.stream(given, seed=0, options=mine)
        durations = stream.durations
        n_frames = stream.read().shape[1] if durations is None else int(durations.sum())
        first = self._acoustic.operations(given, mine)
        second = self._refiner.operations(n_frames, other)
        return Operations(
            first.multiply_accumulates + second.multiply_accumulates,
            first.sequential_steps + second.sequential_steps,
        )

    def _options(self, options: Any) -> tuple[Any, Any]:
        return tuple(_part(options, each.options) for each in (self._acoustic, self._refiner))

    def _with_room(self, mine: Any, other: Any) -> Any:
        """The acoustic model's settings with a first block behind which the refiner sees as far as
        it looks ahead, and no further: what it would wait for longer delays the first sound."""
        settings = self._acoustic.options() if mine is None else mine
        if not hasattr(self._refiner, "lookahead") or not hasattr(settings, "first_frames"):
            return mine
        first = settings.first_frames + self._refiner.lookahead(other)
        return dataclasses.replace(settings, first_frames=first)


def _joined(first: type[Any], second: type[Any]) -> type[Any]:
    """A dataclass with the fields of both, all of them None until they are set."""
    hints = {**typing.get_type_hints(second), **typing.get_type_hints(first)}
    columns = [(name, hint | None, dataclasses.field(default=None)) for name, hint in hints.items()]
    return dataclasses.make_dataclass("RefinedOptions", columns, frozen=True)


def _part(options: Any, kind: type[Any]) -> Any:
    """What is set of a model's own options."""
    if options is None:
        return None
    values = {field.name: getattr(options, field.name) for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in values.items() if value is not None})
