"""Sizes of the autoregressive acoustic model, and its settings per call."""

from __future__ import annotations

import dataclasses

from tts_pipeline.config import within
from tts_pipeline.errors import ConfigError


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
class AutoregressiveOptions:
    """Settings per call.

    Attributes:
        first_frames: length of a stream's first block, rounded up to whole decoder steps. Each
            later block is twice as long as the one before, up to ``block_frames``.
        block_frames: length of its longest block.

    Raises:
        ConfigError: if a length is not a positive whole number.
    """

    first_frames: int = 64
    block_frames: int = 256

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"{name}={value!r}: expected a whole number of at least 1")

    def block_steps(self, n_steps: int, per_step: int) -> list[int]:
        """Decoder steps of each block of a sentence.

        Args:
            n_steps: of the sentence.
            per_step: frames of a step.
        """
        size = -(-min(self.first_frames, self.block_frames) // per_step)
        longest = -(-self.block_frames // per_step)
        sizes = []
        while n_steps > 0:
            sizes.append(min(size, n_steps))
            n_steps -= size
            size = min(2 * size, longest)
        return sizes
