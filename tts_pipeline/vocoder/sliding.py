"""Layers that take a signal piece by piece and give what they would give of the whole.

All work on ``(B, T, C)``, keep what they need of the past, and lag by the frames that they look
ahead, so that nothing is computed twice. For inference only.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from tts_pipeline.convnext import ConvNeXtBlock, depthwise_rows
from tts_pipeline.vocoder.pitch import PitchHead


class Window:
    """The frames around those that can be computed: zero padding at both ends, no overlap lost.

    Args:
        kernel_size: frames seen at once, odd.
    """

    def __init__(self, kernel_size: int) -> None:
        self.margin = kernel_size // 2
        self._kept: torch.Tensor | None = None

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        """The next frames ``(B, t, C)`` to ``(B, n + 2 * margin, C)`` around the next ``n``; fewer
        than ``1 + 2 * margin`` if there is none yet."""
        edge = x.new_zeros(x.shape[0], self.margin, x.shape[2])
        pieces = [edge if self._kept is None else self._kept, x]
        joined = torch.cat([*pieces, edge] if last else pieces, 1)
        self._kept = joined[:, max(0, joined.shape[1] - 2 * self.margin) :]
        return joined


class Queue:
    """Frames that wait for others."""

    def __init__(self) -> None:
        self._waiting: torch.Tensor | None = None

    def push(self, x: torch.Tensor) -> None:
        """Add ``(B, t, C)`` at the end."""
        self._waiting = x if self._waiting is None else torch.cat([self._waiting, x], 1)

    def pop(self, n_frames: int) -> torch.Tensor:
        """Take the first ``(B, n_frames, C)``."""
        waiting = self._waiting
        if waiting is None or waiting.shape[1] < n_frames:
            raise IndexError(f"{n_frames} frames of a queue that holds fewer")
        self._waiting = waiting[:, n_frames:]
        return waiting[:, :n_frames]

    def __len__(self) -> int:
        return 0 if self._waiting is None else self._waiting.shape[1]


class SlidingConv:
    """A ``Conv1d`` with zero padding that keeps the length, as one matrix product."""

    def __init__(self, conv: nn.Conv1d) -> None:
        self._kernel_size = conv.kernel_size[0]
        self._weight = conv.weight.transpose(1, 2).flatten(1)
        self._bias = conv.bias
        self._window = Window(self._kernel_size)

    @property
    def lookahead(self) -> int:
        """Frames seen after each."""
        return self._window.margin

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        """``(B, t, C)`` to the next ``(B, n, C')``."""
        joined = self._window.push(x, last)
        n = max(0, joined.shape[1] - self._kernel_size + 1)
        shifted = [joined[:, k : k + n] for k in range(self._kernel_size)]
        return nn.functional.linear(torch.cat(shifted, 2), self._weight, self._bias)


class SlidingBlock:
    """A :class:`ConvNeXtBlock`."""

    def __init__(self, block: ConvNeXtBlock) -> None:
        self._block = block
        depthwise = block.depthwise
        self._taps = depthwise.weight[:, 0].T.contiguous()
        self._window = Window(depthwise.kernel_size[0])

    @property
    def lookahead(self) -> int:
        """Frames seen after each."""
        return self._window.margin

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        """``(B, t, C)`` to the next ``(B, n, C)``."""
        block, margin = self._block, self._window.margin
        joined = self._window.push(x, last)
        y = depthwise_rows(joined, self._taps, block.depthwise.bias)
        n = y.shape[1]
        y = block.project(block.expand(block.norm(y)).relu_())
        return torch.addcmul(joined[:, margin : margin + n], y, block.scale)


class SlidingStack:
    """A convolution, ConvNeXt blocks, a norm and a linear layer one after another."""

    def __init__(
        self, conv: nn.Conv1d, blocks: nn.Sequential, norm: nn.LayerNorm, output: nn.Linear
    ) -> None:
        self._layers: list[SlidingConv | SlidingBlock] = [SlidingConv(conv)]
        self._layers += [SlidingBlock(cast(ConvNeXtBlock, block)) for block in blocks]
        self._norm, self._output = norm, output

    @property
    def lookahead(self) -> int:
        """Frames seen after each, which is also how far the result lags."""
        return sum(layer.lookahead for layer in self._layers)

    def push(self, x: torch.Tensor, last: bool) -> torch.Tensor:
        """``(B, t, C)`` to the next ``(B, n, C')``."""
        for layer in self._layers:
            x = layer.push(x, last)
        return self._output(self._norm(x))


class SlidingPitch:
    """A :class:`PitchHead` and its decoding.

    It works on pieces of set lengths, whatever it is given: how a matrix product rounds depends on
    its size, and since phase sums up F0, the last digits of F0 would grow to be seen. The first
    piece is short so that sound comes soon, later ones are long so that they cost little.
    """

    FIRST_PIECE, LONGEST_PIECE = 64, 256

    def __init__(self, head: PitchHead) -> None:
        self._head = head
        self._stack = SlidingStack(head.input, head.blocks, head.norm, head.output)
        self._waiting = Queue()
        self._piece = self.FIRST_PIECE

    @property
    def lookahead(self) -> int:
        """Frames seen after each."""
        return self._stack.lookahead

    def push(self, scaled: torch.Tensor, last: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Scaled mel ``(B, t, M)`` to F0 in Hz and the share of voicing of the next frames, both
        ``(B, n)``."""
        self._waiting.push(scaled)
        made = []
        while len(self._waiting) >= self._piece:
            made.append(self._stack.push(self._waiting.pop(self._piece), last=False))
            self._piece = min(2 * self._piece, self.LONGEST_PIECE)
        if last or not made:
            rest = len(self._waiting) if last else 0
            made.append(self._stack.push(self._waiting.pop(rest), last))
        logits = torch.cat(made, 1)
        return self._head.decode(logits[..., :-1]), torch.sigmoid(logits[..., -1])


class OverlapAdd:
    """Sums windows that overlap; each sample comes out when its last window is in.

    Args:
        hop_length: samples from one window to the next.
        n_fft: samples of a window.
    """

    def __init__(self, hop_length: int, n_fft: int) -> None:
        self._hop = hop_length
        self._n_hops = -(-n_fft // hop_length)
        self._tail: torch.Tensor | None = None

    def push(self, windows: torch.Tensor, last: bool) -> torch.Tensor:
        """``(B, t, n_fft)`` to the next ``(B, t * hop_length)``, at the end to all that is left."""
        t, overlap = windows.shape[1], self._n_hops - 1
        total = windows.new_zeros(len(windows), t + overlap, self._hop)
        if self._tail is not None:
            total[:, :overlap] = self._tail
        for k in range(self._n_hops):
            part = windows[..., k * self._hop : (k + 1) * self._hop]
            total[:, k : k + t, : part.shape[2]] += part
        self._tail = total[:, t:]
        return (total if last else total[:, :t]).flatten(1)
