"""The parallel vocoder by PyTorch, for a module on any device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.protocols import NoOptions, Operations, checked_mel
from tts_pipeline.vocoder.harmonic_noise.engine import HarmonicNoiseEngine
from tts_pipeline.vocoder.harmonic_noise.model import HarmonicPlusNoiseVocoder


class HarmonicNoiseOnDevice:
    """The contract of a vocoder by a module, wherever its weights are.

    Args:
        module: in eval mode.
        audio: settings of the mel it expects; None: the module's.
        uses: nothing.
    """

    options = NoOptions

    def __init__(
        self,
        module: HarmonicPlusNoiseVocoder,
        audio: AudioConfig | None = None,
        uses: Mapping[str, Any] | None = None,
    ) -> None:
        self._module, self.features = module, audio or module.audio
        self.n_parameters = sum(parameter.numel() for parameter in module.parameters())

    @torch.inference_mode()
    def infer(self, mel: Any, *, seed: int = 0, options: NoOptions | None = None) -> np.ndarray:
        """Waveform of a mel; see :meth:`HarmonicNoiseEngine.infer`."""
        mel = checked_mel(mel, self.features)
        batch = torch.from_numpy(mel if mel.ndim == 3 else mel[None])
        random = np.random.Generator(np.random.PCG64(seed))
        n_samples = batch.shape[2] * self.features.hop_length
        noise = torch.from_numpy(random.standard_normal((1, n_samples), dtype=np.float32))
        device = self._module.mel_mean.device
        waveform = self._module(batch.to(device), noise=noise.to(device)).waveform
        samples = waveform.clamp_(-1.0, 1.0).cpu().numpy()
        return samples if mel.ndim == 3 else samples[0]

    def stream(
        self, mel: Iterable[Any], *, seed: int = 0, options: NoOptions | None = None
    ) -> Iterator[np.ndarray]:
        """:meth:`infer` at the end of the mel: a device is quickest with all of it at once."""
        blocks = [checked_mel(block, self.features, batched=False) for block in mel]
        if blocks:
            yield self.infer(np.concatenate(blocks, 1), seed=seed)

    def operations(self, n_frames: int, options: NoOptions | None = None) -> Operations:
        """As of the engine with the same weights."""
        weights = {key: value.cpu().numpy() for key, value in self._module.state_dict().items()}
        engine = HarmonicNoiseEngine(self._module.config, self.features, weights)
        return engine.operations(n_frames)
