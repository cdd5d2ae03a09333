"""Training the acoustic model: teacher-forced losses, judged by free-running generation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from tts_pipeline.acoustic.autoregressive.model import (
    AutoregressiveConfig,
    AutoregressiveModel,
    TeacherForced,
)
from tts_pipeline.errors import ConfigError
from tts_pipeline.text.symbols import ARPABET, Alphabet
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.data.batches import (
    Spoken,
    UtteranceSampler,
    padded,
    spoken_batch,
    token_mask,
)
from tts_pipeline.training.data.features import FeatureStore, deviation, load_durations
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.data.targets import token_targets
from tts_pipeline.training.task import LoopConfig, Task
from tts_pipeline.training.tasks.losses import masked_l1
from tts_pipeline.training.unheard import replace_unheard


@dataclasses.dataclass(frozen=True)
class AcousticTrainingConfig:
    """The acoustic model's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
        past_noise: standard deviation of noise on the scaled past frames.
        weights: factor of each loss term: mel, duration, pitch, energy.
        own_past_share: share of utterances that are told what the model writes itself in place of
            the true past frames, as in use; for a model that can write already.
        frozen: parts of the model that stay as they are, such as ``encoder``, ``duration``,
            ``pitch``, ``energy`` and ``prosody_input`` of a voice whose other models build on them.
    """

    loop: LoopConfig
    model: AutoregressiveConfig = AutoregressiveConfig()
    past_noise: float = 0.1
    weights: dict[str, float] = dataclasses.field(
        default_factory=lambda: {"mel": 1.0, "duration": 0.1, "pitch": 0.1, "energy": 0.1}
    )
    own_past_share: float = 0.0
    frozen: tuple[str, ...] = ()


class AcousticBatch(NamedTuple):
    """:class:`Spoken` with scaled :class:`TokenTargets`, padded to ``(B, N)``."""

    spoken: Spoken
    durations: torch.Tensor
    pitch: torch.Tensor
    energy: torch.Tensor


# Of log F0 and log energy over tokens; speech has 0.1 and more.
_LEAST_STD = 0.01


class AcousticTask(Task):
    """An acoustic model and aligned utterances.

    Args:
        config: the acoustic model's part of the recipe.
        tokens: by utterance id.
        durations: folder of the align stage.
        train: training utterances.
        valid: validation utterances.
        alphabet: of the tokens.
    """

    averaged = ("acoustic",)
    monitor = "free_running_l1"

    def __init__(
        self,
        config: AcousticTrainingConfig,
        tokens: dict[str, torch.Tensor],
        durations: Path,
        train: FeatureStore,
        valid: FeatureStore,
        alphabet: Alphabet = ARPABET,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.tokens, self.train, self.valid = config, tokens, train, valid
        self.alphabet = alphabet
        self.targets = {
            i: token_targets(load_durations(durations, i), store[i].f0, store[i].mel)
            for store in (train, valid)
            for i in store.ids
        }
        model = AutoregressiveModel(config.model, train.audio.n_mels, alphabet)
        mean, std = train.mel_statistics()
        model.mel_mean.copy_(mean)
        model.mel_std.copy_(std)
        model.statistics.copy_(self._statistics())
        self.statistics = model.statistics.clone()
        self.modules: dict[str, Any] = {"acoustic": model}
        _freeze(model, config.frozen)
        trained = [each for each in model.parameters() if each.requires_grad]
        self.optimizers = {
            "acoustic": torch.optim.AdamW(trained, betas=(0.9, 0.98), weight_decay=1e-2)
        }
        lengths = {i: train[i].mel.shape[1] for i in train.ids}
        self.sampler = UtteranceSampler(lengths, config.loop.batch_size, config.loop.seed)

    def _statistics(self) -> torch.Tensor:
        pitch = torch.cat([self.targets[i].pitch for i in self.train.ids])
        energy = torch.cat([self.targets[i].energy for i in self.train.ids])
        pitch_std = deviation(pitch, 0, _LEAST_STD)
        energy_std = deviation(energy, 0, _LEAST_STD)
        values = [float(v) for v in (pitch.mean(), pitch_std, energy.mean(), energy_std)]
        return torch.tensor([*values, 1.0, 1.0])

    def batch(self, ids: list[str], store: FeatureStore) -> AcousticBatch:
        """The named utterances, on the model's device."""
        device = next(self.modules["acoustic"].parameters()).device
        pitch_mean, pitch_std, energy_mean, energy_std = self.statistics[:4]
        targets = [self.targets[i] for i in ids]
        spoken = spoken_batch(ids, self.tokens, store, self.alphabet.pad_id)
        return AcousticBatch(
            Spoken(*(part.to(device) for part in spoken)),
            padded([t.durations for t in targets])[0].to(device),
            padded([(t.pitch - pitch_mean) / pitch_std for t in targets])[0].to(device),
            padded([(t.energy - energy_mean) / energy_std for t in targets])[0].to(device),
        )

    def draw(self, step: int, shard: slice) -> AcousticBatch:
        return self.batch(self.sampler(step, shard), self.train)

    def train_step(
        self, batch: AcousticBatch, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        own_past = None
        if self.config.own_past_share:
            lots = torch.rand(len(batch.spoken.mel), device=batch.spoken.mel.device)
            own_past = lots < self.config.own_past_share
        losses = self._losses(batch, self.config.past_noise, own_past)
        weights = self.config.weights
        update("acoustic", torch.stack([weights[k] * v for k, v in losses.items()]).sum())
        return losses

    def _teacher_forced(
        self,
        batch: AcousticBatch,
        past_noise: float = 0.0,
        own_past: torch.Tensor | None = None,
    ) -> TeacherForced:
        spoken = batch.spoken
        targets = (batch.durations, batch.pitch, batch.energy)
        return self.modules["acoustic"](
            spoken.tokens,
            spoken.token_lengths,
            *targets,
            spoken.mel,
            past_noise=past_noise,
            own_past=own_past,
        )

    def _losses(
        self, batch: AcousticBatch, past_noise: float, own_past: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        spoken = batch.spoken
        output = self._teacher_forced(batch, past_noise, own_past)
        valid = token_mask(spoken).float()
        log_durations = torch.log1p(batch.durations.float())

        def token_loss(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return ((predicted - target).square() * valid).sum() / valid.sum()

        return {
            "mel": masked_l1(output.mel, spoken.mel, spoken.mel_lengths),
            "duration": token_loss(output.log_durations, log_durations),
            "pitch": token_loss(output.pitch, batch.pitch),
            "energy": token_loss(output.energy, batch.energy),
        }

    def validate(self) -> dict[str, float]:
        """Teacher-forced losses; ``free_running_l1``: L1 of the free-running mel along the true
        durations; ``duration_ratio`` and ``pitch_range``: predicted over true."""
        rows = []
        for start in range(0, len(self.valid), 20):
            batch = self.batch(self.valid.ids[start : start + 20], self.valid)
            losses = {k: float(v) for k, v in self._losses(batch, 0.0).items()}
            free = self.generate_free_running(batch)
            l1 = masked_l1(free, batch.spoken.mel, batch.spoken.mel_lengths)
            losses["free_running_l1"] = float(l1)
            rows.append(losses | self._ranges(batch))
        return {k: float(np.mean([row[k] for row in rows])) for k in rows[0]}

    def generate_free_running(self, batch: AcousticBatch, seed: int = 0) -> torch.Tensor:
        """Mel ``(B, M, T)`` generated from its own past along the true durations and pitch."""
        model, spoken = self.modules["acoustic"], batch.spoken
        prosody = model.predict_prosody(spoken.tokens, spoken.token_lengths)
        n_frames = spoken.mel.shape[2]
        conditioning = model.condition(
            prosody, batch.durations, batch.pitch, batch.energy, n_frames
        )
        generator = torch.Generator().manual_seed(seed)
        masks = model.decoder.masks(conditioning.shape[1], generator).to(conditioning.device)
        state = model.decoder.initial_state(len(conditioning))
        frames, _ = model.decoder.generate(conditioning, masks, state)
        return model.unscale(frames.reshape(len(frames), -1, model.n_mels)[:, :n_frames])

    def predict_mels(self, *, free_running: bool) -> dict[str, torch.Tensor]:
        """Mels ``(M, T)`` of all utterances along their true durations, by id.

        Args:
            free_running: from its own past, as in use; otherwise teacher-forced.
        """
        mels = {}
        for store in (self.train, self.valid):
            by_length = sorted(store.ids, key=lambda i: store[i].mel.shape[1])
            for start in tqdm(range(0, len(by_length), 32), desc="predict", disable=None):
                ids = by_length[start : start + 32]
                batch = self.batch(ids, store)
                if free_running:
                    output = self.generate_free_running(batch)
                else:
                    output = self._teacher_forced(batch).mel
                for index, utterance_id in enumerate(ids):
                    mels[utterance_id] = output[index, :, : batch.spoken.mel_lengths[index]].cpu()
        return mels

    def _ranges(self, batch: AcousticBatch) -> dict[str, float]:
        model, spoken = self.modules["acoustic"], batch.spoken
        prosody = model.predict_prosody(spoken.tokens, spoken.token_lengths)
        valid = token_mask(spoken)
        frames = (
            torch.expm1(prosody.log_durations).clamp_min(0) * valid
        ).sum() / batch.durations.sum()
        # Speech without F0, or without melody, says nothing of its range.
        true = deviation(batch.pitch[valid], 0, 0.0)
        output = deviation(prosody.pitch[valid], 0, 0.0)
        spread = float(output / true) if true > _LEAST_STD else 1.0
        return {"duration_ratio": float(frames), "pitch_range": spread}

    def render(self, writer: SummaryWriter, step: int) -> None:
        batch = self.batch(self.valid.ids[:3], self.valid)
        free = self.generate_free_running(batch).cpu()
        for index, utterance_id in enumerate(self.valid.ids[:3]):
            n_frames = int(batch.spoken.mel_lengths[index])
            both = torch.cat([self.valid[utterance_id].mel, free[index, :, :n_frames]]).flip(0)
            writer.add_image(f"mel/{utterance_id}", (both[None] + 11.5) / 13.0, step)


def _freeze(model: AutoregressiveModel, parts: tuple[str, ...]) -> None:
    """Exclude parts of a model from training.

    Raises:
        ConfigError: if there is no such part.
    """
    known = dict(model.named_children())
    for part in parts:
        if part not in known:
            raise ConfigError(f"frozen: {part}: expected some of {', '.join(known)}")
        known[part].requires_grad_(False)


CONFIG = AcousticTrainingConfig


def gflop(config: AcousticTrainingConfig) -> float:
    """Arithmetic of the whole training; measured at a batch of 16 utterances of 3.6 s."""
    return config.loop.max_steps * 97.0 * config.loop.batch_size / 16


def make_task(config: AcousticTrainingConfig, data: Prepared) -> AcousticTask:
    """The untrained acoustic model with its data."""
    stores = data.train, data.valid
    return AcousticTask(config, data.tokens, data.durations, *stores, data.alphabet)


def trained(config: AcousticTrainingConfig, data: Prepared, folder: Path) -> AutoregressiveModel:
    """The model with the best weights of a run, calibrated, symbols that it never met put right.

    Raises:
        ConfigError: if there are none.
    """
    task = make_task(config, data)
    model = task.modules["acoustic"]
    assert isinstance(model, AutoregressiveModel)
    model.load_state_dict(load_weights(folder / "best.safetensors", "acoustic"))
    model.eval()
    calibrate(model, task)
    read = (data.tokens[i] for i in data.train.ids)
    replace_unheard(model.encoder.embedding.symbol, data.alphabet, read)
    return model


def calibrate(model: AutoregressiveModel, task: AcousticTask) -> None:
    """Set the factors on duration and pitch range so that both match the validation set.

    Means that a model predicts are flatter than speech, and their logarithm is off in length; two
    numbers put that right. Beyond a factor of two (four for durations, of a barely trained model)
    they would turn up noise.
    """
    with torch.inference_mode():
        figures = task.validate()
    model.statistics[4] = 1 / max(figures["duration_ratio"], 0.25)
    model.statistics[5] = 1 / max(figures["pitch_range"], 0.5)
