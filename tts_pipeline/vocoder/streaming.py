"""The harmonic-plus-noise vocoder on a mel that comes piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tts_pipeline.vocoder.excitation import between_centres, phase_of, pulse_train
from tts_pipeline.vocoder.sliding import OverlapAdd, Queue, SlidingPitch, SlidingStack

if TYPE_CHECKING:
    from tts_pipeline.vocoder.generator import HarmonicPlusNoiseVocoder


class GeneratorStream:
    """What :meth:`HarmonicPlusNoiseVocoder.forward` computes, in pieces of any size.

    Every layer keeps the few frames it needs of the past, the pulses their phase, the noise its
    place in the random numbers, the overlap-add its open windows: nothing is computed twice, there
    are no seams, and memory does not grow with the length.

    Args:
        vocoder: the model.
        seed: of the noise.
    """

    def __init__(self, vocoder: HarmonicPlusNoiseVocoder, seed: int) -> None:
        self._vocoder = vocoder
        self._pitch = SlidingPitch(vocoder.pitch)
        self._filters = SlidingStack(vocoder.input, vocoder.blocks, vocoder.norm, vocoder.output)
        self._sources = Sources(vocoder, seed)
        hop, n_fft = vocoder.audio.hop_length, vocoder.config.n_fft
        self._signal, self._weight = OverlapAdd(hop, n_fft), OverlapAdd(hop, n_fft)
        self._mel, self._scaled, self._made = Queue(), Queue(), Queue()
        self._n_pushed = self._n_given = 0
        self._nothing: torch.Tensor | None = None

    @property
    def lookahead(self) -> int:
        """Frames of mel that must follow a frame before all of its samples come out, for blocks
        of 64, 128, 256, 256... frames, as the pitch head takes them; with others up to 255 more."""
        audio, margin = self._vocoder.audio, self._vocoder.margin
        overlap = (audio.hop_length + margin - 1) // audio.hop_length
        beyond = max(self._filters.lookahead, self._sources.lookahead)
        return self._pitch.lookahead + beyond + overlap

    def push(self, mel: torch.Tensor, last: bool) -> torch.Tensor:
        """The samples that are settled by the next frames.

        Args:
            mel: ``(B, M, t)`` natural-log amplitude.
            last: whether the mel ends with it; everything left comes out.

        Returns:
            ``(B, S)``, maybe of no sample.
        """
        vocoder = self._vocoder
        self._n_pushed += mel.shape[2]
        self._nothing = mel[..., :0]
        scaled = ((mel - vocoder.mel_mean) * vocoder.mel_scale).transpose(1, 2)
        self._scaled.push(scaled)
        self._mel.push(mel.transpose(1, 2))
        f0, voiced = self._pitch.push(scaled, last)
        self._sources.push(f0, last)
        told = [self._scaled.pop(f0.shape[1]), torch.log(f0 / 150.0)[..., None], voiced[..., None]]
        self._made.push(self._filters.push(torch.cat(told, 2), last))
        n = min(len(self._made), len(self._sources))
        return self._overlapped(self._windows(n, len(mel)), last)

    def finish(self) -> torch.Tensor | None:
        """What is left of a mel that ended with the last push, ``(B, S)``; None if there was
        none."""
        return None if self._nothing is None else self.push(self._nothing, last=True)

    def _windows(self, n: int, n_items: int) -> torch.Tensor:
        """The next ``n`` windows of the waveform of ``n_items`` items ``(B, n, n_fft)``."""
        vocoder = self._vocoder
        if n == 0:
            return vocoder.window.new_zeros(n_items, 0, vocoder.config.n_fft)
        harmonic, phase, noisy = self._made.pop(n).split(vocoder.n_bins, 2)
        matrix, offset = vocoder.envelope[:, :-1], vocoder.envelope[:, -1]
        envelope = torch.nn.functional.linear(self._mel.pop(n), matrix, offset)
        limit = vocoder.config.max_log_gain
        harmonic = (harmonic + envelope).clamp_(-14.0, limit).exp_()
        noisy = (noisy + envelope).clamp_(-14.0, limit).exp_()
        pulses, noise = self._sources.pop(n)
        # Four times as fast as torch.polar.
        filtered = torch.complex(torch.cos(phase).mul_(harmonic), torch.sin(phase).mul_(harmonic))
        spectrum = filtered.mul_(pulses).add_(noise * noisy)
        return torch.fft.irfft(spectrum, vocoder.config.n_fft, dim=2).mul_(vocoder.window)

    def _overlapped(self, windows: torch.Tensor, last: bool) -> torch.Tensor:
        vocoder = self._vocoder
        hop, margin = vocoder.audio.hop_length, vocoder.margin
        square = vocoder.window.square().expand(1, windows.shape[1], -1)
        weight = self._weight.push(square, last).clamp_min_(1e-3)
        samples = self._signal.push(windows, last).div_(weight)
        # The first window begins a margin before the first sample, the last one ends one after.
        begin = self._n_given - margin
        self._n_given += samples.shape[1]
        return samples[:, max(0, -begin) : self._n_pushed * hop - begin]


class Sources:
    """Spectra of the pulse train and of white noise, window by window.

    Args:
        vocoder: the model.
        seed: of the noise.
    """

    def __init__(self, vocoder: HarmonicPlusNoiseVocoder, seed: int) -> None:
        self._vocoder = vocoder
        # One source of numbers drawn in order, so that a longer text begins with the same noise.
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._last_f0: torch.Tensor | None = None
        self._phase: torch.Tensor | float = 0.0
        self._pulses = vocoder.window.new_zeros(0)
        self._noise = vocoder.window.new_zeros(1, vocoder.margin)

    @property
    def lookahead(self) -> int:
        """Frames of F0 that must follow a frame before its window is full."""
        return -(-self._vocoder.margin // self._vocoder.audio.hop_length) + 1

    def push(self, f0: torch.Tensor, last: bool) -> None:
        """Go on with F0 in Hz ``(B, t)``."""
        vocoder = self._vocoder
        rate, hop = vocoder.audio.sample_rate, vocoder.audio.hop_length
        if not len(self._pulses):
            self._pulses = f0.new_zeros(len(f0), vocoder.margin)
        f0_samples = self._per_sample(f0, last)
        if f0_samples.shape[1]:
            phase = phase_of(f0_samples, rate, self._phase)
            self._phase = phase[:, -1:]
            pulses = pulse_train(phase, f0_samples, rate)
            self._pulses = torch.cat([self._pulses, pulses], 1)
        drawn = self._random.standard_normal((1, f0.shape[1] * hop), dtype=np.float32)
        self._noise = torch.cat([self._noise, torch.from_numpy(drawn).to(self._noise.device)], 1)
        if last:
            edge = (0, vocoder.margin)
            self._pulses = torch.nn.functional.pad(self._pulses, edge)
            self._noise = torch.nn.functional.pad(self._noise, edge)

    def __len__(self) -> int:
        """Number of full windows."""
        n_samples = min(self._pulses.shape[1], self._noise.shape[1])
        beyond = n_samples - self._vocoder.config.n_fft
        return max(0, beyond // self._vocoder.audio.hop_length + 1)

    def pop(self, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Spectra of the next ``n`` windows, of the pulses ``(B, n, F)``, of the noise
        ``(1, n, F)``."""
        n_samples = n * self._vocoder.audio.hop_length
        spectra = self._spectra(self._pulses, n), self._spectra(self._noise, n)
        self._pulses, self._noise = self._pulses[:, n_samples:], self._noise[:, n_samples:]
        return spectra

    def _spectra(self, samples: torch.Tensor, n: int) -> torch.Tensor:
        n_fft, hop = self._vocoder.config.n_fft, self._vocoder.audio.hop_length
        windows = samples[:, : (n - 1) * hop + n_fft].unfold(1, n_fft, hop)
        return torch.fft.rfft(windows * self._vocoder.window, dim=2)

    def _per_sample(self, f0: torch.Tensor, last: bool) -> torch.Tensor:
        """F0 up to the centre of the last frame's hop, at the end up to the end."""
        hop = self._vocoder.audio.hop_length
        first = self._last_f0 is None
        known = torch.cat([f0[:, :1] if self._last_f0 is None else self._last_f0, f0], 1)
        if not known.shape[1]:
            return known
        self._last_f0 = known[:, -1:]
        if last:
            known = torch.cat([known, self._last_f0], 1)
        samples = between_centres(known, hop)
        begin = hop - hop // 2 if first else 0
        return samples[:, begin : samples.shape[1] - (hop // 2 if last else 0)]
