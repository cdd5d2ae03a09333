"""Size of the aligner."""

from __future__ import annotations

import dataclasses

from tts_pipeline.config import within


@dataclasses.dataclass(frozen=True)
class AlignerConfig:
    """Size of the aligner.

    Attributes:
        channels: width of both encoders and of the space in which they meet.
        kernel_size: frames seen by the mel encoder; small, so that boundaries stay sharp.
    """

    channels: int = within(96, 1, 8192)
    kernel_size: int = within(5, 1, 255)
