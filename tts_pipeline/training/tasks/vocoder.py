"""Training the parallel vocoder: spectral losses first, then adversarial ones besides."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch.utils.tensorboard import SummaryWriter

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.mel import mel_of_batch
from tts_pipeline.errors import ConfigError
from tts_pipeline.training.data.device_crops import DeviceCropSampler
from tts_pipeline.training.data.features import Crops, CropSampler, FeatureStore
from tts_pipeline.training.data.prepare import PrepareConfig
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.strategy_file import predicted_by
from tts_pipeline.training.task import LoopConfig, Task
from tts_pipeline.training.tasks.free_running import free_running_mels
from tts_pipeline.training.tasks.losses import (
    AdversarialLoss,
    FeatureMatchingLoss,
    MultiResolutionSTFTLoss,
    PitchLoss,
)
from tts_pipeline.vocoder.harmonic_noise.discriminators import (
    DiscriminatorConfig,
    Discriminators,
    Judgement,
)
from tts_pipeline.vocoder.harmonic_noise.generation import HarmonicNoiseOnDevice
from tts_pipeline.vocoder.harmonic_noise.model import GeneratorConfig, HarmonicPlusNoiseVocoder


@dataclasses.dataclass(frozen=True)
class VocoderTrainingConfig:
    """The vocoder's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes of the generator.
        discriminators: their resolutions, periods and sizes.
        crop_frames: frames per training crop.
        edge_samples: samples at both ends of a crop without loss, where context is missing.
        true_f0_steps: steps during which the source follows the tracked F0, until the pitch head
            has converged; after that it follows the head, as in use.
        adversarial_from: step at which the discriminators join; at ``loop.max_steps`` or above:
            never.
        stft_floor: magnitude below which the stft term sees no difference; a low one also teaches
            the noise in silences, a high one learns speech sooner.
        predicted_share: share of crops with a mel of the acoustic model, when fine-tuning.
        predicted_by: runs of acoustic models that write these mels if this vocoder is trained by
            itself, the first that is there; without any it is the voice's acoustic model.
        new_blocks: so many of the last blocks let everything pass at the start: there are more
            than in the weights that training goes on from.
        bfloat16: whether discriminators compute in bfloat16, for a GPU.
        on_device: whether all data lies where the model is; for a GPU.
        weights: factor of each loss term: stft, mel, pitch, adversarial, feature_matching.
    """

    loop: LoopConfig
    model: GeneratorConfig = GeneratorConfig()
    discriminators: DiscriminatorConfig = DiscriminatorConfig()
    crop_frames: int = 80
    edge_samples: int = 640
    true_f0_steps: int = 1500
    adversarial_from: int = 1_000_000_000
    stft_floor: float = 2e-3
    predicted_share: float = 0.0
    predicted_by: tuple[str, ...] = ()
    new_blocks: int = 0
    bfloat16: bool = False
    on_device: bool = False
    weights: dict[str, float] = dataclasses.field(
        default_factory=lambda: {
            "stft": 1.0,
            "mel": 1.0,
            "pitch": 0.1,
            "adversarial": 0.1,
            "feature_matching": 0.2,
        }
    )


class VocoderTask(Task):
    """A generator, its discriminators, and crops of the corpus.

    Args:
        config: the vocoder's part of the recipe.
        audio: audio settings.
        train: training utterances.
        valid: validation utterances.
        predicted: mels of the acoustic model by utterance id, for fine-tuning.
    """

    averaged = ("generator",)
    monitor = "stft"

    def __init__(
        self,
        config: VocoderTrainingConfig,
        audio: AudioConfig,
        train: FeatureStore,
        valid: FeatureStore,
        predicted: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.audio, self.valid = config, audio, valid
        generator = HarmonicPlusNoiseVocoder(config.model, audio)
        generator.set_statistics(*train.mel_statistics())
        for block in list(generator.blocks)[config.model.n_blocks - config.new_blocks :]:
            torch.nn.init.zeros_(cast(torch.Tensor, block.scale))
        self.modules: dict[str, Any] = {"generator": generator}
        self.optimizers = {"generator": self._adam(generator)}
        if config.adversarial_from < config.loop.max_steps:
            self.keep_latest = True
            discriminators = Discriminators(config.discriminators)
            self.modules["discriminators"] = discriminators
            self.optimizers["discriminators"] = self._adam(discriminators)
        self.train, self.predicted = train, predicted
        self._sampler: CropSampler | DeviceCropSampler | None = None
        self.stft, self.pitch = MultiResolutionSTFTLoss(floor=config.stft_floor), PitchLoss()
        self.adversarial, self.matching = AdversarialLoss(), FeatureMatchingLoss()

    def _adam(self, module: torch.nn.Module) -> torch.optim.Optimizer:
        return torch.optim.AdamW(module.parameters(), betas=(0.8, 0.99), weight_decay=1e-3)

    @property
    def _device(self) -> torch.device:
        return next(self.modules["generator"].parameters()).device

    @property
    def sampler(self) -> CropSampler | DeviceCropSampler:
        """Made when it is first used: only then is the model on its device."""
        if self._sampler is None:
            config = self.config
            sizes = self.train, config.crop_frames, config.loop.batch_size, config.loop.seed
            predicted: Any = {
                "predicted": self.predicted,
                "predicted_share": config.predicted_share,
            }
            if config.on_device:
                self._sampler = DeviceCropSampler(*sizes, self._device, **predicted)
            else:
                self._sampler = CropSampler(*sizes, **predicted)
        return self._sampler

    def draw(self, step: int, shard: slice) -> Crops:
        crops = self.sampler(step, shard)
        return Crops(*(column.to(self._device) for column in crops))

    def train_step(
        self, batch: Crops, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        config, generator = self.config, self.modules["generator"]
        self.stft.to(self._device)
        f0 = batch.f0_interpolated if step < config.true_f0_steps else None
        made = generator(batch.mel, noise=batch.noise, f0=f0, start=batch.start)
        cut = slice(config.edge_samples, -config.edge_samples or None)
        generated, target = made.waveform[:, cut], batch.waveform[:, cut]
        losses = {
            "stft": self.stft(generated, target),
            "mel": (mel_of_batch(generated, self.audio) - mel_of_batch(target, self.audio))
            .abs()
            .mean(),
            "pitch": self._pitch_loss(made.f0_logits, made.voicing_logits, batch.f0),
        }
        report = dict(losses)
        if step >= config.adversarial_from:
            discriminators = self.modules["discriminators"]
            # Side by side: half as many kernels to be launched on a GPU.
            real, fake = self._judged(torch.cat([target, generated.detach()])).halves()
            report["discriminator"] = self.adversarial.discriminator(real.scores, fake.scores)
            update("discriminators", report["discriminator"])
            discriminators.requires_grad_(False)
            fake = self._judged(generated)
            losses["adversarial"] = self.adversarial.generator(fake.scores)
            losses["feature_matching"] = self.matching(real.features, fake.features)
            report |= losses
        update(
            "generator",
            torch.stack([config.weights[name] * loss for name, loss in losses.items()]).sum(),
        )
        if step >= config.adversarial_from:
            self.modules["discriminators"].requires_grad_(True)
        return report

    def _judged(self, waveform: torch.Tensor) -> Judgement:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.config.bfloat16):
            return self.modules["discriminators"](waveform)

    def _pitch_loss(
        self, f0_logits: torch.Tensor, voicing_logits: torch.Tensor, f0: torch.Tensor
    ) -> torch.Tensor:
        targets = self.modules["generator"].pitch.targets(f0)
        return self.pitch(f0_logits, voicing_logits, targets, f0 > 0)

    def validate(self) -> dict[str, float]:
        """Means over whole validation utterances, with F0 from the mel as in use."""
        sums = {"stft": 0.0, "mel": 0.0, "f0_cents": 0.0, "voicing_error": 0.0}
        self.stft.to(self._device)
        generator = self.modules["generator"]
        for utterance_id in self.valid.ids:
            item = self.valid[utterance_id]
            mel = item.mel[None].to(self._device)
            source = torch.Generator().manual_seed(0)
            noise = torch.randn(1, len(item.waveform), generator=source).to(self._device)
            made = generator(mel, noise=noise)
            target = item.waveform[None].to(self._device)
            sums["stft"] += float(self.stft(made.waveform, target))
            sums["mel"] += float((mel_of_batch(made.waveform, self.audio) - mel).abs().mean())
            f0 = generator.pitch.decode(made.f0_logits)[0].cpu()
            voiced = item.f0 > 0
            cents = 1200 * torch.log2(f0[voiced] / item.f0[voiced])
            sums["f0_cents"] += float(cents.abs().median()) if voiced.any() else 0.0
            error = (made.voicing_logits[0].cpu() > 0) != voiced
            sums["voicing_error"] += float(error.float().mean())
        return {name: value / len(self.valid) for name, value in sums.items()}

    def render(self, writer: SummaryWriter, step: int) -> None:
        vocoder = HarmonicNoiseOnDevice(self.modules["generator"])
        for utterance_id in self.valid.ids[:3]:
            item = self.valid[utterance_id]
            waveform = torch.from_numpy(vocoder.infer(item.mel))
            writer.add_audio(
                f"copy/{utterance_id}", waveform[None], step, sample_rate=self.audio.sample_rate
            )
            mels = torch.cat([item.mel, mel_of_batch(waveform[None], self.audio)[0]]).flip(0)
            writer.add_image(f"mel/{utterance_id}", (mels[None] + 11.5) / 13.0, step)


CONFIG = VocoderTrainingConfig
# 10^9 operations of a step with a batch of 8 crops of 80 frames: of the generator's spectral
# losses alone, and with discriminators.
_SPECTRAL, _ADVERSARIAL = 18.5, 61.0


def check(config: VocoderTrainingConfig, prepare: PrepareConfig) -> None:
    """See that every F0 that is tracked can be said by the pitch head.

    Raises:
        ConfigError: naming both ranges.
    """
    pitch = config.model.pitch
    if not pitch.f0_min <= prepare.f0_min < prepare.f0_max <= pitch.f0_max:
        raise ConfigError(
            f"prepare tracks F0 from {prepare.f0_min} to {prepare.f0_max} Hz, expected within "
            f"the {pitch.f0_min} to {pitch.f0_max} Hz of the vocoder's model.pitch"
        )


def gflop(config: VocoderTrainingConfig) -> float:
    """Arithmetic of the whole training."""
    steps = config.loop.max_steps
    adversarial = max(0, steps - config.adversarial_from)
    crops = config.loop.batch_size / 8 * config.crop_frames / 80
    return crops * ((steps - adversarial) * _SPECTRAL + adversarial * _ADVERSARIAL)


def make_task(config: VocoderTrainingConfig, data: Prepared) -> VocoderTask:
    """The vocoder by itself, on mels of an acoustic model where it wants some."""
    predicted = None
    if config.predicted_share:
        there = [n for n in config.predicted_by if (data.runs / n / "best.safetensors").exists()]
        if there:
            print(f"mels predicted by {there[0]}", flush=True)
            predicted = predicted_by(there[0], data)
        else:
            predicted = free_running_mels(data)
    return VocoderTask(config, data.audio, data.train, data.valid, predicted)
