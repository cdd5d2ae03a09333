"""WaveNet's generators of the same weights, and a module on any device behind the contract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError
from tts_pipeline.protocols import Operations
from tts_pipeline.vocoder.wavenet.config import WaveNetOptions
from tts_pipeline.vocoder.wavenet.engine import WaveNetEngine
from tts_pipeline.vocoder.wavenet.generation import ProgressCallback, Writer
from tts_pipeline.vocoder.wavenet.model import WaveNet
from tts_pipeline.vocoder.wavenet.reference import CachedWaveNet, NaiveWaveNet

GENERATORS = ("naive", "cached", "numba-f32", "numba-f16")
"""The generators of the same weights, the slowest first."""


class WaveNetOnDevice:
    """The contract of a vocoder by a module and one of the generators.

    The mel is read, and samples are written by the fused kernels, on the CPU wherever the weights
    are: they are copied.

    Args:
        module: in eval mode.
        audio: settings of the mel it expects; None: the module's.
        uses: nothing.
        generator: one of :data:`GENERATORS`; None: "numba-f16" if the weights are float16 values,
            as those of a saved voice are, else "numba-f32".

    Attributes:
        engine: the same weights without PyTorch.
        writer: the generator.

    Raises:
        AudioError: if there is no such generator.
        VoiceError: if a weight is too large for float16 where that is asked for.
    """

    options = WaveNetOptions

    def __init__(
        self,
        module: WaveNet,
        audio: AudioConfig | None = None,
        uses: Mapping[str, Any] | None = None,
        *,
        generator: str | None = None,
    ) -> None:
        self.features = audio or module.audio
        weights = {key: value.float().cpu().numpy() for key, value in module.state_dict().items()}
        self.engine = WaveNetEngine(module.config, self.features, weights)
        self.n_parameters = self.engine.n_parameters
        self.writer = self._make_writer(module, generator)

    def infer(
        self,
        mel: Any,
        *,
        seed: int = 0,
        options: WaveNetOptions | None = None,
        progress: ProgressCallback | None = None,
    ) -> np.ndarray:
        """Waveform of a mel; see :meth:`WaveNetEngine.infer`."""
        return self.engine.infer(
            mel, seed=seed, options=options, progress=progress, writer=self.writer
        )

    def stream(
        self, mel: Iterable[Any], *, seed: int = 0, options: WaveNetOptions | None = None
    ) -> Iterator[np.ndarray]:
        """:meth:`infer` of a mel in blocks; see :meth:`WaveNetEngine.stream`."""
        return self.engine.stream(mel, seed=seed, options=options, writer=self.writer)

    def operations(self, n_frames: int, options: WaveNetOptions | None = None) -> Operations:
        """Arithmetic of so many frames."""
        return self.engine.operations(n_frames, options)

    def _make_writer(self, module: WaveNet, generator: str | None) -> Writer:
        if generator in (None, "numba-f32", "numba-f16"):
            chosen = self.engine.fits_float16 if generator is None else generator == "numba-f16"
            writer = self.engine.writer(use_float16=chosen)
            writer.n_threads = torch.get_num_threads()
            return writer
        if generator not in GENERATORS:
            known = ", ".join(GENERATORS)
            raise AudioError(f"generator={generator!r}: expected one of {known}, or None")
        return NaiveWaveNet(module) if generator == "naive" else CachedWaveNet(module)
