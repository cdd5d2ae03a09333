"""Intonation on the tokens of a sentence: factors that acoustic models honour already."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tts_pipeline.audio.f0 import F0_MAX_HZ, F0_MIN_HZ
from tts_pipeline.intonation.breaks import breaks
from tts_pipeline.intonation.contour import Tail, Track, stretched, with_tune
from tts_pipeline.intonation.kind import Kind, Phrase, Reading, Tune, read
from tts_pipeline.protocols import AcousticInput, AcousticModel
from tts_pipeline.text.protocol import Sentence
from tts_pipeline.text.symbols import ARPABET, VOWELS

# An exclamation: how far F0 moves around its mean, and the amplitude.
EXCLAIMED_RANGE, EXCLAIMED_ENERGY = 1.25, 1.25
# A pause where no mark stands is that of a comma (0.24 s in the median), and shorter by this.
_PAUSE_RATE = 1.6
# The amplitude of the last consonants of a word alone: in sentences their neighbours tell of them.
CLEAR_END = 1.5
# No token is moved further, and none out of what is F0 at all.
_FURTHEST = 12.0
_MARGIN = 1.1
SONORANTS = frozenset((*VOWELS, "M", "N", "NG", "L", "R", "W", "Y"))
_STRESS = ARPABET.stress_step


class SentenceIntonation:
    """What the kind of a sentence does to it.

    Args:
        acoustic: what says which F0 it would give.
        language: of the voice; where it is not English, sentences stay as they are.
    """

    def __init__(self, acoustic: AcousticModel, language: str) -> None:
        self._acoustic = acoustic
        self._works = language.split("-")[0] == "en" and "pitch" in acoustic.controls

    def applied(
        self,
        given: AcousticInput,
        sentence: Sentence,
        drawn: Callable[[AcousticInput], AcousticInput] = lambda plain: plain,
    ) -> AcousticInput:
        """The sentence with its tunes.

        What was asked for of rate, pitch and energy is multiplied. Words whose pitch mark-up sets
        stay as they were asked for.

        Args:
            given: the sentence, :meth:`parted`.
            sentence: its words.
            drawn: what else is done to the sentence, whose F0 the tunes are laid over.
        """
        if not self._speaks(sentence):
            return given
        reading = read(sentence)
        exclaimed = reading.kind is Kind.EXCLAMATION
        if not exclaimed and all(phrase.tune is None for phrase in reading.phrases):
            return given
        asked = drawn(AcousticInput.plain(_known_marks(given.tokens), rate=given.rate))
        # What a model says before it writes anything costs little.
        said = self._acoustic.stream(asked, seed=0)
        if said.f0 is None or said.durations is None:
            return given
        ends = said.durations.cumsum()
        level = 12 * np.log2(said.f0.astype(np.float64))
        track = Track(level, ends - said.durations, ends)
        pitch, rate = _laid(track, sentence, reading, said.f0)
        energy = EXCLAIMED_ENERGY if exclaimed and "energy" in self._acoustic.controls else 1.0
        free = _free(sentence)
        return dataclasses.replace(
            given,
            tokens=asked.tokens,
            pitch=given.pitch * np.where(free, pitch, 1.0),
            rate=given.rate * (rate if "rate" in self._acoustic.controls else 1.0),
            energy=given.energy * energy,
        )

    def _speaks(self, sentence: Sentence) -> bool:
        return self._works and sentence.alphabet == ARPABET

    def parted(self, given: AcousticInput, sentence: Sentence) -> AcousticInput:
        """The sentence with what does not depend on its F0: short pauses in long stretches without
        a mark, and a clear end of a word that is said alone."""
        if not self._speaks(sentence):
            return given
        if len(sentence.words) == 1 and "energy" in self._acoustic.controls:
            return dataclasses.replace(given, energy=given.energy * _clear_end(given.tokens))
        places = [sentence.first_tokens[index + 1] - 1 for index in breaks(sentence)]
        if not places:
            return given
        tokens, rate = given.tokens.copy(), given.rate.copy()
        tokens[places] = ARPABET.ids[","]
        if "rate" in self._acoustic.controls:
            rate[places] *= _PAUSE_RATE
        return dataclasses.replace(given, tokens=tokens, rate=rate)


def _clear_end(tokens: np.ndarray) -> np.ndarray:
    """Factors on the energy ``(N,)`` for the consonants behind the last vowel."""
    vowels = np.flatnonzero(tokens // _STRESS > 0)
    energy = np.ones(len(tokens))
    if len(vowels):
        energy[vowels[-1] + 1 : -2] = CLEAR_END
    return energy


def _laid(
    track: Track, sentence: Sentence, reading: Reading, f0: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Factors on F0 and on the rate ``(N,)``."""
    tokens = np.array(sentence.tokens)
    vowels = np.flatnonzero(tokens // _STRESS > 0)
    level, rate = track.level, np.ones(len(tokens))
    if reading.kind is Kind.EXCLAMATION:
        mean = level[vowels].mean() if len(vowels) else level.mean()
        level = level + (EXCLAIMED_RANGE - 1) * (level - mean)
    for phrase in reading.phrases:
        if phrase.tune is None:
            continue
        tail = _tail(sentence, phrase)
        before = vowels[vowels < tail.accent]
        register = float(track.level[before].mean() if len(before) else track.level[tail.accent])
        level = with_tune(track._replace(level=level), tail, phrase.tune, register)
        if phrase.tune is Tune.RISE:
            rate *= stretched(track, tail)
    moved = (level - track.level).clip(-_FURTHEST, _FURTHEST)
    pitch = 2 ** (moved / 12)
    lowest, highest = F0_MIN_HZ * _MARGIN / f0, F0_MAX_HZ / _MARGIN / f0
    return np.where(moved == 0, 1.0, np.clip(pitch, lowest, highest)), rate


def _tail(sentence: Sentence, phrase: Phrase) -> Tail:
    """Tokens from the accented vowel of a phrase to its end."""
    firsts = sentence.first_tokens
    word = sentence.words[phrase.accent]
    stresses = [phone[-1] if phone[-1].isdigit() else "" for phone in word.phones]
    chosen = next((stress for stress in "120" if stress in stresses), "")
    place = stresses.index(chosen)
    accent, behind = firsts[phrase.accent] + place, firsts[phrase.end]
    phones = [sentence.alphabet.decode(token) for token in sentence.tokens[accent : behind - 1]]
    sonorants = [k for k, phone in enumerate(phones) if phone.rstrip("012") in SONORANTS]
    # A sentence's last phrase takes the end token as well.
    end = behind + (phrase.end == len(sentence.words))
    return Tail(accent, accent + max(sonorants, default=0), end)


def _free(sentence: Sentence) -> np.ndarray:
    """Tokens whose pitch mark-up does not set by itself ``(N,)``.

    A pitch for the whole sentence is its register, and moves the tune with it.
    """
    own = [prosody.own_pitch for prosody in sentence.prosody] or [False] * len(sentence.words)
    pitches = {prosody.pitch for prosody in sentence.prosody}
    if all(own) and len(pitches) == 1:
        own = [False] * len(own)
    return np.array([owner < 0 or not own[owner] for owner in sentence.token_owners])


def _known_marks(tokens: np.ndarray) -> np.ndarray:
    """Tokens with the marks that voices have heard: few recordings exclaim."""
    return np.where(tokens == ARPABET.ids["!"], ARPABET.ids["."], tokens)
