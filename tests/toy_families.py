"""Toy families that the package knows nothing of; each joins it by one line.

An acoustic model without durations that ends by itself, one that works in steps, a refiner with a
mask, a vocoder, and a front end with an alphabet of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import ConfigError
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, MelStream, NoOptions, Operations, checked_mel
from tts_pipeline.text.protocol import Dropped, Report, Sentence, Word
from tts_pipeline.text.symbols import ARPABET, GAPS, Alphabet
from tts_pipeline.voice.models import Kind

BLOCK = 16


# --- An acoustic model that says itself when it has ended ---------------------------------------


@dataclasses.dataclass(frozen=True)
class EndingConfig:
    """Frames of a token, and the most frames of a sentence."""

    frames: int = 5
    most_frames: int = 400


class EndingModule(nn.Module):
    """A row of mel for every symbol."""

    def __init__(self, config: EndingConfig, n_mels: int, alphabet: Alphabet = ARPABET) -> None:
        super().__init__()
        self.config = config
        self.table = nn.Parameter(torch.randn(len(alphabet.symbols), n_mels) - 6)


class EndingEngine:
    """Reads token after token until the end mark; how long it takes nobody knows before."""

    controls = frozenset({"energy"})
    options = NoOptions

    def __init__(
        self,
        config: EndingConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.config, self.features, self._alphabet = config, audio, uses["alphabet"]
        taken = Weights(weights)
        self._table = taken.take("table", len(self._alphabet.symbols), audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int = 0, options: Any = None
    ) -> list[MelStream]:
        streams = [self.stream(given, seed=seed) for given in inputs]
        for made in streams:
            made.blocks = iter([made.read()])
        return streams

    def stream(self, given: AcousticInput, *, seed: int = 0, options: Any = None) -> MelStream:
        made = MelStream(iter(()))
        made.blocks = self._blocks(given, seed, made)
        return made

    def operations(self, given: AcousticInput, options: Any = None) -> Operations:
        return Operations(len(given.tokens) * self._table.shape[1], len(given.tokens))

    def _blocks(self, given: AcousticInput, seed: int, made: MelStream) -> Iterator[np.ndarray]:
        random = np.random.default_rng(seed)
        n_frames, end = 0, self._alphabet.ids["<eos>"]
        for token, energy in zip(given.tokens, given.energy):
            if n_frames + self.config.frames > self.config.most_frames:
                made.problems = ("the end was not found",)
                return
            row = self._table[token % self._alphabet.stress_step] + np.log(energy)
            length = self.config.frames + int(random.integers(2))
            n_frames += length
            yield np.repeat(row[:, None], length, 1).astype(np.float32)
            if token == end:
                return


# --- One that works in steps --------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class StepsConfig:
    """Frames of a token."""

    frames: int = 6


@dataclasses.dataclass(frozen=True)
class StepsOptions:
    """How often the mel is gone over, and how far it moves."""

    steps: int = 2
    temperature: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 8:
            raise ConfigError(f"steps={self.steps}: expected 1 to 8")


class StepsModule(nn.Module):
    """A direction to walk in."""

    def __init__(self, config: StepsConfig, n_mels: int) -> None:
        super().__init__()
        self.config = config
        self.direction = nn.Parameter(torch.randn(n_mels))


class StepsEngine:
    """Moves a mel a step at a time along a direction, told by another model's plan."""

    controls = frozenset({"rate", "pitch", "energy", "fixed_frames"})
    options = StepsOptions

    def __init__(
        self,
        config: StepsConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.features, self._planner = audio, uses["text"]
        taken = Weights(weights)
        self._direction = taken.take("direction", audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters + self._planner.n_parameters

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int = 0, options: Any = None
    ) -> list[MelStream]:
        return [self._write(given, seed, options, 2**31) for given in inputs]

    def stream(self, given: AcousticInput, *, seed: int = 0, options: Any = None) -> MelStream:
        return self._write(given, seed, options, BLOCK)

    def operations(self, given: AcousticInput, options: Any = None) -> Operations:
        steps = (options or StepsOptions()).steps
        return Operations(steps * self._planner.plan(given).n_frames * len(self._direction), steps)

    def _write(self, given: AcousticInput, seed: int, options: Any, size: int) -> MelStream:
        asked, plan = options or StepsOptions(), self._planner.plan(given)
        place = np.random.default_rng(seed).normal(size=len(self._direction)) * asked.temperature
        mel = np.full((plan.n_frames, len(self._direction)), -6.0) + place
        for step in range(asked.steps):
            mel += self._direction / (step + 1)
        rows = mel.T.astype(np.float32)
        blocks = (rows[:, at : at + size] for at in range(0, plan.n_frames, size))
        return MelStream(blocks, plan.durations, plan.f0)


# --- A refiner ----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class LiftConfig:
    """How much louder every band gets, in natural log."""

    lift: float = 0.7


class LiftModule(nn.Module):
    """One number a band."""

    def __init__(self, config: LiftConfig, n_mels: int) -> None:
        super().__init__()
        self.config = config
        self.bands = nn.Parameter(torch.full((n_mels,), config.lift))


class LiftEngine:
    """Makes chosen frames louder."""

    options = NoOptions

    def __init__(
        self,
        config: LiftConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.features = audio
        taken = Weights(weights)
        self._bands = taken.take("bands", audio.n_mels)[:, None]
        taken.finish()
        self.n_parameters = taken.n_parameters

    def refine(
        self,
        mel: np.ndarray,
        given: AcousticInput,
        durations: np.ndarray | None,
        *,
        mask: np.ndarray | None = None,
        seed: int = 0,
        options: Any = None,
    ) -> np.ndarray:
        chosen = np.ones(mel.shape[1], bool) if mask is None else mask
        return np.where(chosen, mel + self._bands, mel).astype(np.float32)

    def stream(
        self,
        mel: Iterable[np.ndarray],
        given: AcousticInput,
        durations: np.ndarray | None,
        *,
        seed: int = 0,
        options: Any = None,
    ) -> Iterator[np.ndarray]:
        for block in mel:
            yield self.refine(block, given, durations)

    def operations(self, n_frames: int, options: Any = None) -> Operations:
        return Operations(n_frames * len(self._bands), 1)


# --- A vocoder ----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class BuzzConfig:
    """F0 of the buzz in Hz."""

    f0: float = 125.0


@dataclasses.dataclass(frozen=True)
class BuzzOptions:
    """How loud the buzz is."""

    gain: float = 1.0


class BuzzModule(nn.Module):
    """The weight of every band in the loudness."""

    def __init__(self, config: BuzzConfig, audio: AudioConfig) -> None:
        super().__init__()
        self.config = config
        self.bands = nn.Parameter(torch.full((audio.n_mels,), 1 / audio.n_mels))


class BuzzEngine:
    """A buzz as loud as the mel."""

    options = BuzzOptions

    def __init__(
        self,
        config: BuzzConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.config, self.features = config, audio
        taken = Weights(weights)
        self._bands = taken.take("bands", audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters

    def infer(self, mel: np.ndarray, *, seed: int = 0, options: Any = None) -> np.ndarray:
        mel = checked_mel(mel, self.features)
        if mel.ndim == 3:
            return np.stack([self.infer(item, options=options) for item in mel])
        return self._sound(mel, 0, options)

    def stream(
        self, mel: Iterable[np.ndarray], *, seed: int = 0, options: Any = None
    ) -> Iterator[np.ndarray]:
        begin = 0
        for block in mel:
            checked = checked_mel(block, self.features, batched=False)
            yield self._sound(checked, begin, options)
            begin += checked.shape[1] * self.features.hop_length

    def operations(self, n_frames: int, options: Any = None) -> Operations:
        return Operations(n_frames * len(self._bands), 1)

    def _sound(self, mel: np.ndarray, begin: int, options: Any) -> np.ndarray:
        hop, rate = self.features.hop_length, self.features.sample_rate
        level = np.repeat(np.exp(self._bands @ mel), hop) * (options or BuzzOptions()).gain
        turns = self.config.f0 * (begin + np.arange(len(level))) / rate
        return (level * np.sin(2 * np.pi * turns)).clip(-1, 1).astype(np.float32)


# --- A front end --------------------------------------------------------------------------------

SYLLABLES = Alphabet(
    ("<pad>", "<bos>", "<eos>", "<unk>", *GAPS, "ka", "ki", "ku", "mo", "na", "to")
)


class SyllableFrontEnd:
    """Reads words of syllables of two letters."""

    alphabet = SYLLABLES

    def __init__(self, *, lexicon: Path | None = None) -> None:
        pass

    def __call__(self, text: str, *, strict: bool = False) -> tuple[list[Sentence], Report]:
        words = text.rstrip(".").split()
        spans = [(text.index(word), text.index(word) + len(word)) for word in words]
        spoken = tuple(
            Word(word, tuple(word[at : at + 2] for at in range(0, len(word), 2)), span, "rule", 1.0)
            for word, span in zip(words, spans)
        )
        gaps = ("|",) * (len(words) - 1) + (".",)
        made = Sentence(spoken, gaps, (0, len(text)), 0.3, alphabet=SYLLABLES)
        return [made], Report(text, (), 1, 0)

    def stream(
        self, text: str | Iterable[str]
    ) -> Iterator[tuple[Sentence | None, tuple[Dropped, ...]]]:
        for piece in [text] if isinstance(text, str) else text:
            yield self(piece)[0][0], ()


# --- One line each ------------------------------------------------------------------------------

LINES = {
    "toy-ending": Kind("acoustic", EndingConfig, EndingEngine, EndingModule),
    "toy-steps": Kind(
        "acoustic", StepsConfig, StepsEngine, StepsModule, uses={"text": "autoregressive"}
    ),
    "toy-lift": Kind("refiner", LiftConfig, LiftEngine, LiftModule),
    "toy-buzz": Kind("vocoder", BuzzConfig, BuzzEngine, BuzzModule),
}
MODULES = {
    "ending": lambda: EndingModule(EndingConfig(), 80),
    "steps": lambda: StepsModule(StepsConfig(), 80),
    "lift": lambda: LiftModule(LiftConfig(), 80),
    "buzz": lambda: BuzzModule(BuzzConfig(), AudioConfig()),
}
