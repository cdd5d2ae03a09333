"""Training the aligner and reading the durations off it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from tts_pipeline.acoustic.aligner.model import (
    Aligner,
    AlignerConfig,
    VoiceAligner,
    align,
    beta_binomial_prior,
    needs_frames,
)
from tts_pipeline.acoustic.viterbi import monotonic_durations
from tts_pipeline.atomic import remove_unfinished
from tts_pipeline.text.symbols import ARPABET, Alphabet
from tts_pipeline.training.alignment_plots import plot_alignments
from tts_pipeline.training.checkpoint import load_weights
from tts_pipeline.training.data.batches import Spoken, UtteranceSampler, spoken_batch
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepare import write_arrays
from tts_pipeline.training.data.prepared import Prepared
from tts_pipeline.training.task import LoopConfig, Task
from tts_pipeline.training.tasks.losses import BinarisationLoss, ForwardSumLoss


@dataclasses.dataclass(frozen=True)
class AlignConfig:
    """The aligner's part of a recipe.

    Attributes:
        loop: training schedule.
        model: sizes of the aligner.
        binarise_from: step from which the soft alignment is pulled to its best path.
    """

    loop: LoopConfig
    model: AlignerConfig = AlignerConfig()
    binarise_from: int = 1000


class AlignTask(Task):
    """An aligner and the utterances it learns from.

    Args:
        config: the aligner's part of the recipe.
        tokens: by utterance id.
        train: training utterances.
        valid: validation utterances.
        alphabet: of the tokens.
    """

    averaged = ("aligner",)

    def __init__(
        self,
        config: AlignConfig,
        tokens: dict[str, torch.Tensor],
        train: FeatureStore,
        valid: FeatureStore,
        alphabet: Alphabet = ARPABET,
    ) -> None:
        torch.manual_seed(config.loop.seed)
        self.config, self.tokens, self.train, self.valid = config, tokens, train, valid
        self.alphabet = alphabet
        self.mean, self.std = (value[:, None] for value in train.mel_statistics())
        aligner = Aligner(config.model, train.audio.n_mels, alphabet)
        self.modules = {"aligner": aligner}
        self.optimizers = {"aligner": torch.optim.Adam(aligner.parameters(), betas=(0.9, 0.98))}
        lengths = {i: train[i].mel.shape[1] for i in train.ids}
        self.sampler = UtteranceSampler(lengths, config.loop.batch_size, config.loop.seed)
        self.forward_sum, self.binarisation = ForwardSumLoss(), BinarisationLoss()

    def _batch(self, ids: list[str], store: FeatureStore) -> Spoken:
        device = next(self.modules["aligner"].parameters()).device
        batch = spoken_batch(ids, self.tokens, store, self.alphabet.pad_id)
        scaled = (batch.mel - self.mean) / self.std
        return Spoken(*(part.to(device) for part in batch._replace(mel=scaled)))

    def draw(self, step: int, shard: slice) -> Spoken:
        return self._batch(self.sampler(step, shard), self.train)

    def train_step(
        self, batch: Spoken, step: int, update: Callable[[str, torch.Tensor], None]
    ) -> dict[str, torch.Tensor]:
        log_probs, lengths = self._log_probs(batch)
        losses = {"forward_sum": self.forward_sum(log_probs, lengths, batch.mel_lengths)}
        if step >= self.config.binarise_from:
            path = best_path(log_probs, lengths, batch.mel_lengths)
            losses["binarisation"] = self.binarisation(log_probs, path)
        update("aligner", torch.stack(list(losses.values())).sum())
        return losses

    def _log_probs(self, batch: Spoken) -> tuple[torch.Tensor, torch.Tensor]:
        """Log probabilities ``(B, T, N)`` of the tokens that need frames, with the prior, and the
        number of these tokens ``(B,)``."""
        scores = self.modules["aligner"](batch.tokens, batch.mel)
        has_frames = needs_frames(batch.tokens, self.alphabet)
        lengths = has_frames.sum(1)
        # The tokens that need frames, moved to the front in their order.
        order = torch.argsort((~has_frames).byte(), dim=1, stable=True)[:, : int(lengths.max())]
        chosen = scores.gather(2, order[:, None].expand(-1, scores.shape[1], -1))
        padded = torch.arange(chosen.shape[2], device=chosen.device) >= lengths[:, None]
        log_probs = torch.log_softmax(chosen.masked_fill(padded[:, None], -1e4), -1)
        prior = beta_binomial_prior(lengths, batch.mel_lengths, *chosen.shape[:0:-1])
        return log_probs + prior.masked_fill(padded[:, None], -1e4), lengths

    def validate(self) -> dict[str, float]:
        """Forward-sum loss, and its sum with the binarisation loss as ``loss``."""
        forward_sum, binarisation = [], []
        for start in range(0, len(self.valid), 8):
            batch = self._batch(self.valid.ids[start : start + 8], self.valid)
            log_probs, lengths = self._log_probs(batch)
            path = best_path(log_probs, lengths, batch.mel_lengths)
            forward_sum.append(float(self.forward_sum(log_probs, lengths, batch.mel_lengths)))
            binarisation.append(float(self.binarisation(log_probs, path)))
        figures = {"forward_sum": np.mean(forward_sum), "binarisation": np.mean(binarisation)}
        return {**{k: float(v) for k, v in figures.items()}, "loss": float(sum(figures.values()))}

    def render(self, writer: SummaryWriter, step: int) -> None:
        for utterance_id in self.valid.ids[:3]:
            batch = self._batch([utterance_id], self.valid)
            scores = self.modules["aligner"](batch.tokens, batch.mel)[0]
            soft = torch.softmax(scores, -1).T.flip(0)
            writer.add_image(f"alignment/{utterance_id}", soft[None], step)

    def write_durations(self, stores: list[FeatureStore], folder: Path) -> None:
        """Save ``durations`` in frames ``(N,)`` and ``soft``, the soft alignment ``(T, N)`` in
        float16, of all utterances of the stores."""
        folder.mkdir(parents=True, exist_ok=True)
        remove_unfinished(folder)
        aligner = self.modules["aligner"].eval()
        for store in stores:
            for utterance_id in tqdm(store.ids, desc="durations", disable=None):
                batch = self._batch([utterance_id], store)
                with torch.no_grad():
                    scores = aligner(batch.tokens, batch.mel)[0].cpu()
                write_arrays(
                    folder / f"{utterance_id}.npz",
                    durations=align(scores, self.tokens[utterance_id], self.alphabet).numpy(),
                    soft=torch.softmax(scores, -1).half().numpy(),
                )


def best_path(
    log_probs: torch.Tensor, token_lengths: torch.Tensor, mel_lengths: torch.Tensor
) -> torch.Tensor:
    """1 on each item's best monotonic path, 0 elsewhere, ``(B, T, N)``."""
    path = torch.zeros_like(log_probs)
    scores = log_probs.detach().cpu().numpy()
    lengths = zip(mel_lengths.tolist(), token_lengths.tolist(), strict=True)
    for index, (n_frames, n_tokens) in enumerate(lengths):
        durations = torch.from_numpy(monotonic_durations(scores[index, :n_frames, :n_tokens]))
        token = torch.repeat_interleave(torch.arange(n_tokens), durations)
        path[index, torch.arange(n_frames), token] = 1.0
    return path


CONFIG = AlignConfig
# Pictures of so many alignments are drawn.
_N_PLOTS = 10


def gflop(config: AlignConfig) -> float:
    """Arithmetic of the whole training; measured at a batch of 16 utterances of 3.6 s."""
    return config.loop.max_steps * 14.0 * config.loop.batch_size / 16


def make_task(config: AlignConfig, data: Prepared) -> AlignTask:
    """The untrained aligner with its data."""
    return AlignTask(config, data.tokens, data.train, data.valid, data.alphabet)


def finish(task: AlignTask, data: Prepared, folder: Path) -> None:
    """Write the durations of all utterances, and pictures of the first of the test set."""
    weights = load_weights(folder / "best.safetensors", "aligner")
    task.modules["aligner"].load_state_dict(weights)
    stores = [store for store in (data.train, data.valid, data.test) if store is not None]
    task.write_durations(stores, data.durations)
    shown = stores[-1].ids[:_N_PLOTS]
    plots = data.runs / "plots"
    plot_alignments(shown, data.tokens, stores[-1], data.durations, plots, data.alphabet)


def trained(config: AlignConfig, data: Prepared, folder: Path) -> VoiceAligner:
    """The aligner with the best weights of a run, for mels as they are.

    Raises:
        ConfigError: if there are none.
    """
    model = VoiceAligner(config.model, data.audio.n_mels, data.alphabet)
    model.scores.load_state_dict(load_weights(folder / "best.safetensors", "aligner"))
    mean, std = data.train.mel_statistics()
    model.mel_mean.copy_(mean[:, None])
    model.mel_std.copy_(std[:, None])
    return model.eval()
