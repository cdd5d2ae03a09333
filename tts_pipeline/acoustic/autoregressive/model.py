"""The autoregressive acoustic model for training: tokens in and mel out."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig
from tts_pipeline.acoustic.autoregressive.decoder import Decoder
from tts_pipeline.acoustic.durations import (
    expand,
    needs_frames,
    position_features,
    round_durations,
)
from tts_pipeline.acoustic.encoder import Encoder, MaskedBlocks, TokenPredictor
from tts_pipeline.errors import TextError
from tts_pipeline.text.symbols import ARPABET, Alphabet

__all__ = ["AutoregressiveConfig", "AutoregressiveModel", "Plan"]


class TeacherForced(NamedTuple):
    """What a training step needs: mel ``(B, M, T)`` and predictions per token ``(B, N)``."""

    mel: torch.Tensor
    log_durations: torch.Tensor
    pitch: torch.Tensor
    energy: torch.Tensor


class Prosody(NamedTuple):
    """Predictions for a text: encoded tokens ``(B, N, C)`` and scaled values per token."""

    encoded: torch.Tensor
    mask: torch.Tensor
    log_durations: torch.Tensor
    pitch: torch.Tensor
    energy: torch.Tensor


class Plan(NamedTuple):
    """What is settled before the first frame.

    Attributes:
        conditioning: of every decoder step ``(B, L, C)``.
        durations: frames per token ``(B, N)``.
        mel_lengths: ``(B,)`` frames.
        f0: F0 per token in Hz ``(B, N)``.
    """

    conditioning: torch.Tensor
    durations: torch.Tensor
    mel_lengths: torch.Tensor
    f0: torch.Tensor


class AutoregressiveModel(nn.Module):
    """Encoder, explicit durations, pitch and energy per token, autoregressive decoder.

    Non-Attentive Tacotron (Shen et al. 2020, arXiv 2010.04301) with pitch and energy per token as
    in FastPitch (Lancucki 2021, arXiv 2006.06873). Nothing decides when to stop but the durations,
    so nothing is skipped, repeated or run away from, and the length is known before the first
    frame.

    Args:
        config: sizes.
        n_mels: mel bands ``M``.
        alphabet: of the tokens.
    """

    def __init__(
        self, config: AutoregressiveConfig, n_mels: int, alphabet: Alphabet = ARPABET
    ) -> None:
        super().__init__()
        self.config, self.n_mels, self.alphabet = config, n_mels, alphabet
        c, h = config.channels, config.hidden
        token_sizes = (config.token_kernel, config.dropout)
        self.encoder = Encoder(c, h, config.encoder_blocks, *token_sizes, alphabet)
        self.duration = TokenPredictor(c, h, config.predictor_blocks, *token_sizes)
        self.pitch = TokenPredictor(c, h, config.predictor_blocks, *token_sizes)
        self.energy = TokenPredictor(c, h, config.predictor_blocks, *token_sizes)
        self.prosody_input = nn.Conv1d(2, c, 3, padding=1)
        self.position_input = nn.Linear(3, c)
        self.step_input = nn.Linear(config.frames_per_step * c, c)
        self.frame_blocks = MaskedBlocks(
            c, h, config.frame_blocks, config.frame_kernel, config.dropout
        )
        self.decoder = Decoder(
            c, config.prenet, config.frames_per_step * n_mels, config.prenet_dropout
        )
        self.mel_mean: torch.Tensor
        self.mel_std: torch.Tensor
        self.statistics: torch.Tensor
        self.register_buffer("mel_mean", torch.full((n_mels,), -5.0))
        self.register_buffer("mel_std", torch.full((n_mels,), 2.0))
        # Mean and standard deviation of log F0, of energy; factors on duration and pitch range.
        self.register_buffer("statistics", torch.tensor([5.0, 0.2, -5.0, 1.0, 1.0, 1.0]))

    def forward(
        self,
        tokens: torch.Tensor,
        token_lengths: torch.Tensor,
        durations: torch.Tensor,
        pitch: torch.Tensor,
        energy: torch.Tensor,
        mel: torch.Tensor,
        *,
        masks: torch.Tensor | None = None,
        past_noise: float = 0.0,
        own_past: torch.Tensor | None = None,
    ) -> TeacherForced:
        """Teacher-forced pass: durations, pitch, energy and past frames are the true ones.

        Args:
            tokens: ``(B, N)``.
            token_lengths: ``(B,)``.
            durations: true frames per token ``(B, N)`` int64.
            pitch: true scaled log F0 per token ``(B, N)``.
            energy: true scaled energy per token ``(B, N)``.
            mel: true mel ``(B, M, T)``.
            masks: prenet masks ``(B, L, 2, P)`` or broadcastable; drawn anew if None.
            past_noise: standard deviation of noise added to the scaled past.
            own_past: items that are told what the model writes itself in place of the true past
                ``(B,)`` bool, as in use; no gradient flows through it. None: none of them.
        """
        prosody = self.predict_prosody(tokens, token_lengths)
        conditioning = self.condition(prosody, durations, pitch, energy, mel.shape[2])
        frames = self.scale(mel)
        r = self.config.frames_per_step
        frames = nn.functional.pad(frames, (0, 0, 0, -frames.shape[1] % r))
        steps = frames.reshape(len(frames), -1, r * self.n_mels)
        past = nn.functional.pad(steps, (0, 0, 1, -1))
        if past_noise:
            past = past + past_noise * torch.randn_like(past)
        if masks is None:
            keep = 1 - self.config.prenet_dropout
            shape = (*past.shape[:2], 2, self.config.prenet)
            masks = (torch.rand(shape, device=past.device) < keep).float() / keep
        if own_past is not None:
            written = self._written(conditioning.detach(), masks.expand(*past.shape[:2], -1, -1))
            own = nn.functional.pad(written, (0, 0, 1, -1))
            past = torch.where(own_past[:, None, None], own, past)
        outputs = self.decoder(past, conditioning, masks)
        made = self.unscale(outputs.reshape(len(frames), -1, self.n_mels)[:, : mel.shape[2]])
        return TeacherForced(made, *prosody[2:])

    @torch.no_grad()
    def _written(self, conditioning: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Scaled steps ``(B, L, r * M)`` from their own past, with masks ``(B, L, 2, P)``."""
        state = self.decoder.initial_state(len(conditioning))
        written, _ = self.decoder.generate(conditioning, masks.transpose(0, 1), state)
        return written

    def plan(
        self,
        tokens: torch.Tensor,
        token_lengths: torch.Tensor | None = None,
        *,
        rate: float | torch.Tensor = 1.0,
        pitch: float | torch.Tensor = 1.0,
        energy: float | torch.Tensor = 1.0,
        fixed_frames: torch.Tensor | None = None,
    ) -> Plan:
        """Everything before the autoregressive loop.

        Args:
            tokens: ``(B, N)`` int64, see :mod:`tts_pipeline.text.symbols`.
            token_lengths: ``(B,)``; None: all of them are valid.
            rate: factor on the speaking rate, a number or ``(B, N)``; 2 is twice as fast.
            pitch: factor on F0, a number or ``(B, N)``.
            energy: factor on the amplitude, a number or ``(B, N)``.
            fixed_frames: frames that a token lasts whatever is predicted, ``(B, N)``; 0: as
                predicted.

        Raises:
            TextError: if the tokens are empty or not ``(B, N)``.
        """
        if tokens.ndim != 2 or tokens.shape[1] == 0:
            raise TextError(f"tokens of shape {tuple(tokens.shape)}: expected (B, N), not empty")
        if token_lengths is None:
            token_lengths = torch.full((len(tokens),), tokens.shape[1], device=tokens.device)
        prosody = self.predict_prosody(tokens, token_lengths)
        log_f0_mean, log_f0_std, _, energy_std, duration_scale, pitch_range = self.statistics
        valid = prosody.mask[..., 0]
        frames = torch.expm1(prosody.log_durations).clamp_min(0) * duration_scale / rate
        frames = frames.clamp_max(float(self.config.max_token_frames))
        if fixed_frames is not None:
            frames = torch.where(fixed_frames > 0, fixed_frames, frames)
        frames = frames * valid
        durations = round_durations(frames, needs_frames(tokens, self.alphabet) * valid)
        mel_lengths = durations.sum(1)
        scaled_pitch = prosody.pitch * pitch_range + torch.log(torch.as_tensor(pitch)) / log_f0_std
        scaled_energy = prosody.energy + torch.log(torch.as_tensor(energy)) / energy_std
        n_frames = int(mel_lengths.max())
        conditioning = self.condition(prosody, durations, scaled_pitch, scaled_energy, n_frames)
        f0 = torch.exp(scaled_pitch * log_f0_std + log_f0_mean)
        return Plan(conditioning, durations, mel_lengths, f0)

    def predict_prosody(self, tokens: torch.Tensor, token_lengths: torch.Tensor) -> Prosody:
        """Encode tokens and predict ``log(1 + frames)``, scaled pitch and scaled energy of each."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        mask = (places < token_lengths[:, None])[..., None].float()
        encoded = self.encoder(tokens, token_lengths, mask)
        predictors = (self.duration, self.pitch, self.energy)
        return Prosody(encoded, mask, *(predict(encoded, mask) for predict in predictors))

    def condition(
        self,
        prosody: Prosody,
        durations: torch.Tensor,
        pitch: torch.Tensor,
        energy: torch.Tensor,
        n_frames: int,
    ) -> torch.Tensor:
        """The decoder's conditioning at every step, ``(B, L, C)``; nothing of it needs the past."""
        prosody_per_token = torch.stack([pitch, energy], 1) * prosody.mask.transpose(1, 2)
        values = (
            prosody.encoded + self.prosody_input(prosody_per_token).transpose(1, 2) * prosody.mask
        )
        r = self.config.frames_per_step
        n_frames += -n_frames % r
        frames = expand(values, durations, n_frames)
        frames = frames + self.position_input(position_features(durations, n_frames))
        steps = frames.reshape(len(frames), n_frames // r, -1)
        n_steps = -(-durations.sum(1, keepdim=True) // r)
        mask = torch.arange(steps.shape[1], device=steps.device) < n_steps
        return self.frame_blocks(self.step_input(steps), mask[..., None].float())

    def scale(self, mel: torch.Tensor) -> torch.Tensor:
        """``(B, M, T)`` to scaled frames ``(B, T, M)``."""
        return (mel.transpose(1, 2) - self.mel_mean) / self.mel_std

    def unscale(self, frames: torch.Tensor) -> torch.Tensor:
        """Scaled frames ``(B, T, M)`` to ``(B, M, T)``."""
        return (frames * self.mel_std + self.mel_mean).transpose(1, 2)
