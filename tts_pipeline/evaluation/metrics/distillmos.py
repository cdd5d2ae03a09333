"""DistillMOS: predicted opinion without a reference, by a small network taught by a large one."""

from __future__ import annotations

import contextlib
import functools
import io
from typing import Any

import numpy as np

from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.registry import Case, Row, metric
from tts_pipeline.evaluation.metrics.sound import Sound


def distill_mos(sound: Sound) -> float:
    """DistillMOS, from 1 (bad) to 5 (excellent).

    Stahl and Gamper 2025, "Distillation and pruning for scalable self-supervised
    representation-based speech quality assessment" (ICASSP, arXiv 2502.05356), version 7 by the
    package ``distillmos`` (MIT), whose weights come inside it. It hears windows of 7.68 s; what
    is shorter is followed by silence. Loudness does not matter.

    Raises:
        MissingPackage: if distillmos or what it needs is not installed.
    """
    torch = load_package("torch", "DistillMOS")
    peak = np.abs(sound.samples).max()
    with torch.inference_mode():
        return float(_model()(torch.from_numpy(sound.samples / peak)[None])[0, 0])


@functools.lru_cache(maxsize=1)
def _model() -> Any:
    package = load_package("distillmos", "DistillMOS")
    # It prints where its weights are.
    with contextlib.redirect_stdout(io.StringIO()):
        return package.ConvTransformerSQAModel().eval()


@metric(
    "distillmos",
    "DistillMOS",
    unit="1 to 5",
    better="higher",
    package="distillmos",
    digits=2,
    about="predicted opinion without a reference (Stahl and Gamper 2025)",
    shown=True,
    plotted="Predicted opinion without a reference, by another predictor: all strategies.",
)
def _distillmos(case: Case) -> Row:
    return distill_mos(case.generated)
