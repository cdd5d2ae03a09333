"""The model that writes all codes at once, as a module to be trained."""

from __future__ import annotations

import math

import torch
from torch import nn

from tts_pipeline.acoustic.encoder import MaskedBlocks
from tts_pipeline.acoustic.masked.config import MaskedConfig, MaskedOptions
from tts_pipeline.acoustic.step_input import StepInput, step_mask

__all__ = ["MaskedConfig", "MaskedModel", "MaskedOptions"]


class MaskedModel(nn.Module):
    """ConvNeXt blocks over steps, told the conditioning and those codes that are settled.

    MaskGIT (Chang et al. 2022, arXiv 2202.04200) on speech as in SoundStorm (Borsos et al. 2023,
    arXiv 2305.09636): trained to fill in hidden codes, it writes by filling in all of them, keeping
    the surest and hiding the others again.

    Args:
        config: sizes.
    """

    def __init__(self, config: MaskedConfig) -> None:
        super().__init__()
        self.config = config
        c, g, v = config.channels, config.n_groups, config.n_codes
        self.step_input = StepInput(config.text_channels, c, config.frames_per_code)
        self.settled = nn.Parameter(torch.randn(g, v + 1, c) * 0.5 / g**0.5)
        self.blocks = MaskedBlocks(
            c, config.hidden, config.n_blocks, config.kernel_size, config.dropout
        )
        self.norm = nn.LayerNorm(c, eps=1e-6)
        self.output = nn.Linear(c, g * v)

    @property
    def hidden(self) -> int:
        """Index that stands for a code that is hidden."""
        return self.config.n_codes

    def forward(
        self, vectors: torch.Tensor, durations: torch.Tensor, codes: torch.Tensor
    ) -> torch.Tensor:
        """What the hidden codes may be.

        Args:
            vectors: of the tokens ``(B, N, text_channels)``.
            durations: frames of each token ``(B, N)``.
            codes: ``(B, L, G)``, :attr:`hidden` where they are to be filled in.

        Returns:
            Logits ``(B, L, G, V)``.
        """
        return self._logits(self._told(vectors, durations, codes.shape[1]), durations, codes)

    def _told(self, vectors: torch.Tensor, durations: torch.Tensor, n_steps: int) -> torch.Tensor:
        return self.step_input(vectors, durations, n_steps)

    def _logits(
        self, told: torch.Tensor, durations: torch.Tensor, codes: torch.Tensor
    ) -> torch.Tensor:
        groups = torch.arange(self.config.n_groups, device=codes.device)
        x = told + self.settled[groups, codes].sum(-2)
        mask = step_mask(durations, self.config.frames_per_code, codes.shape[1])
        made = self.output(self.norm(self.blocks(x, mask)))
        return made.unflatten(-1, (self.config.n_groups, self.config.n_codes))

    @torch.inference_mode()
    def generate(
        self,
        vectors: torch.Tensor,
        durations: torch.Tensor,
        uniforms: torch.Tensor,
        options: MaskedOptions,
    ) -> torch.Tensor:
        """Write the codes of one sentence, what the engine is compared with.

        Args:
            vectors: of the tokens ``(1, N, text_channels)``.
            durations: frames of each token ``(1, N)``.
            uniforms: random numbers of (0, 1) for each round and code, one for the code and one
                for the choice of the surest ``(steps, 2, L, G)``.
            options: how they are drawn.

        Returns:
            Codes ``(L, G)`` int64.
        """
        n_steps, n_groups = uniforms.shape[2:]
        told = self._told(vectors, durations, n_steps)
        codes = torch.full((n_steps, n_groups), self.hidden, device=told.device)
        for step in range(options.steps):
            hidden = codes == self.hidden
            logits = self._logits(told, durations, codes[None])[0]
            if options.temperature == 0:
                drawn = logits.argmax(-1)
            else:
                sums = torch.softmax(logits / options.temperature, -1).cumsum(-1)
                aims = uniforms[step, 0, ..., None] * sums[..., -1:]
                drawn = torch.searchsorted(sums, aims, right=True)[..., 0]
                drawn = drawn.clamp_max(self.config.n_codes - 1)
            codes = torch.where(hidden, drawn, codes)
            left = (step + 1) / options.steps
            n_hidden = math.floor(math.cos(math.pi / 2 * left) * codes.numel() + 1e-9)
            if n_hidden == 0:
                break
            sure = torch.log_softmax(logits, -1).gather(-1, drawn[..., None])[..., 0]
            noise = -torch.log(-torch.log(uniforms[step, 1]))
            sure = sure + options.choice_temperature * (1 - left) * noise
            sure[~hidden] = math.inf
            again = sure.flatten().argsort(stable=True)[:n_hidden]
            codes.view(-1)[again] = self.hidden
        return codes
