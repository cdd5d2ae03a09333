"""The facts of published samples, as it is written to manifest.json."""

from __future__ import annotations

import dataclasses

from tts_pipeline.comparison import Machine, VoiceMark

FORMAT = 2


@dataclasses.dataclass(frozen=True)
class Sample:
    """A published sound.

    Attributes:
        file: relative to the folder of the samples.
        picture: its spectrogram, likewise.
        name: of the sentence.
        text: what is said.
        strategy: name of the strategy.
        label: of the strategy, for people.
        voice: fingerprint of the voice.
        seed: of the random numbers.
        version: of the package.
        seconds: its length.
        rtf: seconds of computing for a second of it.
    """

    file: str
    picture: str
    name: str
    text: str
    strategy: str
    label: str
    voice: str
    seed: int
    version: str
    seconds: float
    rtf: float


@dataclasses.dataclass(frozen=True)
class Manifest:
    """All published sounds.

    Attributes:
        version: of the package.
        voice: the voice.
        sample_rate: of all sounds, in Hz.
        machine: where they were made.
        arithmetic: a digest of all by which sums may be rounded otherwise.
        samples: the sounds.
        format: of the file.
    """

    version: str
    voice: VoiceMark
    sample_rate: int
    machine: Machine
    arithmetic: str
    samples: tuple[Sample, ...]
    format: int = FORMAT

    @property
    def strategies(self) -> dict[str, str]:
        """Labels of the strategies by name."""
        return {item.strategy: item.label for item in self.samples}

    @property
    def texts(self) -> dict[str, str]:
        """Sentences by name."""
        return {item.name: item.text for item in self.samples}
