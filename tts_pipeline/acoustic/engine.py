"""The decoder on a CPU: its weights packed for the fused kernel."""

from __future__ import annotations

import numpy as np
import torch

from tts_pipeline.acoustic.decoder import Decoder, DecoderState
from tts_pipeline.acoustic.kernel import EXPONENT_GAP, decode_steps


class CpuDecoder:
    """:meth:`Decoder.generate` through the fused kernel, many times as fast.

    Equal to it up to float32 rounding. Weights that are float16 values, as those of a saved voice
    are, are kept in 16 bits, at half the memory traffic and without any error; others in float32.

    Args:
        decoder: on the CPU, in float32. Its weights are copied: see :meth:`is_current`.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._versions = _versions(decoder)
        with torch.no_grad():
            self._pack(decoder)

    def is_current(self, decoder: Decoder) -> bool:
        """Whether the decoder's weights are still those that were packed."""
        return self._versions == _versions(decoder)

    def generate(
        self, conditioning: torch.Tensor, masks: torch.Tensor, state: DecoderState
    ) -> tuple[torch.Tensor, DecoderState]:
        """Arguments and results as of :meth:`Decoder.generate`."""
        return self.run(self.prepare(conditioning), masks, state)

    def prepare(self, conditioning: torch.Tensor) -> torch.Tensor:
        """What ``(B, L, C)`` adds to the lower GRU's gates and to the output of every step, with
        their biases ``(B, L, 3 C + r * M)``: all that does not depend on the past."""
        flat = conditioning.reshape(-1, conditioning.shape[2])
        told = torch.addmm(self._bias, flat, self._conditioning)
        return told.reshape(*conditioning.shape[:2], -1)

    def run(
        self, told: torch.Tensor, masks: torch.Tensor, state: DecoderState
    ) -> tuple[torch.Tensor, DecoderState]:
        """Write the steps of ``told``.

        Args:
            told: of ``L`` steps, from :meth:`prepare`.
            masks: prenet masks ``(L, 2, P)``, the same for every item.
            state: where to go on from.

        Returns:
            Scaled frames ``(B, L, r * M)`` and the state after them.
        """
        lower, upper, frames = (part.numpy().copy() for part in state)
        written = np.empty((*told.shape[:2], frames.shape[1]), np.float32)
        drawn = masks.contiguous().numpy()
        for item, rows in enumerate(told):
            decode_steps(
                rows.contiguous().numpy(),
                drawn,
                *self._weights,
                self._scales,
                lower[item],
                upper[item],
                frames[item],
                written[item],
            )
        after = DecoderState(*(torch.from_numpy(part) for part in (lower, upper, frames)))
        return torch.from_numpy(written), after

    def _pack(self, decoder: Decoder) -> None:
        c, p = decoder.channels, decoder.prenet_size
        r_z_n = torch.arange(3 * c)
        n_r_z = r_z_n.roll(c)
        lower, upper = decoder.lower, decoder.upper
        lower_input = lower.weight_ih_l0[n_r_z].T
        matrices = {
            "prenet_lower": decoder.prenet_lower.weight.T,
            "prenet_upper": decoder.prenet_upper.weight.T,
            "lower_input": lower_input[:p],
            "lower_state": lower.weight_hh_l0.T,
            "upper_input": upper.weight_ih_l0[n_r_z].T,
            "upper_state": upper.weight_hh_l0.T,
            "output": decoder.output.weight.T[:c],
        }
        packed, self._scales = _pack_matrices({k: v.numpy() for k, v in matrices.items()})
        lower_bias, lower_state_bias = _gate_biases(lower, c)
        upper_bias, upper_state_bias = _gate_biases(upper, c)
        self._weights = (
            packed["prenet_lower"],
            decoder.prenet_lower.bias.numpy().copy(),
            packed["prenet_upper"],
            decoder.prenet_upper.bias.numpy().copy(),
            packed["lower_input"],
            packed["lower_state"],
            lower_state_bias.numpy().copy(),
            packed["upper_input"],
            packed["upper_state"],
            torch.cat([upper_bias, upper_state_bias]).numpy(),
            packed["output"],
        )
        self._conditioning = torch.cat([lower_input[p:], decoder.output.weight.T[c:]], 1)
        self._bias = torch.cat([lower_bias, decoder.output.bias])


def _versions(decoder: Decoder) -> tuple[tuple[int, int], ...]:
    """Changes whenever a parameter is written to or replaced."""
    return tuple(
        (parameter.data_ptr(), 0 if parameter.is_inference() else parameter._version)
        for parameter in decoder.parameters()
    )


def _gate_biases(gru: torch.nn.GRU, channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Biases of ``[input's n | r | z]`` and of the state's n."""
    on_input, on_state = gru.bias_ih_l0, gru.bias_hh_l0
    n_begin = 2 * channels
    open_gates = on_input[:n_begin] + on_state[:n_begin]
    return torch.cat([on_input[n_begin:], open_gates]), on_state[n_begin:]


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
            packed = {key: np.ascontiguousarray(value) for key, value in matrices.items()}
            return packed, np.ones(len(matrices), np.float32)
        halves[name] = np.ascontiguousarray(half).view(np.int16)
        scales.append(np.ldexp(1.0, EXPONENT_GAP + exponent - 15))
    return halves, np.array(scales, np.float32)
