"""The prosody model on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.flow.way import BlocksAtTimes, StepModulations
from tts_pipeline.acoustic.prosody.config import ProsodyConfig
from tts_pipeline.acoustic.prosody.marks import read_tokens
from tts_pipeline.acoustic.prosody.mixture import TokenFactors, factors_of
from tts_pipeline.acoustic.token_plan import TokenPlanner
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import VoiceError
from tts_pipeline.nn.numpy_layers import Block, Linear, Norm, blocks_over
from tts_pipeline.nn.weights import Weights
from tts_pipeline.text.symbols import Alphabet

# Beside a sentence's seed, so that what is drawn here has nothing to do with the mel's noise.
_STREAM = 0x9205
_N_VALUES = 3


class ProsodyEngine:
    """:class:`~tts_pipeline.acoustic.prosody.model.ProsodyModel` in NumPy and fused kernels.

    Args:
        config: sizes.
        audio: settings of the voice.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans are changed; ``alphabet``: of the tokens.

    Attributes:
        n_parameters: trained numbers of its own, those of the planner not counted.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    def __init__(
        self,
        config: ProsodyConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.config, self.features = config, audio
        self.text: TokenPlanner = uses["text"]
        alphabet: Alphabet = uses["alphabet"]
        self._stress_step, self._read_tokens = alphabet.stress_step, read_tokens(alphabet)
        c, taken = config.channels, Weights(weights)
        n_symbols = len(alphabet.symbols)
        self._symbol = taken.take("embedding.symbol.weight", n_symbols, c)
        self._stress = taken.take("embedding.stress.weight", alphabet.n_stress, c)
        self._text_blocks = self._blocks(taken, "text_blocks", config.text_blocks)
        self._noisy_input = Linear(taken, "noisy_input", _N_VALUES, c)
        blocks = self._blocks(taken, "blocks", config.n_blocks)
        self._whole = [whole for _, whole in blocks]
        local = [block for block, _ in blocks]
        modulations = StepModulations(taken, "step", config.step_channels, len(local), c)
        self._local = BlocksAtTimes(modulations, local)
        self._norm = Norm(taken, "norm", c)
        self._output = Linear(taken, "output", c, _N_VALUES)
        self._mean, self._std, self._agreement = (
            taken.buffer(name, _N_VALUES) for name in ("mean", "std", "agreement")
        )
        taken.finish()
        self.n_parameters = taken.n_parameters

    def _blocks(self, weights: Weights, name: str, n_blocks: int) -> list[tuple[Block, Linear]]:
        c, h, size = self.config.channels, self.config.hidden, self.config.kernel
        return [
            (
                Block(weights, f"{name}.{k}.local", c, h, size),
                Linear(weights, f"{name}.{k}.whole", c, c),
            )
            for k in range(n_blocks)
        ]

    def draw(self, tokens: np.ndarray, *, seed: int, temperature: float) -> TokenFactors:
        """Factors on what the voice would do by itself; see
        :class:`~tts_pipeline.protocols.ProsodySource`.

        Raises:
            TextError: if there is no token, or one is not of the alphabet.
            VoiceError: if the weights give what is no number.
        """
        plan = self.text.predict(tokens)
        drawn = self.values(tokens, seed)
        factors = factors_of(plan, drawn, self._mean, self._agreement, temperature)
        if not all(np.isfinite(each).all() for each in (drawn, *factors)):
            raise VoiceError(
                "durations, pitch or energy that are no numbers: the prosody model's weights are "
                "not those of a trained model, take another voice or prosody_temperature=0"
            )
        return factors

    def values(self, tokens: np.ndarray, seed: int) -> np.ndarray:
        """What is drawn: log(1 + frames), scaled pitch and energy of each token ``(N, 3)``."""
        random = np.random.default_rng([_STREAM, seed % 2**64])
        values = random.standard_normal((len(tokens), _N_VALUES), np.float32)
        n_steps = self.config.steps
        tokens = self._read_tokens[tokens]
        told = self._symbol[tokens % self._stress_step] + self._stress[tokens // self._stress_step]
        for block, whole in self._text_blocks:
            told = _over_sentence(told, block, whole)
        for step in range(n_steps):
            x = told + self._noisy_input(values)
            for block, whole in zip(self._local.at(step / n_steps), self._whole):
                x = _over_sentence(x, block, whole)
            values += (self._output(self._norm(x)) - values) / np.float32(n_steps - step)
        return values * self._std + self._mean


def _over_sentence(x: np.ndarray, block: Block, whole: Linear) -> np.ndarray:
    """:class:`~tts_pipeline.acoustic.prosody.model.SentenceBlock`: ``(N, C)`` to ``(N, C)``."""
    x = blocks_over(x, [block])
    return x + whole(x.mean(0, keepdims=True))
