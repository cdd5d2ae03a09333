"""Sizes of the autoregressive acoustic model, and its settings per call."""

from __future__ import annotations

import dataclasses

from tts_pipeline.acoustic.blocks import BlockOptions
from tts_pipeline.config import within


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

    channels: int = within(256, 1, 8192)
    hidden: int = within(512, 1, 8192)
    encoder_blocks: int = within(4, 0, 64)
    predictor_blocks: int = within(2, 0, 64)
    frame_blocks: int = within(3, 0, 64)
    token_kernel: int = within(5, 1, 255)
    frame_kernel: int = within(7, 1, 255)
    prenet: int = within(128, 1, 8192)
    frames_per_step: int = within(2, 1, 16)
    dropout: float = within(0.15, 0, 0.95)
    prenet_dropout: float = within(0.5, 0, 0.95)
    max_token_frames: int = within(150, 1, 10000)


@dataclasses.dataclass(frozen=True)
class AutoregressiveOptions(BlockOptions):
    """Settings of one call: the blocks of a stream alone, rounded up to whole decoder steps."""
