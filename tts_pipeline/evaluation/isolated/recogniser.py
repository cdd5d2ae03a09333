"""A recogniser that knows a list of words alone, and hears one of them at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE

# Every word is as loud, in a room that is as quiet, with as much of it around.
_PEAK, _ROOM_DB, _MARGIN_S = 0.5, -60.0, 0.3


class ListRecogniser:
    """Pocketsphinx 5 with its general US English acoustic model and a grammar of single words.

    A word alone is too short to tell a voice from what it says: cepstral means are those of all the
    words of the list together, the same for each of them.

    Args:
        pronunciations: phones of each word, ARPAbet without stress.

    Raises:
        MissingPackage: if pocketsphinx is not installed.
        ConfigError: if there is no word.
    """

    def __init__(self, pronunciations: Sequence[Sequence[str]]) -> None:
        if not pronunciations:
            raise ConfigError("no words to recognise: expected at least one")
        package = load_package("pocketsphinx", "the recogniser of single words")
        self._decoder: Any = package.Decoder(
            samprate=SAMPLE_RATE, cmn="live", loglevel="FATAL", lm=None
        )
        # Names that no dictionary has, so that only the phones given count.
        names = [f"word-{index}" for index in range(len(pronunciations))]
        for name, phones in zip(names, pronunciations):
            self._decoder.add_word(name, " ".join(phones), name == names[-1])
        grammar = f"#JSGF V1.0; grammar words; public <word> = {' | '.join(names)};"
        self._decoder.add_jsgf_string("words", grammar)
        self._decoder.activate_search("words")

    def recognise(self, sounds: Sequence[np.ndarray]) -> list[int | None]:
        """Index of the word that each sound is taken for; None: for none.

        Args:
            sounds: ``(S,)`` float32 at 16 kHz, the words that one voice says.
        """
        heard = [_in_a_room(sound, seed) for seed, sound in enumerate(sounds)]
        self._decode(np.concatenate(heard))
        means = self._decoder.get_cmn(True)
        found = []
        for sound in heard:
            self._decoder.set_cmn(means)
            found.append(self._decode(sound))
        return found

    def _decode(self, sound: np.ndarray) -> int | None:
        pcm = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.tobytes())
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return int(found.hypstr.removeprefix("word-")) if found and found.hypstr else None


def _in_a_room(sound: np.ndarray, seed: int) -> np.ndarray:
    """A sound between silence, with faint noise: digital silence is a sound of its own."""
    around = np.zeros(round(_MARGIN_S * SAMPLE_RATE), np.float32)
    scaled = sound * np.float32(_PEAK / max(float(np.abs(sound).max()), 1e-9))
    whole = np.concatenate([around, scaled, around])
    noise = np.random.default_rng(seed).standard_normal(len(whole), np.float32)
    return whole + np.float32(10 ** (_ROOM_DB / 20)) * noise
