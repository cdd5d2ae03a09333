"""What the families that share a voice's text encoder, durations, pitch and energy learn from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.data.batches import UtteranceSampler, padded
from tts_pipeline.training.data.features import FeatureStore, deviation, load_durations
from tts_pipeline.training.tasks.acoustic import token_targets


class PlannedBatch(NamedTuple):
    """Utterances as planned along their recordings.

    Attributes:
        vectors: of the tokens ``(B, N, C)``, 0 beyond an item's end.
        token_mask: 1.0 where there is a token, else 0.0, ``(B, N, 1)``.
        durations: true frames of each token ``(B, N)`` int64.
        mel: of the recordings ``(B, M, T)``, anything beyond an item's end.
        told: another mel of the same frames ``(B, M, T)``, if the utterances have one.
    """

    vectors: torch.Tensor
    token_mask: torch.Tensor
    durations: torch.Tensor
    mel: torch.Tensor
    told: torch.Tensor | None

    @property
    def mask(self) -> torch.Tensor:
        """1.0 where there is a frame, else 0.0, ``(B, 1, T)``."""
        frames = torch.arange(self.mel.shape[2], device=self.mel.device)
        return (frames < self.durations.sum(1, keepdim=True))[:, None].to(self.mel.dtype)


class PlannedUtterances:
    """Utterances with the token vectors that a trained acoustic model has for them, kept as long
    tensors on the device that asks, so that a batch costs a few look-ups.

    The vectors are those of the recordings' own durations, pitch and energy: what a family learns
    is the way from them to the mel, never to guess them.

    Args:
        acoustic: the trained model whose encoder is shared; it is not changed.
        tokens: by utterance id.
        durations: folder of the align stage.
        store: the utterances.
        told: another mel ``(M, T)`` of each utterance by id, for refiners.
    """

    def __init__(
        self,
        acoustic: AutoregressiveModel,
        tokens: Mapping[str, torch.Tensor],
        durations: Path,
        store: FeatureStore,
        told: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        self.ids = list(store.ids)
        self.lengths = {i: store[i].mel.shape[1] for i in self.ids}
        frames = {i: load_durations(durations, i) for i in self.ids}
        vectors = token_vectors(acoustic, tokens, frames, store)
        ends_of_tokens = torch.tensor([len(frames[i]) for i in self.ids]).cumsum(0).tolist()
        ends_of_frames = torch.tensor([self.lengths[i] for i in self.ids]).cumsum(0).tolist()
        self._tokens = {i: (end - len(frames[i]), end) for i, end in zip(self.ids, ends_of_tokens)}
        self._frames = {i: (end - self.lengths[i], end) for i, end in zip(self.ids, ends_of_frames)}
        # A last row of zeros is what padding points at.
        self._vectors = _with_zeros(torch.cat([vectors[i] for i in self.ids]))
        self._durations = _with_zeros(torch.cat([frames[i] for i in self.ids]))
        self._mel = _with_zeros(torch.cat([store[i].mel.T for i in self.ids]))
        self._told = None if told is None else _with_zeros(torch.cat([told[i].T for i in self.ids]))

    def require(self, channels: int, setting: str) -> None:
        """Check that a model is made for these vectors.

        Args:
            channels: width of the vectors that it reads.
            setting: that says so, for the message.

        Raises:
            ConfigError: if it is made for others.
        """
        mine = self._vectors.shape[1]
        if channels != mine:
            raise ConfigError(
                f"{setting}={channels}: the acoustic model that is built upon gives vectors of "
                f"{mine} numbers; set it to {mine}"
            )

    def sampler(self, batch_size: int, seed: int) -> UtteranceSampler:
        """Draws the ids of each step's batch."""
        return UtteranceSampler(self.lengths, batch_size, seed)

    def batch(self, ids: list[str], device: torch.device) -> PlannedBatch:
        """The named utterances on a device, side by side."""
        if self._mel.device != device:
            self._vectors, self._durations = self._vectors.to(device), self._durations.to(device)
            self._mel = self._mel.to(device)
            self._told = None if self._told is None else self._told.to(device)
        tokens = _places([self._tokens[i] for i in ids]).to(device, non_blocking=True)
        frames = _places([self._frames[i] for i in ids]).to(device, non_blocking=True)
        told = None if self._told is None else self._told[frames].transpose(1, 2)
        mel = self._mel[frames].transpose(1, 2)
        mask = (tokens >= 0)[..., None].to(mel.dtype)
        return PlannedBatch(self._vectors[tokens], mask, self._durations[tokens], mel, told)

    def groups(self, size: int) -> list[list[str]]:
        """All ids, in groups of similar length."""
        by_length = sorted(self.ids, key=self.lengths.__getitem__)
        return [by_length[i : i + size] for i in range(0, len(by_length), size)]

    def mel_statistics(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation per band, ``(M,)`` each."""
        frames = self._mel[:-1]
        return frames.mean(0), deviation(frames, 0, 0.1)


def _with_zeros(rows: torch.Tensor) -> torch.Tensor:
    return torch.cat([rows, torch.zeros_like(rows[:1])])


def _places(spans: list[tuple[int, int]]) -> torch.Tensor:
    """Indices from begin to end of every span ``(B, L)``, -1 beyond."""
    begins = torch.tensor([begin for begin, _ in spans])[:, None]
    lengths = torch.tensor([end - begin for begin, end in spans])[:, None]
    places = torch.arange(int(lengths.max()))
    return torch.where(places < lengths, begins + places, -1)


@torch.inference_mode()
def token_vectors(
    acoustic: AutoregressiveModel,
    tokens: Mapping[str, torch.Tensor],
    durations: Mapping[str, torch.Tensor],
    store: FeatureStore,
    batch_size: int = 64,
) -> dict[str, torch.Tensor]:
    """Encoder output plus prosody input ``(N, C)`` of each utterance by id, told the recording's
    own pitch and energy.

    Args:
        acoustic: the trained model; put into evaluation mode.
        tokens: by utterance id.
        durations: true frames of each token ``(N,)`` by id.
        store: the utterances.
        batch_size: utterances at once.
    """
    acoustic.eval()
    device = acoustic.mel_mean.device
    pitch_mean, pitch_std, energy_mean, energy_std = acoustic.statistics[:4].cpu()
    found: dict[str, Any] = {}
    by_length = sorted(store.ids, key=lambda i: len(tokens[i]))
    for start in range(0, len(by_length), batch_size):
        ids = by_length[start : start + batch_size]
        targets = [token_targets(durations[i], store[i].f0, store[i].mel) for i in ids]
        scaled = [
            torch.stack([(t.pitch - pitch_mean) / pitch_std, (t.energy - energy_mean) / energy_std])
            for t in targets
        ]
        spoken, lengths = padded(scaled)
        batch = padded([tokens[i] for i in ids])[0].to(device)
        prosody = acoustic.predict_prosody(batch, lengths.to(device))
        told = acoustic.prosody_input(spoken.to(device)).transpose(1, 2) * prosody.mask
        vectors = (prosody.encoded + told).cpu()
        found |= {i: vectors[k, : len(tokens[i])].clone() for k, i in enumerate(ids)}
    return found
