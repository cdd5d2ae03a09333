"""Training WaveNet: teacher forcing on random crops, likelihood alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import cast

import torch

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.training.data.features import Crops, CropSampler, FeatureStore
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.task import LoopConfig, Task
from tts_pipeline.training.tasks.free_running import free_running_mels
from tts_pipeline.vocoder.wavenet.model import WaveNet, WaveNetConfig


@dataclasses.dataclass(frozen=True)
class WaveNetTrainingConfig:
    """WaveNet's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
        crop_frames: frames per training crop.
        warm_samples: samples at the start of a crop without loss, where the past is missing.
        predicted_share: share of crops with a mel that the acoustic model generates free-running
            along the true durations, as it will meet in use.
        input_noise: most noise on the past in classes, so that the model learns to come back from
            its own errors: every crop has Laplacian noise with a standard deviation of this times
            the square of a uniform number (Valin and Skoglund 2019, LPCNet, arXiv 1810.11846,
            "training noise injection"). The sample to be found stays clean.
        valid_utterances: so many of the validation set are scored.
    """

    loop: LoopConfig
    model: WaveNetConfig = WaveNetConfig()
    crop_frames: int = 30
    warm_samples: int = 256
    predicted_share: float = 0.0
    input_noise: float = 0.0
    valid_utterances: int = 8


class WaveNetTask(Task):
    """A WaveNet and crops of the corpus.

    Args:
        config: WaveNet's part of the recipe.
        audio: audio settings.
        train: training utterances.
        valid: validation utterances.
        predicted: mels of the acoustic model by utterance id.
    """

    averaged = ("wavenet",)
    monitor = "noisy_nll"

    def __init__(
        self,
        config: WaveNetTrainingConfig,
        audio: AudioConfig,
        train: FeatureStore,
        valid: FeatureStore,
        predicted: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.valid = config, valid
        wavenet = WaveNet(config.model, audio)
        wavenet.set_statistics(*train.mel_statistics())
        self.modules = {"wavenet": wavenet}
        self.optimizers = {"wavenet": torch.optim.Adam(wavenet.parameters(), betas=(0.9, 0.99))}
        self.sampler = CropSampler(
            train,
            config.crop_frames,
            config.loop.batch_size,
            config.loop.seed,
            predicted=predicted,
            predicted_share=config.predicted_share,
        )

    @property
    def _device(self) -> torch.device:
        return next(self.modules["wavenet"].parameters()).device

    def draw(self, step: int, shard: slice) -> Crops:
        crops = self.sampler(step, shard)
        return Crops(*(column.to(self._device) for column in crops))

    def train_step(
        self, batch: Crops, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        nats = self._nats(batch.waveform, batch.mel, self.config.input_noise)
        nll = nats[:, self.config.warm_samples :].mean()
        update("wavenet", nll)
        return {"nll": nll}

    def _nats(self, waveform: torch.Tensor, mel: torch.Tensor, noise: float) -> torch.Tensor:
        wavenet = self.modules["wavenet"]
        # Fabric wraps the module; only its forward goes through mixed precision.
        plain = cast(WaveNet, getattr(wavenet, "module", wavenet))
        symbols = plain.symbols(waveform)
        past = add_input_noise(symbols, noise, plain.config) if noise else symbols
        return plain.loss(wavenet(past, mel), symbols)

    def validate(self) -> dict[str, float]:
        """Mean negative log-likelihood in nats per sample over whole validation utterances.

        ``nll``: with the true past; ``noisy_nll``: with noise on it as in training, by which the
        best weights are chosen.
        """
        noises = {"nll": 0.0, "noisy_nll": self.config.input_noise}
        sums, n_samples = dict.fromkeys(noises, 0.0), 0
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for utterance_id in self.valid.ids[: self.config.valid_utterances]:
                item = self.valid[utterance_id]
                waveform = item.waveform[None].to(self._device)
                mel = item.mel[None].to(self._device)
                for name, noise in noises.items():
                    nats = self._nats(waveform, mel, noise)
                    sums[name] += float(nats.double().sum())
                n_samples += nats.numel()
        return {name: total / n_samples for name, total in sums.items()}


def add_input_noise(symbols: torch.Tensor, noise: float, config: WaveNetConfig) -> torch.Tensor:
    """Symbols ``(B, S)`` with the noise that :class:`WaveNetTrainingConfig` describes.

    The noise is as loud in levels of the logistics output as it is in classes.
    """
    deviation = noise * torch.rand(len(symbols), 1, device=symbols.device).square()
    uniform = torch.rand(2, *symbols.shape, device=symbols.device).clamp_min(1e-6)
    # The difference of two exponentials is Laplacian, with a variance of two.
    added = deviation * (uniform[0] / uniform[1]).log() / math.sqrt(2)
    if config.output == "mu-law":
        return (symbols + added).round().long().clamp(0, config.n_classes - 1)
    mu = config.n_classes - 1
    companded = symbols.sign() * torch.log1p(mu * symbols.abs()) / math.log1p(mu)
    moved = (companded + 2 * added / mu).clamp(-1, 1)
    levels = moved.sign() * torch.expm1(moved.abs() * math.log1p(mu)) / mu
    return (levels * 32767).round() / 32767


CONFIG = WaveNetTrainingConfig
NEEDS = ("acoustic",)


def gflop(config: WaveNetTrainingConfig) -> float:
    """Arithmetic of the whole training; measured with four crops of 30 frames a step."""
    crops = config.loop.batch_size / 4 * config.crop_frames / 30
    return config.loop.max_steps * 110.0 * crops


def make_task(config: WaveNetTrainingConfig, data: Prepared) -> WaveNetTask:
    """The untrained WaveNet with its data, mels of the acoustic model included if it wants some."""
    predicted = free_running_mels(data) if config.predicted_share else None
    return WaveNetTask(config, data.audio, data.train, data.valid, predicted)
