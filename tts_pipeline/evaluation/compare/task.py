"""What a strategy is to make, and what is known of the sounds that are there."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

from tts_pipeline import __version__
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategy import Strategy

PARTS = "parts"
# However slow a strategy is, so many texts are made.
_MINIMUM_TEXTS = 3
# Distance of the seeds by which a text is spoken again; those of texts are close together.
_SEED_STEP = 1_000_003


@dataclasses.dataclass(frozen=True)
class SoundRecord:
    """What is known of a sound.

    Attributes:
        key: of what it was made.
        file: relative to the folder of the comparison.
        seconds: its length.
        seed: of its random numbers.
        compute_s: processor time that it took, None if it was not timed.
        elapsed_s: time that went by, None if it was not timed.
        first_audio_s: time to the first block of samples, None if it was not timed.
        left_out: what of the text was not spoken, and why.
        problems: what went wrong while it was made, as the models report it.
        peak_memory_mb: the most that the process held until then, None if unknown.
        load: of the machine, None if unknown.
        wall_s: time that all of it took, timing included.
    """

    key: str
    file: str
    seconds: float
    seed: int
    compute_s: float | None = None
    elapsed_s: float | None = None
    first_audio_s: float | None = None
    left_out: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    peak_memory_mb: float | None = None
    load: float | None = None
    wall_s: float = 0.0

    @property
    def rtf(self) -> float | None:
        """Seconds of computing for a second of sound, None if it was not timed."""
        return self.compute_s / self.seconds if self.compute_s else None


@dataclasses.dataclass(frozen=True)
class Task:
    """What a strategy is to do.

    Attributes:
        strategy: the strategy.
        voice: folder of the voice.
        fingerprint: of the voice.
        materials: the texts, with the seed of each.
        folder: of the comparison.
        limit: texts to make at most, None: as many as ``budget_s`` allows, but at least three.
        budget_s: seconds that making all of them may take.
        suffix: of the sound files.
        n_seeds: how often each text is spoken, with a seed of its own each time; only the first
            is timed.
    """

    strategy: Strategy
    voice: Path
    fingerprint: str
    materials: tuple[tuple[Material, int], ...]
    folder: Path
    limit: int | None
    budget_s: float
    suffix: str = ".wav"
    n_seeds: int = 1

    def record_file(self, name: str, take: int = 0) -> Path:
        """Where what is known of the sound of a text is kept."""
        return self.folder / PARTS / self.strategy.name / f"{_file_name(name, take)}.json"

    def sound_file(self, name: str, take: int = 0) -> Path:
        """Where the sound of a text is kept; those by further seeds lie apart."""
        room = self.folder / PARTS / "seeds" if take else self.folder / "audio"
        return room / self.strategy.name / f"{_file_name(name, take)}{self.suffix}"

    def array_file(self, name: str) -> Path:
        """Where the arrays are kept that a strategy hands over."""
        return self.folder / PARTS / self.strategy.name / f"{name}.npz"

    def seed_of(self, seed: int, take: int) -> int:
        """The seed by which a text is spoken for the ``take``-th time, from 0."""
        return seed + take * _SEED_STEP

    def key(self, material: Material, seed: int) -> str:
        """Changes with whatever the sound depends on but the program itself."""
        content = (__version__, self.fingerprint, repr(self.strategy), material.key, seed)
        return hashlib.sha256(repr(content).encode()).hexdigest()

    def record(self, material: Material, seed: int, take: int = 0) -> SoundRecord | None:
        """What is known of a sound that is there already, None if it is not, or another."""
        path = self.record_file(material.name, take)
        if not path.is_file() or not self.sound_file(material.name, take).is_file():
            return None
        try:
            found = from_mapping(SoundRecord, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, ConfigError):
            return None
        return found if found.key == self.key(material, self.seed_of(seed, take)) else None

    def chosen(self) -> tuple[list[SoundRecord], bool]:
        """Records of the sounds in order up to the first that is to be made still, and whether
        there is none such: all are there, or no more are wanted."""
        records: list[SoundRecord] = []
        for material, seed in self.materials[: self.limit]:
            if self.limit is None and self._too_slow(records):
                return records, True
            record = self.record(material, seed)
            if record is None:
                return records, False
            records.append(record)
        return records, True

    def _too_slow(self, records: list[SoundRecord]) -> bool:
        """Whether one more text, of average cost, would go beyond what making may cost."""
        spent_s = sum(record.wall_s for record in records)
        n = len(records)
        return n >= _MINIMUM_TEXTS and spent_s * (n + 1) / n > self.budget_s

    def missing_takes(self) -> list[tuple[Material, int, int]]:
        """Text, seed of its first take and number of each take by a further seed that is to be
        made still, text after text, as far as ``budget_s`` reaches."""
        records, _ = self.chosen()
        out, spent_s = [], 0.0
        for (material, seed), first in zip(self.materials, records):
            takes = [(material, seed, take) for take in range(1, self.n_seeds)]
            # The first was made several times over to be timed.
            spent_s += len(takes) * (first.elapsed_s or 0.0)
            if spent_s > self.budget_s:
                break
            out += [item for item in takes if self.record(*item) is None]
        return out

    def takes(self, material: Material, seed: int) -> list[Path]:
        """The sounds of a text by all seeds, empty if some of them are not there."""
        if self.n_seeds < 2:
            return []
        found = [self.record(material, seed, take) for take in range(self.n_seeds)]
        if any(record is None for record in found):
            return []
        return [self.sound_file(material.name, take) for take in range(self.n_seeds)]


def _file_name(name: str, take: int) -> str:
    # "+" is in no name of a text.
    return f"{name}+{take}" if take else name
