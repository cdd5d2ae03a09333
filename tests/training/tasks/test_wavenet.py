from __future__ import annotations

import json
import math

import pytest
import torch

from tests.training.spoken_data import AUDIO, make_spoken_data, part_of
from tts_pipeline.training.checkpoint import load_module, load_weights
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.wavenet import WaveNetTask, WaveNetTrainingConfig
from tts_pipeline.vocoder.wavenet.model import WaveNet, WaveNetConfig

SMALL = WaveNetConfig(
    n_stacks=1,
    layers_per_stack=5,
    residual_channels=16,
    gate_channels=32,
    skip_channels=16,
    conditioning_channels=16,
)
LOOP = LoopConfig(
    max_steps=60,
    batch_size=4,
    learning_rate=1e-2,
    final_learning_rate=1e-3,
    warmup_steps=5,
    ema_decay=0.8,
    validate_every=30,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_spoken_data(tmp_path_factory.mktemp("wavenet") / "features", 5)


def make_task(data, model: WaveNetConfig = SMALL, predicted=None, **changes) -> WaveNetTask:
    config = WaveNetTrainingConfig(LOOP, model, crop_frames=8, warm_samples=64, **changes)
    return WaveNetTask(config, AUDIO, part_of(data, 0, 4), part_of(data, 4, 5), predicted)


@pytest.mark.parametrize("output", ["mu-law", "logistics"])
def test_a_few_steps_on_one_batch_lower_its_loss(data, output):
    task = make_task(data, WaveNetConfig(1, 5, 16, 32, 16, 16, output=output))
    batch = task.draw(0, slice(0, 4))

    def update(name: str, loss: torch.Tensor) -> None:
        assert name == "wavenet"
        task.optimizers[name].zero_grad()
        loss.backward()
        task.optimizers[name].step()

    for group in task.optimizers["wavenet"].param_groups:
        group["lr"] = 1e-2
    nats = [task.train_step(batch, 0, update)["nll"].item() for _ in range(30)]
    assert nats[-1] < nats[0] - 0.7


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train(make_task(data), LOOP, make_fabric("cpu"), folder)
    return folder


def test_it_learns_more_than_chance_of_recordings_that_were_not_seen(trained):
    best = json.loads((trained / "best.json").read_text())
    assert best["step"] in (30, 60)
    assert best["valid"]["nll"] < math.log(256) - 1


def test_what_is_validated_and_kept_are_the_averages(data, trained):
    averaged = load_weights(trained / "best.safetensors", "wavenet")
    last = load_module(trained / "last.pt", "wavenet")
    assert averaged.keys() == last.keys()
    assert not torch.equal(averaged["output"], last["output"])
    task = make_task(data)
    task.modules["wavenet"].load_state_dict(averaged)
    with torch.inference_mode():
        found = task.validate()["nll"]
    kept = json.loads((trained / "best.json").read_text())["valid"]["nll"]
    assert found == pytest.approx(kept, rel=1e-5)


def test_validation_is_the_mean_over_all_samples(data):
    task = make_task(data)
    item = part_of(data, 4, 5)
    features = item[item.ids[0]]
    wavenet: WaveNet = task.modules["wavenet"]
    with torch.inference_mode():
        symbols = wavenet.symbols(features.waveform[None])
        logits = wavenet(symbols, features.mel[None]).double()
        expected = -logits.log_softmax(2).gather(2, symbols[..., None]).mean()
        assert task.validate()["nll"] == pytest.approx(float(expected), rel=1e-5)


class Killed(Exception):
    """The process dies here."""


def test_stopped_and_gone_on_with_it_ends_with_the_same_weights(data, trained, tmp_path):
    task = make_task(data)

    def dying(step: int, shard: slice):
        if step == 25:
            raise Killed
        return WaveNetTask.draw(task, step, shard)

    task.draw = dying  # type: ignore[method-assign]
    with pytest.raises(Killed):
        train(task, LOOP, make_fabric("cpu"), tmp_path)
    train(make_task(data), LOOP, make_fabric("cpu"), tmp_path)
    folders = (tmp_path, trained)
    ours, theirs = (load_weights(path / "best.safetensors", "wavenet") for path in folders)
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_the_start_of_a_crop_carries_no_loss(data):
    task = make_task(data)
    batch = task.draw(0, slice(0, 4))
    # Only the targets: what comes before a sample is its input as well.
    symbols = task.modules["wavenet"].symbols(batch.waveform)
    nats = task.modules["wavenet"].loss(task.modules["wavenet"](symbols, batch.mel), symbols)
    found = task.train_step(batch, 0, lambda name, loss: None)["nll"]
    torch.testing.assert_close(found, nats[:, 64:].mean())
    assert not torch.isclose(found, nats.mean())


def test_predicted_mels_take_their_share(data):
    store = part_of(data, 0, 4)
    predicted = {key: torch.full_like(store[key].mel, 9.0) for key in store.ids}
    for share, expected in ((0.0, {False}), (1.0, {True})):
        task = make_task(data, predicted=predicted, predicted_share=share)
        drawn = [mel for step in range(3) for mel in task.draw(step, slice(0, 4)).mel]
        assert {bool((mel == 9.0).all()) for mel in drawn} == expected
