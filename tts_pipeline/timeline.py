"""Sentences on a line of time: the chosen models, seeds, the pauses between, timestamps."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tts_pipeline.cores import usable_cores
from tts_pipeline.errors import ConfigError
from tts_pipeline.intonation.applied import SentenceIntonation
from tts_pipeline.nn.threads import blas_threads
from tts_pipeline.protocols import AcousticInput, MelStream, finite
from tts_pipeline.sentence.mel import Part, SentenceMel, cut_at_pauses, whole_sentence
from tts_pipeline.sentence.prosody import SentenceProsody
from tts_pipeline.sentence.style import SentenceStyle
from tts_pipeline.speech_options import N_SEEDS, SpeechOptions, model_options
from tts_pipeline.text.protocol import Sentence
from tts_pipeline.timestamps import Timestamp, timestamps_of
from tts_pipeline.voice.defaults import CHAIN
from tts_pipeline.voice.models import ALIGNER

# Odd, so that the sentences of a text never share a seed (the step of SplitMix64).
_SEED_STEP = 0x9E3779B97F4A7C15


@dataclasses.dataclass(frozen=True)
class Block:
    """A sentence or a part of it.

    Attributes:
        samples: ``(S,)`` float32, the pause before the sentence included; of no sample if all that
            is new is when it was said.
        timestamps: of the sentence, with the first block at which they are known.
        problems: what went wrong in the sentence, with its last block.
    """

    samples: np.ndarray
    timestamps: tuple[Timestamp, ...] = ()
    problems: tuple[str, ...] = ()


class Spoken(NamedTuple):
    """A sentence that was spoken ahead of its turn.

    Attributes:
        mel: its mel, of which nothing is left.
        samples: ``(S,)`` float32, without the pause before it.
    """

    mel: SentenceMel
    samples: np.ndarray


class Speaker:
    """The chosen models of a voice, and what they are asked for a sentence.

    Args:
        options: the voice and how it is to speak.

    Attributes:
        voice: the voice.
        acoustic_name: of the acoustic model.
        acoustic: the acoustic model.
        vocoder_name: of the vocoder.
        vocoder: the vocoder.
        style: what words for the way of speaking do to sentences.
        prosody: durations, pitch and energy of sentences, if they are drawn.
        threads: sentences that may be spoken at once.
        in_batches: whether mels are better asked for many at once, as from a GPU.

    Raises:
        ConfigError: if the models do not know an option, or its value is out of range.
        VoiceError: if the voice cannot be loaded or lacks a model.
    """

    def __init__(self, options: SpeechOptions) -> None:
        self.options, self.voice = options, options.load_voice()
        self.acoustic_name = options.acoustic or self.voice.default_acoustic
        self.vocoder_name = options.vocoder or self.voice.default_vocoder
        self.acoustic = self.voice.choose_acoustic(self.acoustic_name)
        self.vocoder = self.voice.choose_vocoder(self.vocoder_name)
        self.style = SentenceStyle(options, self.acoustic, self.acoustic_name)
        self._intonation = SentenceIntonation(self.acoustic, self.voice.language)
        self._acoustic_options, self._vocoder_options, drawn = model_options(
            self.style.with_breath(options.more, self.vocoder, self.vocoder_name),
            {
                f"acoustic model {self.acoustic_name!r}": self.acoustic,
                f"vocoder {self.vocoder_name!r}": self.vocoder,
                "prosody": SentenceProsody,
            },
        )
        self.prosody = SentenceProsody(self.voice, drawn, self.acoustic, self.acoustic_name)
        on_device = any(model.on_device for model in self.voice.models.values())
        self.threads = options.threads or (1 if on_device else min(2, usable_cores()))
        self.in_batches = on_device
        named = {*self.acoustic_name.split(CHAIN), self.vocoder_name}
        self._on_cpu = tuple(
            f"{name!r} works on the CPU: models of kind {model.kind!r} have no way to work on a "
            "device"
            for name, model in self.voice.models.items()
            if name in named and model.stays_on_cpu
        )

    def seed_of(self, index: int) -> int:
        """The seed of a text's sentence number ``index``; that of the first is the seed itself."""
        return (self.options.seed + index * _SEED_STEP) % N_SEEDS

    def mels(self, sentences: Sequence[Sentence], index: int) -> list[SentenceMel]:
        """Write the mels of sentences side by side.

        Args:
            sentences: each sentence number ``index`` of its text, so that they share a seed.
            index: from 0.
        """
        parts = [self._parts(sentence, index) for sentence in sentences]
        inputs = [part.given for row in parts for part in row]
        seed, options = self.seed_of(index), self._acoustic_options
        streams = iter(self.acoustic.infer(inputs, seed=seed, options=options))
        return [self._mel(row, list(itertools.islice(streams, len(row)))) for row in parts]

    def mel(self, sentence: Sentence, index: int) -> SentenceMel:
        """Write the mel of sentence number ``index`` block by block."""
        parts = self._parts(sentence, index)
        seed, options = self.seed_of(index), self._acoustic_options
        return self._mel(
            parts, (self.acoustic.stream(part.given, seed=seed, options=options) for part in parts)
        )

    def speak(self, sentence: Sentence, index: int) -> Spoken:
        """Speak sentence number ``index`` as a whole; several threads may do so at once."""
        with blas_threads(1):
            mel = self.mels([sentence], index)[0]
            return Spoken(mel, self.waveform(mel, index))

    def waveform(self, mel: SentenceMel, index: int) -> np.ndarray:
        """Samples ``(S,)`` float32 of the mel of sentence number ``index``."""
        seed = self.seed_of(index)
        samples = self.vocoder.infer(mel.read(), seed=seed, options=self._vocoder_options)
        return next(self._finite([samples], f"vocoder {self.vocoder_name!r}"))

    def waveform_blocks(self, mel: SentenceMel, index: int) -> Iterator[np.ndarray]:
        """:meth:`waveform` in blocks, each as soon as it is settled."""
        seed = self.seed_of(index)
        blocks = self.vocoder.stream(mel.blocks(), seed=seed, options=self._vocoder_options)
        return self._finite(blocks, f"vocoder {self.vocoder_name!r}")

    def _finite(self, blocks: Iterable[np.ndarray], maker: str) -> Iterator[np.ndarray]:
        return finite(blocks, f"voice {self.voice.name!r}: {maker}")

    def _mel(self, parts: list[Part], streams: Iterable[MelStream]) -> SentenceMel:
        align = self._align if self.voice.names(ALIGNER) else None
        return SentenceMel(parts, map(self._checked, streams), self.voice.audio, align)

    def _checked(self, stream: MelStream) -> MelStream:
        stream.blocks = self._finite(stream.blocks, f"acoustic model {self.acoustic_name!r}")
        return stream

    def _align(self, tokens: np.ndarray, mel: np.ndarray) -> np.ndarray:
        return self.voice.choose_aligner().align(tokens, mel)

    def problems(self, sentence: Sentence) -> tuple[str, ...]:
        """What was not done of what was asked for a sentence, but for the models' own problems."""
        return self._on_cpu + self.prosody.problems + self.style.problems(sentence)

    def _parts(self, sentence: Sentence, index: int) -> list[Part]:
        options, frame_rate = self.options, self.voice.audio.frame_rate
        given = AcousticInput.plain(
            np.array(sentence.tokens, np.int64),
            rate=np.array(sentence.token_rate, np.float32) * np.float32(options.rate),
            pitch=np.array(sentence.token_pitch, np.float32) * np.float32(options.pitch),
            energy=np.array(sentence.token_energy, np.float32) * np.float32(options.energy),
        )
        if options.intonation:
            given = self._intonation.parted(given, sentence)
        draw = self.prosody.draw(given.tokens, self.seed_of(index))
        if options.intonation:
            given = self._intonation.applied(given, sentence, draw.on)
        given = draw.on(given)
        given = self.style.applied(given, sentence)
        honoured = self.acoustic.controls
        refused = sorted(given.controls_in_use() - honoured)
        if refused:
            raise ConfigError(
                f"{refused[0]}: acoustic model {self.acoustic_name!r} cannot change it, of all "
                f"controls it honours {', '.join(sorted(honoured)) or 'none'}; leave it at 1, or "
                "choose another acoustic model"
            )
        pauses = [math.ceil(seconds * frame_rate) for seconds in sentence.token_pause_s]
        if "fixed_frames" in honoured:
            return whole_sentence(given, np.array(pauses, np.int64), frame_rate)
        return cut_at_pauses(given, np.array(pauses, np.int64), sentence.alphabet)


class Timeline:
    """Puts the sentences of a text one after another, with the pauses between them.

    Time is counted in samples that came.

    Args:
        speaker: speaks them.
    """

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._n_sentences = 0
        self._n_samples = 0
        self._pause_s = 0.0

    def add(self, sentence: Sentence, spoken: Spoken | None = None) -> Block:
        """Speak the next sentence; its timestamps count from the start of the first one.

        Args:
            sentence: the sentence.
            spoken: its sound, if it was spoken already.
        """
        mel, samples = spoken or self._speaker.speak(sentence, self._n_sentences)
        pause = self._pause_before(sentence)
        start = self._n_samples + len(pause)
        samples = np.concatenate([pause, samples])
        self._n_samples += len(samples)
        problems = mel.problems + self._speaker.problems(sentence)
        return Block(samples, self._stamps(sentence, mel, start), problems)

    def stream(self, sentence: Sentence) -> Iterator[Block]:
        """:meth:`add` while the mel is being written; the first block holds the pause before the
        sentence and, if durations are known by then, all of its timestamps."""
        speaker, index = self._speaker, self._n_sentences
        mel = speaker.mel(sentence, index)
        pause = self._pause_before(sentence)
        start = self._n_samples + len(pause)
        known = mel.durations is not None
        stamps = self._stamps(sentence, mel, start)
        for samples in speaker.waveform_blocks(mel, index):
            samples = np.concatenate([pause, samples])
            self._n_samples += len(samples)
            yield Block(samples, stamps)
            pause, stamps = pause[:0], ()
        if not known:
            stamps = self._stamps(sentence, mel, start)
        problems = mel.problems + speaker.problems(sentence)
        if stamps or problems:
            yield Block(pause[:0], stamps, problems)

    def _pause_before(self, sentence: Sentence) -> np.ndarray:
        """The silence before the next sentence ``(S,)``."""
        style = self._speaker.style.whole
        pause_s = self._pause_s * style.pauses / (self._speaker.options.rate * style.rate)
        pause_s += sentence.pause_before_s
        self._n_sentences += 1
        self._pause_s = sentence.pause_after_s
        return np.zeros(round(pause_s * self._speaker.voice.audio.sample_rate), np.float32)

    def _stamps(self, sentence: Sentence, mel: SentenceMel, start: int) -> tuple[Timestamp, ...]:
        """Timestamps of a sentence that begins after so many samples, if they are known."""
        if mel.durations is None:
            return ()
        return timestamps_of(sentence, mel.durations, start, self._speaker.voice.audio)
