"""Training WaveNet: teacher forcing on random crops, likelihood alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import torch

from tts_pipeline.audio import AudioConfig
from tts_pipeline.training.features import Crops, CropSampler, FeatureStore
from tts_pipeline.training.loop import LoopConfig, Task
from tts_pipeline.vocoder.wavenet import WaveNet, WaveNetConfig


@dataclasses.dataclass(frozen=True)
class WaveNetTrainingConfig:
    """WaveNet's part of a recipe.

    Attributes:
        loop: length and rhythm.
        model: sizes.
        crop_frames: frames per training crop.
        warm_samples: samples at the start of a crop without loss, where the past is missing.
        predicted_share: share of crops with a mel that the acoustic model writes freely along the
            true durations, as it will meet in use.
        valid_utterances: so many of the validation set are scored.
    """

    loop: LoopConfig
    model: WaveNetConfig = WaveNetConfig()
    crop_frames: int = 30
    warm_samples: int = 256
    predicted_share: float = 0.0
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
    monitor = "nll"

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
        nll = self._nats(batch.waveform, batch.mel)[:, self.config.warm_samples :].mean()
        update("wavenet", nll)
        return {"nll": nll}

    def _nats(self, waveform: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        wavenet = self.modules["wavenet"]
        # Fabric wraps the module; only its forward goes through mixed precision.
        plain: WaveNet = getattr(wavenet, "module", wavenet)
        symbols = plain.symbols(waveform)
        return plain.loss(wavenet(symbols, mel), symbols)

    def validate(self) -> dict[str, float]:
        """Mean negative log-likelihood in nats per sample over whole validation utterances."""
        total = n_samples = 0.0
        for utterance_id in self.valid.ids[: self.config.valid_utterances]:
            item = self.valid[utterance_id]
            waveform = item.waveform[None].to(self._device)
            nats = self._nats(waveform, item.mel[None].to(self._device))
            total += float(nats.double().sum())
            n_samples += nats.numel()
        return {"nll": total / n_samples}
