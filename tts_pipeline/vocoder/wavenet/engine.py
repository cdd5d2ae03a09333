"""WaveNet on a CPU, without PyTorch: the fused kernel behind the vocoder interface."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError
from tts_pipeline.nn.weights import Weights
from tts_pipeline.vocoder.wavenet.conditioning import Conditioning
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig

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

    Attributes:
        conditioning: the network that reads the mel.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    def __init__(
        self, config: WaveNetConfig, audio: AudioConfig, weights: Mapping[str, np.ndarray]
    ) -> None:
        self.config, self.audio = config, audio
        taken = Weights(weights)
        self.conditioning = Conditioning(config, audio.n_mels, taken)
        shapes = config.parameter_shapes
        self._arrays = {name: taken.vector(name, *shape) for name, shape in shapes.items()}
        taken.finish()
        self._writers: dict[bool, NumbaWaveNet] = {}

    @functools.cached_property
    def halves(self) -> bool:
        """Whether the matrices lose nothing as float16."""
        with np.errstate(over="ignore"):
            return all(
                np.array_equal(self._arrays[name].astype(np.float16), self._arrays[name])
                for name in _MATRICES
            )

    def writer(self, *, halves: bool) -> NumbaWaveNet:
        """The fused kernel with weights in float16 or float32."""
        from tts_pipeline.vocoder.wavenet.packed import NumbaWaveNet

        if halves not in self._writers:
            hop = self.audio.hop_length
            self._writers[halves] = NumbaWaveNet(self.config, hop, self._arrays, halves=halves)
        return self._writers[halves]

    def infer(
        self,
        mel: np.ndarray,
        *,
        seed: int = 0,
        temperature: float | None = None,
        progress: ProgressCallback | None = None,
    ) -> np.ndarray:
        """Waveform ``(T * hop_length,)`` of a mel ``(M, T)``.

        Args:
            mel: natural-log amplitude, finite.
            seed: of the random numbers that samples are drawn with.
            temperature: below 1 the likely becomes more likely, 0: always the likeliest; None: the
                configuration's.
            progress: called after every piece of 1,600 samples at most.

        Raises:
            AudioError: if the mel has another shape, is empty or not finite, or the temperature is
                out of range.
        """
        return self.infer_all([mel], seed=seed, temperature=temperature, progress=progress)[0]

    def infer_all(
        self,
        mels: Sequence[np.ndarray],
        *,
        seed: int = 0,
        temperature: float | None = None,
        progress: ProgressCallback | None = None,
        writer: Writer | None = None,
    ) -> np.ndarray:
        """:meth:`infer` of mels ``(M, T)`` of one length, side by side: ``(B, T * hop_length)``.

        Args:
            mels: at least one.
            seed: as for one; each gets the samples that it would get alone.
            temperature: as for one.
            progress: as for one.
            writer: another generator of the same weights.
        """
        checked = [self._checked(mel) for mel in mels]
        stream = self._begin(len(checked), seed, temperature, writer)
        n_samples = checked[0].shape[1] * self.audio.hop_length
        from tts_pipeline.vocoder.wavenet.generation import gathered

        return gathered(stream.push(checked, last=True), n_samples, progress)

    def stream(
        self,
        mel: Iterable[np.ndarray],
        *,
        seed: int = 0,
        temperature: float | None = None,
        writer: Writer | None = None,
    ) -> Iterator[np.ndarray]:
        """:meth:`infer` of a mel in blocks ``(M, t)``; memory does not grow with its length.

        Yields:
            ``(S,)`` samples, of a tenth of a second at most.

        Raises:
            AudioError: as :meth:`infer`.
        """
        stream = self._begin(1, seed, temperature, writer)
        nothing = None
        for block in mel:
            block = self._checked(block)
            nothing = block[:, :0]
            for samples in stream.push([block], last=False):
                yield samples[0]
        if nothing is not None:
            for samples in stream.push([nothing], last=True):
                yield samples[0]

    def _begin(
        self, n_items: int, seed: int, temperature: float | None, writer: Writer | None
    ) -> SampleStream:
        from tts_pipeline.vocoder.wavenet.generation import SampleStream

        writer = writer or self.writer(halves=self.halves)
        return SampleStream(
            self.config, self.audio, self.conditioning, writer, n_items, seed, temperature
        )

    def _checked(self, mel: np.ndarray) -> np.ndarray:
        if mel.ndim != 2 or mel.shape[0] != self.audio.n_mels or mel.shape[1] == 0:
            raise AudioError(
                f"mel of shape {mel.shape}: expected ({self.audio.n_mels}, T) with at least one "
                "frame"
            )
        if not np.isfinite(mel).all():
            raise AudioError("mel holds NaN or infinity: check the acoustic model's output")
        return mel.astype(np.float32, copy=False)
