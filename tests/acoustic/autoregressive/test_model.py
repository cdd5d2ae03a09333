from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.acoustic.autoregressive.small import (
    CONFIG,
    ENERGY_STD,
    LOG_F0_STD,
    LONG,
    N_MELS,
    SHORT,
    infer,
    make_lively_model,
    tokens_of,
)
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.acoustic.durations import needs_frames
from tts_pipeline.errors import TextError
from tts_pipeline.protocols import MelStream


@pytest.fixture(scope="module")
def model() -> AutoregressiveModel:
    return make_lively_model()


def teacher_forced(model, tokens, lengths, durations, mel, masks):
    prosody = model.predict_prosody(tokens, lengths)
    return model(tokens, lengths, durations, prosody.pitch, prosody.energy, mel, masks=masks).mel


def tensors(stream: MelStream) -> tuple[torch.Tensor, torch.Tensor]:
    """Mel ``(1, M, T)`` and durations ``(1, N)`` of a sentence."""
    return torch.from_numpy(stream.read())[None], torch.from_numpy(stream.durations)[None]


def masks_of(model: AutoregressiveModel, n_frames: int, seed: int = 0) -> torch.Tensor:
    n_steps = -(-n_frames // CONFIG.frames_per_step)
    return model.decoder.masks(n_steps, torch.Generator().manual_seed(seed))


def test_teacher_forcing_equals_generation_from_the_same_past(model):
    for text in (LONG, SHORT):
        (made,) = infer(model, text, seed=3)
        mel, durations = tensors(made)
        masks = masks_of(model, mel.shape[2], seed=3)
        again = teacher_forced(model, *tokens_of(text), durations, mel, masks)
        torch.testing.assert_close(again, mel, atol=1e-5, rtol=0)


def test_generation_goes_on_from_its_state(model):
    torch.manual_seed(1)
    conditioning, masks = torch.randn(2, 9, CONFIG.channels), masks_of(model, 18)
    start = model.decoder.initial_state(2)
    whole, end = model.decoder.generate(conditioning, masks, start)
    first, state = model.decoder.generate(conditioning[:, :4], masks[:4], start)
    second, state = model.decoder.generate(conditioning[:, 4:], masks[4:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, atol=1e-6, rtol=0)
    for one, other in zip(state, end):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_masks_of_a_longer_text_begin_alike(model):
    assert torch.equal(masks_of(model, 14), masks_of(model, 37)[:7])


def test_the_future_does_not_change_the_past(model):
    tokens, lengths = tokens_of(LONG)
    mel, durations = tensors(*infer(model, LONG))
    masks = masks_of(model, mel.shape[2])
    changed = mel.clone()
    at = 2 * (mel.shape[2] // 4)
    changed[:, :, at:] += torch.randn_like(changed[:, :, at:])
    one = teacher_forced(model, tokens, lengths, durations, mel, masks)
    other = teacher_forced(model, tokens, lengths, durations, changed, masks)
    # The step that writes the first changed frames has not seen them yet.
    seen_from = at + CONFIG.frames_per_step
    assert torch.equal(one[:, :, :seen_from], other[:, :, :seen_from])
    assert not torch.equal(one[:, :, seen_from:], other[:, :, seen_from:])


def test_the_frames_that_follow_depend_on_a_frame(model):
    tokens, lengths = tokens_of(SHORT)
    mel, durations = tensors(*infer(model, SHORT))
    masks = torch.full_like(masks_of(model, mel.shape[2]), 1.0)
    changed = mel.clone()
    changed[:, :, 0] += 1
    one = teacher_forced(model, tokens, lengths, durations, mel, masks)
    other = teacher_forced(model, tokens, lengths, durations, changed, masks)
    difference = (one - other).abs().amax((0, 1))
    assert not difference[:2].any() and (difference[2:12] > 0).all()


def test_an_item_alone_equals_the_item_in_a_padded_batch(model):
    together = infer(model, SHORT, LONG, seed=5, rate=0.7)
    for text, item in zip((SHORT, LONG), together):
        (alone,) = infer(model, text, seed=5, rate=0.7)
        assert np.array_equal(alone.durations, item.durations)
        np.testing.assert_allclose(alone.read(), item.read(), atol=1e-5, rtol=0)
        np.testing.assert_allclose(alone.f0, item.f0, atol=1e-3, rtol=1e-5)


def test_teacher_forcing_alone_equals_in_a_padded_batch(model):
    tokens, lengths = tokens_of(LONG, SHORT)
    torch.manual_seed(2)
    # An odd number of frames leaves half a step empty at the item's end.
    durations = torch.randint(1, 9, tokens.shape)
    durations[1, 0] += (1 + durations[1, : len(SHORT)].sum()) % 2
    durations *= torch.arange(tokens.shape[1]) < lengths[:, None]
    n_frames = durations.sum(1).tolist()
    assert n_frames[1] % 2 == 1 and n_frames[1] < n_frames[0]
    mel = torch.randn(2, N_MELS, max(n_frames)) - 5
    masks = masks_of(model, max(n_frames))
    together = teacher_forced(model, tokens, lengths, durations, mel, masks)
    n, t = len(SHORT), n_frames[1]
    alone = teacher_forced(
        model, *tokens_of(SHORT), durations[1:, :n], mel[1:, :, :t], masks[: -(-t // 2)]
    )
    torch.testing.assert_close(alone[0], together[1, :, :t], atol=1e-5, rtol=0)


@pytest.mark.parametrize("rate", [0.5, 1.0, 6.0])
def test_durations_make_the_length_and_no_token_is_lost(model, rate):
    for text, made in zip((LONG, SHORT), infer(model, LONG, SHORT, rate=rate)):
        assert made.read().shape == (N_MELS, made.durations.sum())
        assert made.durations.shape == (len(text),)
        assert (made.durations[needs_frames(tokens_of(text)[0][0]).numpy()] >= 1).all()
        assert (made.durations <= CONFIG.max_token_frames + 1).all()
    tokens, lengths = tokens_of(LONG, SHORT)
    valid = torch.arange(tokens.shape[1]) < lengths[:, None]
    assert (model.plan(tokens, lengths, rate=rate).durations[~valid] == 0).all()


def test_rate_two_halves_the_length(model):
    tokens, _ = tokens_of(LONG)
    plain, fast = (infer(model, LONG, rate=rate)[0].durations for rate in (1.0, 2.0))
    assert plain[needs_frames(tokens)[0].numpy()].min() >= 2, "else the least duration decides"
    assert abs(2 * fast.sum() - plain.sum()) <= 1
    factors = np.ones(len(LONG), np.float32)
    factors[4] = 0.5
    slow = infer(model, LONG, rate=factors)[0].durations
    differs = (slow - plain).tolist()
    assert differs[4] >= plain[4] - 1
    assert all(abs(d) <= 1 for i, d in enumerate(differs) if i != 4)


def test_fixed_frames_last_as_asked(model):
    fixed = np.zeros(len(LONG), np.int64)
    fixed[3], fixed[7] = 25, 60
    (plain,), (made,) = infer(model, LONG), infer(model, LONG, fixed_frames=fixed)
    others = [i for i in range(len(LONG)) if i not in (3, 7)]
    assert made.durations[3] == 25 and made.durations[7] == 60
    assert abs(made.durations - plain.durations)[others].max() <= 1
    assert made.durations.sum() == made.read().shape[1]


@pytest.mark.parametrize(
    ("control", "channel", "step"),
    [("pitch", 0, math.log(1.5) / LOG_F0_STD), ("energy", 1, math.log(1.5) / ENERGY_STD)],
)
def test_controls_raise_what_the_decoder_is_told(model, control, channel, step):
    told = []
    hook = model.prosody_input.register_forward_pre_hook(lambda _, args: told.append(args[0]))
    tokens, lengths = tokens_of(LONG)
    plain = model.plan(tokens, lengths)
    raised = model.plan(tokens, lengths, **{control: 1.5})
    factors = torch.ones(tokens.shape)
    factors[0, 5] = 1.5
    model.plan(tokens, lengths, **{control: factors})
    hook.remove()
    difference = (told[1] - told[0])[0]
    torch.testing.assert_close(
        difference[channel], torch.full((len(LONG),), step), atol=1e-5, rtol=0
    )
    assert not difference[1 - channel].any()
    assert (told[2] - told[0])[0, channel].nonzero().flatten().tolist() == [5]
    assert not torch.equal(plain.conditioning, raised.conditioning)
    factor = raised.f0 / plain.f0
    expected = 1.5 if control == "pitch" else 1.0
    torch.testing.assert_close(factor, torch.full_like(factor, expected), atol=1e-5, rtol=0)


def test_the_seed_decides(model):
    torch.manual_seed(4)
    state = torch.get_rng_state()
    one, two, other = (infer(model, SHORT, seed=seed)[0].read() for seed in (7, 7, 8))
    assert np.array_equal(one, two) and not np.array_equal(one, other)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("shape", [(0,), (5,), (1, 0), (1, 2, 3)])
def test_tokens_of_another_shape_are_refused(model, shape):
    with pytest.raises(TextError, match="expected \\(B, N\\)"):
        model.plan(torch.zeros(shape, dtype=torch.int64))


def test_calibration_scales_durations_and_pitch_range(model):
    tokens, lengths = tokens_of(LONG)
    plain = model.plan(tokens, lengths)
    model.statistics[4], model.statistics[5] = 1.5, 2.0
    scaled = model.plan(tokens, lengths)
    model.statistics[4:] = 1.0
    assert abs(scaled.mel_lengths / plain.mel_lengths - 1.5) < 0.03
    # Around the mean of log F0, in standard deviations.
    torch.testing.assert_close(scaled.f0.log() - 5, 2 * (plain.f0.log() - 5), atol=1e-4, rtol=1e-4)
