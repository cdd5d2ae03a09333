"""Planned utterances of :mod:`tests.training.spoken_data` along a small acoustic model."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.training.spoken_data import AUDIO, SpokenData, make_spoken_data, part_of
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveConfig, AutoregressiveModel
from tts_pipeline.training.data.planned import PlannedUtterances
from tts_pipeline.training.data.prepare import write_arrays
from tts_pipeline.training.task import LoopConfig

CHANNELS = 16
ACOUSTIC = AutoregressiveConfig(
    channels=CHANNELS, hidden=16, encoder_blocks=1, predictor_blocks=1, frame_blocks=1, prenet=16
)


def small_acoustic() -> AutoregressiveModel:
    """Untrained, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return AutoregressiveModel(ACOUSTIC, AUDIO.n_mels).eval().requires_grad_(False)


def aligned_data(root: Path) -> tuple[SpokenData, Path]:
    """Six recordings and the folder of their durations."""
    data = make_spoken_data(root / "features", 6)
    (root / "durations").mkdir()
    for name, durations in data.durations.items():
        write_arrays(root / "durations" / f"{name}.npz", durations=durations.numpy())
    return data, root / "durations"


def planned_parts(
    data: SpokenData, durations: Path, told: dict[str, torch.Tensor] | None = None
) -> tuple[PlannedUtterances, PlannedUtterances]:
    """Four utterances to train on, two to validate."""
    train, valid = (
        PlannedUtterances(small_acoustic(), data.tokens, durations, part_of(data, *span), told)
        for span in ((0, 4), (4, 6))
    )
    return train, valid


def loop_of(steps: int) -> LoopConfig:
    """So many steps of four utterances, validated at the end."""
    return LoopConfig(
        max_steps=steps,
        batch_size=4,
        learning_rate=5e-3,
        final_learning_rate=1e-3,
        warmup_steps=3,
        ema_decay=0.5,
        validate_every=steps,
    )
