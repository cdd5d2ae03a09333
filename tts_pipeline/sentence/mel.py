"""The mel of a sentence: what the acoustic model is given for it, and the pauses in what it writes.

A model that can be told how long a token lasts speaks the first of a pause itself, and the rest is
silence within that token; for one that cannot, the sentence is cut at the pause.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.protocols import AcousticInput, MelStream
from tts_pipeline.text.symbols import BOS, EOS, Alphabet

NO_DURATIONS = "no timestamps: the acoustic model knows no durations, and the voice has no aligner"
OTHER_LENGTH = "no timestamps: the acoustic model's durations are not those of its mel"
# Of a pause that was asked for, the model speaks this much, the like of which it was trained on;
# what is longer is silence in the middle.
_MODEL_PAUSE_S = 0.3
# Frames of silence handed on at once, so that a pause of any length takes bounded memory.
_SILENCE_FRAMES = 256

Align = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Part(NamedTuple):
    """Tokens of a sentence that the acoustic model is given at once.

    Attributes:
        given: the tokens with their controls.
        begin: the first of the sentence's tokens among them.
        end: the last + 1.
        silence: frames to be put into the middle of each token given ``(N,)``.
        after: frames of silence behind the last token.
    """

    given: AcousticInput
    begin: int
    end: int
    silence: np.ndarray
    after: int


def whole_sentence(given: AcousticInput, pauses: np.ndarray, frame_rate: float) -> list[Part]:
    """All tokens at once, for a model that honours ``fixed_frames``.

    Args:
        given: the sentence.
        pauses: frames of silence asked for at each token ``(N,)`` int64.
        frame_rate: frames per second.
    """
    spoken = np.minimum(pauses, round(_MODEL_PAUSE_S * frame_rate))
    given = dataclasses.replace(given, fixed_frames=spoken)
    return [Part(given, 0, len(pauses), pauses - spoken, 0)]


def cut_at_pauses(given: AcousticInput, pauses: np.ndarray, alphabet: Alphabet) -> list[Part]:
    """The tokens up to and including each place with a pause, begin and end around them; arguments
    as of :func:`whole_sentence`."""
    n_tokens = len(pauses)
    # The sentence's own end mark is no place to cut.
    cuts = [0, *(int(place) + 1 for place in np.flatnonzero(pauses[:-2])), n_tokens]
    parts = []
    for begin, end in itertools.pairwise(cuts):
        places = [*([begin] if begin else []), *range(begin, end), *([end - 1] * (end < n_tokens))]
        columns = {name: getattr(given, name)[places] for name in ("rate", "pitch", "energy")}
        tokens = given.tokens[places]
        if begin:
            tokens[0] = alphabet.ids[BOS]
        if end < n_tokens:
            tokens[-1] = alphabet.ids[EOS]
        after = int(pauses[end - 1] if end < n_tokens else pauses[-2:].sum())
        part = AcousticInput.plain(tokens, **columns)
        parts.append(Part(part, begin, end, np.zeros(len(tokens), np.int64), after))
    return parts


class SentenceMel:
    """The mel of a sentence with the pauses in it, as it comes.

    Args:
        parts: what the acoustic model was given.
        streams: what it writes of each part, maybe asked for only when its turn comes.
        audio: settings of the mel.
        align: finds frames per token ``(N,)`` of tokens ``(N,)`` and a mel ``(M, T)``, where the
            model does not know them; None: there is no such thing.

    Attributes:
        durations: frames of every token of the sentence, pauses included; None until they are
            known.
        problems: what went wrong; complete after the last block.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        streams: Iterable[MelStream],
        audio: AudioConfig,
        align: Align | None,
    ) -> None:
        self._parts, self._streams, self._align = parts, iter(streams), align
        self._audio, self._floor = audio, math.log(audio.log_floor)
        # Started at once, so that durations that the model knows are known before the first block.
        self._first = next(self._streams)
        self.problems: tuple[str, ...] = ()
        known = self._first.durations
        self.durations = self._joined([known]) if len(parts) == 1 and known is not None else None

    def blocks(self) -> Iterator[np.ndarray]:
        """``(M, t)``, each written when it is asked for."""
        durations: list[np.ndarray | None] = []
        for part, stream in zip(self._parts, itertools.chain([self._first], self._streams)):
            align = self._align if stream.durations is None else None
            kept, n_frames = [], 0
            for block in self._with_silence(stream, part.silence):
                n_frames += block.shape[1]
                if align is not None:
                    kept.append(block)
                yield block
            self._note(stream.problems)
            durations.append(self._durations_of(stream, part, n_frames, kept))
            yield from self._pause(part.after)
        self.durations = self._joined(durations)

    def read(self) -> np.ndarray:
        """All blocks together ``(M, T)``."""
        blocks = list(self.blocks())
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, 1)

    def _durations_of(
        self, stream: MelStream, part: Part, n_frames: int, kept: list[np.ndarray]
    ) -> np.ndarray | None:
        """Frames of each token of a part that is written to the end; None if they are not known,
        which is noted."""
        found = stream.durations
        if found is not None:
            if int(found.sum() + part.silence.sum()) == n_frames:
                return found
            self._note((OTHER_LENGTH,))
        elif self._align is None:
            self._note((NO_DURATIONS,))
        else:
            try:
                return self._align(part.given.tokens, np.concatenate(kept, 1))
            except TTSPipelineError as error:
                self._note((f"no timestamps: {error}",))
        return None

    def _with_silence(self, stream: MelStream, silence: np.ndarray) -> Iterator[np.ndarray]:
        """The blocks of a part with silence in the middle of tokens."""
        places = _places(stream.durations, silence)
        place, n_silent = next(places, (-1, 0))
        begin = 0
        for block in stream.blocks:
            while begin <= place <= begin + block.shape[1]:
                if place > begin:
                    yield block[:, : place - begin]
                block, begin = block[:, place - begin :], place
                yield from self._pause(n_silent)
                place, n_silent = next(places, (-1, 0))
            if block.shape[1]:
                yield block
            begin += block.shape[1]

    def _pause(self, n_frames: int) -> Iterator[np.ndarray]:
        for done in range(0, n_frames, _SILENCE_FRAMES):
            shape = (self._audio.n_mels, min(_SILENCE_FRAMES, n_frames - done))
            yield np.full(shape, self._floor, np.float32)

    def _joined(self, durations: Sequence[np.ndarray | None]) -> list[int] | None:
        """Frames per token of the sentence; what stands for begin and end of a part within it
        belongs to the pause beside it."""
        total = np.zeros(self._parts[-1].end, np.int64)
        for part, found in zip(self._parts, durations):
            if found is None:
                return None
            frames = np.asarray(found, np.int64) + part.silence
            places = np.arange(len(frames)) + part.begin - bool(part.begin)
            np.add.at(total, places.clip(None, part.end - 1), frames)
            total[part.end - 1] += part.after
        return [int(frames) for frames in total]

    def _note(self, problems: Iterable[Any]) -> None:
        self.problems += tuple(item for item in problems if item not in self.problems)


def _places(durations: np.ndarray | None, silence: np.ndarray) -> Iterator[tuple[int, int]]:
    """Frame before which silence comes, and how much of it, in order."""
    if durations is None or not silence.any():
        return
    middles = durations.cumsum() - durations + durations // 2
    for place in np.flatnonzero(silence):
        yield int(middles[place]), int(silence[place])
