from __future__ import annotations

import numpy as np
import pytest
import torch

from tts_pipeline.nn.convnext import ConvNeXtBlock


@pytest.fixture
def block() -> ConvNeXtBlock:
    torch.manual_seed(0)
    return ConvNeXtBlock(3, 5, kernel_size=5).eval().requires_grad_(False)


def test_block_is_what_its_formula_says(block):
    x = torch.randn(1, 9, 3)
    weights = {name: value.numpy().astype(np.float64) for name, value in block.named_parameters()}
    padded = np.pad(x[0].numpy(), ((2, 2), (0, 0)))
    kernel = weights["depthwise.weight"][:, 0]
    expected = np.empty((9, 3))
    for t in range(9):
        y = (kernel.T * padded[t : t + 5]).sum(0) + weights["depthwise.bias"]
        y = (y - y.mean()) / np.sqrt(y.var() + 1e-6)
        y = y * weights["norm.weight"] + weights["norm.bias"]
        hidden = np.maximum(weights["expand.weight"] @ y + weights["expand.bias"], 0)
        y = weights["project.weight"] @ hidden + weights["project.bias"]
        expected[t] = x[0, t].numpy() + 0.2 * y
    np.testing.assert_allclose(block(x)[0], expected, atol=1e-5)


def test_a_frame_reaches_two_to_either_side(block):
    x = torch.randn(1, 20, 3)
    changed = x.clone()
    changed[0, 10] += 1
    differs = (block(x) != block(changed)).any(2)[0].nonzero().flatten().tolist()
    assert differs == [8, 9, 10, 11, 12]


def test_modulation_scales_and_shifts_what_was_normed(block):
    """A scale of 1 (0 less one) and no shift change nothing; with a scale of 0 the input no longer
    matters but for the way around, and the shift alone goes in."""
    x = torch.randn(1, 9, 3)
    assert torch.equal(block(x, torch.zeros(1, 1, 6)), block(x))
    shift = torch.tensor([0.3, -1.2, 0.7])
    made = block(x, torch.cat([-torch.ones(3), shift])[None, None])
    branch = block.project(torch.relu(block.expand(shift)))
    np.testing.assert_allclose(made - x, (0.2 * branch).expand(1, 9, 3), atol=1e-5)
