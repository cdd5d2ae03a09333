from __future__ import annotations

import math

import pytest
import torch

from tts_pipeline.vocoder.harmonic_noise.pitch import PitchConfig, PitchHead

CONFIG = PitchConfig(channels=8, hidden=8, n_blocks=1)


@pytest.fixture(scope="module")
def head() -> PitchHead:
    torch.manual_seed(0)
    return PitchHead(CONFIG, 20).eval()


def test_bins_cover_the_range():
    highest = CONFIG.f0_min * 2 ** ((CONFIG.n_bins - 1) * CONFIG.bin_cents / 1200)
    assert highest <= CONFIG.f0_max < highest * 2 ** (CONFIG.bin_cents / 1200)


def test_targets_are_gaussians_around_the_true_pitch(head):
    f0 = torch.tensor([[70.0, 154.3, 400.0]])
    targets = head.targets(f0)
    for frame, hz in enumerate(f0[0].tolist()):
        for number in (0, 17, 68, 150):
            distance = number * 20 - 1200 * math.log2(hz / 70)
            expected = math.exp(-(distance**2) / (2 * 25**2))
            assert abs(float(targets[0, frame, number]) - expected) < 1e-5


def test_decoding_the_targets_returns_the_pitch(head):
    # Four bins on either side count, so the outermost 80 cents are decoded towards the middle.
    f0 = torch.logspace(math.log10(74), math.log10(395), 400)[None]
    logits = torch.logit(head.targets(f0), eps=1e-7)
    cents = 1200 * torch.log2(head.decode(logits) / f0)
    assert cents.abs().max() < 0.5


def test_decoding_stays_in_range_whatever_the_logits(head):
    torch.manual_seed(1)
    logits = torch.randn(2, 50, CONFIG.n_bins) * 30
    logits[0, 0], logits[0, 1] = -1000.0, 0.0
    logits[0, 2, 0], logits[0, 3, -1] = 1000.0, 1000.0
    f0 = head.decode(logits)
    assert torch.isfinite(f0).all()
    assert f0.min() >= CONFIG.f0_min - 1e-3 and f0.max() <= CONFIG.f0_max


def test_shapes_and_locality(head):
    torch.manual_seed(2)
    mel = torch.randn(2, 20, 40)
    with torch.no_grad():
        f0_logits, voicing = head(mel)
        mel[:, :, 30:] += 1
        changed = head(mel)
    assert f0_logits.shape == (2, 40, CONFIG.n_bins) and voicing.shape == (2, 40)
    # Two frames through the input, three through the block.
    assert torch.equal(f0_logits[:, :25], changed[0][:, :25])
    assert torch.equal(voicing[:, :25], changed[1][:, :25])
    assert not torch.equal(voicing[:, 25], changed[1][:, 25])
