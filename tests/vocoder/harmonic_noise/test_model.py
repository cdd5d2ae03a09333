from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.vocoder.harmonic_noise.small import engine_of
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import log_mel
from tts_pipeline.errors import AudioError
from tts_pipeline.vocoder.harmonic_noise.engine import HarmonicNoiseEngine
from tts_pipeline.vocoder.harmonic_noise.generation import HarmonicNoiseOnDevice
from tts_pipeline.vocoder.harmonic_noise.model import GeneratorConfig, HarmonicPlusNoiseVocoder
from tts_pipeline.vocoder.harmonic_noise.pitch import PitchConfig

AUDIO = AudioConfig()
HOP = AUDIO.hop_length
CONFIG = GeneratorConfig(
    channels=16, hidden=24, n_blocks=2, pitch=PitchConfig(channels=12, hidden=16, n_blocks=1)
)
# Frames seen to either side: input and blocks of the pitch head, then those of the generator.
PITCH_REACH, REACH = 2 + 3, 3 + 2 * 3


@pytest.fixture(scope="module")
def vocoder() -> HarmonicPlusNoiseVocoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return HarmonicPlusNoiseVocoder(CONFIG, AUDIO).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def engine(vocoder) -> HarmonicNoiseEngine:
    return engine_of(vocoder)


# Phase sums up F0, so that the last digit of F0 grows with time and with a harmonic's number: equal
# here means 1e-4 of full scale.
EQUAL = 1e-4


def mel_like(n_frames: int, seed: int = 0, n_items: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.7 * torch.randn(n_items, AUDIO.n_mels, n_frames, generator=generator) - 6


@pytest.mark.parametrize("n_frames", [1, 2, 3, 17, 256])
def test_a_hop_of_samples_per_frame(engine, n_frames):
    mel = mel_like(n_frames, n_items=2)
    waveform = engine.infer(mel)
    assert waveform.shape == (2, n_frames * HOP) and waveform.dtype == np.float32
    assert np.isfinite(waveform).all() and np.abs(waveform).max() <= 1
    np.testing.assert_allclose(engine.infer(mel[0]), waveform[0], atol=EQUAL, rtol=0)


@pytest.mark.parametrize("n_frames", [1, 2, 5, 40])
def test_analysis_and_overlap_add_return_the_waveform(vocoder, n_frames):
    torch.manual_seed(1)
    waveform = torch.randn(2, n_frames * HOP)
    again = vocoder.istft(vocoder.stft(waveform))
    torch.testing.assert_close(again, waveform, atol=1e-5, rtol=0)


def test_overlap_add_equals_torch(vocoder):
    torch.manual_seed(2)
    spectrum = torch.randn(1, vocoder.n_bins, 30, dtype=torch.complex64)
    spectrum[:, [0, -1]] = spectrum[:, [0, -1]].real.to(torch.complex64)
    made = vocoder.istft(spectrum)
    # torch drops half a window at both ends; ours drops what is beyond the hops.
    theirs = torch.istft(spectrum, CONFIG.n_fft, HOP, window=vocoder.window, center=True)
    skip = (CONFIG.n_fft - HOP) // 2
    begin = CONFIG.n_fft // 2 - skip
    torch.testing.assert_close(made[:, begin : begin + theirs.shape[1]], theirs, atol=1e-5, rtol=0)


def test_an_item_alone_equals_the_item_in_a_batch(engine):
    mel = mel_like(60, seed=3, n_items=3)
    together = engine.infer(mel, seed=4)
    for item in range(3):
        alone = engine.infer(mel[item], seed=4)
        np.testing.assert_allclose(alone, together[item], atol=EQUAL, rtol=0)


@pytest.mark.parametrize("hop_length", [160, 200])
def test_a_padded_item_differs_at_its_end_only(hop_length):
    audio = AudioConfig(hop_length=hop_length)
    torch.manual_seed(0)
    engine = engine_of(HarmonicPlusNoiseVocoder(CONFIG, audio).eval())
    mel = mel_like(61, seed=5)
    padded = torch.nn.functional.pad(mel, (0, 20), value=math.log(audio.log_floor))
    alone, longer = engine.infer(mel, seed=6), engine.infer(padded, seed=6)
    same = (61 - PITCH_REACH - REACH) * hop_length - CONFIG.n_fft
    np.testing.assert_allclose(alone[:, :same], longer[:, :same], atol=EQUAL, rtol=0)


def test_the_seed_decides_the_noise(engine):
    mel = mel_like(20)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    one, two, other = (engine.infer(mel, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, two) and not np.allclose(one, other, atol=1e-4)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_change_stays_where_it_is_made(vocoder):
    """With F0 given. The phase of the pulses is a running sum of F0, so that a change of F0 lasts;
    everything else reaches as far as the convolutions and a window of the output."""
    mel = mel_like(120, seed=8)
    changed = mel.clone()
    first, last = 55, 65
    changed[:, :, first:last] += 1
    noise = torch.randn(1, 120 * HOP, generator=torch.Generator().manual_seed(0))
    f0 = 120 + 50 * torch.rand(1, 120, generator=torch.Generator().manual_seed(1))
    one, other = (vocoder(m, noise=noise, f0=f0).waveform for m in (mel, changed))
    reach = PITCH_REACH + REACH
    margin = (CONFIG.n_fft - HOP) // 2
    begin, end = (first - reach) * HOP - margin, (last + reach) * HOP + margin
    torch.testing.assert_close(one[:, :begin], other[:, :begin], atol=1e-6, rtol=0)
    torch.testing.assert_close(one[:, end:], other[:, end:], atol=1e-6, rtol=0)
    assert not torch.allclose(one[:, begin:end], other[:, begin:end], atol=1e-3)


def test_a_later_change_of_mel_and_f0_leaves_the_past(engine):
    mel = mel_like(120, seed=9)
    changed = mel.clone()
    changed[:, :, 80:] += 1
    one, other = engine.infer(mel), engine.infer(changed)
    begin = (80 - PITCH_REACH - REACH - 1) * HOP - (CONFIG.n_fft - HOP) // 2
    np.testing.assert_allclose(one[:, :begin], other[:, :begin], atol=1e-6, rtol=0)
    assert not np.allclose(one[:, begin:], other[:, begin:], atol=1e-3)


def harmonic_mel(f0_hz: float, n_frames: int) -> torch.Tensor:
    times = np.arange(n_frames * HOP) / AUDIO.sample_rate
    wave = sum(np.cos(2 * np.pi * k * f0_hz * times) / k for k in range(1, int(8000 / f0_hz)))
    return log_mel(torch.tensor(0.1 * wave, dtype=torch.float32), AUDIO)


@pytest.mark.parametrize("f0_hz", [110.0, 187.0, 312.0])
def test_a_harmonic_mel_sounds_at_the_decoded_f0(vocoder, f0_hz, monkeypatch):
    """The head's logits are made by hand, the filters are those of an untrained network."""
    mel = harmonic_mel(f0_hz, 100)[None]
    targets = vocoder.pitch.targets(torch.full((1, 100), f0_hz))
    logits = torch.logit(targets, eps=1e-7), torch.full((1, 100), 9.0)
    monkeypatch.setattr(vocoder.pitch, "forward", lambda mel: logits)
    wave = vocoder(mel, noise=torch.zeros(1, 100 * HOP)).waveform[0, 10 * HOP : 90 * HOP]
    spectrum = torch.fft.rfft(wave * torch.hann_window(len(wave)), 2**18).abs()
    hz_per_bin = AUDIO.sample_rate / 2**18
    numbers = range(1, 9)
    for number in numbers:
        around = slice(
            int((number - 0.5) * f0_hz / hz_per_bin), int((number + 0.5) * f0_hz / hz_per_bin)
        )
        peak = (around.start + int(spectrum[around].argmax())) * hz_per_bin
        assert abs(1200 * math.log2(peak / (number * f0_hz))) < 5


def test_the_envelope_alone_nearly_copies(vocoder):
    """Before any training the filters follow the mel's envelope: noise keeps its level."""
    torch.manual_seed(10)
    noise = 0.05 * torch.randn(200 * HOP)
    mel = log_mel(noise, AUDIO)[None]
    source = torch.randn(1, 200 * HOP)
    untrained = HarmonicPlusNoiseVocoder(CONFIG, AUDIO).eval()
    with torch.no_grad():
        # Neither network nor pulses.
        untrained.output.weight.zero_()
        untrained.output.bias[: untrained.n_bins] = -100.0
        made = untrained(mel, noise=source).waveform[0]
    difference = (log_mel(made, AUDIO) - mel[0])[:, 5:-5].mean(1)
    assert difference.abs().mean() < 0.35


@pytest.mark.parametrize(
    ("mel", "message"),
    [
        (torch.zeros(80), "expected \\(80, T\\) or \\(B, 80, T\\)"),
        (torch.zeros(79, 5), "shape \\(79, 5\\)"),
        (torch.zeros(1, 80, 0), "at least one frame"),
        (torch.full((80, 5), math.nan), "NaN or infinity"),
        (torch.full((1, 80, 5), math.inf), "NaN or infinity"),
    ],
)
def test_a_mel_that_cannot_be_spoken_is_refused(vocoder, engine, mel, message):
    for each in (engine, HarmonicNoiseOnDevice(vocoder)):
        for given in (mel, mel.numpy()):
            with pytest.raises(AudioError, match=message):
                each.infer(given)


@pytest.mark.parametrize("n_fft", [160, 641])
def test_an_output_window_that_leaves_gaps_is_refused(n_fft):
    with pytest.raises(AudioError, match=f"n_fft={n_fft}"):
        HarmonicPlusNoiseVocoder(GeneratorConfig(n_fft=n_fft), AUDIO)
