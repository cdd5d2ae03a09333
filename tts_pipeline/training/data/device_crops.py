"""Random crops cut where the model is: a GPU must not wait for a CPU that cuts them one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from tts_pipeline.training.data.features import Crops, FeatureStore


class _Flat(NamedTuple):
    """All utterances end to end: ``(S,)``, mels ``(M, T)``, F0 ``(T,)`` as in :class:`Crops`."""

    waveform: torch.Tensor
    mel: torch.Tensor
    predicted: torch.Tensor
    f0: torch.Tensor
    f0_interpolated: torch.Tensor


class DeviceCropSampler:
    """:class:`~tts_pipeline.training.data.features.CropSampler` with all data on one device.

    Which crops depends on seed and step alone; their noise on PyTorch's random numbers there.

    Args:
        store: the training utterances.
        n_frames: length of a crop; shorter utterances are padded with silence.
        batch_size: crops per step over all processes.
        seed: of the choice.
        device: where the data is to lie.
        predicted: mels ``(M, T)`` by id that a model made of the same utterances.
        predicted_share: share of crops whose mel comes from there.
    """

    def __init__(
        self,
        store: FeatureStore,
        n_frames: int,
        batch_size: int,
        seed: int,
        device: torch.device,
        *,
        predicted: Mapping[str, torch.Tensor] | None = None,
        predicted_share: float = 0.0,
    ) -> None:
        self.n_frames, self.batch_size, self.seed = n_frames, batch_size, seed
        self.hop_length = store.audio.hop_length
        predicted = predicted or {}
        self.predicted_share = predicted_share if predicted else 0.0
        items = [store[name] for name in store.ids]
        # What follows an utterance is silence at least as long as a crop.
        floor = float(np.log(store.audio.log_floor))
        lengths = [max(n_frames, item.mel.shape[1]) for item in items]
        pads = [length - item.mel.shape[1] for length, item in zip(lengths, items, strict=True)]
        pad = torch.nn.functional.pad
        mels = [pad(i.mel, (0, p), value=floor) for i, p in zip(items, pads, strict=True)]
        if predicted:
            made = [predicted.get(n, i.mel) for n, i in zip(store.ids, items, strict=True)]
            told = [pad(m, (0, p), value=floor) for m, p in zip(made, pads, strict=True)]
        else:
            told = mels[:1]
        hop = self.hop_length
        waves = [pad(i.waveform, (0, p * hop)) for i, p in zip(items, pads, strict=True)]
        f0 = [pad(i.f0, (0, p)) for i, p in zip(items, pads, strict=True)]
        smooth = [
            pad(i.f0_interpolated, (0, p), value=150.0) for i, p in zip(items, pads, strict=True)
        ]
        self._data = _Flat(
            torch.cat(waves).to(device),
            torch.cat(mels, 1).to(device),
            torch.cat(told, 1).to(device),
            torch.cat(f0).to(device),
            torch.cat(smooth).to(device),
        )
        self._starts = np.cumsum([0, *lengths[:-1]])
        self._room = np.array(lengths) - n_frames + 1

    def __call__(self, step: int, shard: slice) -> Crops:
        rng = np.random.default_rng([self.seed, step])
        chosen = rng.integers(len(self._starts), size=self.batch_size)
        places = self._starts[chosen] + rng.integers(self._room[chosen])
        replaced = rng.random(self.batch_size) < self.predicted_share
        phases = rng.random((self.batch_size, 1))
        data, device = self._data, self._data.waveform.device
        start = torch.from_numpy(places[shard]).to(device)
        frames = start[:, None] + torch.arange(self.n_frames, device=device)
        n_samples = self.n_frames * self.hop_length
        samples = start[:, None] * self.hop_length + torch.arange(n_samples, device=device)
        mel = data.mel[:, frames].transpose(0, 1)
        if self.predicted_share:
            other = torch.from_numpy(replaced[shard]).to(device)[:, None, None]
            mel = torch.where(other, data.predicted[:, frames].transpose(0, 1), mel)
        return Crops(
            data.waveform[samples],
            mel,
            data.f0[frames],
            data.f0_interpolated[frames],
            torch.randn(len(start), n_samples, device=device),
            torch.from_numpy(phases[shard]).to(device),
        )
