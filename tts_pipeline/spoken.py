"""What comes back beside the samples: when everything was said, and what was done with the text."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.text.protocol import Dropped, Sentence


@dataclasses.dataclass(frozen=True)
class Timestamp:
    """One event of the speech.

    Attributes:
        kind: "word", "phone", or "mark" for a place named in SSML.
        text: the spoken word, the ARPAbet phone, or the name of the mark.
        start_s: seconds from the start of the audio.
        end_s: the same as ``start_s`` for a mark.
        span: first and last + 1 character in the source text of what it was read from.
    """

    kind: Literal["word", "phone", "mark"]
    text: str
    start_s: float
    end_s: float
    span: tuple[int, int]


@dataclasses.dataclass(frozen=True)
class SynthesisReport:
    """What was done to speak a text, or the part of it that a block of a stream holds.

    Attributes:
        normalised: the text as it is spoken.
        dropped: what could not be spoken, in order, each with its place and the reason.
        n_sentences: sentences that begin in it.
        n_split: how many of them are pieces of a sentence that was too long.
        voice: name of the voice.
        vocoder: name of the vocoder.
        seed: as given.
        duration_s: length of the audio in seconds.
        compute_s: wall-clock seconds that it took.
    """

    normalised: str
    dropped: tuple[Dropped, ...]
    n_sentences: int
    n_split: int
    voice: str
    vocoder: str
    seed: int
    duration_s: float
    compute_s: float

    @property
    def rtf(self) -> float:
        """Seconds of computing per second of audio."""
        return self.compute_s / self.duration_s

    @property
    def xrt(self) -> float:
        """Seconds of audio per second of computing."""
        return self.duration_s / self.compute_s


def timestamps_of(
    sentence: Sentence, durations: Sequence[int], start: int, audio: AudioConfig
) -> tuple[Timestamp, ...]:
    """Timestamps of a sentence in order of time, each word before its phones.

    Args:
        sentence: what was spoken.
        durations: frames of each of its tokens.
        start: samples before its first frame.
        audio: settings of the voice.
    """

    def seconds(frame: int) -> float:
        return (start + frame * audio.hop_length) / audio.sample_rate

    marks: dict[int, list[str]] = {}
    for name, word_index in sentence.marks:
        marks.setdefault(word_index, []).append(name)
    out: list[Timestamp] = []

    def set_marks(word_index: int, frame: int, character: int) -> None:
        at = seconds(frame)
        span = (character, character)
        out.extend(Timestamp("mark", name, at, at, span) for name in marks.get(word_index, ()))

    token, frame = 1, durations[0]
    for index, word in enumerate(sentence.words):
        set_marks(index, frame, word.span[0])
        phones = []
        begun = frame
        for phone in word.phones:
            end = frame + durations[token]
            phones.append(Timestamp("phone", phone, seconds(frame), seconds(end), word.span))
            token, frame = token + 1, end
        out.append(Timestamp("word", word.text, seconds(begun), seconds(frame), word.span))
        out.extend(phones)
        token, frame = token + 1, frame + durations[token]
    set_marks(len(sentence.words), frame, sentence.span[1])
    return tuple(out)
