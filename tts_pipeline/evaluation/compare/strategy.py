"""What a strategy is, a way from text to sound, and how one joins the comparison.

Every acoustic model of a voice takes part by itself, in front of the default vocoder, every
refiner behind the acoustic model of the default, and every vocoder. Something else is a subclass of
:class:`Strategy`, registered with a function that says which strategies a voice permits::

    @dataclasses.dataclass(frozen=True)
    class Louder(Speech):
        def make(self, voice, material, seed):
            audio = super().make(voice, material, seed)
            return Audio(np.clip(2 * audio.samples, -1, 1), audio.sample_rate)

    register(lambda voice: [Louder("louder", "twice as loud", "autoregressive", "parallel")])

``tts-pipeline compare --use my_module`` imports the module that does so. The class must be at the
top level of a module that can be imported, since every strategy runs in a process of its own.
"""

from __future__ import annotations

import abc
import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.operations import SoundOperations
from tts_pipeline.voice.voice import Voice

_NAME = re.compile(r"[a-z0-9][a-z0-9+-]{0,59}")


@dataclasses.dataclass(frozen=True)
class Strategy(abc.ABC):
    """A way to make sound of a text.

    Attributes:
        name: of lower-case letters, digits, '-' and '+', at most 60; names folders.
        label: for people.
    """

    name: str
    label: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"strategy {self.name!r}: expected a name of at most 60 lower-case letters, "
                "digits, '-' and '+'"
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

    def kinds(self, voice: Voice) -> tuple[str, ...]:
        """Kinds of the models at work, in the order of the way from text to sound."""
        return ()

    def parameters(self, voice: Voice) -> int:
        """Number of trained parameters that the strategy uses."""
        return sum(model.n_parameters for model in self.models(voice))

    def operations(self, voice: Voice, material: Material, seed: int) -> SoundOperations | None:
        """Arithmetic for this text, None if it is unknown."""
        return None


# What a voice permits; asked in the order of registration.
Factory = Callable[[Voice], Iterable[Strategy]]
FACTORIES: list[Factory] = []


def register(factory: Factory) -> Factory:
    """Add strategies to every comparison from now on; usable as a decorator.

    Args:
        factory: which strategies a voice permits, given the voice.
    """
    if factory not in FACTORIES:
        FACTORIES.append(factory)
    return factory


def unregister(factory: Factory) -> None:
    """Take back what :func:`register` added."""
    FACTORIES.remove(factory)
