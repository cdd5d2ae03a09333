from __future__ import annotations

import pytest
import torch

from tts_pipeline.vocoder.wavenet.gated_layer import GatedLayer

N_FRAMES, HOP, N_ITEMS, WIDTH, GATE = 3, 4, 2, 6, 8
ROWS = N_FRAMES * HOP * N_ITEMS


def inputs(dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    shapes = [
        (ROWS, WIDTH),
        (N_FRAMES, N_ITEMS, GATE),
        (WIDTH, GATE),
        (WIDTH, GATE),
        (GATE // 2, WIDTH),
        (WIDTH,),
    ]
    return [
        (torch.randn(shape, generator=generator) / 2).to(dtype).requires_grad_() for shape in shapes
    ]


def plainly(x, frames, past, present, residual, bias, back):
    """Equation 3 as written, for automatic differentiation."""
    spread = frames[:, None].expand(-1, HOP, -1, -1).reshape(ROWS, GATE)
    before = torch.cat([torch.zeros_like(x[:back]), x[: ROWS - back]])
    signal, opening = (x @ present + before @ past + spread).chunk(2, 1)
    inner = torch.tanh(signal) * torch.sigmoid(opening)
    return x + inner @ residual + bias, inner


@pytest.mark.parametrize("back", [N_ITEMS, 4 * N_ITEMS, ROWS])
def test_outputs_and_gradients_are_those_of_the_plain_formula(back):
    mine, others = inputs(), inputs()
    made = GatedLayer.apply(*mine, back, torch.float64)
    expected = plainly(*others, back)
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-14)
    weights = torch.randn(made[0].shape, dtype=torch.float64), torch.rand_like(made[1])
    (made[0] * weights[0]).sum().add((made[1] * weights[1]).sum()).backward()
    (expected[0] * weights[0]).sum().add((expected[1] * weights[1]).sum()).backward()
    for one, other in zip(mine, others, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-12, atol=1e-13)


def test_the_gradient_stands_the_numerical_check():
    assert torch.autograd.gradcheck(
        lambda *tensors: GatedLayer.apply(*tensors, 2 * N_ITEMS, torch.float64), inputs()
    )


def test_in_bfloat16_the_residual_path_and_gradients_stay_float32():
    mine, others = inputs(torch.float32), inputs(torch.float64)
    made, inner = GatedLayer.apply(*mine, N_ITEMS, torch.bfloat16)
    expected, _ = plainly(*others, N_ITEMS)
    assert made.dtype == torch.float32
    assert inner.dtype == torch.bfloat16
    torch.testing.assert_close(made.double(), expected, rtol=0, atol=0.03)
    made.square().sum().backward()
    expected.square().sum().backward()
    for one, other in zip(mine, others, strict=True):
        assert one.grad.dtype == torch.float32
        scale = float(other.grad.abs().max())
        torch.testing.assert_close(one.grad.double(), other.grad, rtol=0, atol=0.03 * scale)
