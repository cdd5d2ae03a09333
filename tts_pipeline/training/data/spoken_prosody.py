"""How the tokens of utterances were spoken, and how a trained acoustic model would speak them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.training.data.batches import UtteranceSampler, padded
from tts_pipeline.training.data.features import FeatureStore, load_durations
from tts_pipeline.training.data.targets import token_targets

_AT_ONCE = 64


class ProsodyBatch(NamedTuple):
    """Utterances side by side, all values 0 beyond an item's end.

    Attributes:
        tokens: ``(B, N)`` int64.
        mask: 1.0 where there is a token, else 0.0, ``(B, N, 1)``.
        spoken: log(1 + frames), scaled pitch and energy of each token ``(B, N, 3)``.
        planned: the same as the acoustic model predicts it.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    spoken: torch.Tensor
    planned: torch.Tensor


class SpokenProsody:
    """Utterances as they were spoken, kept in memory.

    Args:
        acoustic: the trained model whose scale of pitch and energy is used; put into evaluation
            mode.
        tokens: by utterance id.
        durations: folder of the align stage.
        store: the utterances.
    """

    def __init__(
        self,
        acoustic: AutoregressiveModel,
        tokens: Mapping[str, torch.Tensor],
        durations: Path,
        store: FeatureStore,
    ) -> None:
        acoustic.eval()
        self.ids = list(store.ids)
        self._tokens = {i: tokens[i] for i in self.ids}
        pitch_mean, pitch_std, energy_mean, energy_std = acoustic.statistics[:4].cpu()
        self._spoken = {}
        for i in self.ids:
            target = token_targets(load_durations(durations, i), store[i].f0, store[i].mel)
            frames = torch.log1p(target.durations.float())
            pitch = (target.pitch - pitch_mean) / pitch_std
            energy = (target.energy - energy_mean) / energy_std
            self._spoken[i] = torch.stack([frames, pitch, energy])
        self._planned: dict[str, torch.Tensor] = {}
        for ids in self.groups(_AT_ONCE):
            self._planned |= _planned(acoustic, {i: self._tokens[i] for i in ids})

    def sampler(self, batch_size: int, seed: int) -> UtteranceSampler:
        """Draws the ids of each step's batch."""
        lengths = {i: len(tokens) for i, tokens in self._tokens.items()}
        return UtteranceSampler(lengths, batch_size, seed)

    def groups(self, size: int) -> list[list[str]]:
        """All ids, in groups of similar length."""
        by_length = sorted(self.ids, key=lambda i: len(self._tokens[i]))
        return [by_length[i : i + size] for i in range(0, len(by_length), size)]

    def batch(self, ids: list[str], device: torch.device) -> ProsodyBatch:
        """The named utterances on a device."""
        tokens, lengths = padded([self._tokens[i] for i in ids])
        mask = (torch.arange(tokens.shape[1]) < lengths[:, None])[..., None].float()
        both = [
            padded([kept[i] for i in ids])[0].transpose(1, 2)
            for kept in (self._spoken, self._planned)
        ]
        return ProsodyBatch(*(part.to(device) for part in (tokens, mask, *both)))

    def all_spoken(self) -> torch.Tensor:
        """Values of all tokens of all utterances ``(L, 3)``."""
        return torch.cat([self._spoken[i].T for i in self.ids])

    def all_planned(self) -> torch.Tensor:
        """The same as predicted, in the same order."""
        return torch.cat([self._planned[i].T for i in self.ids])


@torch.inference_mode()
def _planned(
    acoustic: AutoregressiveModel, tokens: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Log(1 + frames), scaled pitch and energy ``(3, N)`` as a plan has them, by id."""
    device = acoustic.statistics.device
    batch, lengths = padded(list(tokens.values()))
    prosody = acoustic.predict_prosody(batch.to(device), lengths.to(device))
    duration_scale, pitch_range = acoustic.statistics[4:]
    frames = torch.expm1(prosody.log_durations).clamp_min(0) * duration_scale
    values = torch.stack([torch.log1p(frames), prosody.pitch * pitch_range, prosody.energy], 1)
    values = values.cpu()
    return {i: values[k, :, : len(row)].clone() for k, (i, row) in enumerate(tokens.items())}
