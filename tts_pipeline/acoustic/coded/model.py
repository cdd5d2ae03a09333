"""The model that writes codes one after another, as a module to be trained."""

from __future__ import annotations

import torch
from torch import nn

from tts_pipeline.acoustic.coded.config import CodedConfig, CodedOptions
from tts_pipeline.acoustic.encoder import MaskedBlocks
from tts_pipeline.acoustic.step_input import StepInput, step_mask

__all__ = ["CodedConfig", "CodedModel", "CodedOptions"]


class CodedModel(nn.Module):
    """Two GRUs over the codes of past steps and the conditioning; within a step the groups are
    written one after another, each told those before it.

    A language model of codes (as AudioLM's, Borsos et al. 2022, arXiv 2209.03143) with explicit
    durations, so that nothing decides when to stop. A code that is not told, of the step before
    the first or hidden in training, has an embedding of its own.

    Args:
        config: sizes.
    """

    def __init__(self, config: CodedConfig) -> None:
        super().__init__()
        self.config = config
        c, g, v = config.channels, config.n_groups, config.n_codes
        self.step_input = StepInput(config.text_channels, c, config.frames_per_code)
        self.blocks = MaskedBlocks(
            c, config.hidden, config.n_blocks, config.kernel_size, config.dropout
        )
        self.past = nn.Parameter(torch.randn(g, v + 1, config.past) / g**0.5)
        self.lower = nn.GRU(config.past + c, c, batch_first=True)
        self.upper = nn.GRU(c, c, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.base = nn.Linear(2 * c, c)
        self.within = nn.Parameter(torch.randn(g, v, c) * 0.1)
        self.group = nn.Parameter(torch.randn(g, c) * 0.1)
        self.outputs = nn.ModuleList(nn.Linear(c, v) for _ in range(g))

    @property
    def untold(self) -> int:
        """Index that stands for a code that is not told."""
        return self.config.n_codes

    def condition(self, vectors: torch.Tensor, durations: torch.Tensor) -> torch.Tensor:
        """What every step is told whatever the past ``(B, L, C)``, of the vectors of tokens ``(B,
        N, text_channels)`` and their frames ``(B, N)``."""
        n_steps = -(-int(durations.sum(1).max()) // self.config.frames_per_code)
        return self._condition(vectors, durations, n_steps)

    def _condition(
        self, vectors: torch.Tensor, durations: torch.Tensor, n_steps: int
    ) -> torch.Tensor:
        told = self.step_input(vectors, durations, n_steps)
        return self.blocks(told, step_mask(durations, self.config.frames_per_code, n_steps))

    def forward(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        codes: torch.Tensor,
        past: torch.Tensor,
    ) -> torch.Tensor:
        """Teacher-forced pass.

        Args:
            vectors: of the tokens ``(B, N, text_channels)``.
            durations: frames of each token ``(B, N)``.
            codes: the true ones ``(B, L, G)``, told within their own step.
            past: codes that each step may know, shifted by this function: those of step ``l`` are
                told to ``l + 1``; ``(B, L, G)``, :attr:`untold` where they are hidden.

        Returns:
            Logits ``(B, L, G, V)``.
        """
        told = self._condition(vectors, durations, codes.shape[1])
        first = torch.full_like(past[:, :1], self.untold)
        before = self._embed(torch.cat([first, past[:, :-1]], 1))
        lower, _ = self.lower(torch.cat([before, told], -1))
        upper, _ = self.upper(self.dropout(lower))
        z = self.base(torch.cat([self.dropout(lower + upper), told], -1))
        logits = []
        for group, output in enumerate(self.outputs):
            logits.append(output(torch.relu(z + self.group[group])))
            z = z + self.within[group][codes[..., group]]
        return torch.stack(logits, 2)

    @torch.inference_mode()
    def generate(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        uniforms: torch.Tensor,
        options: CodedOptions,
    ) -> torch.Tensor:
        """Write the codes of one sentence step by step, what the engine is compared with.

        Args:
            vectors: of the tokens ``(1, N, text_channels)``.
            durations: frames of each token ``(1, N)``.
            uniforms: a random number of [0, 1) for each code ``(L, G)``.
            options: how they are drawn.

        Returns:
            Codes ``(L, G)`` int64.
        """
        told = self.condition(vectors, durations)
        past = torch.full((1, 1, self.config.n_groups), self.untold, device=told.device)
        lower_state = upper_state = None
        written = []
        for step in range(told.shape[1]):
            now = told[:, step : step + 1]
            lower, lower_state = self.lower(torch.cat([self._embed(past), now], -1), lower_state)
            upper, upper_state = self.upper(lower, upper_state)
            z = self.base(torch.cat([lower + upper, now], -1))[0, 0]
            codes = []
            for group, output in enumerate(self.outputs):
                logits = output(torch.relu(z + self.group[group]))
                code = drawn(logits, uniforms[step, group], options)
                z = z + self.within[group, code]
                codes.append(code)
            past = torch.stack(codes)[None, None]
            written.append(past[0, 0])
        return torch.stack(written)

    def _embed(self, codes: torch.Tensor) -> torch.Tensor:
        groups = torch.arange(self.config.n_groups, device=codes.device)
        return self.past[groups, codes].sum(-2)


def drawn(logits: torch.Tensor, uniform: torch.Tensor, options: CodedOptions) -> torch.Tensor:
    """A code out of logits ``(V,)`` by one random number of [0, 1)."""
    if options.temperature == 0:
        return logits.argmax()
    shares = torch.softmax(logits / options.temperature, 0)
    ordered, order = shares.sort(descending=True, stable=True)
    kept = torch.zeros_like(shares)
    kept[order] = (ordered.cumsum(0) - ordered < options.top_p).float()
    sums = (shares * kept).cumsum(0)
    return torch.searchsorted(sums, uniform * sums[-1], right=True).clamp_max(len(logits) - 1)
