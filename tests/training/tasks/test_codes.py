"""Training of the auto-encoder, of the models of its codes and of the canvas, on a few recordings.

The recordings are generated: vowels, noises and silences of which every boundary is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch

from tests.training.spoken_data import make_spoken_data, part_of
from tts_pipeline.acoustic.autoregressive.config import AutoregressiveConfig
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.acoustic.coded.model import CodedConfig
from tts_pipeline.acoustic.fixed_length.model import FixedLengthConfig
from tts_pipeline.acoustic.masked.model import MaskedConfig
from tts_pipeline.errors import ConfigError, CorpusError
from tts_pipeline.features.codes.model import CodesAutoencoder, CodesConfig
from tts_pipeline.training.checkpoint import save_weights
from tts_pipeline.training.data.planned import PlannedUtterances
from tts_pipeline.training.data.planned_codes import PlannedCodes, encoded, trained_codes
from tts_pipeline.training.data.prepare import write_arrays
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.task import LoopConfig, Task
from tts_pipeline.training.tasks.coded import CodedTask, CodedTrainingConfig
from tts_pipeline.training.tasks.codes import CodesTask, CodesTrainingConfig
from tts_pipeline.training.tasks.fixed_length import FixedLengthTask, FixedLengthTrainingConfig
from tts_pipeline.training.tasks.losses import CodesLoss, GuidedAttentionLoss
from tts_pipeline.training.tasks.masked import MaskedTask, MaskedTrainingConfig

CODES = CodesConfig(channels=24, hidden=32, encoder_blocks=1, step_blocks=1, frame_blocks=1)
SIZES = {"text_channels": 16, "channels": 32, "hidden": 32, "dropout": 0.0}


class Data(NamedTuple):
    spoken: object
    train: PlannedUtterances
    valid: PlannedUtterances


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Data:
    root = tmp_path_factory.mktemp("codes")
    spoken = make_spoken_data(root / "features", 6)
    (root / "durations").mkdir()
    for name, durations in spoken.durations.items():
        write_arrays(root / "durations" / f"{name}.npz", durations=durations.numpy())
    sizes = {"encoder_blocks": 1, "predictor_blocks": 1, "frame_blocks": 1}
    torch.manual_seed(0)
    acoustic = AutoregressiveModel(AutoregressiveConfig(channels=16, hidden=16, **sizes), 80)
    train, valid = (
        PlannedUtterances(acoustic, spoken.tokens, root / "durations", part_of(spoken, *ends))
        for ends in ((0, 4), (4, 6))
    )
    return Data(spoken, train, valid)


@pytest.fixture(scope="module")
def as_codes(data) -> tuple[PlannedCodes, PlannedCodes]:
    torch.manual_seed(0)
    model = CodesAutoencoder(CODES, 80).eval()
    codes = encoded(model, [data.spoken.store], torch.device("cpu"))
    return PlannedCodes(data.train, codes), PlannedCodes(data.valid, codes)


def loop(steps: int, batch_size: int = 4) -> LoopConfig:
    return LoopConfig(
        max_steps=steps,
        batch_size=batch_size,
        learning_rate=5e-3,
        final_learning_rate=1e-3,
        warmup_steps=3,
        ema_decay=0.5,
        validate_every=steps,
    )


def losses_of(task: Task, steps: int, folder) -> tuple[dict[str, float], dict[str, float]]:
    """Losses of the first step, and of a step after training."""
    whole = slice(0, task.config.loop.batch_size)
    torch.manual_seed(0)
    first = task.train_step(task.draw(0, whole), 0, lambda *_: None)
    train(task, task.config.loop, make_fabric("cpu"), folder)
    torch.manual_seed(0)
    last = task.train_step(task.draw(0, whole), 0, lambda *_: None)
    return tuple({k: float(v.detach()) for k, v in each.items()} for each in (first, last))


def test_the_auto_encoder_learns_and_is_found_again(data, tmp_path):
    stores = part_of(data.spoken, 0, 4), part_of(data.spoken, 4, 6)
    task = CodesTask(CodesTrainingConfig(loop(60), CODES, crop_frames=64), *stores)
    first, last = losses_of(task, 60, tmp_path / "codes")
    assert last["mel"] < 0.6 * first["mel"]
    model = trained_codes(tmp_path, CODES, 80)
    mel = stores[1][stores[1].ids[0]].mel
    codes = encoded(model, [stores[1]], torch.device("cpu"))[stores[1].ids[0]]
    np.testing.assert_array_equal(codes, model.encode(mel[None])[0])
    with torch.no_grad():
        figures = task.validate()
    assert 0 < figures["used"] <= 1
    with pytest.raises(ConfigError, match="made with another configuration"):
        trained_codes(tmp_path, CodesConfig(), 80)


def test_the_auto_encoders_validation_is_that_of_whole_copies(data):
    stores = part_of(data.spoken, 0, 4), part_of(data.spoken, 4, 6)
    task = CodesTask(CodesTrainingConfig(loop(1), CODES, crop_frames=64), *stores)
    model = task.modules["codes"].eval()
    distances = [
        (model(m[None])[0] - m).abs().mean(0) for m in (stores[1][i].mel for i in stores[1].ids)
    ]
    with torch.no_grad():
        assert task.validate()["mel"] == pytest.approx(float(torch.cat(distances).mean()), rel=1e-4)


def test_crops_come_from_inside_one_recording(data):
    store = part_of(data.spoken, 0, 4)
    task = CodesTask(CodesTrainingConfig(loop(1, 32), CODES, crop_frames=64), store, store)
    batch = task.draw(3, slice(0, 32))
    assert batch.shape == (32, 80, 64)
    assert torch.equal(batch[8:16], task.draw(3, slice(8, 16)))
    windows = [store[i].mel.unfold(1, 64, 1).transpose(0, 1) for i in store.ids]
    windows = torch.cat(windows)
    assert all((windows == crop).all((1, 2)).any() for crop in batch)
    with pytest.raises(ConfigError, match="crop_frames=100000"):
        CodesTask(CodesTrainingConfig(loop(1), CODES, crop_frames=100000), store, store)


def test_batches_of_codes_line_up_with_their_tokens(data, as_codes):
    ids = data.train.ids[:3]
    batch = as_codes[0].batch(ids, torch.device("cpu"))
    for k, i in enumerate(ids):
        n_steps = -(-data.train.lengths[i] // 2)
        assert int(batch.mask[k].sum()) == n_steps == as_codes[0].lengths[i]
        alone = as_codes[0].batch([i], torch.device("cpu"))
        assert torch.equal(batch.codes[k, :n_steps], alone.codes[0])
        assert not batch.codes[k, n_steps:].any()
        assert int(batch.durations[k].sum()) == data.train.lengths[i]


def test_the_model_that_writes_codes_one_by_one_learns(as_codes, tmp_path):
    config = CodedTrainingConfig(loop(60), CodedConfig(n_blocks=1, past=16, **SIZES), CODES)
    first, last = losses_of(CodedTask(config, *as_codes), 60, tmp_path)
    assert first["loss"] == pytest.approx(np.log(125), rel=0.1)
    assert last["loss"] < 0.75 * first["loss"]


def test_the_model_that_writes_all_codes_at_once_learns(as_codes, tmp_path):
    config = MaskedTrainingConfig(loop(60), MaskedConfig(n_blocks=2, **SIZES), CODES)
    task = MaskedTask(config, *as_codes)
    first, last = losses_of(task, 60, tmp_path)
    assert first["loss"] == pytest.approx(np.log(125), rel=0.1)
    assert last["loss"] < 0.75 * first["loss"]
    with torch.no_grad():
        figures = task.validate()
    assert figures["loss"] == pytest.approx(
        (figures["hidden_all"] + figures["hidden_half"]) / 2, rel=1e-6
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text_channels": 48}, r"model.text_channels=48: .* set it to \d+"),
        ({"n_codes": 100}, "model.n_codes=100: the auto-encoder's codes have 125"),
        ({"n_groups": 2}, "model.n_groups=2: the auto-encoder's codes have 4"),
    ],
)
def test_a_model_made_for_other_codes_or_vectors_is_refused(as_codes, changes, message):
    sizes = {**SIZES, **changes}
    with pytest.raises(ConfigError, match=message):
        MaskedTask(MaskedTrainingConfig(loop(1), MaskedConfig(**sizes), CODES), *as_codes)
    with pytest.raises(ConfigError, match=message):
        CodedTask(CodedTrainingConfig(loop(1), CodedConfig(**sizes), CODES), *as_codes)


def test_a_canvas_made_for_other_vectors_is_refused(data):
    config = FixedLengthTrainingConfig(loop(1), FixedLengthConfig(**{**SIZES, "text_channels": 48}))
    with pytest.raises(ConfigError, match="model.text_channels=48"):
        FixedLengthTask(config, data.train, data.valid, {})


def test_the_canvas_learns_what_to_say_and_where_to_end(data, tmp_path):
    model = FixedLengthConfig(canvas=512, n_layers=2, blocks_per_layer=1, **SIZES)
    n_tokens = {i: len(tokens) for i, tokens in data.spoken.tokens.items()}
    config = FixedLengthTrainingConfig(loop(40), model)
    task = FixedLengthTask(config, data.train, data.valid, n_tokens)
    first, last = losses_of(task, 40, tmp_path)
    assert all(last[name] < 0.7 * first[name] for name in ("mel", "end", "attention"))
    with torch.no_grad():
        assert task.validate()["endless"] <= 1
    frames = sum(data.train.lengths.values()) / sum(n_tokens[i] for i in data.train.ids)
    assert float(task.modules["fixed_length"].token_frames) == pytest.approx(frames)
    tiny = FixedLengthTrainingConfig(loop(1), FixedLengthConfig(canvas=20, **SIZES))
    with pytest.raises(CorpusError, match="canvas of 20 frames"):
        FixedLengthTask(tiny, data.train, data.valid, n_tokens)


def test_codes_that_do_not_count_change_no_loss():
    logits = torch.randn(2, 3, 4, 5)
    codes = torch.randint(5, (2, 3, 4))
    mask = torch.tensor([[1.0, 1, 0], [1, 0, 0]])[..., None]
    chosen = -torch.log_softmax(logits, -1).gather(-1, codes[..., None])[..., 0]
    expected = torch.cat([chosen[0, :2], chosen[1, :1]]).mean()
    assert CodesLoss()(logits, codes, mask) == pytest.approx(float(expected), rel=1e-5)


def test_attention_along_the_diagonal_costs_nothing_and_away_from_it_all():
    attention = torch.eye(40)[None, None]
    lengths = torch.tensor([40])
    guided = GuidedAttentionLoss(0.1)
    assert float(guided(attention, lengths, lengths)) == pytest.approx(0, abs=1e-6)
    corner = torch.zeros(1, 1, 40, 40)
    corner[..., 0] = 1
    # The mean of 1 - exp(-x^2 / .02) over x from the middle of the first token, 1 / 80, to 79 / 80.
    expected = 1 - 0.1 * np.sqrt(np.pi / 2) - 1 / 80
    assert float(guided(corner, lengths, lengths)) == pytest.approx(expected, abs=2e-3)


def test_weights_of_another_module_are_no_codes(tmp_path):
    (tmp_path / "codes").mkdir()
    weights = {"other": {"x": torch.zeros(1)}}
    save_weights(tmp_path / "codes" / "best.safetensors", weights, {})
    with pytest.raises(ConfigError, match="holds no weights of 'codes'"):
        trained_codes(tmp_path, CODES, 80)
