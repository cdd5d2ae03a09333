from __future__ import annotations

import json

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.spoken_data import AUDIO, make_spoken_data, part_of
from tts_pipeline.training.loop import make_fabric, train
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.vocoder import VocoderTask, VocoderTrainingConfig
from tts_pipeline.vocoder.harmonic_noise.discriminators import DiscriminatorConfig
from tts_pipeline.vocoder.harmonic_noise.model import GeneratorConfig
from tts_pipeline.vocoder.harmonic_noise.pitch import PitchConfig

STEPS = 40


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_spoken_data(tmp_path_factory.mktemp("vocoder") / "features", 6)


def make_task(data, *, adversarial_from: int = 10**6, **changes) -> VocoderTask:
    loop = LoopConfig(
        max_steps=STEPS,
        batch_size=4,
        learning_rate=4e-3,
        warmup_steps=3,
        ema_decay=0.5,
        validate_every=20,
    )
    config = VocoderTrainingConfig(
        loop,
        GeneratorConfig(24, 32, 1, pitch=PitchConfig(24, 32, 1)),
        DiscriminatorConfig((256,), 4, (3,), 2),
        crop_frames=50,
        true_f0_steps=30,
        adversarial_from=adversarial_from,
        **changes,
    )
    return VocoderTask(config, AUDIO, part_of(data, 0, 5), part_of(data, 5, 6))


def test_a_few_steps_on_one_batch_lower_every_loss(data):
    task = make_task(data)
    batch = task.draw(0, slice(0, 4))
    optimizer = torch.optim.Adam(task.modules["generator"].parameters(), 4e-3)

    def update(name: str, loss: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    steps = [task.train_step(batch, 0, update) for _ in range(45)]
    for name, share in {"stft": 0.8, "mel": 0.6, "pitch": 0.25}.items():
        assert steps[-1][name] < share * steps[0][name], name


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """Figures before and after a short training, and its folder."""
    folder = tmp_path_factory.mktemp("trained")
    task = make_task(data)
    task.modules["generator"].eval()
    with torch.no_grad():
        before = task.validate()
    task.modules["generator"].train()
    train(task, task.config.loop, make_fabric("cpu"), folder)
    after = json.loads((folder / "best.json").read_text())["valid"]
    return before, after, folder


def test_the_pitch_is_found_in_recordings_that_were_not_seen(trained):
    before, after, _ = trained
    assert after["f0_cents"] < 0.5 * before["f0_cents"]
    assert after["voicing_error"] < before["voicing_error"]


def test_tensorboard_gets_losses_sound_and_mels(trained):
    _, _, folder = trained
    events = EventAccumulator(str(folder), size_guidance={"audio": 0, "images": 0}).Reload()
    tags = events.Tags()
    assert {"train/stft", "train/mel", "train/pitch", "valid/stft"} <= set(tags["scalars"])
    assert tags["audio"] == ["copy/spoken_005"] and tags["images"] == ["mel/spoken_005"]
    sound = events.Audio("copy/spoken_005")
    assert [event.step for event in sound] == [20, 40]
    assert sound[0].sample_rate == 16000 and sound[0].encoded_audio_string.startswith(b"RIFF")
    image = events.Images("mel/spoken_005")[0]
    assert image.height == 160 and image.encoded_image_string.startswith(b"\x89PNG")


def test_discriminators_join_when_asked(data, tmp_path):
    task = make_task(data, adversarial_from=3)
    seen = []

    def recording(batch, step, update):
        losses = type(task).train_step(task, batch, step, update)
        seen.append(set(losses))
        assert all(torch.isfinite(loss) for loss in losses.values())
        return losses

    task.train_step = recording  # type: ignore[method-assign]
    loop = LoopConfig(max_steps=5, batch_size=4, learning_rate=1e-3, validate_every=5)
    before = [p.clone() for p in task.modules["discriminators"].parameters()]
    train(task, loop, make_fabric("cpu"), tmp_path)
    plain = {"stft", "mel", "pitch"}
    assert seen[:3] == [plain] * 3
    assert seen[3:] == [plain | {"discriminator", "adversarial", "feature_matching"}] * 2
    after = list(task.modules["discriminators"].parameters())
    assert all(p.requires_grad for p in after)
    assert not any(torch.equal(a, b) for a, b in zip(before, after) if a.numel() > 8)


def test_discriminators_do_not_learn_from_the_generators_loss(data):
    """The gradient of the generator's own step stops at the discriminators."""
    task = make_task(data, adversarial_from=0)
    batch = task.draw(0, slice(0, 4))
    left = {}

    def update(name, loss):
        for module in task.modules.values():
            module.zero_grad()
        loss.backward()
        left[name] = {
            other: any(p.grad is not None and p.grad.any() for p in module.parameters())
            for other, module in task.modules.items()
        }

    task.train_step(batch, 0, update)
    assert left["discriminators"] == {"generator": False, "discriminators": True}
    assert left["generator"] == {"generator": True, "discriminators": False}


def test_the_edges_of_a_crop_carry_no_loss(data):
    task = make_task(data)
    batch = task.draw(0, slice(0, 4))
    changed = batch._replace(waveform=batch.waveform.clone())
    changed.waveform[:, :640] += 1
    changed.waveform[:, -640:] -= 1
    one, other = (task.train_step(b, 0, lambda name, loss: None) for b in (batch, changed))
    assert all(torch.equal(one[name], other[name]) for name in one)
