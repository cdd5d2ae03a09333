"""The sources with structure inside a window: by themselves, and engine against module."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from tests.vocoder.harmonic_noise.small import engine_of, mel_like, noise_of
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError
from tts_pipeline.vocoder.harmonic_noise.config import DetailConfig, GeneratorConfig, PitchConfig
from tts_pipeline.vocoder.harmonic_noise.model import HarmonicPlusNoiseVocoder

AUDIO = AudioConfig()
HOP = AUDIO.hop_length
CONFIG = GeneratorConfig(
    channels=16,
    hidden=24,
    n_blocks=2,
    pitch=PitchConfig(channels=12, hidden=16, n_blocks=1),
    detail=DetailConfig(),
)
LITTLE = DetailConfig(n_bands=2, gains_per_hop=7, wander_per_hop=1, max_log_gain=0.3)
# hop_length, n_fft, blocks, detail: as it is meant, and as little of it as there can be.
SHAPES = [(160, 640, 2, DetailConfig()), (161, 481, 0, LITTLE)]


def make_vocoder(
    hop_length: int, n_fft: int, n_blocks: int, detail: DetailConfig
) -> HarmonicPlusNoiseVocoder:
    """One whose details are loud enough that all of them are compared."""
    audio = AudioConfig(hop_length=hop_length, n_fft=1024 + hop_length % 2, win_length=1024)
    config = dataclasses.replace(CONFIG, n_fft=n_fft, n_blocks=n_blocks, detail=detail)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = HarmonicPlusNoiseVocoder(config, audio).eval().requires_grad_(False)
        torch.nn.init.normal_(made.detail.output.weight, std=0.3)
        torch.nn.init.normal_(made.detail.output.bias, std=0.3)
        return made


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def vocoder(request) -> HarmonicPlusNoiseVocoder:
    return make_vocoder(*request.param)


@pytest.mark.parametrize("n_frames", [1, 2, 7, 50])
def test_the_engine_equals_the_pass_of_training(vocoder, n_frames):
    mel = mel_like(n_frames)
    noise = noise_of(3, n_frames * vocoder.audio.hop_length)
    expected = vocoder(mel[None], noise=noise).waveform[0].clamp(-1, 1)
    made = engine_of(vocoder).infer(mel.numpy(), seed=3)
    np.testing.assert_allclose(made, expected.numpy(), atol=1e-4, rtol=0)
    assert np.abs(made).mean() > 0.003, "else nothing is compared"


@pytest.mark.parametrize("block", [1, 3, 16, 64, 1000])
@pytest.mark.parametrize("n_frames", [1, 2, 64, 150])
def test_blocks_are_the_whole(vocoder, block, n_frames):
    engine, mel = engine_of(vocoder), mel_like(n_frames)
    blocks = [part.numpy() for part in mel.split(block, 1)]
    made = np.concatenate(list(engine.stream(blocks, seed=5)))
    np.testing.assert_allclose(made, engine.infer(mel.numpy(), seed=5), atol=2e-5, rtol=0)


def test_the_first_samples_come_after_the_lookahead(vocoder):
    engine, hop = engine_of(vocoder), vocoder.audio.hop_length
    mel = mel_like(256).numpy()
    parts = [mel[:, :64], mel[:, 64:192], mel[:, 192:]]
    first = next(engine.stream(parts, seed=0))
    n_seen = next(n for n in (64, 192, 256) if n > engine.lookahead)
    assert len(first) // hop == n_seen - engine.lookahead


def test_it_changes_next_to_nothing_before_it_is_trained():
    """Training goes on from the weights of a vocoder without detail."""
    plain = HarmonicPlusNoiseVocoder(dataclasses.replace(CONFIG, detail=None), AUDIO).eval()
    detailed = HarmonicPlusNoiseVocoder(CONFIG, AUDIO).eval().requires_grad_(False)
    missing, unknown = detailed.load_state_dict(plain.state_dict(), strict=False)
    assert missing == ["detail.output.weight", "detail.output.bias"] and not unknown
    mel, noise = mel_like(60)[None], torch.randn(1, 60 * HOP)
    expected = plain(mel, noise=noise).waveform.detach()
    change = detailed(mel, noise=noise).waveform - expected
    assert 0 < change.square().mean() < 2e-3 * expected.square().mean()
    detailed.detail.output.bias.zero_()
    torch.testing.assert_close(detailed(mel, noise=noise).waveform, expected, atol=1e-6, rtol=0)


def test_gains_inside_a_hop_shape_bursts():
    """A burst of 5 ms: the noise is loud where its gains are, and quiet before and after."""
    head = HarmonicPlusNoiseVocoder(CONFIG, AUDIO).detail
    gains = torch.full((1, 2, 10 * 4), -4.0)
    gains[:, 1, 20:22] = 1.0
    quiet, noise = torch.zeros(1, 10 * HOP), torch.ones(1, 10 * HOP)
    made = head.sources(gains, quiet, quiet.double(), noise)[2][0]
    loud = slice(20 * 40 + 20, 22 * 40 - 20)
    torch.testing.assert_close(made[loud], torch.full((40,), math.e), atol=1e-5, rtol=0)
    assert made[: 19 * 40].max() < 0.02 and made[23 * 40 :].max() < 0.02


def test_the_noise_swells_with_the_pulses():
    head = HarmonicPlusNoiseVocoder(CONFIG, AUDIO).detail
    torch.manual_seed(5)
    n_samples = 100 * HOP
    phase = (torch.arange(n_samples)[None] * 150 / 16000).double() % 1
    noise = torch.randn(1, n_samples)
    _, _, steady, cosine, sine = head.sources(torch.zeros(1, 2, 400), noise, phase, noise)
    torch.testing.assert_close(steady, noise, atol=1e-6, rtol=0)
    swollen, distance = (steady + cosine)[0] ** 2, (phase[0] - phase[0].round()).abs()
    # (1 + sqrt(2))^2 = 5.8 at the pulse, (1 - sqrt(2))^2 = 0.17 between.
    assert swollen[distance < 0.1].mean() > 4 and swollen[distance > 0.4].mean() < 0.4
    torch.testing.assert_close(cosine**2 + sine**2, 2 * steady**2, atol=1e-4, rtol=1e-4)


def test_pulses_wander_slowly():
    """They are multiplied by noise of about unit power that changes within tens of milliseconds."""
    head = HarmonicPlusNoiseVocoder(CONFIG, AUDIO).detail
    torch.manual_seed(6)
    ones, noise = torch.ones(1, 1000 * HOP), torch.randn(1, 1000 * HOP)
    gains = torch.zeros(1, 2, 4000)
    wander = head.sources(gains, ones, ones.double(), noise)[1][0]
    # Linear interpolation between numbers of unit power has two thirds of it.
    assert wander.square().mean() == pytest.approx(2 / 3, rel=0.1)
    power = torch.fft.rfft(wander).abs().square()
    assert power[: 100 * 10].sum() > 0.9 * power.sum(), "below 100 Hz, in steps of 0.1 Hz"


@pytest.mark.parametrize(
    "detail", [{"gains_per_hop": 3}, {"wander_per_hop": 0}, {"n_bands": 1}, {"n_bands": 400}]
)
def test_details_that_do_not_fit_are_refused(detail):
    (name,) = detail
    config = dataclasses.replace(CONFIG, detail=DetailConfig(**detail))
    with pytest.raises(AudioError, match=rf"detail\.{name}={detail[name]}"):
        HarmonicPlusNoiseVocoder(config, AUDIO)
