from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from tests.training.spoken_data import AUDIO, make_spoken_data, part_of
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveConfig
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepare import feature_path, load_features, write_arrays
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.package import VoiceFacts, write_card
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.acoustic import (
    AcousticTask,
    AcousticTrainingConfig,
    calibrate,
    load_durations,
    masked_l1,
    token_targets,
)
from tts_pipeline.voice.defaults import Defaults

MODEL = AutoregressiveConfig(
    channels=32, hidden=32, encoder_blocks=1, predictor_blocks=1, frame_blocks=1, prenet=16
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("acoustic")
    data = make_spoken_data(root / "features", 6)
    (root / "durations").mkdir()
    for name, durations in data.durations.items():
        write_arrays(root / "durations" / f"{name}.npz", durations=durations.numpy())
    return root / "durations", data


def make_task(data, steps: int = 30) -> AcousticTask:
    folder, spoken = data
    loop = LoopConfig(
        max_steps=steps,
        batch_size=4,
        learning_rate=5e-3,
        final_learning_rate=1e-3,
        warmup_steps=3,
        ema_decay=0.5,
        validate_every=steps,
    )
    config = AcousticTrainingConfig(loop, MODEL)
    stores = part_of(spoken, 0, 4), part_of(spoken, 4, 6)
    return AcousticTask(config, spoken.tokens, folder, *stores)


def test_targets_by_hand():
    durations = torch.tensor([2, 0, 3, 1, 4])
    f0 = torch.tensor([100.0, 120, 0, 200, 0, 0, 150, 150, 0, 0])
    mel = torch.arange(20.0).reshape(2, 10)
    found = token_targets(durations, f0, mel)
    first, last = np.log([100, 120]).mean(), np.log(150)
    # Token 2 has a single voiced frame, tokens 1 and 3 none: all three lie on the bridge.
    np.testing.assert_allclose(found.pitch, np.linspace(first, last, 5), atol=1e-5)
    # Frame t has a mean of t + 5; the token without frames lies between its neighbours, 5.5 and 8.
    np.testing.assert_allclose(found.energy, [5.5, 6.75, 8.0, 10.0, 12.5])


def test_masked_l1_counts_valid_frames_only():
    made, target = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    target[0, :, 2:] = 100
    assert float(masked_l1(made, target, torch.tensor([2, 4]))) == 1.0


def test_what_was_not_aligned_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"x\.npz: missing, run the align stage first"):
        load_durations(tmp_path, "x")


def test_targets_are_scaled_and_padded(data):
    task = make_task(data)
    batch = task.batch(task.train.ids, task.train)
    valid = torch.arange(batch.spoken.tokens.shape[1]) < batch.spoken.token_lengths[:, None]
    for values in (batch.pitch, batch.energy):
        assert abs(float(values[valid].mean())) < 1e-4
        assert abs(float(values[valid].std()) - 1) < 1e-3
        assert not values[~valid].any()
    assert torch.equal(batch.durations.sum(1), batch.spoken.mel_lengths)


@pytest.mark.parametrize("n_train", [1, 3])
def test_few_and_whispered_utterances_train_without_dividing_by_nothing(data, tmp_path, n_train):
    """All F0 is 0: pitch has no deviation, neither in training nor in validation."""
    durations, spoken = data
    names = spoken.store.ids[: n_train + 1]
    for name in names:
        samples, f0 = load_features(spoken.store.folder, name)
        waveform = np.round(samples * 32767).astype(np.int16)
        write_arrays(feature_path(tmp_path, name), waveform=waveform, f0=0 * f0)
    stores = (
        FeatureStore(tmp_path, names[:n_train], AUDIO),
        FeatureStore(tmp_path, names[n_train:], AUDIO),
    )
    loop = LoopConfig(max_steps=2, batch_size=4, learning_rate=1e-3, validate_every=1)
    task = AcousticTask(AcousticTrainingConfig(loop, MODEL), spoken.tokens, durations, *stores)
    train(task, loop, make_fabric("cpu"), tmp_path / "run")
    figures = json.loads((tmp_path / "run" / "best.json").read_text())["valid"]
    assert all(np.isfinite(value) for value in figures.values()) and figures["pitch_range"] == 1
    model = task.modules["acoustic"].eval()
    calibrate(model, task)
    assert torch.isfinite(model.statistics).all() and (model.statistics[[1, 3]] > 0).all()


def test_own_past_is_what_it_writes_itself(data):
    """Told its own past, a teacher-forced pass gives what generation gives, and gradients flow."""
    task = make_task(data)
    model = task.modules["acoustic"].eval()
    batch = task.batch(task.train.ids[:2], task.train)
    spoken = batch.spoken
    generator = torch.Generator().manual_seed(0)
    masks = model.decoder.masks(-(-spoken.mel.shape[2] // 2), generator)
    made = model(
        spoken.tokens,
        spoken.token_lengths,
        batch.durations,
        batch.pitch,
        batch.energy,
        spoken.mel,
        masks=masks[None],
        past_noise=1.0,
        own_past=torch.tensor([True, False]),
    )
    expected = task.generate_free_running(batch, seed=0)
    torch.testing.assert_close(made.mel[0], expected[0], atol=1e-4, rtol=0)
    assert float((made.mel[1] - expected[1]).detach().abs().mean()) > 0.01
    made.mel[0].sum().backward()
    assert float(model.decoder.prenet_lower.weight.grad.abs().sum()) > 0


def test_frozen_parts_stay_as_they_are(data, tmp_path):
    folder, spoken = data
    frozen = ("encoder", "duration", "pitch", "energy", "prosody_input")
    loop = LoopConfig(max_steps=2, batch_size=4, learning_rate=1e-2, warmup_steps=1)
    config = AcousticTrainingConfig(loop, MODEL, own_past_share=0.5, frozen=frozen)
    task = AcousticTask(config, spoken.tokens, folder, part_of(spoken, 0, 4), part_of(spoken, 4, 6))
    model = task.modules["acoustic"]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    train(task, loop, make_fabric("cpu"), tmp_path / "run")
    for name, value in model.state_dict().items():
        kept = name.split(".")[0] in frozen or name in ("mel_mean", "mel_std", "statistics")
        assert torch.equal(value, before[name]) == kept, name
    other = dataclasses.replace(config, frozen=("encoders",))
    with pytest.raises(ConfigError, match="frozen: encoders: expected some of encoder, "):
        AcousticTask(other, spoken.tokens, folder, part_of(spoken, 0, 4), part_of(spoken, 4, 6))


def test_a_few_steps_lower_every_loss(data, tmp_path):
    task = make_task(data)
    model = task.modules["acoustic"].eval()
    with torch.no_grad():
        before = task.validate()
    model.train()
    train(task, task.config.loop, make_fabric("cpu"), tmp_path)
    after = json.loads((tmp_path / "best.json").read_text())["valid"]
    for name, least in {"mel": 0.8, "duration": 0.5, "energy": 0.9, "free_running_l1": 0.9}.items():
        assert after[name] < least * before[name], name
    calibrate(model, task)
    assert 0.5 < float(model.statistics[4]) < 4 and 0.5 <= float(model.statistics[5]) <= 2


def test_free_writing_depends_on_the_seed_and_follows_the_durations(data):
    task = make_task(data)
    task.modules["acoustic"].eval()
    with torch.inference_mode():
        batch = task.batch(task.valid.ids, task.valid)
        one, two, other = (task.generate_free_running(batch, seed) for seed in (0, 0, 1))
        mels = task.predict_mels(free_running=True)
    assert one.shape == batch.spoken.mel.shape
    assert torch.equal(one, two) and not torch.equal(one, other)
    for name in (*task.train.ids, *task.valid.ids):
        store = task.train if name in task.train.ids else task.valid
        assert mels[name].shape == store[name].mel.shape


def test_calibration_of_an_untrained_model_stays_finite(data):
    task = make_task(data)
    model = task.modules["acoustic"].eval()
    with torch.no_grad():
        model.duration.output.weight.zero_()
        model.duration.output.bias.fill_(-1.0)
        model.pitch.output.weight.zero_()
    calibrate(model, task)
    assert model.statistics[4:].tolist() == [4.0, 2.0]


def test_the_card_says_where_the_voice_comes_from():
    facts = VoiceFacts("n", "the speaker", "the source", "CC0 1.0", ("no shouting",))
    card = write_card(facts, {"align": {"step": 7, "seed": 1, "valid": {"loss": 0.25}}}, 11)
    for part in ("# n", "the speaker", "the source; 11 of them", "CC0 1.0", "- no shouting"):
        assert part in card
    assert "| align | 7 | 1 | loss 0.250 |" in card and "Default" not in card
    facts = dataclasses.replace(facts, defaults=Defaults("a+b"))
    assert "- Default acoustic: `a+b`\n" in write_card(facts, {}, 11)
