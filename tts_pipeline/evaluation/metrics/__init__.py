"""The metrics, one file each; the order here is that of tables."""

from tts_pipeline.evaluation.metrics import (  # noqa: F401, I001
    naturalness,
    distillmos,
    intelligibility,
    perceptual,
    cepstral,
    blur,
    pitch,
    duration,
    diversity,
    unseen_pairs,
)
