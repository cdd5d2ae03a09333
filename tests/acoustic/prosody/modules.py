"""A small prosody model that was not trained, and says something else of every token."""

from __future__ import annotations

import torch

from tts_pipeline.acoustic.prosody.config import ProsodyConfig
from tts_pipeline.acoustic.prosody.model import ProsodyModel

CONFIG = ProsodyConfig(
    channels=16, hidden=24, text_blocks=1, n_blocks=2, kernel=5, step_channels=8, steps=4
)


def lively_model() -> ProsodyModel:
    """In use, always the same one, all its weights moved from where they start."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = ProsodyModel(CONFIG)
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
        # What is drawn must matter to what is made of it.
        model.noisy_input.weight.mul_(8)
        model.mean.copy_(torch.tensor([2.2, 0.0, 0.1]))
        model.std.copy_(torch.tensor([0.7, 1.0, 0.9]))
        model.agreement.copy_(torch.tensor([1.0, 0.5, 1.0]))
    return model.eval().requires_grad_(False)
