"""The autoregressive decoder as fused kernels want it: weights, state and chance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tts_pipeline.acoustic.autoregressive.kernel import decode_steps
from tts_pipeline.nn.matrix_product import PackedMatrix
from tts_pipeline.nn.packed import gate_biases, pack_matrices
from tts_pipeline.nn.weights import Weights


class DecoderState(NamedTuple):
    """All that the decoder remembers of the past; the arrays are changed from step to step.

    Attributes:
        lower: state of the first GRU ``(C,)``.
        upper: state of the second GRU ``(C,)``.
        frames: the last step's scaled frames ``(r * M,)``.
    """

    lower: np.ndarray
    upper: np.ndarray
    frames: np.ndarray


def initial_state(channels: int, frame_size: int) -> DecoderState:
    """Silence before the first step."""
    return DecoderState(*(np.zeros(n, np.float32) for n in (channels, channels, frame_size)))


def prenet_masks(
    random: np.random.RandomState, n_steps: int, prenet: int, dropout: float
) -> np.ndarray:
    """The next masks of the prenet's dropout ``(n_steps, 2, P)``, as PyTorch's generator of the
    same seed gives them: MT19937 both."""
    shape = (n_steps, 2, prenet)
    # The 24 bits that PyTorch makes a float32 in [0, 1) of.
    bits = random.randint(0, 2**32, shape, dtype=np.uint32) & np.uint32(2**24 - 1)
    return (bits >= dropout * 2.0**24) * np.float32(1 / (1 - dropout))


class Recurrence:
    """Weights of :class:`~tts_pipeline.acoustic.autoregressive.decoder.Recurrence`, each matrix
    ``[in, out]``, and what of them is multiplied before the loop.

    Args:
        weights: of the whole model.
        name: of the recurrent layers in it.
        channels: as of these layers, and so are the other sizes.
        prenet: width of the prenet.
        frame_size: ``r * M``.

    Attributes:
        matrices: by name, in the order of :meth:`ordered`.
        on_conditioning: from the conditioning to the lower GRU's gates ``(C, 3 C)``.
        bias: of these gates ``(3 C,)``.
    """

    def __init__(
        self, weights: Weights, name: str, channels: int, prenet: int, frame_size: int
    ) -> None:
        c, p = channels, prenet

        def take(key: str, *shape: int) -> np.ndarray:
            return weights.take(f"{name}.{key}", *shape)

        n_r_z = np.roll(np.arange(3 * c), c)
        lower_input = take("lower.weight_ih_l0", 3 * c, p + c)[n_r_z].T
        self.matrices = {
            "prenet_lower": take("prenet_lower.weight", p, frame_size).T,
            "prenet_upper": take("prenet_upper.weight", p, p).T,
            "lower_input": lower_input[:p],
            "lower_state": take("lower.weight_hh_l0", 3 * c, c).T,
            "upper_input": take("upper.weight_ih_l0", 3 * c, c)[n_r_z].T,
            "upper_state": take("upper.weight_hh_l0", 3 * c, c).T,
        }
        self.on_conditioning = lower_input[p:]
        self.bias, self._lower_state_bias = gate_biases(weights, f"{name}.lower", c)
        self._upper_bias = np.concatenate(gate_biases(weights, f"{name}.upper", c))
        self._prenet_biases = [
            weights.vector(f"{name}.prenet_{k}.bias", p) for k in ("lower", "upper")
        ]

    def ordered(self, packed: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        """Packed matrices and biases in the order in which the kernels want them."""
        return (
            packed["prenet_lower"],
            self._prenet_biases[0],
            packed["prenet_upper"],
            self._prenet_biases[1],
            packed["lower_input"],
            packed["lower_state"],
            self._lower_state_bias,
            packed["upper_input"],
            packed["upper_state"],
            self._upper_bias,
        )


class Decoder:
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
        c = channels
        self._channels, self._frame_size = c, frame_size
        recurrence = Recurrence(weights, name, c, prenet, frame_size)
        output = weights.take(f"{name}.output.weight", frame_size, 2 * c).T
        packed = pack_matrices({**recurrence.matrices, "output": output[:c]})
        self.weights: tuple[Any, ...] = (*recurrence.ordered(packed), packed["output"])
        output_bias = weights.take(f"{name}.output.bias", frame_size)
        self._conditioning = PackedMatrix(
            np.concatenate([recurrence.on_conditioning, output[c:]], 1),
            np.concatenate([recurrence.bias, output_bias]),
        )

    def initial_state(self) -> DecoderState:
        """Silence before the first step."""
        return initial_state(self._channels, self._frame_size)

    def prepare(self, conditioning: np.ndarray) -> np.ndarray:
        """What ``(L, C)`` adds to the lower GRU's gates and to the output of every step, with
        their biases ``(L, 3 C + r * M)``: all that does not depend on the past."""
        return self._conditioning(conditioning)

    def run(self, rows: np.ndarray, masks: np.ndarray, state: DecoderState) -> np.ndarray:
        """Write the next steps.

        Args:
            rows: of ``L`` steps, from :meth:`prepare`.
            masks: prenet masks ``(L, 2, P)``.
            state: where to go on from; changed to what it is after the last step.

        Returns:
            Scaled frames ``(L, r * M)``.
        """
        out = np.empty((len(rows), len(state.frames)), np.float32)
        decode_steps(rows, masks, *self.weights, *state, out)
        return out
