"""DNSMOS: predicted opinion without a reference."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tts_pipeline.evaluation.metrics.packages import load_package
from tts_pipeline.evaluation.metrics.registry import Case, Row, metric
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE, Sound


class Opinion(NamedTuple):
    """Predicted mean opinion scores from 1 (bad) to 5 (excellent).

    Attributes:
        overall: OVRL, the whole impression.
        signal: SIG, the voice itself.
        background: BAK, freedom from noise.
    """

    overall: float
    signal: float
    background: float


def dnsmos(sound: Sound) -> Opinion:
    """DNSMOS P.835 (Reddy, Gopal and Cutler 2022, ICASSP) by the package ``speechmos``.

    The networks come inside that package and run in ONNX Runtime; nothing is downloaded. They
    hear windows of 9 s; what is shorter is repeated. They were trained on denoised speech: the
    figures rank noise and artefacts and say nothing of prosody or of wrong words.

    Raises:
        MissingPackage: if speechmos, onnxruntime or what they need is not installed.
    """
    package = load_package("speechmos.dnsmos", "DNSMOS")
    result = package.run(np.clip(sound.samples, -1.0, 1.0), SAMPLE_RATE)
    return Opinion(*(float(result[key]) for key in ("ovrl_mos", "sig_mos", "bak_mos")))


@metric(
    "dnsmos_ovrl",
    "DNSMOS OVRL",
    unit="1 to 5",
    better="higher",
    package="speechmos",
    digits=2,
    about="predicted overall opinion without a reference (Reddy et al. 2022)",
    shown=True,
    plotted="Predicted opinion without a reference: all strategies.",
)
def _overall(case: Case) -> Row:
    return case.generated.once(dnsmos).overall


@metric(
    "dnsmos_sig",
    "DNSMOS SIG",
    unit="1 to 5",
    better="higher",
    package="speechmos",
    digits=2,
    about="the same for the voice itself",
)
def _signal(case: Case) -> Row:
    return case.generated.once(dnsmos).signal


@metric(
    "dnsmos_bak",
    "DNSMOS BAK",
    unit="1 to 5",
    better="higher",
    package="onnxruntime",
    digits=2,
    about="the same for freedom from noise",
)
def _background(case: Case) -> Row:
    return case.generated.once(dnsmos).background
