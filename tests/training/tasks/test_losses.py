from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from tts_pipeline.training.tasks.losses import (
    AdversarialLoss,
    BinarisationLoss,
    FeatureMatchingLoss,
    ForwardSumLoss,
    MultiResolutionSTFTLoss,
    PitchLoss,
)


def test_equal_waveforms_have_no_distance():
    torch.manual_seed(0)
    wave = 0.1 * torch.randn(2, 6000)
    assert MultiResolutionSTFTLoss()(wave, wave) == 0


@pytest.mark.parametrize("gain", [0.5, 1.7])
def test_a_gain_has_the_distance_of_the_formula(gain):
    rng = np.random.default_rng(0)
    wave = rng.standard_normal(6000)
    expected = []
    for size in (256, 512):
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
        frames = np.lib.stride_tricks.sliding_window_view(wave, size)[:: size // 4] * window
        power = np.abs(np.fft.rfft(frames)) ** 2 / (window**2).sum()
        one = np.sqrt(power + 0.002**2)
        other = np.sqrt(gain**2 * power + 0.002**2)
        logs = np.abs(np.log(other) - np.log(one)).mean()
        expected.append(logs + 2 * np.abs(other**0.3 - one**0.3).mean())
        assert abs(logs - abs(math.log(gain))) < 1e-3, "nothing but the gain"
    tensor = torch.from_numpy(wave.astype(np.float32))[None]
    made = MultiResolutionSTFTLoss((256, 512))(gain * tensor, tensor)
    assert float(made) == pytest.approx(np.mean(expected), rel=1e-4)


def test_silence_has_a_finite_gradient():
    wave = torch.zeros(1, 4096, requires_grad=True)
    MultiResolutionSTFTLoss()(wave, 0.1 * torch.randn(1, 4096)).backward()
    assert torch.isfinite(wave.grad).all()


def test_pitch_loss_by_hand():
    f0_logits = torch.tensor([[[0.0, 2.0], [1.0, -1.0]]])
    targets = torch.tensor([[[0.0, 1.0], [0.3, 0.7]]])
    voicing = torch.tensor([[3.0, -2.0]])
    voiced = torch.tensor([[True, False]])
    softplus = math.log1p(math.exp(0.0)), math.log1p(math.exp(-2.0))
    expected = sum(softplus) + (math.log1p(math.exp(-3.0)) + math.log1p(math.exp(-2.0))) / 2
    assert float(PitchLoss()(f0_logits, voicing, targets, voiced)) == pytest.approx(expected)
    nothing = PitchLoss()(f0_logits, voicing, targets, torch.tensor([[False, False]]))
    assert torch.isfinite(nothing)


def test_adversarial_loss_by_hand():
    loss = AdversarialLoss()
    real = [torch.tensor([1.0, 0.0]), torch.tensor([0.5])]
    fake = [torch.tensor([0.0, 2.0]), torch.tensor([1.0])]
    assert float(loss.discriminator(real, fake)) == pytest.approx((0.5 + 2 + 0.25 + 1) / 2)
    assert float(loss.generator(fake)) == pytest.approx((1 + 0) / 2)
    perfect = [torch.ones(3)], [torch.zeros(3)]
    assert loss.discriminator(*perfect) == 0 and loss.generator(perfect[0]) == 0


def test_feature_matching_is_relative_to_the_real_features():
    real = [torch.full((2, 3), 2.0, requires_grad=True), torch.full((4,), -10.0)]
    fake = [torch.full((2, 3), 1.0, requires_grad=True), torch.full((4,), -5.0)]
    loss = FeatureMatchingLoss()(real, fake)
    assert float(loss.detach()) == pytest.approx(0.5)
    loss.backward()
    assert real[0].grad is None and fake[0].grad is not None
    assert FeatureMatchingLoss()(real, real) == 0


def forward_sum_by_enumeration(log_probs: np.ndarray, blank: float) -> float:
    """Sum over every sequence of frame labels that reads 1, 2, ..., N once blanks are dropped."""
    n_frames, n_tokens = log_probs.shape
    scores = np.concatenate([np.full((n_frames, 1), blank), log_probs], 1)
    scores -= np.log(np.exp(scores).sum(1, keepdims=True))
    total = 0.0
    for labels in itertools.product(range(n_tokens + 1), repeat=n_frames):
        read = [label for label, _ in itertools.groupby(labels) if label]
        if read == list(range(1, n_tokens + 1)):
            total += math.exp(scores[np.arange(n_frames), labels].sum())
    return -math.log(total) / n_frames


def test_forward_sum_is_the_sum_over_all_alignments():
    rng = np.random.default_rng(1)
    lengths, frames = [3, 2], [6, 4]
    log_probs = np.log(rng.dirichlet(np.ones(3), size=(2, 6)))
    # As the aligner does with places beyond an item's tokens.
    log_probs[1, :, 2] = -1e4
    expected = [
        forward_sum_by_enumeration(log_probs[item, :t, :n], -1.0)
        for item, (n, t) in enumerate(zip(lengths, frames))
    ]
    made = ForwardSumLoss()(
        torch.tensor(log_probs, dtype=torch.float32), torch.tensor(lengths), torch.tensor(frames)
    )
    assert float(made) == pytest.approx(np.mean(expected), rel=1e-5)


def test_binarisation_is_the_mean_over_the_path():
    log_probs = torch.log(torch.tensor([[[0.5, 0.5], [0.2, 0.8], [1.0, 1.0]]]))
    path = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    expected = -(math.log(0.5) + math.log(0.8)) / 2
    assert float(BinarisationLoss()(log_probs, path)) == pytest.approx(expected, rel=1e-5)
