"""Whole frames per token, and the way from tokens to frames."""

from __future__ import annotations

import torch

from tts_pipeline.text.symbols import ARPABET, Alphabet


def needs_frames(tokens: torch.Tensor, alphabet: Alphabet = ARPABET) -> torch.Tensor:
    """True for tokens of which every recording holds at least a frame."""
    frameless = sorted(alphabet.unspoken | {alphabet.pad_id})
    return torch.isin(tokens, torch.tensor(frameless, device=tokens.device), invert=True)


def round_durations(durations: torch.Tensor, minimum: torch.Tensor) -> torch.Tensor:
    """Whole numbers of frames whose running sum never drifts from the real one.

    Args:
        durations: frames per token ``(B, N)`` real, 0 where there is no token.
        minimum: fewest frames of each token ``(B, N)``, whole numbers.

    Returns:
        ``(B, N)`` int64.
    """
    # Halves all go up (torch.round takes them to the even side), so that a token of one frame
    # never vanishes between two of them.
    ends = torch.floor(torch.maximum(durations, minimum).double().cumsum(1) + 0.5).long()
    return torch.diff(ends, dim=1, prepend=torch.zeros_like(ends[:, :1]))


def expand(values: torch.Tensor, durations: torch.Tensor, n_frames: int) -> torch.Tensor:
    """Repeat each token's vector for its frames.

    Args:
        values: ``(B, N, C)``.
        durations: ``(B, N)`` int64.
        n_frames: length of the result; frames beyond an item's end are 0.

    Returns:
        ``(B, T, C)``.
    """
    index, valid = token_of_frame(durations, n_frames)
    gathered = values.gather(1, index[..., None].expand(-1, -1, values.shape[2]))
    return gathered * valid[..., None]


def token_of_frame(durations: torch.Tensor, n_frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Index of the token of every frame and whether there is one, both ``(B, T)``."""
    ends = durations.cumsum(1)
    frames = torch.arange(n_frames, device=durations.device)
    index = torch.searchsorted(ends, frames.expand(len(ends), -1).contiguous(), right=True)
    valid = frames < ends[:, -1:]
    return index.clamp_max(durations.shape[1] - 1), valid


def position_features(durations: torch.Tensor, n_frames: int) -> torch.Tensor:
    """Where each frame stands in its token, ``(B, T, 3)``: frames since its start and until its
    end, both saturating, and the share passed."""
    index, valid = token_of_frame(durations, n_frames)
    ends = durations.cumsum(1)
    length = durations.gather(1, index).float().clamp_min(1)
    frames = torch.arange(n_frames, device=durations.device)
    before = (frames - (ends - durations).gather(1, index)).float() + 0.5
    after = length - before
    features = torch.stack([torch.tanh(before / 8), torch.tanh(after / 8), before / length], -1)
    return features * valid[..., None]
