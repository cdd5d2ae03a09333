from __future__ import annotations

import pytest
import torch

from tts_pipeline.vocoder.harmonic_noise.discriminators import (
    ComplexDiscriminator,
    DiscriminatorConfig,
    Discriminators,
    PeriodDiscriminator,
    ResolutionDiscriminator,
)

CONFIG = DiscriminatorConfig(
    resolutions=(128, 256),
    resolution_channels=3,
    periods=(2, 3),
    period_channels=2,
    complex_resolutions=(128,),
    complex_channels=3,
)


@pytest.fixture(scope="module")
def critics() -> Discriminators:
    torch.manual_seed(0)
    return Discriminators(CONFIG)


def test_every_critic_scores_and_shows_its_layers(critics):
    judgement = critics(torch.randn(2, 1600))
    assert len(judgement.scores) == 5 and len(judgement.features) == 21
    assert all(score.shape[:2] == (2, 1) for score in judgement.scores)


def test_an_item_alone_is_judged_as_in_a_batch(critics):
    waves = torch.randn(3, 1600)
    together, alone = critics(waves), critics(waves[1:2])
    for one, other in zip(together.scores, alone.scores):
        torch.testing.assert_close(one[1:2], other, atol=1e-5, rtol=1e-4)


def test_every_critic_passes_a_gradient_to_the_waveform(critics):
    for critic in critics.critics:
        wave = torch.randn(1, 1600, requires_grad=True)
        critic(wave)[0].sum().backward()
        assert wave.grad.abs().sum() > 0


def test_silence_is_judged_without_nan(critics):
    judgement = critics(torch.zeros(1, 1600, requires_grad=True))
    torch.stack([score.mean() for score in judgement.scores]).sum().backward()
    assert all(torch.isfinite(score).all() for score in judgement.scores)
    assert all(torch.isfinite(p.grad).all() for p in critics.parameters())
    critics.zero_grad()


def test_a_period_critic_keeps_its_columns_apart():
    torch.manual_seed(1)
    critic = PeriodDiscriminator(5, (2, 4, 8, 16))
    wave = torch.randn(1, 997)
    changed = wave.clone()
    changed[:, 3::5] += 1
    one, other = critic(wave)[0], critic(changed)[0]
    assert one.shape[-1] == 5
    same = (one == other).all(2)[0, 0].tolist()
    assert same == [True, True, True, False, True]


def test_a_resolution_critic_hears_frequency_not_sign():
    torch.manual_seed(2)
    critic = ResolutionDiscriminator(128, 3)
    wave = torch.randn(1, 1600)
    torch.testing.assert_close(critic(wave)[0], critic(-wave)[0], atol=1e-5, rtol=0)
    assert not torch.allclose(critic(wave)[0], critic(torch.randn(1, 1600))[0], atol=1e-3)


def test_a_complex_critic_hears_the_phase():
    torch.manual_seed(3)
    critic = ComplexDiscriminator(128, 3)
    wave = torch.randn(1, 1600)
    score, turned = critic(wave)[0], critic(-wave)[0]
    assert (score - turned).std() > 0.1 * score.std()


def test_widths_by_layer_are_doubles_unless_they_are_given():
    assert DiscriminatorConfig(period_channels=3).widths_by_layer == (3, 6, 12, 24)
    config = DiscriminatorConfig(resolutions=(), periods=(2,), period_widths=(2, 5))
    shapes = [layer.weight.shape[:2] for layer in Discriminators(config).critics[0].layers]
    assert shapes == [(2, 1), (5, 2)]


def test_halves_of_a_judgement_are_those_of_its_halves(critics):
    waves = torch.randn(4, 1600)
    whole, parts = critics(waves), critics(waves).halves()
    for part, half in zip(parts, (waves[:2], waves[2:])):
        alone = critics(half)
        for columns in zip(part, alone):
            for one, other in zip(*columns):
                torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    assert len(whole.scores) == len(parts[0].scores) == len(parts[1].scores)
