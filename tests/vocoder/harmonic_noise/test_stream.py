from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.flops import Counter
from tests.vocoder.harmonic_noise.small import engine_of, mel_like, noise_of
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError
from tts_pipeline.protocols import Vocoder
from tts_pipeline.vocoder.harmonic_noise.engine import HarmonicNoiseEngine, HarmonicNoiseStream
from tts_pipeline.vocoder.harmonic_noise.generation import HarmonicNoiseOnDevice
from tts_pipeline.vocoder.harmonic_noise.model import GeneratorConfig, HarmonicPlusNoiseVocoder
from tts_pipeline.vocoder.harmonic_noise.pitch import PitchConfig

# hop_length, n_fft, blocks: as shipped; no block; four hops and a bit; a window of odd length.
SHAPES = [(160, 640, 2), (160, 640, 0), (200, 602, 1), (161, 481, 1)]


def make_vocoder(hop_length: int, n_fft: int, n_blocks: int) -> HarmonicPlusNoiseVocoder:
    audio = AudioConfig(hop_length=hop_length, n_fft=1024 + hop_length % 2, win_length=1024)
    pitch = PitchConfig(channels=12, hidden=16, n_blocks=1)
    config = GeneratorConfig(channels=16, hidden=24, n_blocks=n_blocks, n_fft=n_fft, pitch=pitch)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return HarmonicPlusNoiseVocoder(config, audio).eval().requires_grad_(False)


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def vocoder(request) -> HarmonicPlusNoiseVocoder:
    return make_vocoder(*request.param)


@pytest.mark.parametrize("n_frames", [1, 2, 7, 50])
def test_infer_equals_the_pass_of_training(vocoder, n_frames):
    mel = mel_like(n_frames)
    noise = noise_of(3, n_frames * vocoder.audio.hop_length)
    expected = vocoder(mel[None], noise=noise).waveform[0].clamp(-1, 1)
    made = engine_of(vocoder).infer(mel, seed=3)
    np.testing.assert_allclose(made, expected.detach(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("block", [1, 3, 16, 64, 1000])
@pytest.mark.parametrize("n_frames", [1, 2, 64, 150])
def test_blocks_are_the_whole(vocoder, block, n_frames):
    mel = mel_like(n_frames)
    engine = engine_of(vocoder)
    whole = engine.infer(mel, seed=5)
    made = np.concatenate(list(engine.stream(mel.split(block, 1), seed=5)))
    np.testing.assert_allclose(made, whole, atol=2e-5, rtol=0)


def test_on_a_device_pytorch_does_the_same(vocoder):
    mel, engine, on_device = mel_like(50), engine_of(vocoder), HarmonicNoiseOnDevice(vocoder)
    assert isinstance(engine, Vocoder) and isinstance(on_device, Vocoder)
    assert on_device.n_parameters == engine.n_parameters
    assert on_device.operations(50) == engine.operations(50)
    expected = engine.infer(torch.stack([mel, mel - 1]), seed=5)
    made = on_device.infer(torch.stack([mel, mel - 1]), seed=5)
    np.testing.assert_allclose(made, expected, atol=1e-4, rtol=0)
    (whole,) = on_device.stream(mel.split(20, 1), seed=5)
    np.testing.assert_allclose(whole, expected[0], atol=1e-4, rtol=0)
    assert list(on_device.stream([], seed=5)) == []


def test_operations_are_those_that_pytorch_counts(vocoder):
    mel = mel_like(50)
    with Counter() as counter, torch.no_grad():
        vocoder(mel[None], noise=noise_of(3, 50 * vocoder.audio.hop_length))
    found = 2 * engine_of(vocoder).operations(50).multiply_accumulates
    # PyTorch overlap-adds without a product, and so do we.
    assert found == pytest.approx(counter.get_total_flops(), rel=1e-4)


def test_a_long_mel_in_unequal_blocks_is_the_whole():
    engine = engine_of(make_vocoder(160, 640, 2))
    mel = mel_like(900)
    blocks = mel.split([64, 128, 1, 255, 256, 196], 1)
    made = np.concatenate(list(engine.stream(blocks, seed=6)))
    np.testing.assert_allclose(made, engine.infer(mel, seed=6), atol=2e-5, rtol=0)
    assert np.abs(made).mean() > 0.003, "else nothing is compared"


def test_the_first_samples_come_after_the_lookahead(vocoder):
    engine = engine_of(vocoder)
    n_frames = 64
    samples = HarmonicNoiseStream(engine, 0).push(mel_like(n_frames).numpy(), last=False)
    n_settled = (n_frames - engine.lookahead) * vocoder.audio.hop_length
    assert n_settled <= len(samples) < n_settled + vocoder.audio.hop_length


def test_a_longer_mel_begins_with_the_same_noise():
    """So that only what is ahead of a frame can change it; 160 samples a frame and 161."""
    for hop_length, n_fft in ((160, 640), (161, 481)):
        vocoder = make_vocoder(hop_length, n_fft, 1)
        with torch.no_grad():
            vocoder.output.bias[: vocoder.n_bins] = -100.0
        engine = engine_of(vocoder)
        short, long = (engine.infer(mel_like(60)[:, :n], seed=1) for n in (30, 31))
        same = (30 - engine.lookahead - 1) * hop_length
        assert np.abs(short[:same]).max() > 0
        np.testing.assert_allclose(short[:same], long[:same], atol=1e-6, rtol=0)


def n_kept(thing: object) -> int:
    """Numbers in all arrays that an object remembers, its model's aside."""
    if isinstance(thing, np.ndarray):
        return n_kept(thing.base) if isinstance(thing.base, np.ndarray) else thing.size
    if isinstance(thing, (list, tuple)):
        return sum(map(n_kept, thing))
    if isinstance(thing, HarmonicNoiseEngine) or not hasattr(thing, "__dict__"):
        return 0
    return sum(map(n_kept, vars(thing).values()))


def test_memory_does_not_grow():
    stream = HarmonicNoiseStream(engine_of(make_vocoder(160, 640, 2)), 0)
    kept = []
    for _ in range(24):
        stream.push(mel_like(64).numpy(), last=False)
        kept.append(n_kept(stream))
    assert kept[0] > 1000 and max(kept) == max(kept[:12])


def test_no_block_gives_no_sample(vocoder):
    assert list(engine_of(vocoder).stream([])) == []


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (torch.zeros(79, 5), "shape \\(79, 5\\)"),
        (torch.zeros(80, 0), "at least one frame"),
        (torch.full((80, 5), math.nan), "NaN"),
    ],
)
def test_a_bad_block_is_refused_when_it_is_reached(vocoder, block, message):
    with pytest.raises(AudioError, match=message):
        list(engine_of(vocoder).stream([torch.zeros(80, 3), block]))
