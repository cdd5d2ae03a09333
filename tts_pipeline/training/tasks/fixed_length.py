"""Training the model with a canvas of one length."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from tts_pipeline.acoustic.fixed_length.model import FixedLengthConfig, FixedLengthModel
from tts_pipeline.errors import CorpusError
from tts_pipeline.training.data.batches import UtteranceSampler
from tts_pipeline.training.data.planned import PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig, Task
from tts_pipeline.training.tasks.losses import GuidedAttentionLoss

# Frames of the canvas that every recording must leave free, so that all have an end.
_SPARE = 16


@dataclasses.dataclass(frozen=True)
class FixedLengthTrainingConfig:
    """The part of a recipe of the model with a canvas of one length.

    Attributes:
        loop: training schedule.
        model: sizes.
        rate_noise: standard deviation of the natural logarithm of the speaking rate told: a
            recording's own, but not to rely upon, so that the end is looked for in the text.
        guided_width: width of the band along which attention is free, in shares of the utterance.
        weights: factor of each loss term: mel, end, attention.
    """

    loop: LoopConfig
    model: FixedLengthConfig = FixedLengthConfig()
    rate_noise: float = 0.06
    guided_width: float = 0.1
    weights: dict[str, float] = dataclasses.field(
        default_factory=lambda: {"mel": 1.0, "end": 0.5, "attention": 1.0}
    )


CONFIG = FixedLengthTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: FixedLengthTrainingConfig, data: Prepared) -> FixedLengthTask:
    """The model with its data, untrained."""
    acoustic = acoustic_of(data)
    train, valid = (
        PlannedUtterances(acoustic, data.tokens, data.durations, store)
        for store in (data.train, data.valid)
    )
    n_tokens = {i: len(tokens) for i, tokens in data.tokens.items()}
    return FixedLengthTask(config, train, valid, n_tokens)


class CanvasBatch(NamedTuple):
    """Utterances to be written on a canvas.

    Attributes:
        vectors: of the tokens ``(B, N, C)``.
        token_lengths: ``(B,)``.
        rate: of each utterance, by that of all ``(B, 1)``.
        mel: ``(B, M, T)`` of any length.
        mel_lengths: ``(B,)``.
    """

    vectors: torch.Tensor
    token_lengths: torch.Tensor
    rate: torch.Tensor
    mel: torch.Tensor
    mel_lengths: torch.Tensor


class FixedLengthTask(Task):
    """A model with a canvas of one length, and the utterances that fit it.

    Args:
        config: the model's part of the recipe.
        train: training utterances.
        valid: validation utterances.
        n_tokens: tokens of each by id.

    Raises:
        ConfigError: if the model is made for other vectors than the utterances have.
        CorpusError: if no utterance fits the canvas.
    """

    averaged = ("fixed_length",)
    monitor = "mel"

    def __init__(
        self,
        config: FixedLengthTrainingConfig,
        train: PlannedUtterances,
        valid: PlannedUtterances,
        n_tokens: Mapping[str, int],
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.train, self.valid, self.n_tokens = config, train, valid, n_tokens
        train.require(config.model.text_channels, "model.text_channels")
        most = config.model.canvas - _SPARE
        fitting = {i: n for i, n in train.lengths.items() if n <= most}
        if not fitting:
            raise CorpusError(
                f"no training utterance fits a canvas of {config.model.canvas} frames"
            )
        self._valid_ids = [i for i in valid.ids if valid.lengths[i] <= most]
        mean, std = train.mel_statistics()
        model = FixedLengthModel(config.model, len(mean))
        model.mel_mean.copy_(mean)
        model.mel_std.copy_(std)
        self.token_frames = sum(fitting.values()) / sum(n_tokens[i] for i in fitting)
        model.token_frames.fill_(self.token_frames)
        self.modules = {"fixed_length": model}
        self.optimizers = {
            "fixed_length": torch.optim.AdamW(
                model.parameters(), betas=(0.9, 0.98), weight_decay=1e-2
            )
        }
        self.sampler = UtteranceSampler(fitting, config.loop.batch_size, config.loop.seed)
        self._guided = GuidedAttentionLoss(config.guided_width)

    def batch(self, ids: list[str], utterances: PlannedUtterances) -> CanvasBatch:
        """The named utterances, on the model's device."""
        device = next(self.modules["fixed_length"].parameters()).device
        told = utterances.batch(ids, device)
        n_tokens = np.array([self.n_tokens[i] for i in ids])
        n_frames = np.array([utterances.lengths[i] for i in ids])
        rate = (self.token_frames * n_tokens / n_frames).astype(np.float32)[:, None]
        lengths = [torch.from_numpy(v).to(device, non_blocking=True) for v in (n_tokens, n_frames)]
        return CanvasBatch(
            told.vectors, lengths[0], torch.from_numpy(rate).to(device), told.mel, lengths[1]
        )

    def draw(self, step: int, shard: slice) -> CanvasBatch:
        return self.batch(self.sampler(step, shard), self.train)

    def train_step(
        self, batch: CanvasBatch, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        noise = self.config.rate_noise * torch.randn_like(batch.rate)
        losses = self._losses(batch, batch.rate * torch.exp(noise))
        weights = self.config.weights
        update("fixed_length", torch.stack([weights[k] * v for k, v in losses.items()]).sum())
        return losses

    def validate(self) -> dict[str, float]:
        """The losses, told each recording's own rate; ``end_error``: mean distance in frames of the
        end from the recording's; ``endless``: share of canvases without an end."""
        sums: dict[str, float] = {}
        for start in range(0, len(self._valid_ids), 16):
            ids = self._valid_ids[start : start + 16]
            batch = self.batch(ids, self.valid)
            canvas = self._write(batch, batch.rate)
            ended = canvas.end >= 0
            found = ended.float().argmax(1)
            has_end = ended.any(1)
            found = torch.where(has_end, found, self.config.model.canvas)
            figures = self._losses_of(canvas, batch)
            figures["end_error"] = (found - batch.mel_lengths).abs().float().mean()
            figures["endless"] = 1 - has_end.float().mean()
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(ids)
        return {name: value / max(1, len(self._valid_ids)) for name, value in sums.items()}

    def _write(self, batch: CanvasBatch, rate: torch.Tensor) -> Any:
        everywhere = rate.expand(-1, batch.vectors.shape[1])
        return self.modules["fixed_length"](batch.vectors, batch.token_lengths, everywhere)

    def _losses(self, batch: CanvasBatch, rate: torch.Tensor) -> dict[str, torch.Tensor]:
        return self._losses_of(self._write(batch, rate), batch)

    def _losses_of(self, canvas: Any, batch: CanvasBatch) -> dict[str, torch.Tensor]:
        frames = torch.arange(self.config.model.canvas, device=batch.mel.device)
        n = batch.mel.shape[2]
        spoken = (frames[:n] < batch.mel_lengths[:, None])[:, None].float()
        away = (canvas.mel[:, :, :n] - batch.mel).abs() * spoken
        ended = (frames >= batch.mel_lengths[:, None]).float()
        return {
            "mel": away.sum() / (spoken.sum() * batch.mel.shape[1]),
            "end": nn.functional.binary_cross_entropy_with_logits(canvas.end, ended),
            "attention": self._guided(canvas.attention, batch.mel_lengths, batch.token_lengths),
        }
