"""A small autoregressive model, and sentences for it."""

from __future__ import annotations

from typing import Any

import torch

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine
from tts_pipeline.acoustic.autoregressive.generation import AutoregressiveOnDevice
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.protocols import AcousticInput, MelStream
from tts_pipeline.text.symbols import PAD_ID, encode

CONFIG = AutoregressiveConfig(
    channels=24,
    hidden=32,
    encoder_blocks=1,
    predictor_blocks=1,
    frame_blocks=2,
    prenet=12,
    max_token_frames=40,
)
N_MELS = 10
AUDIO = AudioConfig(n_mels=N_MELS)
LONG = "<bos> DH AH0 | K AE1 T , S AE1 T | AA1 N | AH0 | M AE1 T . <eos>".split()
SHORT = "<bos> G OW1 | HH OW1 M ! <eos>".split()
LOG_F0_STD, ENERGY_STD = 0.25, 0.8


def make_model() -> AutoregressiveModel:
    """Untrained; its tokens last about eight frames."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoregressiveModel(CONFIG, N_MELS).eval().requires_grad_(False)
    model.duration.output.bias.fill_(2.2)
    return model


def make_lively_model() -> AutoregressiveModel:
    """One whose predictions differ from token to token, and with statistics of its own."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoregressiveModel(CONFIG, N_MELS).eval().requires_grad_(False)
        for predictor in (model.pitch, model.energy):
            # Untrained predictions hardly differ from token to token.
            predictor.output.weight.mul_(3)
        model.mel_mean.copy_(torch.randn(N_MELS) - 5)
        model.mel_std.copy_(torch.rand(N_MELS) + 1)
    model.duration.output.bias.fill_(2.2)
    model.statistics.copy_(torch.tensor([5.0, LOG_F0_STD, -5.0, ENERGY_STD, 1.0, 1.0]))
    return model


def engine_of(model: AutoregressiveModel, audio: AudioConfig = AUDIO) -> AutoregressiveEngine:
    """The engine with the weights of a model, sharing its memory."""
    weights = {key: value.numpy() for key, value in model.state_dict().items()}
    return AutoregressiveEngine(model.config, audio, weights)


def tokens_of(*texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens ``(B, N)`` and how many of each row are valid ``(B,)``."""
    rows = [torch.tensor([encode(symbol) for symbol in text]) for text in texts]
    lengths = torch.tensor([len(row) for row in rows])
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD_ID), lengths


def infer(
    model: AutoregressiveModel, *texts: list[str], seed: int = 0, **controls: Any
) -> list[MelStream]:
    """What the module writes of texts side by side, one control for all of them."""
    inputs = [AcousticInput.plain(tokens_of(text)[0][0], **controls) for text in texts]
    return AutoregressiveOnDevice(model, AUDIO).infer(inputs, seed=seed)
