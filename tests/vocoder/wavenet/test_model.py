"""WaveNet's network and what it writes, against definitions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.vocoder.wavenet.small import (
    LOGISTICS,
    SMALL,
    make_wavenet,
    random_mel,
    random_symbols,
)
from tts_pipeline.errors import AudioError
from tts_pipeline.vocoder.wavenet.levels import de_emphasise, mu_law_levels
from tts_pipeline.vocoder.wavenet.model import WaveNetConfig
from tts_pipeline.vocoder.wavenet.outputs import logistics_loss, mu_law_encode, pre_emphasise


@pytest.mark.parametrize("config", [SMALL, LOGISTICS], ids=lambda config: config.output)
def test_the_future_changes_nothing_before_it(config):
    model, mel, symbols = make_wavenet(config), random_mel(5), random_symbols(config, 800)
    known = model(symbols, mel[None])
    for place in (0, 1, 300, 799):
        changed = symbols.clone()
        changed[:, place:] = -changed[:, place:] % config.n_classes
        found = model(changed, mel[None])
        assert torch.equal(found[:, : place + 1], known[:, : place + 1])
        if place < 799:
            assert not torch.equal(found[:, place + 1], known[:, place + 1])


def test_the_mel_is_seen_two_frames_ahead_and_not_further():
    model, mel, symbols = make_wavenet(SMALL), random_mel(8), random_symbols(SMALL, 1280)
    known = model(symbols, mel[None])
    changed = mel.clone()
    changed[:, 6] += 1
    found = model(symbols, changed[None])
    assert torch.equal(found[:, : 4 * 160], known[:, : 4 * 160])
    assert not torch.equal(found[:, 4 * 160], known[:, 4 * 160])


@pytest.mark.parametrize("n_stacks, field", [(2, 2047), (1, 1024)])
def test_the_receptive_field_is_exact(n_stacks, field):
    narrow = {"residual_channels": 8, "gate_channels": 16, "skip_channels": 8}
    config = WaveNetConfig(n_stacks, 10, **narrow, conditioning_channels=8)
    assert config.receptive_field == field
    model, mel = make_wavenet(config), random_mel(15)
    place, n_samples = 20, 15 * 160
    # In float64, or the oldest sample's trace may be lost in the rounding.
    model, symbols = model.double(), random_symbols(config, n_samples)
    changed = symbols.clone()
    changed[:, place] = (symbols[:, place] + 77) % 256
    differs = (model(symbols, mel[None].double()) != model(changed, mel[None].double())).any(2)[0]
    # Sample t - 1 is the newest that output t depends on.
    assert differs.nonzero().min() == place + 1
    assert differs[place + field] and not differs[place + field + 1 :].any()


def test_the_papers_sizes():
    config = WaveNetConfig()
    assert config.dilations == (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) * 2
    assert config.receptive_field == 2047 and config.n_outputs == 256
    assert (config.residual_channels, config.gate_channels, config.skip_channels) == (64, 128, 64)
    in_loop = ("past", "present", "residual", "skip", "head", "output")
    sizes = [int(np.prod(config.parameter_shapes[name])) for name in in_loop]
    assert sum(sizes) == 512_000
    parameters = dict(make_wavenet(config).named_parameters())
    for name, shape in config.parameter_shapes.items():
        assert tuple(parameters[name].shape) == shape


@pytest.mark.parametrize(
    "change, told",
    [
        ({"n_stacks": 0}, "n_stacks=0: expected at least 1"),
        ({"gate_channels": 3}, "gate_channels=3: expected an even number"),
        ({"n_classes": 1}, "n_classes=1: expected at least 2"),
        ({"output": "softmax"}, "output='softmax': expected 'mu-law' or 'logistics'"),
        ({"pre_emphasis": 1.0}, "pre_emphasis=1.0: expected at least 0 and below 1"),
        ({"temperature": -0.1}, "temperature=-0.1: expected a number of at least 0"),
        ({"temperature": float("nan")}, "temperature=nan: expected a number of at least 0"),
    ],
)
def test_impossible_sizes_are_refused(change, told):
    with pytest.raises(AudioError) as caught:
        dataclasses.replace(WaveNetConfig(), **change)
    assert told in str(caught.value)


def test_mu_law_against_the_formula():
    # sign(x) ln(1 + 255 |x|) / ln 256 at 0.1 is ln 26.5 / ln 256 = 0.59099...
    samples = torch.tensor([-1.5, -1.0, -0.1, 0.0, 0.1, 1.0, 2.0])
    expected = [0, 0, 52, 128, 203, 255, 255]
    assert mu_law_encode(samples, 256).tolist() == expected
    levels = mu_law_levels(256)
    assert levels[0] == -1 and levels[255] == 1 and (np.diff(levels) > 0).all()
    np.testing.assert_allclose(levels, -levels[::-1], atol=1e-7)
    np.testing.assert_allclose(levels[203], (256 ** (151 / 255) - 1) / 255, rtol=1e-5)
    assert mu_law_encode(torch.from_numpy(levels), 256).tolist() == list(range(256))


def test_emphasis_is_undone_in_blocks():
    samples = torch.randn(2, 500, generator=torch.Generator().manual_seed(0)) * 0.2
    emphasised = pre_emphasise(samples, 0.85)
    expected = samples[:, 1:] - 0.85 * samples[:, :-1]
    torch.testing.assert_close(emphasised[:, 1:], expected)
    assert torch.equal(emphasised[:, 0], samples[:, 0])
    before, made = None, []
    for block in np.split(emphasised.numpy(), [1, 1, 7, 300], axis=1):
        sound, before = de_emphasise(block, 0.85, before)
        made.append(sound)
    np.testing.assert_allclose(np.concatenate(made, 1), samples.numpy(), atol=1e-6)


def test_the_loss_of_classes_is_the_cross_entropy():
    model, symbols = make_wavenet(SMALL), random_symbols(SMALL, 320)
    outputs = model(symbols, random_mel(2)[None])
    shares = outputs.double().softmax(2).gather(2, symbols[..., None])[..., 0]
    torch.testing.assert_close(model.loss(outputs, symbols).double(), -shares.log(), atol=1e-5,
                               rtol=1e-5)  # fmt: skip


def _mixture_mass(outputs: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Mass of every level's interval, from the distribution function in float64."""
    from scipy.special import expit, softmax

    logits, means, log_scales = np.split(outputs.astype(np.float64), 3)
    edges = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]])
    reached = expit((edges[:, None] - means) / np.exp(log_scales))
    return (np.diff(reached, axis=0) * softmax(logits)).sum(1)


@pytest.mark.parametrize(
    "outputs",
    [
        [0.0, 1.0, -1.0, -0.3, 0.2, 0.9, -2.0, -4.0, -5.0],
        [0.0, 0.5, 2.0, -0.99, 0.0, 1.05, -6.0, -7.0, -3.0],
    ],
)
def test_the_loss_of_a_mixture_is_that_of_a_distribution_over_all_levels(outputs):
    levels = np.arange(-32767, 32768) / 32767
    made = torch.tensor(outputs).expand(len(levels), -1)
    nats = logistics_loss(made, torch.from_numpy(levels.astype(np.float32))).double().numpy()
    assert abs(np.exp(-nats).sum() - 1) < 1e-4
    expected = _mixture_mass(np.array(outputs), levels)
    likely = expected > 1e-7
    np.testing.assert_allclose(nats[likely], -np.log(expected[likely]), atol=0.02)
