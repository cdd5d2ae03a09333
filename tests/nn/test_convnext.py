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
