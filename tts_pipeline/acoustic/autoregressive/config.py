"""Size of the acoustic model."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class AutoregressiveConfig:
    """Size of the acoustic model.

    Attributes:
        channels: width of encoder, conditioning and decoder.
        hidden: inner width of the ConvNeXt blocks.
        encoder_blocks: blocks over tokens.
        predictor_blocks: blocks of each of the duration, pitch and energy predictors.
        frame_blocks: blocks over decoder steps, which look ahead of the autoregressive loop.
        token_kernel: tokens seen by a block over tokens.
        frame_kernel: decoder steps seen by a block over steps.
        prenet: width of the decoder's prenet.
        frames_per_step: frames written by a decoder step, ``r``.
        dropout: of encoder and predictors, in training.
        prenet_dropout: of the prenet, in training and in use.
        max_token_frames: longest duration of one token in frames.
    """

    channels: int = 256
    hidden: int = 512
    encoder_blocks: int = 4
    predictor_blocks: int = 2
    frame_blocks: int = 3
    token_kernel: int = 5
    frame_kernel: int = 7
    prenet: int = 128
    frames_per_step: int = 2
    dropout: float = 0.15
    prenet_dropout: float = 0.5
    max_token_frames: int = 150
