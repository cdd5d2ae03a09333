"""How long the recipe will train on this machine: measured arithmetic against counted arithmetic.

The networks run at frame rate, so each weight meets each frame once: a training step costs
``6 * weights * frames`` floating-point operations (2 for the multiply-add, 3 for forward pass,
gradient of the input and gradient of the weight). What is not matrix arithmetic (STFTs of the
losses, loops over time, optimiser) enters as the efficiency of each stage, measured once on a CPU.
"""

from __future__ import annotations

import dataclasses
import time

FLOPS_PER_WEIGHT = 6
# Preparing is F0 tracking on one core, which no GPU helps: core seconds per second of audio.
PREPARE_S_PER_AUDIO_S = 0.28


@dataclasses.dataclass(frozen=True)
class StageCost:
    """Arithmetic of one training stage.

    Attributes:
        name: of the stage.
        steps: optimiser steps of the recipe.
        frames_per_step: frames of a batch.
        weights: trained parameters, in millions.
        efficiency: share of the measured throughput that the stage reaches.
    """

    name: str
    steps: int
    frames_per_step: int
    weights: float
    efficiency: float

    @property
    def gflop(self) -> float:
        """Arithmetic of the whole stage in 10^9 operations."""
        return FLOPS_PER_WEIGHT * self.weights * 1e6 * self.frames_per_step * self.steps / 1e9


# The defaults of recipes/kathleen; change them together with its config.
STAGES = (
    StageCost("align", 2000, 16 * 300, 1.5, 0.15),
    StageCost("acoustic", 12000, 16 * 300, 5.0, 0.3),
    StageCost("vocoder", 10000, 8 * 50, 2.0, 0.3),
    StageCost("fine-tune", 5000, 8 * 50, 4.0, 0.2),
)


@dataclasses.dataclass(frozen=True)
class TrainingTime:
    """Estimated seconds per stage.

    Attributes:
        device: where training would run: ``"cpu"`` or the name of a GPU.
        gflop_per_s: measured throughput of a training step in 10^9 operations a second.
        stages: pairs of stage name and seconds.
    """

    device: str
    gflop_per_s: float
    stages: tuple[tuple[str, float], ...]

    @property
    def total_s(self) -> float:
        """Seconds of all stages together."""
        return sum(seconds for _, seconds in self.stages)


def estimate(audio_s: float, stages: tuple[StageCost, ...] = STAGES) -> TrainingTime:
    """Estimate the training time for a corpus, after a measurement of about a second.

    Args:
        audio_s: seconds of recordings.
        stages: what the recipe does.
    """
    device, gflop_per_s = measure_throughput()
    times = [("prepare", audio_s * PREPARE_S_PER_AUDIO_S)]
    times += [(item.name, item.gflop / (gflop_per_s * item.efficiency)) for item in stages]
    return TrainingTime(device, gflop_per_s, tuple(times))


def measure_throughput(seconds: float = 0.7) -> tuple[str, float]:
    """Name of the device and its 10^9 operations a second in a step of two pointwise layers."""
    import torch

    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    frames, channels, hidden = 4000, 256, 512
    layers = torch.nn.Sequential(
        torch.nn.Linear(channels, hidden), torch.nn.GELU(), torch.nn.Linear(hidden, channels)
    ).to(device)
    inputs = torch.randn(frames, channels, device=device, requires_grad=True)

    def step() -> None:
        layers(inputs).square().mean().backward()
        if on_gpu:
            torch.cuda.synchronize()

    step()  # the first one sets up libraries and memory
    n_steps, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        step()
        n_steps += 1
    operations = n_steps * FLOPS_PER_WEIGHT * 2 * channels * hidden * frames
    name = torch.cuda.get_device_name() if on_gpu else f"cpu, {torch.get_num_threads()} threads"
    return name, operations / elapsed / 1e9
