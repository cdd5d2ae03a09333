"""The vocoder's kernels against NumPy and against their PyTorch counterparts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.vocoder.harmonic_noise.config import GeneratorConfig, PitchConfig
from tts_pipeline.vocoder.harmonic_noise.engine import envelope_matrix
from tts_pipeline.vocoder.harmonic_noise.excitation import phase_of, pulse_train, upsample_linear
from tts_pipeline.vocoder.harmonic_noise.kernel import (
    decode_f0,
    exponential,
    filter_spectra,
    overlap_add,
    pulse_samples,
    sine_of_pi,
)
from tts_pipeline.vocoder.harmonic_noise.pitch import PitchHead
from tts_pipeline.vocoder.harmonic_noise.sources import hann


def test_sine_and_exponential() -> None:
    places = np.concatenate([np.linspace(-40, 40, 8001), [0.5, -0.5, 1e-7, -1e-7, 200.25]])
    places = places.astype(np.float32)
    made = np.array([sine_of_pi(x) for x in places])
    assert abs(made - np.sin(np.pi * places.astype(np.float64))).max() < 3e-7
    places = places[:-1]
    made = np.array([exponential(x) for x in places])
    np.testing.assert_allclose(made, np.exp(places.astype(np.float64)), rtol=3e-7, atol=0)


@pytest.mark.parametrize("hop", [160, 161, 7])
def test_pulses_from_f0_per_frame(hop: int) -> None:
    f0 = (70 * 6 ** np.random.default_rng(0).random(40)).astype(np.float32)
    f0_samples = upsample_linear(torch.from_numpy(f0)[None].double(), hop)
    expected = pulse_train(phase_of(f0_samples, 16000), f0_samples.float(), 16000)[0]
    held = np.concatenate([f0[:1], f0, f0[-1:]])
    begin = hop - hop // 2
    made, nearest = np.empty((2, 40 * hop), np.float32)
    phase = pulse_samples(held, hop, 16000.0, 0.0, begin, made, nearest)
    # Near a pulse the kernel is the quotient of two small numbers: float32 gives 1e-5 of its peak.
    np.testing.assert_allclose(made, expected, atol=3e-3, rtol=0)
    assert np.sqrt(np.mean((made - expected.numpy()) ** 2)) < 2e-4
    cycles = phase_of(f0_samples, 16000)[0]
    assert abs(phase - cycles[-1].item()) < 1e-9
    np.testing.assert_allclose(nearest, cycles - cycles.round(), atol=1e-6, rtol=0)

    first, second = (
        np.empty(15 * hop - begin, np.float32),
        np.empty(26 * hop - hop // 2, np.float32),
    )
    phase = pulse_samples(held[:16], hop, 16000.0, 0.0, begin, first, made[:0])
    pulse_samples(held[15:], hop, 16000.0, phase, 0, second, made[:0])
    pieces = np.concatenate([first, second])[: len(made)]
    np.testing.assert_allclose(pieces, made, atol=1e-4, rtol=0)


def test_f0_and_voicing_as_the_head_decodes_them() -> None:
    config = PitchConfig()
    logits = torch.randn(50, config.n_bins + 1, generator=torch.Generator().manual_seed(0)) * 3
    logits[0, 0], logits[1, -2] = 20.0, 20.0
    f0, voiced = np.empty((2, 50), np.float32)
    decode_f0(logits.numpy(), config.f0_min, config.bin_cents, f0, voiced)
    expected = PitchHead(config, 80).decode(logits[:, :-1])
    np.testing.assert_allclose(f0, expected, rtol=1e-6)
    np.testing.assert_allclose(voiced, torch.sigmoid(logits[:, -1]), rtol=1e-5)


def test_spectra_are_filtered_and_added() -> None:
    random = np.random.default_rng(0)
    made = (8 * random.standard_normal((6, 3 * 13))).astype(np.float32)
    envelope = random.standard_normal((6, 13)).astype(np.float32)
    pulses, noise = random.standard_normal((2, 6, 13, 2)).astype(np.float32)
    a, p, b = np.split(made.astype(np.float64), 3, axis=1)
    gain = np.exp((a + envelope).clip(-14, 4) + 1j * p)
    expected = gain * (pulses[..., 0] + 1j * pulses[..., 1])
    expected += np.exp((b + envelope).clip(-14, 4)) * (noise[..., 0] + 1j * noise[..., 1])
    filter_spectra(made, envelope, np.float32(4.0), pulses, noise)
    np.testing.assert_allclose(pulses[..., 0], expected.real, rtol=0, atol=2e-4)
    np.testing.assert_allclose(pulses[..., 1], expected.imag, rtol=0, atol=2e-4)


def test_windows_are_added_where_they_belong() -> None:
    window, windows = hann(10), np.random.default_rng(0).random((5, 10)).astype(np.float32)
    signal, weight = np.zeros((2, 4 * 3 + 10), np.float32)
    overlap_add(windows, window, 3, signal, weight)
    expected, squares = np.zeros(22), np.zeros(22)
    for t in range(5):
        expected[3 * t : 3 * t + 10] += window * windows[t]
        squares[3 * t : 3 * t + 10] += window**2
    np.testing.assert_allclose(signal, expected, atol=1e-6)
    np.testing.assert_allclose(weight, squares, atol=1e-6)


def test_hann_window_is_that_of_pytorch() -> None:
    for size in (640, 481, 602):
        np.testing.assert_allclose(hann(size), torch.hann_window(size), atol=1e-6)


def test_envelope_of_a_flat_mel_is_flat() -> None:
    matrix = envelope_matrix(GeneratorConfig(), AudioConfig())
    assert matrix.shape == (81, 321)
    np.testing.assert_allclose(matrix[:-1].sum(0), 1, atol=1e-6)
    assert (matrix[:-1] >= 0).all() and (np.count_nonzero(matrix[:-1], axis=0) <= 2).all()
