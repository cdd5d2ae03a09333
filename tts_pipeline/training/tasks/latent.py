"""Training the latent model: what the recording tells, made as unsurprising as the text allows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch
from torch import nn

from tts_pipeline.acoustic.latent.config import LatentConfig
from tts_pipeline.acoustic.latent.model import LatentModel, Posterior
from tts_pipeline.training.data.planned import PlannedBatch, PlannedUtterances
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.planned import (
    PlannedTask,
    masked_l1,
    mel_figures,
    planned_pair,
    with_weights,
)


@dataclasses.dataclass(frozen=True)
class LatentTrainingConfig:
    """The latent model's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
        divergence_weight: factor on the divergence in nats a frame beside the mean difference of
            scaled bands. With Laplacian errors of a scale ``b`` in ``M`` bands the evidence's
            lower bound asks for ``b / M``: 0.004 for a scale of 0.3.
        free_nats: divergence of each number that costs nothing (Kingma et al. 2016, arXiv
            1606.04934, appendix C.8), so that none is given up early.
        anneal_steps: steps over which the weight rises from 0.
    """

    loop: LoopConfig
    model: LatentConfig = LatentConfig()
    divergence_weight: float = 0.005
    free_nats: float = 0.1
    anneal_steps: int = 1500


class LatentTask(PlannedTask):
    """A latent model, its posterior and planned utterances.

    Args:
        config: the latent model's part of the recipe.
        train: training utterances.
        valid: validation utterances.
        n_mels: mel bands.
    """

    def __init__(
        self,
        config: LatentTrainingConfig,
        train: PlannedUtterances,
        valid: PlannedUtterances,
        n_mels: int,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config = config
        super().__init__("latent", LatentModel(config.model, n_mels), config.loop, train, valid)
        posterior = Posterior(config.model, n_mels)
        self.modules["posterior"] = posterior
        self.averaged = ("latent", "posterior")
        self.optimizers["latent"].add_param_group({"params": list(posterior.parameters())})

    def losses(self, batch: PlannedBatch, step: int) -> dict[str, torch.Tensor]:
        annealed = min(1.0, step / max(1, self.config.anneal_steps))
        return self._losses(batch, annealed, torch.Generator(self.device).manual_seed(step))

    def _losses(
        self, batch: PlannedBatch, annealed: float, source: torch.Generator
    ) -> dict[str, torch.Tensor]:
        def noise(like: torch.Tensor) -> torch.Tensor:
            return torch.randn(like.shape, generator=source, device=source.device).to(like.device)

        target = self.plain.scaling.scale(batch.mel)
        posteriors = self.modules["posterior"](target, batch.vectors, batch.durations)
        drawn = [posterior.draw(noise(posterior.mean)) for posterior in posteriors]
        made = self.modules["latent"](
            batch.vectors, batch.token_mask, batch.durations, target.shape[1], *drawn
        )
        mel = masked_l1(made.frames, target, batch.mask.transpose(1, 2))
        # Nats a frame of each number, over the batch.
        n_frames = batch.durations.sum()
        spoken = (batch.durations > 0)[..., None]
        of_utterance = posteriors[0].divergence_from(made.utterance).sum(0)
        of_phone = (posteriors[1].divergence_from(made.phone) * spoken).sum((0, 1))
        free = self.config.free_nats
        costs = (
            of_utterance.clamp_min(free * len(target)).sum()
            + of_phone.clamp_min(free * spoken.sum()).sum()
        )
        weight = annealed * self.config.divergence_weight
        return {
            "loss": mel + weight * costs / n_frames,
            "told_mel": mel,
            "utterance_nats": of_utterance.sum() / len(target),
            "phone_nats": of_phone.sum() / spoken.sum(),
        }

    def validate(self) -> dict[str, float]:
        """``loss``, ``told_mel`` and the divergences as the posterior sees the recordings; ``mel``
        and ``spread`` of what is drawn from the prior, ``_mean`` of its mean."""
        rows = []
        for ids in self.valid.groups(32):
            batch = self.valid.batch(ids, self.device)
            rows.append(self._losses(batch, 1.0, torch.Generator().manual_seed(0)))
        figures = {name: float(torch.stack([row[name] for row in rows]).mean()) for name in rows[0]}
        figures |= mel_figures(self.valid, self.write_all(self.valid))
        means = mel_figures(self.valid, self.write_all(self.valid, lambda b: self._write(b, 0.0)))
        return figures | {f"{name}_mean": value for name, value in means.items()}

    def write(self, batch: PlannedBatch) -> torch.Tensor:
        return self._write(batch, self.config.model.temperature)

    def _write(self, batch: PlannedBatch, temperature: float) -> torch.Tensor:
        config, source = self.config.model, torch.Generator().manual_seed(0)
        n_items, n_tokens = batch.durations.shape
        utterance = torch.randn(n_items, config.utterance_size, generator=source)
        phone = torch.randn(n_items, n_tokens, config.phone_size, generator=source)
        return self.plain.generate(
            batch.vectors,
            batch.token_mask,
            batch.durations,
            utterance.to(self.device),
            phone.to(self.device),
            temperature=temperature,
        )


CONFIG = LatentTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: LatentTrainingConfig, data: Prepared) -> LatentTask:
    """The untrained model with its data."""
    train, valid = planned_pair(acoustic_of(data), data)
    return LatentTask(config, train, valid, data.audio.n_mels)


def trained(config: LatentTrainingConfig, data: Prepared, folder: Path) -> nn.Module:
    """The model with the best weights of a run.

    Raises:
        ConfigError: if there are none.
    """
    return with_weights(LatentModel(config.model, data.audio.n_mels), folder, "latent")
