"""The strategies that a voice permits by itself: recordings, copies, speech by every model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from tts_pipeline.audio.files import Audio
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.code_pairs import code_pairs, mel_pairs
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.operations import (
    SoundOperations,
    speech_operations,
    vocoder_operations,
)
from tts_pipeline.evaluation.compare.strategy import FACTORIES, Strategy, register
from tts_pipeline.evaluation.metrics.scoring import NATURAL
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.speech_options import SpeechOptions, model_options
from tts_pipeline.synthesis import stream, synthesize
from tts_pipeline.timeline import Speaker
from tts_pipeline.voice.defaults import CHAIN, GRIFFIN_LIM
from tts_pipeline.voice.models import ACOUSTIC, REFINER, VOCODER
from tts_pipeline.voice.voice import Voice

# Points of the curves of models that take a number of steps, as far as they take them.
STEPS = (1, 2, 4, 8, 16)
# Frames of the blocks in which a vocoder gets a mel when its first sound is timed: those that the
# acoustic models of this package write.
_BLOCKS = (64, 128)
_LATER_BLOCKS = 256


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

    def arrays(self, voice: Voice, material: Material, seed: int) -> dict[str, np.ndarray]:
        """How many neighbouring codes are unseen, ``mel_pairs``."""
        return mel_pairs(voice, [material.mel])


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

    def kinds(self, voice: Voice) -> tuple[str, ...]:
        return (_kind(voice, self.vocoder),)

    def operations(self, voice: Voice, material: Material, seed: int) -> SoundOperations | None:
        return vocoder_operations(voice, self.vocoder, material.mel.shape[1])


@dataclasses.dataclass(frozen=True)
class Speech(Strategy):
    """From text: the front end, an acoustic model with or without refiners, and a vocoder.

    Attributes:
        acoustic: "model" or "model+refiner".
        vocoder: name of the vocoder.
        options: settings of both per call, by name.
        curve: name of the strategy of whose curve over steps this is a point, empty for none.
    """

    acoustic: str
    vocoder: str
    options: tuple[tuple[str, Any], ...] = ()
    curve: str = ""

    @property
    def steps(self) -> int | None:
        """Number of steps, if this is a point of a curve."""
        return dict(self.options).get("steps") if self.curve else None

    def speech_options(self, voice: Voice, seed: int) -> SpeechOptions:
        """What is asked of the voice."""
        more = dict(self.options)
        return SpeechOptions(voice, self.acoustic, self.vocoder, seed, more=more)

    def make(self, voice: Voice, material: Material, seed: int) -> Audio:
        return synthesize(
            material.text,
            voice=voice,
            acoustic=self.acoustic,
            vocoder=self.vocoder,
            seed=seed,
            **dict(self.options),
        )

    def stream(self, voice: Voice, material: Material, seed: int) -> Iterator[Audio]:
        yield from stream(
            material.text,
            voice=voice,
            acoustic=self.acoustic,
            vocoder=self.vocoder,
            seed=seed,
            **dict(self.options),
        )

    def arrays(self, voice: Voice, material: Material, seed: int) -> dict[str, np.ndarray]:
        """The mel ``(M, T)`` that the vocoder got; how many neighbouring codes are unseen in it,
        ``mel_pairs``, and in what a model of codes wrote, ``code_pairs``."""
        speaker = Speaker(self.speech_options(voice, seed))
        sentences = voice.front_end(material.text)[0]
        mels = [speaker.mels([each], index)[0].read() for index, each in enumerate(sentences)]
        if not mels:
            return {}
        written: list[np.ndarray] = []
        if hasattr(speaker.acoustic, "write_codes"):
            models = {"acoustic": speaker.acoustic, "vocoder": speaker.vocoder}
            options = model_options(dict(self.options), models)[0]
            for index, sentence in enumerate(sentences):
                given, own_seed = AcousticInput.plain(sentence.tokens), speaker.seed_of(index)
                written.append(speaker.acoustic.write_codes(given, seed=own_seed, options=options))
        counts = mel_pairs(voice, mels) | code_pairs(voice, written)
        return {"mel": np.concatenate(mels, 1), **counts}

    def models(self, voice: Voice) -> list[Any]:
        return [voice.choose_acoustic(self.acoustic), voice.choose_vocoder(self.vocoder)]

    def kinds(self, voice: Voice) -> tuple[str, ...]:
        return tuple(_kind(voice, name) for name in (*self.acoustic.split(CHAIN), self.vocoder))

    def operations(self, voice: Voice, material: Material, seed: int) -> SoundOperations | None:
        return speech_operations(self.speech_options(voice, seed), material.text)


def strategies_of(voice: Voice) -> list[Strategy]:
    """All strategies that the voice permits.

    Raises:
        ConfigError: if two have the same name.
    """
    found: dict[str, Strategy] = {}
    for factory in FACTORIES:
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
        Copy(f"copy-{name}", f"recording's mel, {name} vocoder", name) for name in _vocoders(voice)
    ]


@register
def _speech(voice: Voice) -> list[Strategy]:
    if not voice.names(ACOUSTIC):
        return []
    # The first acoustic model is that of the default, which may be refined.
    acoustics, vocoders = voice.names(ACOUSTIC), _vocoders(voice)
    chains = [voice.default_acoustic]
    chains += [f"{acoustics[0]}{CHAIN}{name}" for name in voice.names(REFINER)]
    refined = [name for name in dict.fromkeys(chains) if CHAIN in name]
    out: list[Strategy] = [
        Speech(name, _label(name, vocoders[0]), name, vocoders[0])
        for name in (acoustics[0], *refined, *acoustics[1:])
    ]
    out += [
        Speech(f"{acoustics[0]}-{name}", _label(acoustics[0], name), acoustics[0], name)
        for name in vocoders[1:]
    ]
    for name in (*refined, *acoustics):
        out += [
            Speech(
                f"{name}-steps-{n}",
                f"{_label(name, vocoders[0])}, {n} step{'s'[: n > 1]}",
                name,
                vocoders[0],
                (("steps", n),),
                curve=name,
            )
            for n in _steps_of(voice.choose_acoustic(name).options)
        ]
    return out


def _kind(voice: Voice, name: str) -> str:
    """Its kind; its name for one that no folder holds, such as Griffin-Lim."""
    return (voice.models[name].kind if name in voice.models else "") or name


def _label(acoustic: str, vocoder: str) -> str:
    parts = acoustic.split(CHAIN)
    refiners = [f"{name} behind it" for name in parts[1:]]
    return ", ".join([f"{parts[0]} acoustic model", *refiners, f"{vocoder} vocoder"])


def _steps_of(options: type[Any]) -> list[int]:
    """The numbers of steps that a model takes, none if it knows no steps."""
    if not any(field.name == "steps" for field in dataclasses.fields(options)):
        return []
    found = []
    for n in STEPS:
        try:
            options(steps=n)
        except ConfigError:
            continue
        found.append(n)
    return found


def _vocoders(voice: Voice) -> list[str]:
    """The default first, Griffin-Lim, which every voice has, last."""
    names = voice.names(VOCODER)
    return [names[0], *sorted(names[1:], key=lambda name: name == GRIFFIN_LIM)]
