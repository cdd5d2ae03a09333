"""Models as a voice's folder holds them: settings and weights, not PyTorch until it is needed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import TTSPipelineError, VoiceError
from tts_pipeline.vocoder.harmonic_noise.config import GeneratorConfig
from tts_pipeline.vocoder.harmonic_noise.engine import HarmonicNoiseEngine
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.engine import WaveNetEngine

if TYPE_CHECKING:
    from torch import nn


class Kind(NamedTuple):
    """A kind of model that a voice may hold; each function imports what it needs.

    Attributes:
        file: of its weights.
        config: gives its config dataclass.
        module: makes its PyTorch module of config and audio settings.
        engine: makes what does its work on a CPU without PyTorch, of config, audio settings and
            weights; None if there is no such thing.
    """

    file: str
    config: Callable[[], type]
    module: Callable[[Any, AudioConfig], nn.Module]
    engine: Callable[[Any, AudioConfig, Mapping[str, np.ndarray]], Any] | None = None


def _acoustic(config: Any, audio: AudioConfig) -> nn.Module:
    from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel

    return AutoregressiveModel(config, audio.n_mels)


def _parallel(config: Any, audio: AudioConfig) -> nn.Module:
    from tts_pipeline.vocoder.harmonic_noise.model import HarmonicPlusNoiseVocoder

    return HarmonicPlusNoiseVocoder(config, audio)


def _wavenet(config: Any, audio: AudioConfig) -> nn.Module:
    from tts_pipeline.vocoder.wavenet.model import WaveNet

    return WaveNet(config, audio)


# The models of a voice by name: "acoustic" must be there, the others are its vocoders.
KINDS = {
    "acoustic": Kind(
        "acoustic.safetensors",
        lambda: AutoregressiveConfig,
        _acoustic,
        lambda config, audio, weights: AutoregressiveEngine(config, audio.n_mels, weights),
    ),
    "parallel": Kind(
        "vocoder.safetensors", lambda: GeneratorConfig, _parallel, HarmonicNoiseEngine
    ),
    "wavenet": Kind("wavenet.safetensors", lambda: WaveNetConfig, _wavenet, WaveNetEngine),
}


class StoredModel:
    """A model of a voice.

    Args:
        kind: one of ``KINDS``.
        settings: its configuration, as it is saved.
        audio: settings of the voice.
        arrays: its weights by name.
        where: the file that the settings come from, for messages.
    """

    def __init__(
        self,
        kind: str,
        settings: dict[str, Any],
        audio: AudioConfig,
        arrays: Mapping[str, np.ndarray],
        where: str,
    ) -> None:
        self.kind, self.settings, self.audio, self.arrays = kind, settings, audio, arrays
        self._where = where

    def __reduce__(self) -> tuple[Any, ...]:
        # What was made of the weights is made again where they arrive.
        return StoredModel, (self.kind, self.settings, self.audio, self.arrays, self._where)

    @property
    def has_engine(self) -> bool:
        """Whether PyTorch is not needed for its work on a CPU."""
        return KINDS[self.kind].engine is not None

    @functools.cached_property
    def config(self) -> Any:
        """Its config dataclass.

        Raises:
            VoiceError: if the settings are none of it.
        """
        try:
            where = f"models.{self.kind}.config"
            return from_mapping(KINDS[self.kind].config(), self.settings, where)
        except TTSPipelineError as error:
            raise VoiceError(f"{self._where}: {error}") from error

    @functools.cached_property
    def engine(self) -> Any:
        """What does its work on a CPU without PyTorch, if :attr:`has_engine`.

        Raises:
            VoiceError: if the weights are not those of such a model.
            ArithmeticError, MemoryError, ValueError, TTSPipelineError: if the settings make none.
        """
        make = KINDS[self.kind].engine
        return make(self.config, self.audio, self.arrays) if make else None

    @property
    def is_built(self) -> bool:
        """Whether :attr:`module` was asked for: then its weights may have been changed."""
        return "module" in vars(self)

    @functools.cached_property
    def module(self) -> nn.Module:
        """The PyTorch module, in use, not in training.

        Raises:
            VoiceError: if the weights are not those of such a model, or the settings make none.
        """
        import torch

        config = self.config
        try:
            # Initial weights are drawn and then replaced: the caller's random numbers are not for
            # that.
            with torch.random.fork_rng(devices=[]):
                module = KINDS[self.kind].module(config, self.audio)
            weights = {
                key: torch.from_numpy(value.astype(np.float32))
                for key, value in self.arrays.items()
            }
            module.load_state_dict(weights)
        except (ArithmeticError, MemoryError, RuntimeError, TTSPipelineError, ValueError) as error:
            raise VoiceError(
                f"{self._where}: models.{self.kind} makes no model ({error})"
            ) from error
        return module.eval().requires_grad_(False)

    def buffers(self) -> frozenset[str]:
        """Names of the arrays that are no parameters."""
        return frozenset(self.arrays) - {name for name, _ in self.module.named_parameters()}
