"""Sentences into sound: a voice with the way it is to speak, and the line of time it speaks on."""

from __future__ import annotations

import dataclasses
import itertools
import math
import numbers
import operator
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tts_pipeline.errors import ConfigError
from tts_pipeline.protocols import Request
from tts_pipeline.spoken import Timestamp, timestamps_of
from tts_pipeline.text.protocol import Sentence
from tts_pipeline.voice.voice import Voice

LIMITS = {"rate": (0.25, 4.0), "pitch": (0.5, 2.0), "energy": (0.25, 4.0)}
N_SEEDS = 2**63
# Odd, so that the sentences of a text never share a seed (the step of SplitMix64).
_SEED_STEP = 0x9E3779B97F4A7C15
# Of a pause that was asked for, the model speaks this much, the like of which it was trained on;
# what is longer is silence in the middle.
_MODEL_PAUSE_S = 0.3
# Frames of silence handed on at once, so that a pause of any length takes bounded memory.
_SILENCE_FRAMES = 256


@dataclasses.dataclass(frozen=True)
class Mel:
    """Mel of a sentence ``(M, T)`` and the frames of each of its tokens."""

    frames: np.ndarray
    durations: list[int]


@dataclasses.dataclass(frozen=True)
class MelBlocks:
    """Mel of a sentence in blocks ``(M, t)``, each written when it is asked for, and the frames of
    each of its tokens."""

    blocks: Iterator[np.ndarray]
    durations: list[int]


@dataclasses.dataclass(frozen=True)
class Block:
    """Samples ``(S,)`` of a sentence or of a part of it, the pause before it included, and the
    timestamps of the sentence if it begins here."""

    samples: np.ndarray
    timestamps: tuple[Timestamp, ...]


@dataclasses.dataclass(frozen=True)
class Speaker:
    """A voice and how it is to speak.

    Attributes:
        voice: the voice.
        vocoder: name of one of its vocoders.
        seed: from 0 to ``N_SEEDS - 1``.
        rate: factor on the speaking rate.
        pitch: factor on F0.
        energy: factor on the amplitude.

    Raises:
        ConfigError: if a number is out of its range.
        VoiceError: if the voice has no such vocoder.
    """

    voice: Voice
    vocoder: str
    seed: int = 0
    rate: float = 1.0
    pitch: float = 1.0
    energy: float = 1.0

    def __post_init__(self) -> None:
        self.voice.require_vocoder(self.vocoder)
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            real = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not real or not low <= value <= high:
                raise ConfigError(f"{name}={value!r}: expected a number from {low:g} to {high:g}")
        seed = self.seed
        whole = isinstance(seed, numbers.Integral) and not isinstance(seed, bool)
        if not whole or not 0 <= seed < N_SEEDS:
            raise ConfigError(f"seed={seed!r}: expected a whole number from 0 to 2 ** 63 - 1")
        object.__setattr__(self, "seed", operator.index(seed))

    def sentence_seed(self, index: int) -> int:
        """The seed of a text's sentence number ``index``; that of the first is the seed itself."""
        return (self.seed + index * _SEED_STEP) % N_SEEDS

    def mels(self, sentences: Sequence[Sentence], index: int) -> list[Mel]:
        """Write the mels of sentences side by side.

        Args:
            sentences: each sentence number ``index`` of its text, so that they share a seed.
            index: from 0.
        """
        made = self.voice.stage_1.write_all(
            [self._request(sentence) for sentence in sentences], seed=self.sentence_seed(index)
        )
        mels = []
        for sentence, written in zip(sentences, made):
            durations = written.durations.tolist()
            silences = self._pause_frames(sentence)[1]
            pieces = list(self._lengthened(written.blocks, durations, silences))
            whole = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, 1)
            mels.append(Mel(whole, _sums(durations, silences)))
        return mels

    def mel_blocks(self, sentence: Sentence, index: int) -> MelBlocks:
        """Write the mel of sentence number ``index`` block by block; :meth:`mels` in pieces."""
        silences = self._pause_frames(sentence)[1]
        made = self.voice.stage_1.write(self._request(sentence), seed=self.sentence_seed(index))
        durations = made.durations.tolist()
        blocks = self._lengthened(made.blocks, durations, silences)
        return MelBlocks(blocks, _sums(durations, silences))

    def waveform(self, mel: Mel, index: int) -> np.ndarray:
        """Samples ``(S,)`` float32 of the mel of sentence number ``index``."""
        vocoder = self.voice.stage_2(self.vocoder)
        return vocoder.infer(mel.frames, seed=self.sentence_seed(index))

    def waveform_blocks(self, mel: Iterable[np.ndarray], index: int) -> Iterator[np.ndarray]:
        """:meth:`waveform` of a mel in blocks ``(M, t)``, in blocks as soon as they are settled."""
        vocoder = self.voice.stage_2(self.vocoder)
        yield from vocoder.stream(mel, seed=self.sentence_seed(index))

    def _request(self, sentence: Sentence) -> Request:
        return Request(
            np.array(sentence.tokens, np.int64),
            np.array(sentence.token_rate, np.float32) * np.float32(self.rate),
            np.array(sentence.token_pitch, np.float32) * np.float32(self.pitch),
            np.array(sentence.token_energy, np.float32) * np.float32(self.energy),
            np.array(self._pause_frames(sentence)[0], np.int64),
        )

    def _pause_frames(self, sentence: Sentence) -> tuple[list[int], list[int]]:
        """Frames of each pause asked for: those that the model speaks, and the rest."""
        frame_rate = self.voice.audio.frame_rate
        longest = round(_MODEL_PAUSE_S * frame_rate)
        wanted = [math.ceil(seconds * frame_rate) for seconds in sentence.token_pause_s]
        spoken = [min(frames, longest) for frames in wanted]
        return spoken, [frames - part for frames, part in zip(wanted, spoken)]

    def _lengthened(
        self, blocks: Iterable[np.ndarray], durations: list[int], silences: list[int]
    ) -> Iterator[np.ndarray]:
        """Put frames of silence into the middle of tokens of a mel in blocks ``(M, t)``."""
        floor = math.log(self.voice.audio.log_floor)
        ends = itertools.accumulate(durations)
        places = iter(
            [
                (end - duration + duration // 2, silence)
                for end, duration, silence in zip(ends, durations, silences)
                if silence
            ]
        )
        place, silence = next(places, (-1, 0))
        begin = 0
        for block in blocks:
            while begin <= place <= begin + block.shape[1]:
                if place > begin:
                    yield block[:, : place - begin]
                block, begin = block[:, place - begin :], place
                for done in range(0, silence, _SILENCE_FRAMES):
                    n_frames = min(_SILENCE_FRAMES, silence - done)
                    yield np.full((len(block), n_frames), floor, np.float32)
                place, silence = next(places, (-1, 0))
            if block.shape[1]:
                yield block
            begin += block.shape[1]


class Timeline:
    """Puts the sentences of a text one after another, with the pauses between them."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._n_sentences = 0
        self._n_samples = 0
        self._pause_s = 0.0

    def add(self, sentence: Sentence, mel: Mel | None = None) -> Block:
        """Speak the next sentence; its timestamps count from the start of the first one.

        Args:
            sentence: the sentence.
            mel: its mel, if it is written already.
        """
        speaker, index = self._speaker, self._n_sentences
        mel = mel or speaker.mels([sentence], index)[0]
        pause, stamps = self._place(sentence, mel.durations)
        return Block(np.concatenate([pause, speaker.waveform(mel, index)]), stamps)

    def stream(self, sentence: Sentence) -> Iterator[Block]:
        """:meth:`add` while the mel is being written; the first block holds the pause before the
        sentence and all of its timestamps."""
        speaker, index = self._speaker, self._n_sentences
        mel = speaker.mel_blocks(sentence, index)
        pause, stamps = self._place(sentence, mel.durations)
        for samples in speaker.waveform_blocks(mel.blocks, index):
            yield Block(np.concatenate([pause, samples]), stamps)
            pause, stamps = pause[:0], ()

    def _place(
        self, sentence: Sentence, durations: list[int]
    ) -> tuple[np.ndarray, tuple[Timestamp, ...]]:
        """Give the next sentence its place: the silence before it, and its timestamps."""
        audio = self._speaker.voice.audio
        pause_s = self._pause_s / self._speaker.rate + sentence.pause_before_s
        pause = np.zeros(round(pause_s * audio.sample_rate), np.float32)
        start = self._n_samples + len(pause)
        self._n_sentences += 1
        self._n_samples = start + sum(durations) * audio.hop_length
        self._pause_s = sentence.pause_after_s
        return pause, timestamps_of(sentence, durations, start, audio)


def _sums(durations: list[int], silences: list[int]) -> list[int]:
    return [duration + silence for duration, silence in zip(durations, silences)]
