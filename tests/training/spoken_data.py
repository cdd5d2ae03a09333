"""Speech-like recordings of which every boundary is known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.signal import lfilter

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.text.symbols import encode
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepare import feature_path, write_arrays

AUDIO = AudioConfig()
VOWELS = {"AA1": (800, 1200), "IY1": (280, 2400), "UW1": (300, 700), "EH1": (550, 1850),
          "ER1": (480, 1350), "OW1": (500, 3200)}  # fmt: skip
CONSONANTS = {"S": 6800, "SH": 3000, "F": 1500, "M": 250, "HH": 700, "Z": 4800}


class SpokenData(NamedTuple):
    """Tokens ``(N,)`` and true frames per token ``(N,)`` by id, and the recordings."""

    tokens: dict[str, torch.Tensor]
    durations: dict[str, torch.Tensor]
    store: FeatureStore


def _resonance(x: np.ndarray, hz: float, bandwidth: float) -> np.ndarray:
    radius = np.exp(-np.pi * bandwidth / AUDIO.sample_rate)
    angle = 2 * np.pi * hz / AUDIO.sample_rate
    return lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], x)


def _sound(symbol: str, n_frames: int, f0: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n_samples = n_frames * AUDIO.hop_length
    noise = rng.standard_normal(n_samples)
    if symbol in VOWELS:
        phase = np.cumsum(np.repeat(f0, AUDIO.hop_length) / AUDIO.sample_rate)
        source = np.diff(np.floor(phase), prepend=0.0) + 0.01 * noise
        sound = sum(_resonance(source, hz, 90) for hz in VOWELS[symbol])
        return 0.2 * sound / (np.abs(sound).max() + 1e-9)
    if symbol in CONSONANTS:
        sound = _resonance(noise, CONSONANTS[symbol], 600)
        return 0.06 * sound / np.abs(sound).max()
    return np.zeros(n_samples)


def make_spoken_data(folder: Path, n_utterances: int, seed: int = 0) -> SpokenData:
    """Sentences of two to five words of one to four phones, 4 to 20 frames each, pauses at will."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    tokens, durations, phones = {}, {}, [*VOWELS, *CONSONANTS]
    for number in range(n_utterances):
        symbols, frames = ["<bos>"], [int(rng.integers(4, 11))]
        n_words = int(rng.integers(2, 6))
        for word in range(n_words):
            for symbol in rng.permutation(phones)[: rng.integers(1, 5)]:
                symbols.append(str(symbol))
                frames.append(int(rng.integers(4, 21)))
            if word == n_words - 1:
                symbols += [".", "<eos>"]
                frames += [int(rng.integers(4, 16)), 0]
            elif rng.random() < 0.2:
                symbols.append(",")
                frames.append(int(rng.integers(8, 21)))
            else:
                symbols.append("|")
                frames.append(int(rng.integers(5, 16)) if rng.random() < 0.2 else 0)
        name = f"spoken_{number:03d}"
        contour = 150 + 40 * np.sin(np.arange(sum(frames)) / 15 + rng.random())
        starts = np.cumsum([0, *frames])
        sound = np.concatenate(
            [
                _sound(symbol, length, contour[start : start + length], rng)
                for symbol, length, start in zip(symbols, frames, starts)
                if length
            ]
        )
        sound += 1e-3 * rng.standard_normal(len(sound))
        voiced = np.repeat([symbol in VOWELS for symbol in symbols], frames)
        write_arrays(
            feature_path(folder, name),
            waveform=np.round(sound * 32767).astype(np.int16),
            f0=np.where(voiced, contour, 0).astype(np.float32),
        )
        tokens[name] = torch.tensor([encode(symbol) for symbol in symbols])
        durations[name] = torch.tensor(frames)
    return SpokenData(tokens, durations, FeatureStore(folder, list(tokens), AUDIO))


def part_of(data: SpokenData, first: int, last: int) -> FeatureStore:
    """The utterances from number ``first`` to before ``last``."""
    return FeatureStore(data.store.folder, data.store.ids[first:last], AUDIO)
