"""Whole utterances in padded batches, for the aligner and the acoustic model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.errors import CorpusError, TextError
from tts_pipeline.text.protocol import TextFrontEnd
from tts_pipeline.training.data.features import FeatureStore


def tokenise(utterances: Iterable[Utterance], front_end: TextFrontEnd) -> dict[str, torch.Tensor]:
    """Tokens ``(N,)`` of every utterance by id; several sentences are joined into one sequence.

    Raises:
        CorpusError: naming the file and line of a text of which something cannot be spoken.
    """
    tokens = {}
    for utterance in utterances:
        try:
            sentences, report = front_end(utterance.text)
        except TextError as error:
            raise CorpusError(
                f"{utterance.source}:{utterance.line}: {utterance.id}: {error}"
            ) from error
        if report.dropped or not sentences:
            dropped = ", ".join(repr(item.text) for item in report.dropped) or repr(utterance.text)
            raise CorpusError(
                f"{utterance.source}:{utterance.line}: {utterance.id}: cannot be spoken: "
                f"{dropped}; correct the text or exclude the row by name"
            )
        joined = [sentences[0].tokens[0]]
        for sentence in sentences:
            joined += sentence.tokens[1:-1]
        tokens[utterance.id] = torch.tensor([*joined, sentences[0].tokens[-1]])
    return tokens


def padded(items: list[torch.Tensor], value: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack ``(L,)`` or ``(M, L)`` along a new first axis, padded at the end; and the lengths."""
    lengths = torch.tensor([item.shape[-1] for item in items])
    turned = [item.transpose(0, -1) for item in items]
    stacked = pad_sequence(turned, batch_first=True, padding_value=value)
    return (stacked.transpose(1, 2) if items[0].ndim == 2 else stacked), lengths


class Spoken(NamedTuple):
    """Texts with their recordings.

    Attributes:
        tokens: ``(B, N)``.
        token_lengths: ``(B,)``.
        mel: ``(B, M, T)``, padded with the log floor.
        mel_lengths: ``(B,)``.
    """

    tokens: torch.Tensor
    token_lengths: torch.Tensor
    mel: torch.Tensor
    mel_lengths: torch.Tensor


def spoken_batch(
    ids: list[str], tokens: dict[str, torch.Tensor], store: FeatureStore, pad_id: int = 0
) -> Spoken:
    """Padded tokens and mels of the named utterances."""
    floor = float(np.log(store.audio.log_floor))
    return Spoken(
        *padded([tokens[i] for i in ids], pad_id), *padded([store[i].mel for i in ids], floor)
    )


def token_mask(spoken: Spoken) -> torch.Tensor:
    """True where there is a token, ``(B, N)``."""
    places = torch.arange(spoken.tokens.shape[1], device=spoken.tokens.device)
    return places < spoken.token_lengths[:, None]


class UtteranceSampler:
    """Ids of each step's batch: every epoch a new order, in batches of similar length.

    Args:
        lengths: number of frames by id.
        batch_size: utterances per step over all processes.
        seed: of the order.
    """

    def __init__(self, lengths: dict[str, int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed = lengths, batch_size, seed
        self._epoch, self._batches = -1, [[""]]

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every utterance appears once (the last ones are filled up)."""
        return -(-len(self.lengths) // self.batch_size)

    def __call__(self, step: int, shard: slice) -> list[str]:
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._shuffle(epoch)
        return self._batches[place][shard]

    def _shuffle(self, epoch: int) -> list[list[str]]:
        rng = np.random.default_rng([self.seed, epoch])
        ids = np.array(list(self.lengths))
        size = self.steps_per_epoch * self.batch_size
        order = np.resize(rng.permutation(ids), size)
        pool = self.batch_size * 8
        batches = []
        for start in range(0, size, pool):
            similar = sorted(order[start : start + pool].tolist(), key=self.lengths.__getitem__)
            batches += [
                similar[i : i + self.batch_size] for i in range(0, len(similar), self.batch_size)
            ]
        return [batches[i] for i in rng.permutation(len(batches))]
