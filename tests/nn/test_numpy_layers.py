"""Layers without PyTorch against those of PyTorch, whole and piece by piece."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tts_pipeline.nn.convnext import ConvNeXtBlock
from tts_pipeline.nn.numpy_layers import (
    Block,
    Conv,
    FrameBuffer,
    Linear,
    Norm,
    SlidingStack,
    blocks_over,
)
from tts_pipeline.nn.weights import Weights

C, HIDDEN, N_IN, N_OUT = 19, 30, 7, 11


class Stack(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input = nn.Conv1d(N_IN, C, 5, padding=2)
        self.blocks = nn.Sequential(
            ConvNeXtBlock(C, HIDDEN), ConvNeXtBlock(C, HIDDEN, kernel_size=3)
        )
        self.norm = nn.LayerNorm(C, eps=1e-6)
        self.output = nn.Linear(C, N_OUT)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.input(x.transpose(1, 2)).transpose(1, 2)
        return self.output(self.norm(self.blocks(x)))


@pytest.fixture(scope="module")
def stack() -> Stack:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        stack = Stack().requires_grad_(False)
    for parameter in stack.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter, generator=None))
    return stack


def layers_of(stack: Stack) -> tuple[list[Conv | Block], list[Norm | Linear]]:
    weights = Weights({key: value.numpy() for key, value in stack.state_dict().items()})
    convolutions = [
        Conv(weights, "input", N_IN, C, 5),
        Block(weights, "blocks.0", C, HIDDEN),
        Block(weights, "blocks.1", C, HIDDEN, 3),
    ]
    pointwise = [Norm(weights, "norm", C), Linear(weights, "output", C, N_OUT)]
    weights.finish()
    return convolutions, pointwise


@pytest.mark.parametrize("sizes", [[1], [40], [1] * 9, [3, 1, 16, 20], [64, 0, 5]])
def test_pieces_give_what_pytorch_gives_of_the_whole(stack: Stack, sizes: list[int]) -> None:
    x = np.random.default_rng(1).standard_normal((sum(sizes), N_IN)).astype(np.float32)
    sliding = SlidingStack(*layers_of(stack))
    assert sliding.lookahead == 2 + 3 + 1
    made, begin = [], 0
    for number, size in enumerate(sizes):
        last = number == len(sizes) - 1
        made.append(sliding.push(x[begin : begin + size], last))
        begin += size
        given = sum(map(len, made))
        assert given == (begin if last else max(0, begin - sliding.lookahead))
    expected = stack(torch.from_numpy(x)[None])[0]
    np.testing.assert_allclose(np.concatenate(made), expected, atol=2e-5, rtol=0)


def test_blocks_over_a_whole_signal(stack: Stack) -> None:
    x = np.random.default_rng(2).standard_normal((33, C)).astype(np.float32)
    blocks = layers_of(stack)[0][1:]
    expected = stack.blocks(torch.from_numpy(x)[None])[0]
    np.testing.assert_allclose(blocks_over(x, blocks), expected, atol=1e-5, rtol=0)


def test_queue_gives_in_order_and_refuses_more_than_it_holds() -> None:
    queue = FrameBuffer()
    with pytest.raises(IndexError, match="1 rows"):
        queue.pop(1)
    for begin, end in ((0, 3), (3, 3), (3, 8)):
        queue.push(np.arange(begin, end)[:, None])
    assert queue.pop(4)[:, 0].tolist() == [0, 1, 2, 3]
    assert len(queue) == 4
    with pytest.raises(IndexError, match="5 rows"):
        queue.pop(5)
    assert queue.pop(4)[:, 0].tolist() == [4, 5, 6, 7]


def test_a_modulated_block_is_pytorchs_and_leaves_the_plain_one_alone(stack):
    block = stack.blocks[0]
    named = {f"b.{name}": value.numpy() for name, value in block.state_dict().items()}
    ours = Block(Weights(named), "b", C, HIDDEN)
    x, modulation = torch.randn(23, C), 0.5 * torch.randn(1, 1, 2 * C)
    plain = blocks_over(x.numpy(), [ours])
    changed = ours.modulated(*modulation[0, 0].numpy().reshape(2, C))
    np.testing.assert_allclose(
        blocks_over(x.numpy(), [changed]), block(x[None], modulation)[0], atol=1e-5
    )
    np.testing.assert_array_equal(blocks_over(x.numpy(), [ours]), plain)
