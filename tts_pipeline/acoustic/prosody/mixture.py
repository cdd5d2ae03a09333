"""A draw mixed into the plan of a sentence, as factors on what the plan says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tts_pipeline.acoustic.token_plan import TokenPrediction

# How far a draw may go from the plan: natural logarithm of frames + 1, standard deviations of the
# speaker's log F0 and energy. In recordings one token of a thousand is further away.
REACH = np.array([1.5, 3.0, 3.0], np.float32)
# A gap between words to which the plan gives fewer frames has none that could be multiplied.
_LEAST_FRAMES = 1e-3


class TokenFactors(NamedTuple):
    """Factors on rate, F0 and amplitude of each token, ``(N,)`` float32."""

    rate: np.ndarray
    pitch: np.ndarray
    energy: np.ndarray


def kept_of_plan(temperature: float, agreement: np.ndarray) -> np.ndarray:
    """Share of the plan beside a draw, so that the values of a sentence differ as much from one
    another at every temperature.

    Two values of the same variance and a correlation of ``agreement``, of which ``temperature`` and
    the result are taken, add up to that variance: 1 at temperature 0, 0 at 1, and in between more
    than what is missing to 1.

    Args:
        temperature: 0 to 1.
        agreement: correlation, 0 to 1, any shape.
    """
    t = temperature
    return np.sqrt(1 - t * t * (1 - agreement**2)) - t * agreement


def factors_of(
    plan: TokenPrediction,
    drawn: np.ndarray,
    mean: np.ndarray,
    agreement: np.ndarray,
    temperature: float,
) -> TokenFactors:
    """What leads from a plan to a draw mixed into it.

    Args:
        plan: of the sentence.
        drawn: log(1 + frames), scaled pitch and energy of each token ``(N, 3)``.
        mean: of these over the corpus ``(3,)``.
        agreement: of :func:`kept_of_plan`, ``(3,)``.
        temperature: 0 to 1.
    """
    planned = np.stack([np.log1p(plan.frames), plan.pitch, plan.energy], 1)
    kept = kept_of_plan(temperature, agreement)
    moved = mean + kept * (planned - mean) + temperature * (drawn - mean)
    away = np.clip(moved - planned, -REACH, REACH)
    frames = np.expm1(planned[:, 0] + away[:, 0]).clip(_LEAST_FRAMES)
    rate = np.where(plan.frames < _LEAST_FRAMES, 1.0, plan.frames / frames)
    pitch, energy = np.exp(away[:, 1] * plan.pitch_std), np.exp(away[:, 2] * plan.energy_std)
    return TokenFactors(*(each.astype(np.float32) for each in (rate, pitch, energy)))
