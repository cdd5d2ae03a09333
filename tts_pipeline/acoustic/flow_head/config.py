"""Size of the model with a flow head, and its settings per call."""

from __future__ import annotations

import dataclasses

from tts_pipeline.acoustic.flow.config import MOST_STEPS, FlowOptions
from tts_pipeline.config import within


@dataclasses.dataclass(frozen=True)
class FlowHeadConfig:
    """Size of the model with a flow head.

    Attributes:
        token_channels: width of the token vectors that it is told.
        channels: width of the conditioning and of the recurrent layers, ``C``.
        hidden: inner width of the ConvNeXt blocks.
        n_blocks: blocks over decoder steps, which look ahead of the autoregressive loop.
        kernel: decoder steps seen by a block.
        prenet: width of the prenet.
        frames_per_step: frames written by a decoder step, ``r``.
        head_channels: width of the head's blocks.
        head_hidden: inner width of the head's blocks.
        head_blocks: blocks of the head.
        step_channels: width of the embedding of the time of an Euler step.
        dropout: of the blocks over decoder steps, in training.
        prenet_dropout: of the prenet, in training and in use.
        steps: Euler steps within every decoder step unless a call says otherwise.
        temperature: standard deviation of the noise that they start from unless a call says
            otherwise.
    """

    token_channels: int = within(256, 1, 8192)
    channels: int = within(256, 1, 8192)
    hidden: int = within(512, 1, 8192)
    n_blocks: int = within(3, 0, 64)
    kernel: int = within(7, 1, 255)
    prenet: int = within(128, 1, 8192)
    frames_per_step: int = within(2, 1, 16)
    head_channels: int = within(256, 1, 8192)
    head_hidden: int = within(512, 1, 8192)
    head_blocks: int = within(3, 1, 64)
    step_channels: int = within(64, 2, 4096)
    dropout: float = within(0.15, 0, 0.95)
    prenet_dropout: float = within(0.5, 0, 0.95)
    steps: int = within(2, 1, MOST_STEPS)
    temperature: float = within(0.2, 0, 1)


@dataclasses.dataclass(frozen=True)
class FlowHeadOptions(FlowOptions):
    """Settings of one call; Euler steps and temperature are those within every decoder step."""
