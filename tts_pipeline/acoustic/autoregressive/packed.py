"""The decoder on a CPU: its weights packed for the fused kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tts_pipeline.acoustic.autoregressive.kernel import EXPONENT_GAP, decode_steps
from tts_pipeline.nn.weights import Weights


class CpuState(NamedTuple):
    """All that the decoder remembers of the past; the arrays are changed from step to step.

    Attributes:
        lower: state of the first GRU ``(C,)``.
        upper: state of the second GRU ``(C,)``.
        frames: the last step's scaled frames ``(r * M,)``.
    """

    lower: np.ndarray
    upper: np.ndarray
    frames: np.ndarray


class CpuDecoder:
    """:class:`~tts_pipeline.acoustic.autoregressive.decoder.Decoder` as a fused, faster kernel.

    Equal to it up to float32 rounding. Weights that are float16 values, as those of a saved voice
    are, are kept in 16 bits, at half the memory traffic and without any error; others in float32.

    Args:
        weights: of the whole model.
        name: of the decoder in it.
        channels: as of the decoder, and so are the other sizes.
        prenet: width of the prenet.
        frame_size: ``r * M``.
    """

    def __init__(
        self, weights: Weights, name: str, channels: int, prenet: int, frame_size: int
    ) -> None:
        c, p = channels, prenet
        self._sizes = (c, c, frame_size)

        def take(key: str, *shape: int) -> np.ndarray:
            return weights.take(f"{name}.{key}", *shape)

        n_r_z = np.roll(np.arange(3 * c), c)
        lower_input = take("lower.weight_ih_l0", 3 * c, p + c)[n_r_z].T
        output = take("output.weight", frame_size, 2 * c).T
        packed, self._scales = _pack_matrices(
            {
                "prenet_lower": take("prenet_lower.weight", p, frame_size).T,
                "prenet_upper": take("prenet_upper.weight", p, p).T,
                "lower_input": lower_input[:p],
                "lower_state": take("lower.weight_hh_l0", 3 * c, c).T,
                "upper_input": take("upper.weight_ih_l0", 3 * c, c)[n_r_z].T,
                "upper_state": take("upper.weight_hh_l0", 3 * c, c).T,
                "output": output[:c],
            }
        )
        lower_bias, lower_state_bias = _gate_biases(weights, f"{name}.lower", c)
        upper_bias = np.concatenate(_gate_biases(weights, f"{name}.upper", c))
        self._weights = (
            packed["prenet_lower"],
            weights.vector(f"{name}.prenet_lower.bias", p),
            packed["prenet_upper"],
            weights.vector(f"{name}.prenet_upper.bias", p),
            packed["lower_input"],
            packed["lower_state"],
            lower_state_bias,
            packed["upper_input"],
            packed["upper_state"],
            upper_bias,
            packed["output"],
        )
        self._conditioning = np.concatenate([lower_input[p:], output[c:]], 1)
        self._bias = np.concatenate([lower_bias, take("output.bias", frame_size)])

    def initial_state(self) -> CpuState:
        """Silence before the first step."""
        return CpuState(*(np.zeros(size, np.float32) for size in self._sizes))

    def prepare(self, conditioning: np.ndarray) -> np.ndarray:
        """What ``(L, C)`` adds to the lower GRU's gates and to the output of every step, with
        their biases ``(L, 3 C + r * M)``: all that does not depend on the past."""
        told = conditioning @ self._conditioning
        told += self._bias
        return told

    def run(self, told: np.ndarray, masks: np.ndarray, state: CpuState) -> np.ndarray:
        """Write the steps of ``told``.

        Args:
            told: of ``L`` steps, from :meth:`prepare`.
            masks: prenet masks ``(L, 2, P)``.
            state: where to go on from; changed to what it is after the last step.

        Returns:
            Scaled frames ``(L, r * M)``.
        """
        written = np.empty((len(told), len(state.frames)), np.float32)
        decode_steps(told, masks, *self._weights, self._scales, *state, written)
        return written


def _gate_biases(weights: Weights, name: str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Biases of ``[input's n | r | z]`` and of the state's n."""
    on_input = weights.take(f"{name}.bias_ih_l0", 3 * channels)
    on_state = weights.take(f"{name}.bias_hh_l0", 3 * channels)
    n_begin = 2 * channels
    open_gates = on_input[:n_begin] + on_state[:n_begin]
    return np.concatenate([on_input[n_begin:], open_gates]), on_state[n_begin:].copy()


def _pack_matrices(matrices: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """All as float16 bits in int16 if nothing is lost by it, else all as float32; factors on their
    inputs ``(number of matrices,)`` float32."""
    halves, scales = {}, []
    for name, matrix in matrices.items():
        # The largest weight goes near the top of float16's range, the smallest away from its
        # subnormals.
        _, exponent = np.frexp(np.abs(matrix).max())
        half = np.ldexp(matrix, 15 - exponent).astype(np.float16)
        half[np.abs(half) < np.finfo(np.float16).smallest_normal] = 0
        if not np.array_equal(np.ldexp(half.astype(np.float32), exponent - 15), matrix):
            packed = {key: np.array(value, order="C") for key, value in matrices.items()}
            return packed, np.ones(len(matrices), np.float32)
        halves[name] = np.array(half, order="C").view(np.int16)
        scales.append(np.ldexp(1.0, EXPONENT_GAP + exponent - 15))
    return halves, np.array(scales, np.float32)
