"""The model that writes all codes at once on a CPU, without PyTorch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tts_pipeline.acoustic.masked.config import MaskedConfig, MaskedOptions
from tts_pipeline.acoustic.step_rows import StepRows
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import Block, Linear, Norm, blocks_over
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, MelStream, Operations


class MaskedEngine:
    """:class:`~tts_pipeline.acoustic.masked.model.MaskedModel` in NumPy, and the parallel decoder
    of its codes behind it: an acoustic model.

    Every code may depend on every other one near it, before and after: nothing is known until all
    is, so a stream is one block.

    Args:
        config: sizes.
        audio: of the mel.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``, which plans the tokens, and ``codes``, which decodes
            (:class:`~tts_pipeline.features.codes.engine.CodesEngine`).

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    controls = frozenset({"rate", "pitch", "energy", "fixed_frames"})
    options = MaskedOptions

    def __init__(
        self,
        config: MaskedConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.config, self.features = config, audio
        self._planner, self.codes = uses["text"], uses["codes"]
        c, g, v = config.channels, config.n_groups, config.n_codes
        taken = Weights(weights)
        self._rows = StepRows(taken, "step_input", config.text_channels, c, config.frames_per_code)
        self._settled = taken.take("settled", g, v + 1, c)
        names = [f"blocks.blocks.{k}" for k in range(config.n_blocks)]
        self._blocks = [Block(taken, name, c, config.hidden, config.kernel_size) for name in names]
        self._norm = Norm(taken, "norm", c)
        self._output = Linear(taken, "output", c, g * v)
        taken.finish()
        self.n_parameters = sum(array.size for array in weights.values())

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int, options: MaskedOptions | None = None
    ) -> list[MelStream]:
        """Write sentences one after another, each in one block."""
        return [self.stream(given, seed=seed, options=options) for given in inputs]

    def stream(
        self, given: AcousticInput, *, seed: int, options: MaskedOptions | None = None
    ) -> MelStream:
        """Write one sentence; it comes in one block, made when it is asked for."""
        planned = self._planner.plan(given)
        rounds = options or MaskedOptions()

        def blocks():  # type: ignore[no-untyped-def]
            codes = self._codes(planned.vectors, planned.durations, seed, rounds)
            yield np.ascontiguousarray(self.codes.decode(codes)[:, : planned.durations.sum()])

        return MelStream(blocks(), planned.durations, planned.f0)

    def write(
        self, given: AcousticInput, *, seed: int, options: MaskedOptions | None = None
    ) -> np.ndarray:
        """The codes of one sentence ``(L, G)`` int64."""
        planned = self._planner.plan(given)
        return self._codes(planned.vectors, planned.durations, seed, options or MaskedOptions())

    def operations(self, given: AcousticInput, options: MaskedOptions | None = None) -> Operations:
        """Arithmetic of writing the sentence, the planning of its tokens left out."""
        config, rounds = self.config, options or MaskedOptions()
        c = config.channels
        n_steps = -(-int(self._planner.plan(given).durations.sum()) // config.frames_per_code)
        block = c * (2 * config.hidden + config.kernel_size)
        once = config.frames_per_code * (3 + c) * config.text_channels
        round_ = config.n_blocks * block + c * config.n_groups * config.n_codes
        made = n_steps * (once + rounds.steps * round_) + self.codes.operations(n_steps)
        return Operations(made, rounds.steps)

    def _codes(
        self, vectors: np.ndarray, durations: np.ndarray, seed: int, options: MaskedOptions
    ) -> np.ndarray:
        config = self.config
        n_steps = -(-int(durations.sum()) // config.frames_per_code)
        random = np.random.default_rng(seed)
        told = self._rows(vectors, durations, 0, n_steps)
        codes = np.full((n_steps, config.n_groups), config.n_codes, np.int64)
        groups = np.arange(config.n_groups)
        for step in range(options.steps):
            hidden = codes == config.n_codes
            x = told + self._settled[groups, codes].sum(1)
            made = self._output(self._norm(blocks_over(x, self._blocks)))
            logits = made.reshape(n_steps, config.n_groups, config.n_codes)[hidden]
            # Of all codes, so that the numbers of one do not depend on which others are settled.
            uniforms = random.random((2, *codes.shape), np.float32)[:, hidden]
            drawn = _drawn(logits, uniforms[0], options.temperature)
            codes[hidden] = drawn
            left = (step + 1) / options.steps
            n_hidden = math.floor(math.cos(math.pi / 2 * left) * codes.size + 1e-9)
            if n_hidden == 0:
                break
            shifted = logits - logits.max(1, keepdims=True)
            sure = shifted[np.arange(len(drawn)), drawn] - np.log(np.exp(shifted).sum(1))
            least = np.float32(np.finfo(np.float32).tiny)
            noise = -np.log(-np.log(uniforms[1].clip(least)))
            sure += np.float32(options.choice_temperature * (1 - left)) * noise
            again = np.argsort(sure, kind="stable")[:n_hidden]
            codes.reshape(-1)[np.flatnonzero(hidden)[again]] = config.n_codes
        return codes


def _drawn(logits: np.ndarray, uniforms: np.ndarray, temperature: float) -> np.ndarray:
    """Codes out of logits ``(K, V)`` by a random number each ``(K,)``."""
    if temperature == 0:
        return logits.argmax(1)
    scaled = (logits - logits.max(1, keepdims=True)) / np.float32(temperature)
    sums = np.exp(scaled).cumsum(1)
    aims = uniforms[:, None] * sums[:, -1:]
    return (sums <= aims).sum(1).clip(None, logits.shape[1] - 1)
