"""The auto-encoder of mels on a CPU, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import VoiceError
from tts_pipeline.features.codes.config import CodesConfig
from tts_pipeline.features.codes.quantisation import codes_of, coordinates_of
from tts_pipeline.nn.numpy_layers import Block, Linear, Norm, SlidingStack, blocks_over
from tts_pipeline.nn.weights import Weights


class CodesEngine:
    """:class:`~tts_pipeline.features.codes.model.CodesAutoencoder` in NumPy.

    Equal to it up to float32 rounding.

    Args:
        config: sizes.
        audio: settings of the mel.
        weights: those of the PyTorch model by name, float16 or float32.

    Attributes:
        codes: itself, by the name that models of codes use it.
        n_parameters: trained numbers in encoder and decoder.
        step_macs: multiplications with addition of decoding a step.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    def __init__(
        self,
        config: CodesConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any] | None = None,
    ) -> None:
        self.config, self.features, self.codes = config, audio, self
        n_mels = audio.n_mels
        c, h, r = config.channels, config.hidden, config.frames_per_code
        taken = Weights(weights)

        def blocks(name: str, n_blocks: int, size: int) -> list[Block]:
            return [Block(taken, f"{name}.{k}", c, h, size) for k in range(n_blocks)]

        self._mel_mean = taken.buffer("mel_mean", n_mels)
        self._mel_std = taken.deviations("mel_std", n_mels)
        self._encoder_input = Linear(taken, "encoder.input", r * n_mels, c)
        self._encoder_blocks = blocks(
            "encoder.blocks", config.encoder_blocks, config.encoder_kernel
        )
        self._encoder_norm = Norm(taken, "encoder.norm", c)
        self._encoder_output = Linear(taken, "encoder.output", c, config.n_coordinates)
        self._decoder_input = Linear(taken, "decoder.input", config.n_coordinates, c)
        self._step_blocks = blocks("decoder.step_blocks", config.step_blocks, config.decoder_kernel)
        self._spread = Linear(taken, "decoder.spread", c, r * c)
        self._frame_blocks = blocks(
            "decoder.frame_blocks", config.frame_blocks, config.decoder_kernel
        )
        self._decoder_norm = Norm(taken, "decoder.norm", c)
        self._decoder_output = Linear(taken, "decoder.output", c, n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters
        block = c * (2 * h + config.decoder_kernel)
        of_step = config.n_coordinates * c + config.step_blocks * block + r * c * c
        self.step_macs = of_step + r * (config.frame_blocks * block + c * n_mels)

    def encode(self, mel: np.ndarray) -> np.ndarray:
        """``(M, T)`` to codes ``(L, G)`` int64, ``L = ceil(T / r)``."""
        missing = -mel.shape[1] % self.config.frames_per_code
        whole = np.concatenate([mel, np.repeat(mel[:, -1:], missing, 1)], 1)
        frames = (whole.T - self._mel_mean) / self._mel_std
        steps = np.ascontiguousarray(frames, np.float32).reshape(
            -1, self.config.frames_per_code * self.features.n_mels
        )
        x = blocks_over(self._encoder_input(steps), self._encoder_blocks)
        outputs = self._encoder_output(self._encoder_norm(x))
        return codes_of(outputs.reshape(len(x), self.config.n_groups, -1), self.config.levels)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes ``(L, G)`` to mel ``(M, L * r)``, all frames at once."""
        return self.decoding().push(codes, last=True)

    def decoding(self) -> Decoding:
        """A decoder of codes that come piece by piece."""
        return Decoding(self)

    def require(self, frames_per_code: int, n_groups: int, n_codes: int) -> None:
        """Check that a model was trained on such codes.

        Raises:
            VoiceError: if they are others.
        """
        mine = (self.config.frames_per_code, self.config.n_groups, self.config.n_codes)
        if (frames_per_code, n_groups, n_codes) != mine:
            raise VoiceError(
                f"made for {n_groups} codes out of {n_codes} every {frames_per_code} frames, the "
                f"auto-encoder has {mine[1]} out of {mine[2]} every {mine[0]}; train both together"
            )


class Decoding:
    """:meth:`CodesEngine.decode` of codes that come piece by piece."""

    def __init__(self, model: CodesEngine) -> None:
        self._model = model
        self._steps = SlidingStack(
            model._step_blocks,
            [model._spread],
        )
        self._frames = SlidingStack(
            model._frame_blocks,
            [model._decoder_norm, model._decoder_output],
        )

    @property
    def lookahead(self) -> int:
        """Frames that the mel lags behind its codes."""
        return self._steps.lookahead * self._model.config.frames_per_code + self._frames.lookahead

    def push(self, codes: np.ndarray, last: bool) -> np.ndarray:
        """Codes ``(l, G)`` to the next frames of the mel ``(M, t)``, perhaps none."""
        model = self._model
        coordinates = coordinates_of(codes, model.config.levels).reshape(len(codes), -1)
        steps = self._steps.push(model._decoder_input(coordinates), last)
        frames = self._frames.push(steps.reshape(-1, model.config.channels), last)
        return np.ascontiguousarray((frames * model._mel_std + model._mel_mean).T)
