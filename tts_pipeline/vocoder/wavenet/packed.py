"""WaveNet's fused kernel: weights packed for it, and its state."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import numba
import numpy as np

from tts_pipeline.errors import VoiceError
from tts_pipeline.nn.vector_product import aligned, padded
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.kernel import Packed, write_batch, write_samples

# Numba's plainest way of starting threads must not be entered by two threads at once, and its
# quickest one kills a process that was forked from one that had threads.
_one_batch = threading.Lock()
_process_of_threads = 0


class NumbaState(NamedTuple):
    """All that the next sample depends on, of every item of a batch.

    Attributes:
        rings: past inputs of the layers ``(B, sum of dilations * R)``.
        time: samples written so far ``(B, 1)``.
        last: last symbol ``(B, 1)``.
    """

    rings: np.ndarray
    time: np.ndarray
    last: np.ndarray


class NumbaWaveNet:
    """Writes samples through the fused kernel.

    Args:
        config: sizes.
        hop_length: samples per frame.
        arrays: parameters by name, float32 (:class:`~tts_pipeline.vocoder.wavenet.model.WaveNet`).
        use_float16: keep the weights as float16, at half the memory traffic; exact for those of a
            saved voice, which are float16 values.
        n_threads: at most so many items of a batch are worked on at once; 0: Numba's own setting.

    Raises:
        VoiceError: if a weight is too large for float16.
    """

    piece = 1600
    """Samples that a call should write at most, so that an interrupt is handled promptly."""

    def __init__(
        self,
        config: WaveNetConfig,
        hop_length: int,
        arrays: Mapping[str, np.ndarray],
        *,
        use_float16: bool,
        n_threads: int = 0,
    ) -> None:
        self._config = config
        self.n_threads = n_threads
        self.packed = pack(config, hop_length, arrays, use_float16=use_float16)

    def begin(self, n_items: int) -> NumbaState:
        """The state before the first sample."""
        config = self._config
        numbers = sum(config.dilations) * padded(config.residual_channels)
        return NumbaState(
            aligned(np.zeros((n_items, numbers), np.float32)),
            np.zeros((n_items, 1), np.int64),
            np.full((n_items, 1), config.silence, np.float32),
        )

    def write(
        self,
        conditioning: np.ndarray,
        first_frame: int,
        uniforms: np.ndarray,
        temperature: float,
        state: NumbaState,
        seen: np.ndarray | None = None,
    ) -> np.ndarray:
        """Write the next samples.

        Args:
            conditioning: what the frames add to the gates ``(B, T, L, gate)``; of all frames that
                the samples lie in.
            first_frame: number of the first of them.
            uniforms: random numbers in [0, 1) ``(S, 2)`` float32.
            temperature: 0: always the likeliest symbol.
            state: where to go on from; changed.
            seen: filled with the network's outputs ``(B, S, n_outputs)`` float32, if given.

        Returns:
            Symbols ``(B, S)`` float32: classes or levels.
        """
        n_items, n_samples = len(conditioning), len(uniforms)
        packed = self.packed
        symbols = np.empty((n_items, n_samples), np.float32)
        n_seen = 0 if seen is None else n_samples
        outputs = np.empty((n_items, n_seen, len(packed.output_bias)), np.float32)
        gates = _pad_gates(conditioning, 3)
        # Far beyond any use, and still a number when logits are multiplied by it.
        inverse_temperature = np.float32(min(1 / temperature, 1e30) if temperature else 0)
        columns = first_frame, np.ascontiguousarray(uniforms, np.float32), inverse_temperature
        if n_items == 1 or _process_of_threads not in (0, os.getpid()):
            for item, rows in enumerate(gates):
                own = (part[item] for part in state)
                write_samples(packed, rows, *columns, *own, symbols[item], outputs[item])
        else:
            self._write_batch(gates, *columns, *state, symbols, outputs)
        if seen is not None:
            seen[...] = outputs[:, :, : self._config.n_outputs]
        return symbols

    def _write_batch(self, *arguments: object) -> None:
        global _process_of_threads
        with _one_batch:
            settings: Any = numba.config
            before, most = numba.get_num_threads(), settings.NUMBA_NUM_THREADS
            numba.set_num_threads(min(self.n_threads or before, most))
            _process_of_threads = os.getpid()
            try:
                write_batch(self.packed, *arguments)
            finally:
                numba.set_num_threads(before)


def pack(
    config: WaveNetConfig, hop_length: int, arrays: Mapping[str, np.ndarray], *, use_float16: bool
) -> Packed:
    """Weights as the kernels read them; arguments and errors as of :class:`NumbaWaveNet`."""
    width, skip = padded(config.residual_channels), padded(config.skip_channels)

    def matrix(values: np.ndarray) -> np.ndarray:
        if use_float16:
            with np.errstate(over="ignore"):
                stored = values.astype(np.float16)
            if not np.isfinite(stored).all():
                raise VoiceError("a weight is too large for float16: choose generator 'numba-f32'")
            values = stored.view(np.uint16)
        return aligned(values).reshape(-1)

    def vector(name: str, *shape: int) -> np.ndarray:
        return aligned(_pad(arrays[name], *shape))

    n_layers = len(config.dilations)
    inner, outputs = padded(config.gate_channels // 2), padded(config.n_outputs)
    residual_and_skip = [
        _pad(arrays["residual"], n_layers, inner, width),
        _pad(arrays["skip"], n_layers, inner, skip),
    ]
    return Packed(
        hop_length=hop_length,
        n_mixtures=config.n_mixtures if config.output == "logistics" else 0,
        n_classes=config.n_classes,
        dilations=np.array(config.dilations, np.int64),
        embedding=vector("embedding", len(arrays["embedding"]), width),
        past=matrix(_pad(_pad_gates(arrays["past"], 2), n_layers, width, 2 * inner)),
        present=matrix(_pad(_pad_gates(arrays["present"], 2), n_layers, width, 2 * inner)),
        residual_and_skip=matrix(np.concatenate(residual_and_skip, 2)),
        residual_bias=vector("residual_bias", n_layers, width),
        skip_bias=vector("skip_bias", skip),
        head=matrix(_pad(arrays["head"], skip, skip)),
        head_bias=vector("head_bias", skip),
        output=matrix(_pad(arrays["output"], skip, outputs)),
        output_bias=vector("output_bias", outputs),
    )


def _pad(values: np.ndarray, *shape: int) -> np.ndarray:
    """Zeros at the end of every axis up to ``shape``."""
    return np.pad(values, [(0, new - old) for old, new in zip(values.shape, shape, strict=True)])


def _pad_gates(values: np.ndarray, axis: int) -> np.ndarray:
    """Zeros after the filters and after the gates, which are the two halves of the last axis."""
    half = values.shape[axis] // 2
    more = padded(half) - half
    if not more:
        return np.ascontiguousarray(values)
    width = [(0, 0)] * axis + [(0, more)]
    return np.concatenate([np.pad(part, width) for part in np.split(values, 2, axis)], axis)
