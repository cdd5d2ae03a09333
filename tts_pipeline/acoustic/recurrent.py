"""The encoder's GRU on a CPU, without the framework's overhead at every token."""

from __future__ import annotations

import numpy as np
import torch

from tts_pipeline.acoustic.kernel import gru_steps


def bidirectional_gru(gru: torch.nn.GRU, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """What a bidirectional ``torch.nn.GRU`` of one layer gives, up to float32 rounding.

    Args:
        gru: on the CPU, in float32, ``batch_first``.
        x: ``(B, N, C)``.
        lengths: valid tokens of each item ``(B,)``.

    Returns:
        ``(B, N, 2 C')``, zeros beyond an item's end.
    """
    c = gru.hidden_size
    n_r_z = torch.arange(3 * c).roll(c)
    written = np.zeros((*x.shape[:2], 2 * c), np.float32)
    for backwards, suffix in enumerate(("", "_reverse")):
        on_input, on_state, input_bias, state_bias = (
            getattr(gru, f"{name}_l0{suffix}")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        bias = input_bias + torch.cat([state_bias[: 2 * c], torch.zeros(c)])
        told = torch.nn.functional.linear(x, on_input[n_r_z], bias[n_r_z]).numpy()
        weights = on_state.T.contiguous().numpy()
        for item, length in enumerate(lengths.tolist()):
            made = np.empty((length, c), np.float32)
            gru_steps(
                told[item, :length], weights, state_bias[2 * c :].numpy(), bool(backwards), made
            )
            written[item, :length, backwards * c : (backwards + 1) * c] = made
    return torch.from_numpy(written)
