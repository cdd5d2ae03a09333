"""The latent model on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.along_plan import FrameRows, MelScale, PlanEngine
from tts_pipeline.acoustic.latent.config import LOG_STD, LatentConfig, LatentOptions
from tts_pipeline.acoustic.one_shot.engine import DecoderPass, frame_stack
from tts_pipeline.acoustic.token_plan import TokenPlan
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import Block, Linear, Norm, blocks_over
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import Operations


class LatentEngine(PlanEngine):
    """:class:`~tts_pipeline.acoustic.latent.model.LatentModel` in NumPy and fused kernels.

    Everything is drawn before the first frame, so frames that come later cannot contradict it.

    Args:
        config: sizes, and the voice's temperature.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    options = LatentOptions

    def __init__(
        self,
        config: LatentConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        super().__init__(audio, uses, config.token_channels)
        self.config = config
        c, n_shared, n_own = config.channels, config.utterance_size, config.phone_size
        taken = Weights(weights)
        self._scale = MelScale(taken, "scaling", audio.n_mels)
        self._token_input = Linear(taken, "token_input", config.token_channels, c)
        self._blocks_over_tokens = [
            Block(taken, f"blocks.blocks.{k}", c, config.hidden, config.prior_kernel)
            for k in range(config.prior_blocks)
        ]
        self._utterance_norm = Norm(taken, "utterance_norm", c)
        self._utterance = Linear(taken, "utterance", c, 2 * n_shared)
        self._drawn_input = Linear(taken, "drawn_input", n_shared, c)
        self._phone_norm = Norm(taken, "phone_norm", c)
        self._phone = Linear(taken, "phone", c, 2 * n_own)
        told = config.token_channels + n_own + n_shared
        self._rows = FrameRows(taken, "conditioning", told, config.decoder.channels)
        self._decoder = frame_stack(taken, "decoder.", config.decoder, audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters

    def draw(self, plan: TokenPlan, seed: int, temperature: float) -> TokenPlan:
        """The plan with what the frames share: each token's own numbers, then the utterance's,
        behind its vector."""
        random, config = np.random.default_rng(seed % 2**64), self.config
        encoded = blocks_over(self._token_input(plan.vectors), self._blocks_over_tokens)
        spoken = plan.durations[:, None].astype(np.float32)
        mean = (self._utterance_norm(encoded) * spoken).sum(0, keepdims=True) / spoken.sum()
        noise = random.standard_normal((1, config.utterance_size), np.float32)
        utterance = _drawn(self._utterance(mean), temperature * noise)
        noise = random.standard_normal((len(encoded), config.phone_size), np.float32)
        told = self._phone_norm(encoded + self._drawn_input(utterance))
        phone = _drawn(self._phone(told), temperature * noise)
        shared = np.repeat(utterance, len(phone), 0)
        return plan._replace(vectors=np.concatenate([plan.vectors, phone, shared], 1))

    def _pass(self, plan: TokenPlan, seed: int, options: LatentOptions) -> DecoderPass:
        given = options.temperature
        temperature = np.float32(self.config.temperature if given is None else given)
        drawn = self.draw(plan, seed, temperature)
        return DecoderPass(plan.n_frames, self._rows.of(drawn), self._decoder.start())

    def _work(self, plan: TokenPlan, options: LatentOptions) -> Operations:
        config, c = self.config, self.config.channels
        per_token = config.token_channels * c + 2 * c * config.phone_size + self._rows.token_macs
        per_token += config.prior_blocks * c * (2 * config.hidden + config.prior_kernel)
        per_frame = self._rows.frame_macs + self._decoder.frame_macs
        once = 3 * c * config.utterance_size
        work = len(plan.durations) * per_token + plan.n_frames * per_frame + once
        # The utterance's numbers, the tokens', the frames.
        return Operations(work, 3)

    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        return self._scale.unscale(frames)


def _drawn(values: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """From means and logarithms of deviations ``(N, 2 D)``."""
    mean, log_std = np.split(values, 2, 1)
    return mean + noise * np.exp(log_std.clip(*LOG_STD))
