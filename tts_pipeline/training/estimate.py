"""How long the recipe will train on this machine: its arithmetic over a measured throughput.

A step of each stage is counted in the operations of a probe, a training step of two pointwise
layers as in every block of our networks: ``6 * weights * frames`` floating-point operations (2 for
the multiply-add; 3 for the forward pass, the gradient of the input and that of the weight). On
the machine of the calibration, one core of a 2.5 GHz AVX-512 Xeon with 97 GFLOP/s in the probe,
the core seconds of each stage's step were taken and multiplied by 97. What the probe does not see
(STFTs, loops over time, many small operations) is so contained for a CPU; a GPU, which does the
probe far better than these, will be slower than estimated.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence

from tts_pipeline.training.stages import Stage

FLOPS_PER_WEIGHT = 6
# Preparing is resampling, levelling and F0 tracking, which no GPU helps: core seconds per second
# of audio; 0.016 of 16 kHz, 0.021 of 48 kHz in stereo.
PREPARE_S_PER_AUDIO_S = 0.025


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


def estimate(audio_s: float, gflop: Mapping[str, float]) -> TrainingTime:
    """Estimate the training time for a corpus, after a measurement of about a second.

    Args:
        audio_s: seconds of recordings.
        gflop: 10^9 operations of the probe by training stage.
    """
    device, gflop_per_s = measure_throughput()
    times = [("prepare", audio_s * PREPARE_S_PER_AUDIO_S)]
    times += [(name, work / gflop_per_s) for name, work in gflop.items()]
    return TrainingTime(device, gflop_per_s, tuple(times))


def work_of(stages: Sequence[Stage]) -> dict[str, float]:
    """10^9 operations of the probe by stage; each task knows its own."""
    return {stage.name: stage.gflop() for stage in stages}


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
