from __future__ import annotations

import numpy as np
import pytest
import torch

from tts_pipeline.vocoder.harmonic_noise.excitation import phase_of, pulse_train, upsample_linear

RATE = 16000


def test_linear_interpolation_between_the_centres_of_hops():
    frames = torch.tensor([[100.0, 200.0, 150.0], [1.0, 1.0, 4.0]])
    made = upsample_linear(frames, 160)
    places = (np.arange(480) + 0.5) / 160 - 0.5
    expected = np.stack([np.interp(places, np.arange(3), row) for row in frames.numpy()])
    np.testing.assert_allclose(made, expected, rtol=1e-5)


@pytest.mark.parametrize("f0_hz", [71.0, 160.0, 219.7, 420.0])
def test_closed_form_equals_the_sum_of_cosines(f0_hz):
    rng = np.random.default_rng(int(f0_hz))
    # Phases at and near the pulse, where numerator and denominator vanish together, and anywhere.
    near = np.array([0.0, 1e-9, 1e-6, 2e-5, 4e-5, 1e-4, 1e-3, 1 - 1e-6, 0.5])
    phase = np.concatenate([near, rng.random(500)])
    f0 = np.full_like(phase, f0_hz)
    room = RATE / 2 / np.float64(np.float32(f0_hz))
    gains = np.ones(int(room))
    gains[-1] = room - int(room)
    cosines = np.cos(2 * np.pi * np.arange(1, int(room) + 1)[:, None] * phase)
    expected = (gains[:, None] * cosines).sum(0) * np.sqrt(2 / (room - 1))
    made = pulse_train(torch.tensor(phase)[None], torch.tensor(f0)[None].float(), RATE)[0]
    assert made.dtype == torch.float32
    np.testing.assert_allclose(made, expected, atol=2e-4 * expected.max())


def test_pulse_train_has_unit_power_and_its_fundamental():
    f0 = torch.full((1, RATE), 201.0)
    pulses = pulse_train(phase_of(f0, RATE), f0, RATE)[0]
    assert abs(float(pulses.square().mean()) - 1) < 0.02
    spectrum = torch.fft.rfft(pulses).abs()
    harmonics = torch.zeros_like(spectrum, dtype=torch.bool)
    harmonics[201::201] = True
    assert spectrum[harmonics].min() > 100 * spectrum[~harmonics].max()


def test_phase_is_the_running_sum_of_f0():
    torch.manual_seed(0)
    f0 = 80 + 300 * torch.rand(1, 60 * RATE)
    phase = phase_of(f0, RATE, 0.25)
    steps = torch.remainder(torch.diff(phase[0]), 1.0)
    torch.testing.assert_close(steps, f0[0, 1:].double() / RATE, atol=1e-9, rtol=0)
    assert phase.min() >= 0 and phase.max() < 1
    exact = (np.cumsum(f0[0].numpy().astype(np.float64) / RATE)[-1] + 0.25) % 1
    assert abs(float(phase[0, -1]) - exact) < 1e-9


def test_phase_goes_on_over_the_edge_of_a_block():
    torch.manual_seed(1)
    f0 = 80 + 300 * torch.rand(2, 4000)
    start = torch.rand(2, 1, dtype=torch.float64)
    whole = phase_of(f0, RATE, start)
    first = phase_of(f0[:, :1500], RATE, start)
    second = phase_of(f0[:, 1500:], RATE, first[:, -1:])
    torch.testing.assert_close(torch.cat([first, second], 1), whole, atol=1e-11, rtol=0)


def test_pulse_train_is_continuous_where_a_harmonic_reaches_the_nyquist_frequency():
    phase = torch.linspace(0, 1, 1001, dtype=torch.float64)[None]
    below, above = (torch.full((1, 1001), 200.0 * (1 + step)) for step in (-1e-6, 1e-6))
    difference = pulse_train(phase, below, RATE) - pulse_train(phase, above, RATE)
    assert difference.abs().max() < 1e-3
