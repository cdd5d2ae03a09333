"""Small WaveNets, and their generators at work sample by sample."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.vocoder.wavenet.config import WaveNetOptions
from tts_pipeline.vocoder.wavenet.engine import WaveNetEngine
from tts_pipeline.vocoder.wavenet.generators import WaveNetOnDevice
from tts_pipeline.vocoder.wavenet.model import WaveNet, WaveNetConfig

SMALL = WaveNetConfig(
    n_stacks=2,
    layers_per_stack=4,
    residual_channels=12,
    gate_channels=20,
    skip_channels=10,
    conditioning_channels=16,
    n_classes=32,
)
LOGISTICS = dataclasses.replace(SMALL, output="logistics", n_mixtures=3)
# Every kind of width: below, above and between multiples of the kernel's vectors.
WIDE = dataclasses.replace(
    SMALL, layers_per_stack=6, residual_channels=48, gate_channels=160, skip_channels=88
)


def make_wavenet(config: WaveNetConfig, seed: int = 0) -> WaveNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return WaveNet(config, AudioConfig()).eval().requires_grad_(False)


def random_mel(n_frames: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(80, n_frames, generator=torch.Generator().manual_seed(seed)) * 2 - 5


def random_symbols(config: WaveNetConfig, n_samples: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    if config.output == "mu-law":
        return torch.randint(config.n_classes, (1, n_samples), generator=generator)
    return (torch.rand(1, n_samples, generator=generator) * 65534 - 32767).round() / 32767


def float16_values(model: WaveNet) -> WaveNet:
    """The same model with weights as a saved voice has them."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half())
    return model


def uniforms(n: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).random((n, 2), np.float32)


def engine_of(model: WaveNet) -> WaveNetEngine:
    """The engine with the weights of a module, sharing its memory."""
    weights = {key: value.numpy() for key, value in model.state_dict().items()}
    return WaveNetEngine(model.config, model.audio, weights)


def infer(model: WaveNet, mel, *, seed=0, generator=None, temperature=None, progress=None):
    """Sound of a mel by one of the generators."""
    options = WaveNetOptions(temperature)
    on_device = WaveNetOnDevice(model, generator=generator)
    return on_device.infer(mel, seed=seed, options=options, progress=progress)


def write(model, name, told, drawn, *, sizes=(), temperature=1.0):
    """Symbols and outputs of a generator that stops after ``sizes`` and goes on."""
    writer = WaveNetOnDevice(model, generator=name).writer
    hop, n_items = model.audio.hop_length, len(told)
    state = writer.begin(n_items)
    seen = np.full((n_items, len(drawn), model.config.n_outputs), np.nan, np.float32)
    ends = sorted({*np.cumsum(sizes or [writer.piece] * (len(drawn) // writer.piece)), len(drawn)})
    symbols, begin = [], 0
    for end in ends:
        first = begin // hop
        part = told[:, first : -(-end // hop)]
        found = seen[:, begin:end]
        symbols.append(writer.write(part, first, drawn[begin:end], temperature, state, found))
        begin = end
    return np.concatenate(symbols, 1), seen


def forced(model: WaveNet, symbols: np.ndarray, mel: torch.Tensor) -> np.ndarray:
    """Outputs of the network for the same symbols, all at once."""
    given = torch.from_numpy(symbols)
    if model.config.output == "mu-law":
        given = given.long()
    return model(given, mel).numpy()


def flat_model(config: WaveNetConfig, outputs: np.ndarray) -> WaveNet:
    """A network whose outputs are always these."""
    model = make_wavenet(config)
    for name, parameter in model.named_parameters():
        if name != "embedding":
            parameter.zero_()
    model.output_bias.copy_(torch.from_numpy(outputs))
    return model
