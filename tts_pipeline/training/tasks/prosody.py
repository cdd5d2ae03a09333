"""Training the prosody model: how else might the speaker have said it?"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import torch

from tts_pipeline.acoustic.prosody.config import ProsodyConfig
from tts_pipeline.acoustic.prosody.model import VALUES, ProsodyModel
from tts_pipeline.text.symbols import ARPABET, Alphabet
from tts_pipeline.training.data.features import deviation
from tts_pipeline.training.data.prepared import Prepared, acoustic_of
from tts_pipeline.training.data.spoken_prosody import ProsodyBatch, SpokenProsody
from tts_pipeline.training.task import LoopConfig
from tts_pipeline.training.tasks.single_module import SingleModuleTask

# Tokens of an utterance, on average, for the estimate of the training time.
_TOKENS = 45
# Draws of each validation sentence.
_DRAWS = 4


@dataclasses.dataclass(frozen=True)
class ProsodyTrainingConfig:
    """The prosody model's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes.
        least_left: time left of which the velocity's error is taken at least.
    """

    loop: LoopConfig
    model: ProsodyConfig = ProsodyConfig()
    least_left: float = 0.2


class ProsodyTask(SingleModuleTask):
    """A prosody model and utterances as they were spoken.

    The validation decides when to stop: a corpus has few sentences, and weights that know them by
    heart draw the same thing every time.

    Args:
        config: the prosody model's part of the recipe.
        train: training utterances.
        valid: validation utterances, on which the plan has not been trained.
        alphabet: of the tokens.
    """

    def __init__(
        self,
        config: ProsodyTrainingConfig,
        train: SpokenProsody,
        valid: SpokenProsody,
        alphabet: Alphabet = ARPABET,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.valid = config, valid
        model = ProsodyModel(config.model, alphabet)
        spoken = train.all_spoken()
        model.mean.copy_(spoken.mean(0))
        model.std.copy_(deviation(spoken, 0, 0.01))
        # Only the plan's pitch is widened to be as lively as speech, so only there a plain mixture
        # would be less than both; the others are means, of which a mixture has more and more.
        model.agreement[1] = correlation(valid.all_planned()[:, 1], valid.all_spoken()[:, 1])
        optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), weight_decay=1e-2)
        super().__init__("prosody", model, optimizer, config.loop, train)

    def train_step(
        self, batch: ProsodyBatch, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        times = torch.rand(len(batch.tokens), device=self.device)
        loss = self._velocity_error(batch, times, self._noise(batch))
        update("prosody", loss)
        return {"loss": loss}

    def _noise(self, batch: ProsodyBatch, source: torch.Generator | None = None) -> torch.Tensor:
        device = source.device if source else self.device
        noise = torch.randn(batch.spoken.shape, generator=source, device=device)
        return noise.to(self.device)

    def _velocity_error(
        self, batch: ProsodyBatch, times: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Mean square. Close to the end, where little way is left, it would grow without bound."""
        module, plain = self.modules["prosody"], self.plain
        goal = (batch.spoken - plain.mean) / plain.std
        t = times[:, None, None]
        noisy = (1 - t) * noise + t * goal
        made = module(batch.tokens, batch.mask, noisy, times)
        error = (made - goal) / (1 - t).clamp_min(self.config.least_left)
        return (error.square() * batch.mask).sum() / (batch.mask.sum() * len(VALUES))

    def validate(self) -> dict[str, float]:
        """``loss``: of the velocity at four times. Of what is drawn: ``duration_ratio``, the frames
        of all by the recordings'; ``NAME_spread``, deviation of a value within a sentence by the
        recordings'; ``pitch_between``, deviation of scaled pitch between draws of a token."""
        source = torch.Generator().manual_seed(0)
        errors, made, spoken = [], [], []
        for ids in self.valid.groups(32):
            batch = self.valid.batch(ids, self.device)
            for time in (0.0, 0.25, 0.5, 0.75):
                times = torch.full((len(ids),), time, device=self.device)
                errors.append(self._velocity_error(batch, times, self._noise(batch, source)))
            drawn = torch.stack(
                [
                    self.plain.generate(batch.tokens, batch.mask, self._noise(batch, source))
                    for _ in range(_DRAWS)
                ]
            )
            for item, n_tokens in enumerate(batch.mask.sum((1, 2)).int().tolist()):
                made.append(drawn[:, item, :n_tokens].cpu())
                spoken.append(batch.spoken[None, item, :n_tokens].cpu())
        figures = {"loss": float(torch.stack(errors).mean())}
        return figures | draw_figures(made, spoken)


def draw_figures(made: list[torch.Tensor], spoken: list[torch.Tensor]) -> dict[str, float]:
    """How what was drawn compares with recordings; see :meth:`ProsodyTask.validate`.

    Args:
        made: values of each sentence ``(K, N, 3)`` in K draws.
        spoken: the recordings' ``(1, N, 3)``.
    """

    def frames(rows: list[torch.Tensor]) -> float:
        sums = [torch.expm1(row[..., 0]).clamp_min(0).sum(1).mean() for row in rows]
        return float(torch.stack(sums).sum())

    def spread(rows: list[torch.Tensor]) -> torch.Tensor:
        return torch.stack([row.var(1).mean(0) for row in rows]).mean(0).sqrt()

    figures = {"duration_ratio": frames(made) / frames(spoken)}
    ratios = (spread(made) / spread(spoken)).tolist()
    figures |= {f"{name}_spread": ratio for name, ratio in zip(VALUES, ratios)}
    between = torch.cat([row[..., 1].var(0) for row in made]).mean().sqrt()
    return figures | {"pitch_between": float(between)}


def correlation(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Of two rows of numbers ``(L,)``, within 0 and 1; 0 where one never differs."""
    one, other = one - one.mean(), other - other.mean()
    size = math.sqrt(float(one.square().sum() * other.square().sum()))
    return ((one * other).sum() / max(size, 1e-12)).clamp(0, 1)


CONFIG = ProsodyTrainingConfig
NEEDS = ("acoustic",)


def make_task(config: ProsodyTrainingConfig, data: Prepared) -> ProsodyTask:
    """The untrained model with its data."""
    acoustic = acoustic_of(data)
    train, valid = (
        SpokenProsody(acoustic, data.tokens, data.durations, store)
        for store in (data.train, data.valid)
    )
    return ProsodyTask(config, train, valid, data.alphabet)


def gflop(config: ProsodyTrainingConfig) -> float:
    """Six operations for each weight and token of the whole training, in 10^9."""
    n_weights = sum(p.numel() for p in ProsodyModel(config.model).parameters())
    loop = config.loop
    return 6e-9 * n_weights * loop.max_steps * loop.batch_size * _TOKENS
