"""The parallel vocoder on a CPU, without PyTorch: products of NumPy and fused kernels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tts_pipeline.audio.config import AudioConfig, mel_filters
from tts_pipeline.nn.matrix_product import PackedMatrix
from tts_pipeline.nn.numpy_layers import (
    Block,
    Conv,
    FrameBuffer,
    Norm,
    SideBySide,
    SlidingStack,
)
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import Operations, checked_mel
from tts_pipeline.vocoder.harmonic_noise.config import (
    GeneratorConfig,
    HarmonicNoiseOptions,
    PitchConfig,
)
from tts_pipeline.vocoder.harmonic_noise.detail_kernel import filter_detailed
from tts_pipeline.vocoder.harmonic_noise.detailed_sources import DetailedSources, band_matrix
from tts_pipeline.vocoder.harmonic_noise.kernel import (
    decode_f0,
    filter_spectra,
    overlap_add,
)
from tts_pipeline.vocoder.harmonic_noise.sources import Sources, hann

# Frames worked on at once: enough for matrix products, and few enough windows for the cache of a
# core, where all that is done to them stays.
_FRAMES_AT_ONCE = 512
_WINDOWS_AT_ONCE = 32


class HarmonicNoiseEngine:
    """:class:`~tts_pipeline.vocoder.harmonic_noise.model.HarmonicPlusNoiseVocoder` for generation.

    Equal to it up to float32 rounding, seeds included.

    Args:
        config: sizes.
        audio: settings of the mel it expects.
        weights: those of the PyTorch model by name, float16 or float32. Large ones are used where
            they lie.
        uses: nothing.

    Raises:
        AudioError: if the sizes make no vocoder.
        VoiceError: if the weights are not those of such a model.
    """

    options = HarmonicNoiseOptions

    def __init__(
        self,
        config: GeneratorConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any] | None = None,
    ) -> None:
        self.config, self.features = config, audio
        self.margin, self.window = config.margin(audio), hann(config.n_fft)
        taken = Weights(weights)
        self.mel_mean = taken.buffer("mel_mean", audio.n_mels, 1)
        self.mel_scale = taken.deviations("mel_scale", audio.n_mels, 1)
        envelope = envelope_matrix(config, audio)
        self.envelope = PackedMatrix(envelope[:-1], envelope[-1])
        pitch = config.pitch
        outputs = {"pitch.output": pitch.n_bins + 1}
        self.pitch_layers = _layers(taken, "pitch.", audio.n_mels, pitch, 5, outputs)
        outputs = {"output": 3 * config.n_bins}
        if config.detail is not None:
            outputs["detail.output"] = config.detail.n_outputs
        self.filter_layers = _layers(taken, "", audio.n_mels + 2, config, 7, outputs)
        if config.detail is not None:
            self.bands = PackedMatrix(band_matrix(config.detail.n_bands, config.n_bins))
        taken.finish()
        self.n_parameters = taken.n_parameters

    @property
    def lookahead(self) -> int:
        """Frames of mel that must follow a frame before :meth:`stream` gives all its samples, for
        blocks of 64, 128, 256, 256... frames; with others up to 255 more."""
        return HarmonicNoiseStream(self, 0).lookahead

    def infer(
        self, mel: Any, *, seed: int = 0, options: HarmonicNoiseOptions | None = None
    ) -> np.ndarray:
        """Waveform of a mel: ``(M, T)`` to ``(T * hop_length,)``, or both with ``B`` before.

        Args:
            mel: natural-log amplitude, finite; array or tensor.
            seed: of the noise source; every item of a batch gets the noise it would get alone.
            options: how breathy the voice is.

        Raises:
            AudioError: if the mel has another shape, is empty or not finite.
        """
        mel = checked_mel(mel, self.features)
        if mel.ndim == 3:
            return np.stack([self.infer(item, seed=seed, options=options) for item in mel])
        stream = HarmonicNoiseStream(self, seed, options)
        n = mel.shape[1]
        made = [
            stream.push(mel[:, at : at + _FRAMES_AT_ONCE], last=at + _FRAMES_AT_ONCE >= n)
            for at in range(0, n, _FRAMES_AT_ONCE)
        ]
        return np.concatenate(made).clip(-1.0, 1.0)

    def stream(
        self, mel: Iterable[Any], *, seed: int = 0, options: HarmonicNoiseOptions | None = None
    ) -> Iterator[np.ndarray]:
        """:meth:`infer` of a mel in blocks ``(M, t)``; memory does not grow with its length.

        Yields:
            ``(S,)`` samples as soon as they are settled.

        Raises:
            AudioError: if a block has another shape, is empty or not finite.
        """
        stream = HarmonicNoiseStream(self, seed, options)
        nothing = None
        for block in mel:
            block = checked_mel(block, self.features, batched=False)
            nothing = block[:, :0]
            samples = stream.push(block, last=False)
            if len(samples):
                yield samples.clip(-1.0, 1.0)
        if nothing is not None:
            yield stream.push(nothing, last=True).clip(-1.0, 1.0)

    def operations(self, n_frames: int, options: HarmonicNoiseOptions | None = None) -> Operations:
        """Arithmetic of so many frames, a real Fourier transform of ``n`` points being ``1.25 n
        log2(n)``; all frames are worked on at once."""
        n_fft, n_bins, n_mels = self.config.n_fft, self.config.n_bins, self.features.n_mels
        pitch = self.config.pitch
        per_frame = _layer_macs(pitch, n_mels, 5, pitch.n_bins + 1)
        per_frame += _layer_macs(self.config, n_mels + 2, 7, 3 * n_bins) + n_mels * n_bins
        detail = self.config.detail
        if detail:
            per_frame += self.config.channels * detail.n_outputs + 4 * detail.n_bands * n_bins
        # Of every source, and back.
        transforms = (6 if detail else 3) * 1.25 * n_fft * math.log2(n_fft)
        return Operations(round(n_frames * (per_frame + transforms)), 1)


class HarmonicNoiseStream:
    """A mel that comes piece by piece, its sound piece by piece.

    Every layer keeps the few frames it needs of the past, the pulses their phase, the noise its
    place in the random numbers, the overlap-add its open windows: nothing is computed twice, there
    are no seams, and memory does not grow with the length.

    Args:
        vocoder: the model.
        seed: of the noise.
        options: how breathy the voice is; None: as it is.
    """

    def __init__(
        self, vocoder: HarmonicNoiseEngine, seed: int, options: HarmonicNoiseOptions | None = None
    ) -> None:
        self._vocoder = vocoder
        self._log_breath = math.log((options or HarmonicNoiseOptions()).breath)
        self._voiced = FrameBuffer()
        self._pitch = _Pitch(vocoder)
        self._filters = SlidingStack(*vocoder.filter_layers)
        sources = vocoder.features, vocoder.window, vocoder.margin, seed
        detail = vocoder.config.detail
        self._sources = DetailedSources(*sources, detail) if detail else Sources(*sources)
        self._mel, self._scaled, self._made = FrameBuffer(), FrameBuffer(), FrameBuffer()
        overlap = vocoder.config.n_fft - vocoder.features.hop_length
        self._signal, self._weight = np.zeros((2, overlap), np.float32)
        self._n_pushed = self._n_given = 0

    @property
    def lookahead(self) -> int:
        """Frames of mel that must follow a frame before all of its samples come out, for blocks
        of 64, 128, 256, 256... frames, as the pitch head takes them; with others up to 255 more."""
        hop, margin = self._vocoder.features.hop_length, self._vocoder.margin
        beyond = max(self._filters.lookahead, self._sources.lookahead)
        if isinstance(self._sources, DetailedSources):
            beyond = self._filters.lookahead + self._sources.lookahead
        return self._pitch.lookahead + beyond + (hop + margin - 1) // hop

    def push(self, mel: np.ndarray, last: bool) -> np.ndarray:
        """The samples that are settled by the next frames.

        Args:
            mel: ``(M, t)`` natural-log amplitude.
            last: whether the mel ends with it; everything left comes out.

        Returns:
            ``(S,)``, maybe of no sample.
        """
        vocoder = self._vocoder
        self._n_pushed += mel.shape[1]
        scaled = np.ascontiguousarray(((mel - vocoder.mel_mean) * vocoder.mel_scale).T)
        self._scaled.push(scaled)
        self._mel.push(np.ascontiguousarray(mel.T))
        f0, voiced = self._pitch.push(scaled, last)
        self._sources.push(f0, last)
        pitch = np.stack([np.log(f0 / np.float32(150.0)), voiced], 1)
        inputs = np.concatenate([self._scaled.pop(len(f0)), pitch], 1)
        filters = self._filters.push(inputs, last)
        if isinstance(self._sources, DetailedSources):
            n_gains = 2 * self._sources.config.gains_per_hop
            self._sources.shape(filters[:, -n_gains:], last)
        if self._log_breath:
            self._voiced.push(voiced[:, None])
            n_bins = vocoder.config.n_bins
            noisy = filters[:, 2 * n_bins : 3 * n_bins]
            noisy += np.float32(self._log_breath) * self._voiced.pop(len(filters))
        self._made.push(filters)
        return self._sounded(min(len(self._made), len(self._sources)), last)

    def _sounded(self, n: int, last: bool) -> np.ndarray:
        """The samples that the next ``n`` windows settle."""
        vocoder = self._vocoder
        hop, margin = vocoder.features.hop_length, vocoder.margin
        n_settled, overlap = n * hop, len(self._signal)
        signal, weight = np.zeros((2, n_settled + overlap), np.float32)
        signal[:overlap], weight[:overlap] = self._signal, self._weight
        made, mel = self._made.pop(n), self._mel.pop(n)
        for at in range(0, n, _WINDOWS_AT_ONCE):
            part = slice(at, at + _WINDOWS_AT_ONCE)
            windows = self._windows(made[part], mel[part])
            overlap_add(windows, vocoder.window, hop, signal[at * hop :], weight[at * hop :])
        self._signal, self._weight = signal[n_settled:].copy(), weight[n_settled:].copy()
        n_given = len(signal) if last else n_settled
        samples = signal[:n_given] / np.maximum(weight[:n_given], np.float32(1e-3))
        # The first window begins a margin before the first sample, the last one ends one after.
        begin = self._n_given - margin
        self._n_given += n_given
        return samples[max(0, -begin) : self._n_pushed * hop - begin]

    def _windows(self, made: np.ndarray, mel: np.ndarray) -> np.ndarray:
        """Windows of the waveform ``(t, n_fft)``, before the window function."""
        vocoder = self._vocoder
        envelope = vocoder.envelope(mel)
        spectra = self._sources.pop(len(made))
        parts = spectra.view(np.float32).reshape(*spectra.shape, 2)
        limit, detail = np.float32(vocoder.config.max_log_gain), vocoder.config.detail
        if detail is None:
            filter_spectra(made, envelope, limit, parts[0], parts[1])
        else:
            first = 3 * vocoder.config.n_bins
            told = made[:, first : first + 4 * detail.n_bands].reshape(-1, detail.n_bands)
            bands = vocoder.bands(told).reshape(len(made), 4, -1)
            filter_detailed(made, envelope, bands, limit, parts)
        windows = np.fft.irfft(spectra[0], vocoder.config.n_fft, axis=1)
        return windows.astype(np.float32, copy=False)


class _Pitch:
    """The pitch head and its decoding.

    It works on pieces of set lengths, whatever it is given: the first one is short so that sound
    comes soon, later ones are long so that they cost little.
    """

    FIRST_PIECE, LONGEST_PIECE = 64, 256

    def __init__(self, vocoder: HarmonicNoiseEngine) -> None:
        self._config = vocoder.config.pitch
        self._stack = SlidingStack(*vocoder.pitch_layers)
        self._waiting = FrameBuffer()
        self._piece = self.FIRST_PIECE

    @property
    def lookahead(self) -> int:
        """Frames seen after each."""
        return self._stack.lookahead

    def push(self, scaled: np.ndarray, last: bool) -> tuple[np.ndarray, np.ndarray]:
        """Scaled mel ``(t, M)`` to F0 in Hz and the share of voicing of the next frames, both
        ``(n,)``."""
        self._waiting.push(scaled)
        made = []
        while len(self._waiting) >= self._piece:
            made.append(self._stack.push(self._waiting.pop(self._piece), last=False))
            self._piece = min(2 * self._piece, self.LONGEST_PIECE)
        if last or not made:
            rest = len(self._waiting) if last else 0
            made.append(self._stack.push(self._waiting.pop(rest), last))
        logits = np.concatenate(made)
        f0, voiced = np.empty((2, len(logits)), np.float32)
        decode_f0(logits, self._config.f0_min, self._config.bin_cents, f0, voiced)
        return f0, voiced


def envelope_matrix(config: GeneratorConfig, audio: AudioConfig) -> np.ndarray:
    """Interpolation from mel bands to output bins, and a last row to add, ``(M + 1, F)``.

    The log gains start from the mel's own envelope, so that the network only learns what the mel
    does not say. The last row turns a band's value into the gain that white noise needs.
    """
    filters = mel_filters(audio)
    grid = np.linspace(0, 1, filters.shape[1], dtype=np.float32)
    centres = filters @ grid / filters.sum(1)
    bins = np.linspace(0, 1, config.n_bins, dtype=np.float32)
    right = np.searchsorted(centres, bins).clip(1, len(centres) - 1)
    share = ((bins - centres[right - 1]) / (centres[right] - centres[right - 1])).clip(0, 1)
    matrix = np.zeros((audio.n_mels + 1, config.n_bins), np.float32)
    columns = np.arange(config.n_bins)
    matrix[right - 1, columns] = 1 - share
    matrix[right, columns] = share
    noise_level = np.sqrt(np.square(hann(audio.win_length)).sum())
    matrix[-1] = -np.log(filters.sum(1) * noise_level) @ matrix[:-1]
    return matrix


def _layers(
    weights: Weights,
    prefix: str,
    n_in: int,
    sizes: GeneratorConfig | PitchConfig,
    first: int,
    outputs: Mapping[str, int],
) -> tuple[list[Conv | Block], list[Norm | SideBySide]]:
    """A convolution over ``first`` frames and ConvNeXt blocks; what follows them row by row, with
    the outputs of these names and widths side by side."""
    c, h = sizes.channels, sizes.hidden
    convolutions: list[Conv | Block] = [Conv(weights, f"{prefix}input", n_in, c, first)]
    convolutions += [Block(weights, f"{prefix}blocks.{k}", c, h) for k in range(sizes.n_blocks)]
    pointwise: list[Norm | SideBySide] = [
        Norm(weights, f"{prefix}norm", c),
        SideBySide(weights, outputs, c),
    ]
    return convolutions, pointwise


def _layer_macs(sizes: GeneratorConfig | PitchConfig, n_in: int, first: int, n_out: int) -> int:
    """Multiply-accumulates of :func:`_layers` per frame."""
    c = sizes.channels
    return c * (first * n_in + sizes.n_blocks * (7 + 2 * sizes.hidden) + n_out)
