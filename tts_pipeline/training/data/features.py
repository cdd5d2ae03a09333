"""Prepared utterances in memory and the batches drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import mel_of_batch
from tts_pipeline.errors import CorpusError
from tts_pipeline.training.data.prepare import load_features, read_arrays


class Features(NamedTuple):
    """One utterance.

    Attributes:
        waveform: ``(S,)`` in [-1, 1].
        mel: ``(M, T)`` natural-log amplitude.
        f0: ``(T,)`` in Hz, 0 where unvoiced.
        f0_interpolated: F0 with the unvoiced stretches interpolated, ``(T,)``.
    """

    waveform: torch.Tensor
    mel: torch.Tensor
    f0: torch.Tensor
    f0_interpolated: torch.Tensor


class FeatureStore:
    """Features by utterance id, read once and kept; ``S = T * hop_length`` throughout."""

    def __init__(self, folder: Path, ids: list[str], audio: AudioConfig) -> None:
        if not ids:
            raise CorpusError(f"{folder}: no utterances to train on; check the corpus' splits")
        self.folder, self.ids, self.audio = folder, ids, audio
        self._kept: dict[str, Features] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, utterance_id: str) -> Features:
        if utterance_id not in self._kept:
            samples, f0 = load_features(self.folder, utterance_id)
            n_samples = self.audio.n_frames(len(samples)) * self.audio.hop_length
            waveform = torch.from_numpy(np.pad(samples, (0, n_samples - len(samples))))
            mel = mel_of_batch(waveform[None], self.audio)[0]
            tracked = torch.from_numpy(f0)
            self._kept[utterance_id] = Features(
                waveform, mel, tracked, interpolate_gaps(tracked, tracked > 0, 150.0)
            )
        return self._kept[utterance_id]

    def mel_statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation per band, ``(M,)`` each, over at most 500 utterances."""
        ids = self.ids[:: max(1, len(self.ids) // 500)]
        frames = torch.cat([self[i].mel for i in ids], dim=1)
        return frames.mean(1), deviation(frames, 1, 0.1)


def deviation(values: torch.Tensor, dim: int, floor: float) -> torch.Tensor:
    """Standard deviation along ``dim``, at least ``floor``: of one value, or of equal ones, there
    is none to divide by."""
    if values.shape[dim] < 2:
        return torch.full_like(values.mean(dim), floor)
    return values.std(dim).clamp_min(floor)


def interpolate_gaps(values: torch.Tensor, known: torch.Tensor, default: float) -> torch.Tensor:
    """``values`` ``(L,)`` with those not ``known`` interpolated from their neighbours.

    Args:
        values: real.
        known: True where the value counts.
        default: the result where nothing is known.
    """
    places = np.flatnonzero(known.numpy())
    if len(places) == 0:
        return torch.full_like(values, default)
    filled = np.interp(np.arange(len(values)), places, values.numpy()[places])
    return torch.from_numpy(filled.astype(np.float32))


def load_durations(folder: Path, utterance_id: str) -> torch.Tensor:
    """Frames per token ``(N,)`` as the align stage saved them.

    Raises:
        CorpusError: if the utterance was not aligned.
    """
    arrays = read_arrays(folder / f"{utterance_id}.npz", ("durations",), "align")
    return torch.from_numpy(arrays["durations"])


class Crops(NamedTuple):
    """A batch for the vocoder: :class:`Features` stacked, noise ``(B, S)``, phase ``(B, 1)``."""

    waveform: torch.Tensor
    mel: torch.Tensor
    f0: torch.Tensor
    f0_interpolated: torch.Tensor
    noise: torch.Tensor
    start: torch.Tensor


class CropSampler:
    """Random crops of the corpus; which ones depends on seed and step alone.

    Args:
        store: the training utterances.
        n_frames: length of a crop; shorter utterances are padded with silence.
        batch_size: crops per step over all processes.
        seed: of the choice and of the noise.
        predicted: mels ``(M, T)`` by id that a model made of the same utterances.
        predicted_share: share of crops whose mel comes from there.
    """

    def __init__(
        self,
        store: FeatureStore,
        n_frames: int,
        batch_size: int,
        seed: int,
        *,
        predicted: Mapping[str, torch.Tensor] | None = None,
        predicted_share: float = 0.0,
    ) -> None:
        self.store, self.n_frames, self.batch_size, self.seed = store, n_frames, batch_size, seed
        self.predicted, self.predicted_share = predicted or {}, predicted_share

    def __call__(self, step: int, shard: slice) -> Crops:
        rng = np.random.default_rng([self.seed, step])
        chosen = rng.integers(len(self.store), size=self.batch_size)
        places = rng.random(self.batch_size)
        replaced = rng.random(self.batch_size) < self.predicted_share
        phases = torch.from_numpy(rng.random((self.batch_size, 1)))
        hop, n = self.store.audio.hop_length, self.n_frames
        noise = torch.from_numpy(rng.standard_normal((self.batch_size, n * hop), np.float32))
        crops = []
        drawn = zip(chosen[shard], places[shard], replaced[shard], strict=True)
        for index, place, replace in drawn:
            utterance_id = self.store.ids[index]
            item = self.store[utterance_id]
            if replace and utterance_id in self.predicted:
                item = item._replace(mel=self.predicted[utterance_id])
            start = int(place * (max(0, item.mel.shape[1] - n) + 1))
            missing = max(0, n - item.mel.shape[1])
            floor = float(np.log(self.store.audio.log_floor))
            pad = torch.nn.functional.pad
            frames = slice(start, start + n)
            crops.append(
                Features(
                    pad(item.waveform[start * hop : (start + n) * hop], (0, missing * hop)),
                    pad(item.mel[:, frames], (0, missing), value=floor),
                    pad(item.f0[frames], (0, missing)),
                    pad(item.f0_interpolated[frames], (0, missing), value=150.0),
                )
            )
        waveform, mel, f0, interpolated = (
            torch.stack(column) for column in zip(*crops, strict=True)
        )
        return Crops(waveform, mel, f0, interpolated, noise[shard], phases[shard])
