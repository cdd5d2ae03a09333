"""When everything was said: words, phones and named places on the line of time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.text.protocol import Sentence


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
        word_start = frame
        for phone in word.phones:
            end = frame + durations[token]
            phones.append(Timestamp("phone", phone, seconds(frame), seconds(end), word.span))
            token, frame = token + 1, end
        out.append(Timestamp("word", word.text, seconds(word_start), seconds(frame), word.span))
        out.extend(phones)
        token, frame = token + 1, frame + durations[token]
    set_marks(len(sentence.words), frame, sentence.span[1])
    return tuple(out)
