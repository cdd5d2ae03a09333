from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from tests.tiny import ACOUSTIC as TINY
from tests.tiny import make_tiny_voice
from tests.training.planned_data import (
    CHANNELS,
    aligned_data,
    loop_of,
    planned_parts,
    small_acoustic,
)
from tests.training.spoken_data import AUDIO, part_of
from tts_pipeline.acoustic.flow.config import FlowConfig, FlowRefinerConfig
from tts_pipeline.acoustic.flow_head.config import FlowHeadConfig
from tts_pipeline.acoustic.latent.config import LatentConfig
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig, OneShotConfig
from tts_pipeline.acoustic.pyramid.config import PyramidConfig
from tts_pipeline.errors import ConfigError
from tts_pipeline.synthesis import synthesize
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.data.planned import token_vectors
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.stages import Stage
from tts_pipeline.training.strategy_file import predicted_by
from tts_pipeline.training.tasks.acoustic import token_targets
from tts_pipeline.training.tasks.flow import FlowTask, FlowTrainingConfig
from tts_pipeline.training.tasks.latent import LatentTask, LatentTrainingConfig
from tts_pipeline.training.tasks.one_shot import OneShotTask, OneShotTrainingConfig
from tts_pipeline.training.tasks.planned import band_spread, masked_l1, predicted_mels
from tts_pipeline.training.tasks.pyramid import PyramidTask, PyramidTrainingConfig
from tts_pipeline.voice.voice import Voice

DECODER = FrameDecoderConfig(channels=24, hidden=32, n_blocks=2)
FLOW = FlowConfig(token_channels=CHANNELS, channels=24, hidden=32, n_blocks=2, step_channels=8)
LATENT = LatentConfig(
    token_channels=CHANNELS,
    utterance_size=4,
    phone_size=2,
    channels=16,
    hidden=16,
    prior_blocks=1,
    posterior_blocks=1,
    decoder=DECODER,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return aligned_data(tmp_path_factory.mktemp("planned"))


@pytest.fixture(scope="module")
def parts(data):
    return planned_parts(*data)


def flow_task(parts, steps: int = 1, **changes) -> FlowTask:
    model = FlowConfig(**{**FLOW.__dict__, **changes})
    return FlowTask(FlowTrainingConfig(loop_of(steps), model), *parts, AUDIO.n_mels)


def test_a_model_made_for_other_vectors_is_refused_before_it_is_trained(parts):
    with pytest.raises(
        ConfigError, match=f"model.token_channels=256: .* vectors of {CHANNELS} numbers; set it"
    ):
        flow_task(parts, token_channels=256)


def test_token_vectors_are_what_the_acoustic_model_makes_of_a_recording(data):
    spoken, _ = data
    model = small_acoustic()
    model.statistics.copy_(torch.tensor([5.1, 0.3, -6.0, 1.5, 1.0, 1.0]))
    found = token_vectors(model, spoken.tokens, spoken.durations, spoken.store, batch_size=4)
    name = spoken.store.ids[2]
    item, tokens = spoken.store[name], spoken.tokens[name]
    targets = token_targets(spoken.durations[name], item.f0, item.mel)
    scaled = torch.stack([(targets.pitch - 5.1) / 0.3, (targets.energy + 6.0) / 1.5])
    prosody = model.predict_prosody(tokens[None], torch.tensor([len(tokens)]))
    expected = prosody.encoded[0] + model.prosody_input(scaled[None])[0].T
    np.testing.assert_allclose(found[name], expected, atol=1e-5)


def test_a_batch_holds_the_named_utterances_and_nothing_beyond_their_ends(data, parts):
    spoken, _ = data
    names = parts[0].ids[:2]
    batch = parts[0].batch(names, torch.device("cpu"))
    for k, name in enumerate(names):
        mel, durations = spoken.store[name].mel, spoken.durations[name]
        assert torch.equal(batch.mel[k, :, : mel.shape[1]], mel)
        assert torch.equal(batch.durations[k, : len(durations)], durations)
        assert not batch.durations[k, len(durations) :].any()
        assert not batch.vectors[k, len(durations) :].any()
        assert batch.vectors[k, : len(durations)].any(1).all()
        assert batch.mask[k, 0].sum() == mel.shape[1] == durations.sum()
        assert batch.token_mask[k].sum() == len(durations)


def test_spread_is_the_mean_variance_by_the_recordings():
    recorded = [torch.tensor([[0.0, 2, 0, 2], [0, 0, 4, 4]])]
    made = [torch.tensor([[0.0, 1, 0, 1], [1, 1, 1, 1]])]
    assert band_spread(recorded, recorded) == 1
    np.testing.assert_allclose(band_spread(made, recorded), (1 / 3) / (4 / 3 + 16 / 3))


def test_distance_counts_frames_that_there_are():
    made, target = torch.zeros(1, 4, 3), torch.ones(1, 4, 3)
    target[0, 2:] = 100
    assert float(masked_l1(made, target, torch.tensor([1.0, 1, 0, 0]).reshape(1, 4, 1))) == 1


@pytest.mark.parametrize(("name", "least"), [("flow", 0.8), ("one_shot", 0.8), ("latent", 0.8),
                                             ("pyramid", 0.9)])  # fmt: skip
def test_a_few_steps_lower_the_figure_that_is_watched(parts, tmp_path, name, least):
    steps = 25
    if name == "flow":
        task = flow_task(parts, steps)
    elif name == "one_shot":
        model = OneShotConfig(CHANNELS, DECODER)
        task = OneShotTask(OneShotTrainingConfig(loop_of(steps), model), *parts, AUDIO.n_mels)
    elif name == "latent":
        config = LatentTrainingConfig(loop_of(steps), LATENT, anneal_steps=10)
        task = LatentTask(config, *parts, AUDIO.n_mels)
    else:
        sizes = PyramidConfig(token_channels=CHANNELS, channels=24, hidden=32, n_blocks=1)
        task = PyramidTask(PyramidTrainingConfig(loop_of(steps), sizes), *parts, AUDIO.n_mels)
    for module in task.modules.values():
        module.eval()
    with torch.no_grad():
        before = task.validate()
    for module in task.modules.values():
        module.train()
    train(task, loop_of(steps), make_fabric("cpu"), tmp_path / name)
    after = json.loads((tmp_path / name / "best.json").read_text())["valid"]
    assert after[task.monitor] < least * before[task.monitor]
    mels = predicted_mels(task, tmp_path / name)
    assert mels.keys() == {*parts[0].ids, *parts[1].ids}
    for utterances in parts:
        for utterance_id in utterances.ids:
            assert mels[utterance_id].shape == (80, utterances.lengths[utterance_id])


def test_what_was_not_trained_cannot_be_asked_for_mels(parts, tmp_path):
    with pytest.raises(ConfigError, match="run the stage that trains it first"):
        predicted_mels(flow_task(parts), tmp_path)


def test_at_the_start_the_flow_is_asked_for_the_whole_way(parts):
    """At time 0 the error of the velocity is that of the mel; later it grows by what is left."""
    task = flow_task(parts)
    batch = parts[0].batch(parts[0].ids[:1], torch.device("cpu"))
    model = task.modules["flow"].eval()
    mel = model.scaling.scale(batch.mel)
    noise = torch.randn(mel.shape, generator=torch.Generator().manual_seed(0))
    for time, factor in ((0.0, 1.0), (0.5, 4.0), (0.95, 25.0)):
        times = torch.tensor([time])
        noisy = (1 - time) * noise + time * mel
        with torch.no_grad():
            made = model(noisy, times, batch.vectors, batch.durations)
            error = task._velocity_error(batch, times, noise)
        expected = factor * float((made - mel).square().mean())
        assert float(error) == pytest.approx(expected, rel=1e-4)


def test_a_refiner_is_told_the_other_mel(data):
    spoken, durations = data
    told = {i: spoken.store[i].mel + 1 for i in spoken.store.ids}
    parts = planned_parts(spoken, durations, told)
    task = flow_task(parts, told_mel=True)
    batch = parts[0].batch(parts[0].ids[:2], torch.device("cpu"))
    mask = batch.mask.bool().expand_as(batch.mel)
    assert torch.equal(batch.told[mask], batch.mel[mask] + 1)
    task.modules["flow"].eval()
    with torch.no_grad():
        made = task.write(batch)
        other = task.write(batch._replace(told=batch.told + 1))
    assert float((made - other).abs().mean()) > 1e-3


def test_divergence_below_the_free_nats_costs_the_same_whatever_it_is(parts):
    config = LatentTrainingConfig(loop_of(1), LATENT, divergence_weight=1.0, free_nats=1000.0)
    task = LatentTask(config, *parts, AUDIO.n_mels)
    batch = parts[0].batch(parts[0].ids, torch.device("cpu"))
    losses = task.losses(batch, step=10**6)
    spoken, frames = (batch.durations > 0).sum(), batch.durations.sum()
    expected = 1000.0 * (4 * len(batch.mel) + 2 * spoken) / frames
    cost = (losses["loss"] - losses["told_mel"]).item()
    assert cost == pytest.approx(float(expected), rel=1e-4)
    # At the first step of the annealing it costs nothing at all.
    losses = task.losses(batch, step=0)
    assert losses["loss"].item() == losses["told_mel"].item()


def test_the_posterior_is_not_told_of_other_items(parts):
    task = LatentTask(LatentTrainingConfig(loop_of(1), LATENT), *parts, AUDIO.n_mels)
    posterior = task.modules["posterior"].eval()
    both = parts[0].batch(parts[0].ids[:2], torch.device("cpu"))
    alone = parts[0].batch(parts[0].ids[1:2], torch.device("cpu"))
    with torch.no_grad():
        made = posterior(both.mel.transpose(1, 2), both.vectors, both.durations)
        expected = posterior(alone.mel.transpose(1, 2), alone.vectors, alone.durations)
    np.testing.assert_allclose(made[0].mean[1], expected[0].mean[0], atol=1e-5)
    n_tokens = alone.durations.shape[1]
    np.testing.assert_allclose(made[1].mean[1, :n_tokens], expected[1].mean[0], atol=1e-5)


@pytest.fixture(scope="module")
def prepared(data, tmp_path_factory) -> Prepared:
    spoken, durations = data
    voice = tmp_path_factory.mktemp("voice") / "tiny"
    make_tiny_voice().save(voice)
    train, valid = part_of(spoken, 0, 4), part_of(spoken, 4, 6)
    return Prepared(
        AUDIO, spoken.tokens, durations, train, valid, voice=voice, runs=voice.parent / "runs"
    )


C = TINY.channels
SIZES = {
    "flow": dataclasses.replace(FLOW, token_channels=C),
    "flow_refiner": FlowRefinerConfig(**{**FLOW.__dict__, "token_channels": C, "told_mel": True}),
    "flow_head": FlowHeadConfig(
        token_channels=C,
        channels=C,
        hidden=TINY.hidden,
        n_blocks=TINY.frame_blocks,
        kernel=TINY.frame_kernel,
        prenet=TINY.prenet,
        head_channels=16,
        head_hidden=24,
        head_blocks=1,
        step_channels=8,
    ),
    "one_shot": OneShotConfig(C, DECODER),
    "latent": dataclasses.replace(LATENT, token_channels=C),
    "pyramid": PyramidConfig(C, 16, 24, 1),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_task_is_made_of_prepared_data_and_gives_a_voice_its_model(prepared, name):
    values = {
        "loop": dataclasses.asdict(loop_of(2)),
        "model": json.loads(json.dumps(dataclasses.asdict(SIZES[name]))),
    }
    stage = Stage(name.replace("_", "-"), name, values)
    assert stage.model_name == stage.kind == stage.name
    folder = prepared.runs / stage.name
    with pytest.raises(ConfigError, match="run the stage that trains it first"):
        stage.trained(prepared, folder)
    task = stage.module.make_task(stage.settings, prepared)
    train(task, loop_of(2), make_fabric("cpu"), folder)
    made = stage.trained(prepared, folder)
    assert not made.training and stage.gflop() > 0
    voice = Voice.load(prepared.voice).with_model(stage.name, made)
    chain = "autoregressive+" if stage.name in voice.names("refiner") else ""
    spoken = synthesize("Some words.", voice=voice, acoustic=chain + stage.name)
    assert np.isfinite(spoken.samples).all()
    if hasattr(stage.module, "predict"):
        mels = stage.module.predict(stage.settings, prepared, folder)
        shapes = {i: mel.shape for i, mel in mels.items()}
        stores = (prepared.train, prepared.valid)
        assert shapes == {i: store[i].mel.shape for store in stores for i in store.ids}
    other = {**values, "model": {**values["model"], "token_channels": 9}}
    with pytest.raises(ConfigError, match="made with another configuration"):
        Stage(stage.name, name, other).trained(prepared, folder)


@pytest.mark.parametrize("name", ["flow", "flow_refiner"])
def test_a_training_may_be_taught_by_another_of_the_same_size(prepared, name):
    model = dataclasses.asdict(SIZES[name])
    values = {"loop": dataclasses.asdict(loop_of(2)), "model": model}
    stage = Stage(f"{name}-of-two", name, values)
    taught = Stage(f"taught-{name}", name, {**values, "teacher": stage.name})
    with pytest.raises(ConfigError, match=f"{stage.name}.*run the stage that trains it first"):
        taught.module.make_task(taught.settings, prepared)
    train(stage.module.make_task(stage.settings, prepared), loop_of(2), make_fabric("cpu"),
          prepared.runs / stage.name)  # fmt: skip
    task = taught.module.make_task(taught.settings, prepared)
    train(task, loop_of(2), make_fabric("cpu"), prepared.runs / taught.name)
    # What it writes is its own, not that of the first training of its kind.
    described = {"task": name, "config": {**values, "teacher": "gone"}}
    (prepared.runs / taught.name / "strategy.yaml").write_text(json.dumps(described))
    written = predicted_by(taught.name, prepared)
    weights = load_weights(prepared.runs / taught.name / "best.safetensors", "flow")
    task.modules["flow"].load_state_dict(weights)
    task.modules["flow"].eval()
    with torch.no_grad():
        expected = task.write_all(task.valid)
    for utterance, mel in expected.items():
        torch.testing.assert_close(written[utterance], mel, rtol=0, atol=1e-6)
    smaller = {**taught.config, "model": {**model, "channels": 16}}
    other = Stage("smaller", name, smaller)
    with pytest.raises(ConfigError, match="made with another configuration"):
        other.module.make_task(other.settings, prepared)
