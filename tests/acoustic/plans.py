"""A plan of tokens without a text model, for engines that write along one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.protocols import AcousticInput, AcousticModel

Module = TypeVar("Module", bound=nn.Module)

AUDIO = AudioConfig()
TOKEN_CHANNELS = 12


class PlanOf:
    """Stands where :class:`~tts_pipeline.acoustic.token_plan.TokenPlanner` does: a sentence's
    vectors come of its tokens, each of which lasts as many frames as it is told to."""

    n_parameters = 1000
    channels = TOKEN_CHANNELS

    def plan(self, given: AcousticInput) -> TokenPlan:
        vectors = np.stack(
            [
                np.random.default_rng(int(token)).standard_normal(TOKEN_CHANNELS, np.float32)
                for token in given.tokens
            ]
        )
        ones = np.ones(len(vectors), np.float32)
        return TokenPlan(vectors, given.fixed_frames, 150 * ones, ones, ones)

    def multiply_accumulates(self, n_tokens: int) -> int:
        return 10 * n_tokens


USES: dict[str, Any] = {"text": PlanOf()}


def sentence(*frames: int) -> AcousticInput:
    """Tokens 0, 1, 2, ... that last so many frames each."""
    ones = np.ones(len(frames), np.float32)
    return AcousticInput(np.arange(len(frames)), ones, ones, ones, np.array(frames, np.int64))


LONG = sentence(7, 0, 90, 31, 1, 0, 140, 63)


def shaken(make: Callable[[], Module], seed: int = 0) -> Module:
    """A module in use, always the same one, all its weights moved from where they start, so that
    none of them is 0 or 1."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        module = make()
        for parameter in module.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
        module.scaling.mean.copy_(torch.linspace(-8, -3, len(module.scaling.mean)))
        module.scaling.std.copy_(torch.linspace(1, 3, len(module.scaling.std)))
    return module.eval().requires_grad_(False)


def arrays(module: nn.Module) -> dict[str, np.ndarray]:
    """Its weights by name."""
    return {name: value.numpy() for name, value in module.state_dict().items()}


def tensors(given: AcousticInput) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors ``(1, N, C)`` and durations ``(1, N)`` of a sentence's plan."""
    plan = PlanOf().plan(given)
    return torch.from_numpy(plan.vectors)[None], torch.from_numpy(plan.durations)[None]


def mel_of(
    engine: AcousticModel, given: AcousticInput, seed: int = 0, options: Any = None
) -> np.ndarray:
    """The whole mel ``(M, T)``."""
    return engine.infer([given], seed=seed, options=options)[0].read()


def check_contract(engine: AcousticModel, options: Any = None) -> None:
    """What every engine along a plan promises, whatever its family."""
    assert isinstance(engine, AcousticModel)
    assert engine.features == AUDIO
    assert engine.controls == {"rate", "pitch", "energy", "fixed_frames"}
    whole = mel_of(engine, LONG, 5, options)
    assert whole.shape == (80, 332) and whole.dtype == np.float32 and np.isfinite(whole).all()
    # Blocks are the whole to the last bit, and come in the lengths that were asked for.
    stream = engine.stream(LONG, seed=5, options=options)
    blocks = list(stream.blocks)
    assert [block.shape[1] for block in blocks] == [64, 128, 140]
    np.testing.assert_array_equal(np.concatenate(blocks, 1), whole)
    np.testing.assert_array_equal(stream.durations, LONG.fixed_frames)
    # A sentence gets in company what it gets alone, and the same seed gives the same.
    short = sentence(3, 5)
    several = engine.infer([short, LONG, sentence(1)], seed=5, options=options)
    for made, given in zip(several, (short, LONG, sentence(1))):
        np.testing.assert_array_equal(made.read(), mel_of(engine, given, 5, options))


def frames_seen_ahead(engine: AcousticModel, options: Any = None) -> int:
    """How many frames before a token's first one are changed by what the token is."""
    first = sentence(100, 100, 100)
    tokens = np.array([0, 1, 9])
    second = AcousticInput(tokens, first.rate, first.pitch, first.energy, first.fixed_frames)
    differs = (mel_of(engine, first, 0, options) != mel_of(engine, second, 0, options)).any(0)
    return 200 - int(np.flatnonzero(differs)[0])
