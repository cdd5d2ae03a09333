"""Ways from text to sound, so that all of them are compared alike; open for later ones.

A strategy is a subclass of :class:`Strategy`. To take part in comparisons it is registered with a
function that says which strategies a voice permits::

    @dataclasses.dataclass(frozen=True)
    class Louder(Speech):
        def make(self, voice, material, seed):
            audio = super().make(voice, material, seed)
            return Audio(np.clip(2 * audio.samples, -1, 1), audio.sample_rate)

    register(lambda voice: [Louder("louder", "two-stage, twice as loud", "parallel")])

``tts-pipeline compare --use my_module`` imports the module that does so. The class must be at the
top level of a module that can be imported, since every strategy runs in a process of its own.
"""

from __future__ import annotations

import abc
import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.metrics.scoring import NATURAL
from tts_pipeline.synthesis import stream, synthesize
from tts_pipeline.voice.voice import DEFAULT_VOCODER, GRIFFIN_LIM, Voice

if TYPE_CHECKING:
    from tts_pipeline.evaluation.compare.operations import Operations

TWO_STAGE = "two-stage"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LABELS = {
    DEFAULT_VOCODER: "parallel vocoder",
    GRIFFIN_LIM: "Griffin-Lim",
    "wavenet": "WaveNet",
}
# Frames of the blocks in which a vocoder gets a mel when its first sound is timed: those that the
# acoustic model of this package writes.
_BLOCKS = (64, 128)
_LATER_BLOCKS = 256


@dataclasses.dataclass(frozen=True)
class Strategy(abc.ABC):
    """A way to make sound of a text.

    Attributes:
        name: of lower-case letters, digits and '-', at most 40; names folders.
        label: for people.
    """

    name: str
    label: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"strategy {self.name!r}: expected a name of at most 40 lower-case letters, "
                "digits and '-'"
            )

    @property
    def reference(self) -> bool:
        """Whether this is the recording itself."""
        return False

    @property
    def needs_recording(self) -> bool:
        """Whether it works from a recording, so that texts without one are left out."""
        return False

    @property
    def aligned(self) -> bool:
        """Whether it keeps the recording's timing, which PESQ, STOI and the like rest on."""
        return False

    @property
    def curve(self) -> str:
        """Name of the strategy of whose curve over steps this is a point, empty for none."""
        return ""

    @property
    def steps(self) -> int | None:
        """Number of steps, if it is such a point."""
        return None

    @abc.abstractmethod
    def make(self, voice: Voice, material: Material, seed: int) -> Audio:
        """Make the whole sound; this is timed."""

    def stream(self, voice: Voice, material: Material, seed: int) -> Iterator[Audio]:
        """The same in blocks; the time to the first one is measured."""
        yield self.make(voice, material, seed)

    def prepare(self, material: Material) -> None:
        """What must be there before the clock starts, such as the recording's mel."""
        return

    def arrays(self, voice: Voice, material: Material, seed: int) -> dict[str, np.ndarray]:
        """What metrics may ask for beside the sound, by name; not timed."""
        return {}

    def models(self, voice: Voice) -> list[Any]:
        """The models that work, whose parameters are counted."""
        return []

    def parameters(self, voice: Voice) -> int:
        """Number of trained parameters that the strategy uses."""
        return sum(model.n_parameters for model in self.models(voice))

    def operations(self, voice: Voice, material: Material, seed: int) -> Operations | None:
        """Arithmetic for this text, None if it cannot be told."""
        return None


@dataclasses.dataclass(frozen=True)
class Natural(Strategy):
    """The recording: the yardstick."""

    @property
    def reference(self) -> bool:
        return True

    @property
    def needs_recording(self) -> bool:
        return True

    @property
    def aligned(self) -> bool:
        return True

    def make(self, voice: Voice, material: Material, seed: int) -> Audio:
        return Audio(material.natural, voice.audio.sample_rate)


@dataclasses.dataclass(frozen=True)
class Copy(Strategy):
    """The recording's mel through a vocoder: stage 2 alone."""

    vocoder: str

    @property
    def needs_recording(self) -> bool:
        return True

    @property
    def aligned(self) -> bool:
        return True

    def prepare(self, material: Material) -> None:
        _ = material.mel

    def make(self, voice: Voice, material: Material, seed: int) -> Audio:
        samples = voice.choose_vocoder(self.vocoder).infer(material.mel, seed=seed)
        return Audio(samples[: len(material.natural)], voice.audio.sample_rate)

    def stream(self, voice: Voice, material: Material, seed: int) -> Iterator[Audio]:
        mel, sizes = material.mel, list(_BLOCKS)
        while sum(sizes) < mel.shape[1]:
            sizes.append(_LATER_BLOCKS)
        begins = [sum(sizes[:k]) for k in range(len(sizes))]
        blocks = (mel[:, at : at + size] for at, size in zip(begins, sizes) if at < mel.shape[1])
        for samples in voice.choose_vocoder(self.vocoder).stream(blocks, seed=seed):
            yield Audio(samples, voice.audio.sample_rate)

    def models(self, voice: Voice) -> list[Any]:
        return [voice.choose_vocoder(self.vocoder)]

    def operations(self, voice: Voice, material: Material, seed: int) -> Operations | None:
        # Not above: it would count as memory of the strategies, which never need it.
        import torch

        from tts_pipeline.evaluation.compare.operations import vocoder_operations

        mel = torch.from_numpy(material.mel)
        return vocoder_operations(voice, self.vocoder, mel)


@dataclasses.dataclass(frozen=True)
class Speech(Strategy):
    """From text: the front end, the autoregressive acoustic model, and a vocoder."""

    vocoder: str

    def make(self, voice: Voice, material: Material, seed: int) -> Audio:
        return synthesize(material.text, voice=voice, seed=seed, vocoder=self.vocoder)

    def stream(self, voice: Voice, material: Material, seed: int) -> Iterator[Audio]:
        yield from stream(material.text, voice=voice, seed=seed, vocoder=self.vocoder)

    def models(self, voice: Voice) -> list[Any]:
        return [voice.acoustic, voice.choose_vocoder(self.vocoder)]

    def operations(self, voice: Voice, material: Material, seed: int) -> Operations | None:
        from tts_pipeline.evaluation.compare.operations import speech_operations

        return speech_operations(voice, self.vocoder, material.text)


# What a voice permits; asked in the order of registration.
Factory = Callable[[Voice], Iterable[Strategy]]
_factories: list[Factory] = []


def register(factory: Factory) -> Factory:
    """Add strategies to every comparison from now on; usable as a decorator.

    Args:
        factory: which strategies a voice permits, given the voice.
    """
    if factory not in _factories:
        _factories.append(factory)
    return factory


def unregister(factory: Factory) -> None:
    """Take back what :func:`register` added."""
    _factories.remove(factory)


def strategies_of(voice: Voice) -> list[Strategy]:
    """All strategies that the voice permits.

    Raises:
        ConfigError: if two have the same name.
    """
    found: dict[str, Strategy] = {}
    for factory in _factories:
        for strategy in factory(voice):
            if strategy.name in found:
                raise ConfigError(f"strategy {strategy.name!r}: registered twice; rename one")
            found[strategy.name] = strategy
    return list(found.values())


@register
def _natural(voice: Voice) -> list[Strategy]:
    return [Natural(NATURAL, "recording of the speaker")]


@register
def _copies(voice: Voice) -> list[Strategy]:
    return [
        Copy(f"copy-{name}", f"recording's mel + {_LABELS.get(name, name)}", name)
        for name in _vocoders(voice)
    ]


@register
def _speech(voice: Voice) -> list[Strategy]:
    return [
        Speech(
            TWO_STAGE if name == DEFAULT_VOCODER else f"ar-{name}",
            f"AR acoustic model + {_LABELS.get(name, name)}",
            name,
        )
        for name in _vocoders(voice)
    ]


def _vocoders(voice: Voice) -> list[str]:
    """The default first, Griffin-Lim last."""
    order = {DEFAULT_VOCODER: 0, GRIFFIN_LIM: 2}
    return sorted(voice.vocoders, key=lambda name: (order.get(name, 1), name))
