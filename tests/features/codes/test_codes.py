"""Finite scalar quantisation and the auto-encoder of mels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import ConfigError, VoiceError
from tts_pipeline.features.codes.config import CodesConfig
from tts_pipeline.features.codes.engine import CodesEngine
from tts_pipeline.features.codes.model import CodesAutoencoder
from tts_pipeline.features.codes.quantisation import codes_of, coordinates_of

SMALL = CodesConfig(channels=24, hidden=40, encoder_blocks=2, step_blocks=2, frame_blocks=1)
N_MELS = 20
AUDIO = AudioConfig(n_mels=N_MELS)


def lively(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Weights, biases and scales that all matter."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data += noise * (0.3 if parameter.ndim == 1 else 0.05)
    return module.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def model() -> CodesAutoencoder:
    torch.manual_seed(1)
    made = lively(CodesAutoencoder(SMALL, N_MELS))
    # As far apart as trained codes are.
    made.encoder.output.weight *= 8
    made.mel_mean += torch.linspace(-1, 1, N_MELS)
    return made


@pytest.fixture(scope="module")
def engine(model) -> CodesEngine:
    return CodesEngine(SMALL, AUDIO, {k: v.numpy() for k, v in model.state_dict().items()})


def mel_of(n_frames: int) -> torch.Tensor:
    return torch.randn(1, N_MELS, n_frames, generator=torch.Generator().manual_seed(n_frames)) - 5


@pytest.mark.parametrize("levels", [(5, 5, 5), (8, 5), (4, 3, 3), (3,)])
def test_every_code_has_its_own_coordinates_and_comes_back_from_them(levels):
    n_codes = int(np.prod(levels))
    coordinates = coordinates_of(np.arange(n_codes), levels)
    assert coordinates.shape == (n_codes, len(levels))
    assert np.abs(coordinates).max() <= 1
    assert len(np.unique(coordinates, axis=0)) == n_codes


@pytest.mark.parametrize("levels", [(5, 5, 5), (8, 5), (4, 3, 3), (3,)])
def test_outputs_from_far_below_to_far_above_take_every_place_in_turn(levels):
    outputs = np.linspace(-9, 9, 4001)
    for axis, count in enumerate(levels):
        rows = np.zeros((len(outputs), len(levels)))
        rows[:, axis] = outputs
        places = coordinates_of(codes_of(rows, levels), levels)[:, axis] * (count // 2)
        assert (np.diff(places) >= 0).all()
        np.testing.assert_array_equal(np.unique(places), np.arange(count) - count // 2)
    ends = [codes_of(np.full(len(levels), sign * np.inf), levels) for sign in (-1, 1)]
    assert ends == [0, np.prod(levels) - 1]


def test_zero_lies_in_the_middle_of_an_odd_grid_and_beside_it_in_an_even_one():
    assert codes_of(np.zeros(3), (5, 5, 5)) == 2 + 2 * 5 + 2 * 25
    assert codes_of(np.zeros(1), (4,)) == 2


def test_module_and_engine_make_the_same_codes(model, engine):
    for n_frames in (1, 2, 7, 40, 151):
        mel = mel_of(n_frames)
        codes = model.encode(mel)[0]
        assert codes.shape == (-(-n_frames // 2), SMALL.n_groups)
        np.testing.assert_array_equal(engine.encode(mel[0].numpy()), codes.numpy())
    assert len(np.unique(codes.numpy())) > 20


def test_module_and_engine_make_the_same_mel_of_codes(model, engine):
    codes = torch.randint(SMALL.n_codes, (1, 60, SMALL.n_groups))
    made = engine.decode(codes[0].numpy())
    np.testing.assert_allclose(made, model.decode(codes)[0].numpy(), atol=1e-4, rtol=0)
    assert made.shape == (N_MELS, 120)


def test_the_way_through_is_the_way_there_and_back(model):
    mel = mel_of(31)
    there_and_back = model.decode(model.encode(mel))[:, :, :31]
    np.testing.assert_allclose(model(mel), there_and_back, atol=1e-5, rtol=0)


def test_piece_by_piece_is_the_whole(engine):
    codes = np.random.default_rng(0).integers(SMALL.n_codes, size=(50, SMALL.n_groups))
    whole = engine.decode(codes)
    decoding = engine.decoding()
    pieces = [decoding.push(codes[:3], False), decoding.push(codes[3:40], False)]
    assert sum(p.shape[1] for p in pieces) == 2 * 40 - decoding.lookahead
    pieces.append(decoding.push(codes[40:], True))
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole, atol=1e-5, rtol=0)


def test_a_code_is_heard_only_within_the_decoders_sight(engine):
    codes = np.random.default_rng(0).integers(SMALL.n_codes, size=(80, SMALL.n_groups))
    changed = codes.copy()
    changed[40] = (changed[40] + 7) % SMALL.n_codes
    differs = np.abs(engine.decode(codes) - engine.decode(changed)).max(0) > 0
    sight = engine.decoding().lookahead
    assert differs[80] and not differs[: 80 - sight].any() and not differs[82 + sight :].any()


def test_gradients_pass_the_rounding(model):
    torch.manual_seed(0)
    fresh = CodesAutoencoder(SMALL, N_MELS)
    (fresh(mel_of(20)) - mel_of(20)).square().mean().backward()
    assert fresh.encoder.input.weight.grad.abs().max() > 0


def test_parameters_are_counted_without_constants(model, engine):
    assert engine.n_parameters == sum(p.numel() for p in model.parameters())


def test_wrong_weights_and_sizes_are_named(model):
    weights = {k: v.numpy() for k, v in model.state_dict().items()}
    with pytest.raises(VoiceError, match="lacks mel_mean"):
        CodesEngine(SMALL, AUDIO, {k: v for k, v in weights.items() if k != "mel_mean"})
    with pytest.raises(ConfigError, match=r"levels=\(\)"):
        CodesConfig(levels=())
    with pytest.raises(ConfigError, match="n_groups=0"):
        CodesConfig(n_groups=0)
