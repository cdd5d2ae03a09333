"""Training the auto-encoder of mels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tts_pipeline.errors import ConfigError
from tts_pipeline.features.codes.model import CodesAutoencoder, CodesConfig
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.task import LoopConfig, Task


@dataclasses.dataclass(frozen=True)
class CodesTrainingConfig:
    """The auto-encoder's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
        crop_frames: length of a crop.
        square_weight: weight of the squared difference beside the absolute one.
    """

    loop: LoopConfig
    model: CodesConfig = CodesConfig()
    crop_frames: int = 160
    square_weight: float = 0.2


CONFIG = CodesTrainingConfig


def make_task(config: CodesTrainingConfig, data: Prepared) -> CodesTask:
    """The auto-encoder with its data, untrained."""
    return CodesTask(config, data.train, data.valid)


class CodesTask(Task):
    """An auto-encoder and recordings.

    Args:
        config: the auto-encoder's part of the recipe.
        train: training utterances.
        valid: validation utterances.
    """

    averaged = ("codes",)
    monitor = "mel"

    def __init__(
        self, config: CodesTrainingConfig, train: FeatureStore, valid: FeatureStore
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.valid = config, valid
        model = CodesAutoencoder(config.model, train.audio.n_mels)
        mean, std = train.mel_statistics()
        model.mel_mean.copy_(mean)
        model.mel_std.copy_(std)
        self.modules = {"codes": model}
        self.optimizers = {
            "codes": torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=1e-2)
        }
        # All recordings one after another, on the model's device once it is known.
        lengths = np.array([train[i].mel.shape[1] for i in train.ids])
        self._mel = torch.cat([train[i].mel for i in train.ids], 1).T.contiguous()
        crop = config.crop_frames
        places = np.concatenate([[0], lengths.cumsum()])[:-1]
        self._starts = np.concatenate(
            [np.arange(p, p + n - crop + 1) for p, n in zip(places, lengths) if n >= crop]
            or [np.zeros(0, np.int64)]
        )
        if not len(self._starts):
            raise ConfigError(
                f"crop_frames={crop}: expected at most the {lengths.max()} frames of the longest "
                "recording"
            )

    def draw(self, step: int, shard: slice) -> torch.Tensor:
        """Crops ``(B, M, T)``."""
        device = next(self.modules["codes"].parameters()).device
        self._mel = self._mel.to(device)
        config = self.config
        random = np.random.default_rng([config.loop.seed, step])
        chosen = self._starts[random.integers(len(self._starts), size=config.loop.batch_size)]
        starts = torch.from_numpy(chosen[shard]).to(device, non_blocking=True)
        frames = starts[:, None] + torch.arange(config.crop_frames, device=device)
        return self._mel[frames].transpose(1, 2)

    def train_step(
        self, batch: torch.Tensor, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        away = self.modules["codes"](batch) - batch
        losses = {"mel": away.abs().mean(), "square": away.square().mean()}
        update("codes", losses["mel"] + self.config.square_weight * losses["square"])
        return losses

    def validate(self) -> dict[str, float]:
        """Copies of whole recordings: L1 of the mel; share of the codes of each group that are in
        use, as their entropy's exponential over their number."""
        model: Any = self.modules["codes"]
        device = next(model.parameters()).device
        away, n_frames, codes = torch.zeros((), device=device), 0, []
        for utterance_id in self.valid.ids[:100]:
            mel = self.valid[utterance_id].mel[None].to(device)
            made = model.encode(mel)
            copied = model.decode(made)[:, :, : mel.shape[2]]
            away += (copied - mel).abs().mean(1).sum()
            n_frames += mel.shape[2]
            codes.append(made[0])
        counts = torch.stack(
            [torch.bincount(row, minlength=model.config.n_codes) for row in torch.cat(codes).T]
        )
        shares = counts / counts.sum(1, keepdim=True)
        entropy = torch.special.entr(shares).sum(1)
        used = float((entropy.exp() / model.config.n_codes).mean())
        return {"mel": float(away) / n_frames, "used": used}
