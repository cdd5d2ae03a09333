"""WaveNet on a CPU, without PyTorch: the fused kernel behind the vocoder interface."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import Operations, checked_mel
from tts_pipeline.vocoder.wavenet.conditioning import Conditioning
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig, WaveNetOptions

if TYPE_CHECKING:
    from tts_pipeline.vocoder.wavenet.generation import ProgressCallback, SampleStream, Writer
    from tts_pipeline.vocoder.wavenet.packed import NumbaWaveNet

_MATRICES = ("past", "present", "residual", "skip", "head", "output")


class WaveNetEngine:
    """:class:`~tts_pipeline.vocoder.wavenet.model.WaveNet` for generation.

    Weights that are float16 values, as those of a saved voice are, are kept in 16 bits, at half
    the memory traffic and without any error; others in float32. What is compiled is loaded when
    the first sample is asked for.

    Args:
        config: sizes.
        audio: settings of the mel it expects.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: nothing.

    Attributes:
        conditioning: the network that reads the mel.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    options = WaveNetOptions

    def __init__(
        self,
        config: WaveNetConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any] | None = None,
    ) -> None:
        self.config, self.features = config, audio
        taken = Weights(weights)
        self.conditioning = Conditioning(config, audio.n_mels, taken)
        shapes = config.parameter_shapes
        self._arrays = {name: taken.vector(name, *shape) for name, shape in shapes.items()}
        taken.finish()
        self.n_parameters = taken.n_parameters
        self._writers: dict[bool, NumbaWaveNet] = {}

    @functools.cached_property
    def fits_float16(self) -> bool:
        """Whether the matrices lose nothing as float16."""
        with np.errstate(over="ignore"):
            return all(
                np.array_equal(self._arrays[name].astype(np.float16), self._arrays[name])
                for name in _MATRICES
            )

    def writer(self, *, use_float16: bool) -> NumbaWaveNet:
        """The fused kernel with weights in float16 or float32."""
        from tts_pipeline.vocoder.wavenet.packed import NumbaWaveNet

        if use_float16 not in self._writers:
            self._writers[use_float16] = NumbaWaveNet(
                self.config, self.features.hop_length, self._arrays, use_float16=use_float16
            )
        return self._writers[use_float16]

    def infer(
        self,
        mel: Any,
        *,
        seed: int = 0,
        options: WaveNetOptions | None = None,
        progress: ProgressCallback | None = None,
        writer: Writer | None = None,
    ) -> np.ndarray:
        """Waveform of a mel: ``(M, T)`` to ``(T * hop_length,)``, or both with ``B`` before.

        An interrupt is handled within a tenth of a second of sound.

        Args:
            mel: natural-log amplitude, finite; array or tensor. Items of a batch are worked on
                side by side.
            seed: of the random numbers that samples are drawn with; every item of a batch gets
                those it would get alone.
            options: settings of this call.
            progress: called after every piece of 1,600 samples at most.
            writer: another generator of the same weights; None: the fused kernel.

        Raises:
            AudioError: if the mel has another shape, is empty or not finite.
        """
        from tts_pipeline.vocoder.wavenet.generation import gathered

        checked = checked_mel(mel, self.features)
        items = list(checked) if checked.ndim == 3 else [checked]
        stream = self._begin(len(items), seed, options, writer)
        n_samples = checked.shape[-1] * self.features.hop_length
        samples = gathered(stream.push(items, last=True), n_samples, progress)
        return samples if checked.ndim == 3 else samples[0]

    def stream(
        self,
        mel: Iterable[Any],
        *,
        seed: int = 0,
        options: WaveNetOptions | None = None,
        writer: Writer | None = None,
    ) -> Iterator[np.ndarray]:
        """:meth:`infer` of a mel in blocks ``(M, t)``; memory does not grow with its length.

        Yields:
            ``(S,)`` samples, of a tenth of a second at most, up to 12 frames after those of the
            mel.

        Raises:
            AudioError: as :meth:`infer`.
        """
        stream = self._begin(1, seed, options, writer)
        nothing = None
        for block in mel:
            block = checked_mel(block, self.features, batched=False)
            nothing = block[:, :0]
            for samples in stream.push([block], last=False):
                yield samples[0]
        if nothing is not None:
            for samples in stream.push([nothing], last=True):
                yield samples[0]

    def operations(self, n_frames: int, options: WaveNetOptions | None = None) -> Operations:
        """Arithmetic of so many frames; every sample waits for the one before it."""
        n_samples = n_frames * self.features.hop_length
        per_sample = sum(self._arrays[name].size for name in _MATRICES)
        if self.config.output == "logistics":
            per_sample += self.config.residual_channels
        macs = n_samples * per_sample + n_frames * self.conditioning.macs_per_frame
        return Operations(macs, n_samples)

    def _begin(
        self, n_items: int, seed: int, options: WaveNetOptions | None, writer: Writer | None
    ) -> SampleStream:
        from tts_pipeline.vocoder.wavenet.generation import SampleStream

        writer = writer or self.writer(use_float16=self.fits_float16)
        temperature = None if options is None else options.temperature
        return SampleStream(
            self.config, self.features, self.conditioning, writer, n_items, seed, temperature
        )
