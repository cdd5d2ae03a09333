"""A corpus of speech-like sounds, small enough to train on within a test.

``python -m tests.small_corpus FOLDER`` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

TINY_RATE = 16000
TINY_TEXTS = {
    "tiny_01": "The cat sat on a mat.",
    "tiny_02": "Go home now, my friend!",
    "tiny_03": "A big dog ran to me.",
    "tiny_04": "Is the sun up yet?",
    "tiny_05": "We like hot soup.",
    "tiny_06": "Ten men met in a den.",
    "tiny_07": "She sees a red fish.",
    "tiny_08": "They sold five old maps.",
}
_FORMANTS_HZ = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (300, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (320, 870, 2240),
    "y": (390, 1990, 2550),
}


def speech_like(text: str, *, sample_rate: int = TINY_RATE, seed: int = 0) -> np.ndarray:
    """``(S,)`` float32 that sounds letter by letter: harmonics for vowels, noise for the rest.

    Each letter lasts 60 ms and each gap between words 30 ms, with 0.1 s of faint noise around.
    """
    rng = np.random.default_rng(seed)
    pieces = [np.zeros(round(0.1 * sample_rate))]
    length = round(0.06 * sample_rate)
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / (length / 6))
    phase = 0.0
    for position, letter in enumerate(text.lower()):
        if letter in _FORMANTS_HZ:
            f0 = 180 * 0.7 ** (position / len(text))
            times = phase + 2 * np.pi * f0 * np.arange(length) / sample_rate
            phase = times[-1]
            numbers = np.arange(1, int(0.45 * sample_rate / f0))
            gains = sum(
                1 / (1 + ((numbers * f0 - formant) / 120) ** 2) / rank
                for rank, formant in enumerate(_FORMANTS_HZ[letter], 1)
            )
            pieces.append(0.2 * fade * (gains[:, None] * np.sin(numbers[:, None] * times)).sum(0))
        elif letter.isalpha():
            noise = rng.standard_normal(length + 1)
            # A one-pole filter differs from letter to letter, as consonants do.
            colour = (ord(letter) - ord("a")) / 25
            pieces.append(0.03 * fade * (noise[1:] - colour * noise[:-1]))
        elif letter == " ":
            pieces.append(np.zeros(length // 2))
    pieces.append(np.zeros(round(0.1 * sample_rate)))
    samples = np.concatenate(pieces)
    return (samples + 1e-4 * rng.standard_normal(len(samples))).astype(np.float32)


def write_small_corpus(folder: Path) -> None:
    """Write an LJSpeech folder of eight speech-like utterances of about 1.2 s at 16 kHz."""
    (folder / "wavs").mkdir(parents=True)
    for seed, (name, text) in enumerate(TINY_TEXTS.items()):
        soundfile.write(folder / "wavs" / f"{name}.wav", speech_like(text, seed=seed), TINY_RATE)
    rows = [f"{name}|{text}\n" for name, text in TINY_TEXTS.items()]
    (folder / "metadata.csv").write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    write_small_corpus(Path(sys.argv[1]))
