"""The test set as the evaluation wants it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from tts_pipeline.corpus.aligned import AlignedRecording
from tts_pipeline.corpus.utterance import Utterance
from tts_pipeline.text.symbols import ARPABET, Alphabet
from tts_pipeline.training.data.features import FeatureStore, load_durations


def recordings_of(
    utterances: Sequence[Utterance],
    tokens: dict[str, torch.Tensor],
    store: FeatureStore,
    durations: Path,
    alphabet: Alphabet = ARPABET,
) -> list[AlignedRecording]:
    """Prepared recordings with their F0 and the phones of the alignment.

    Args:
        utterances: the test set.
        tokens: by utterance id.
        store: the prepared recordings.
        durations: folder of the align stage.
        alphabet: of the tokens.

    Raises:
        CorpusError: if a recording was not prepared or not aligned.
    """
    frame_s = 1 / store.audio.frame_rate
    found = []
    for utterance in utterances:
        item = store[utterance.id]
        ends = load_durations(durations, utterance.id).cumsum(0).tolist()
        names = [alphabet.decode(token) for token in tokens[utterance.id].tolist()]
        spans = zip(names, [0, *ends[:-1]], ends, strict=True)
        segments = tuple(
            (name, start * frame_s, end * frame_s) for name, start, end in spans if name.isalnum()
        )
        found.append(
            AlignedRecording(
                utterance.id, utterance.text, item.waveform.numpy(), item.f0.numpy(), segments
            )
        )
    return found
