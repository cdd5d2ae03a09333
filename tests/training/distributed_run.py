"""A few steps of the vocoder's training, with discriminators at last, under torchrun or without.

Every frame is voiced and no loss is relative to a share of the batch, so that the mean over two
processes is exactly that over the whole batch.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.training.data.features import Crops, FeatureStore
from tts_pipeline.training.data.prepare import feature_path, write_arrays
from tts_pipeline.training.loop import leave_group, make_fabric, train
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.vocoder import VocoderTask, VocoderTrainingConfig
from tts_pipeline.vocoder.harmonic_noise.discriminators import DiscriminatorConfig
from tts_pipeline.vocoder.harmonic_noise.model import GeneratorConfig
from tts_pipeline.vocoder.harmonic_noise.pitch import PitchConfig

STEPS, CRITICS_FROM = 6, 3
AUDIO = AudioConfig()


class RecordingTask(VocoderTask):
    """Notes the losses of every step as numbers."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.losses: list[dict[str, float]] = []
        self.n_drawn = 0

    def train_step(
        self, batch: Crops, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        self.n_drawn = len(batch.waveform)
        losses = super().train_step(batch, step, update)
        self.losses.append({name: float(loss.detach()) for name, loss in losses.items()})
        return losses

    def validate(self) -> dict[str, float]:
        return {"stft": 0.0}


def make_features(folder: Path) -> FeatureStore:
    """Three harmonic recordings, voiced throughout."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(3):
        f0 = 140 + 40 * np.sin(np.arange(60) / 9 + number)
        phase = 2 * np.pi * np.cumsum(np.repeat(f0, AUDIO.hop_length)) / AUDIO.sample_rate
        wave = sum(np.cos(k * phase) / k for k in range(1, 20)) * 0.05
        wave += 0.01 * rng.standard_normal(len(wave))
        write_arrays(
            feature_path(folder, f"tone_{number}"),
            waveform=np.round(wave * 32767).astype(np.int16),
            f0=f0.astype(np.float32),
        )
    return FeatureStore(folder, [f"tone_{number}" for number in range(3)], AUDIO)


def losses_of_run(folder: Path) -> dict[str, Any]:
    """Train; losses per step, number of processes, items drawn and the sum of all weights."""
    loop = LoopConfig(
        max_steps=STEPS, batch_size=4, learning_rate=1e-3, warmup_steps=2, validate_every=STEPS
    )
    config = VocoderTrainingConfig(
        loop,
        GeneratorConfig(16, 16, 1, pitch=PitchConfig(12, 12, 1)),
        DiscriminatorConfig((256,), 4, (3,), 2),
        crop_frames=40,
        true_f0_steps=2,
        adversarial_from=CRITICS_FROM,
    )
    # The matching of features is relative to the mean over a process' own share.
    config = dataclasses.replace(config, weights={**config.weights, "feature_matching": 0.0})
    fabric = make_fabric("cpu")
    store = make_features(folder.with_name(f"{folder.name}-features-{fabric.global_rank}"))
    task = RecordingTask(config, AUDIO, store, store)
    train(task, loop, fabric, folder)
    for losses in task.losses:
        losses.pop("feature_matching", None)
    parameters = [p for module in task.modules.values() for p in module.parameters()]
    return {
        "losses": task.losses,
        "world_size": fabric.world_size,
        "drawn": task.n_drawn,
        "rank": fabric.global_rank,
        "weights": [float(p.detach().double().sum()) for p in parameters],
    }


if __name__ == "__main__":
    target = Path(sys.argv[1])
    outcome = losses_of_run(target)
    rank = outcome["rank"]
    target.with_name(f"{target.name}-{rank}.json").write_text(json.dumps(outcome))
    leave_group()
