"""Pictures of alignments, so that a person can see whether the durations make sense."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tts_pipeline.text.symbols import ARPABET, Alphabet
from tts_pipeline.training.data.features import FeatureStore


def plot_alignments(
    ids: Sequence[str],
    tokens: dict[str, torch.Tensor],
    store: FeatureStore,
    durations: Path,
    folder: Path,
    alphabet: Alphabet = ARPABET,
) -> None:
    """One PNG per utterance: the mel with the tokens' boundaries, and the soft alignment."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    for utterance_id in ids:
        with np.load(durations / f"{utterance_id}.npz") as arrays:
            ends, soft = arrays["durations"].cumsum(), arrays["soft"].astype(np.float32)
        starts = np.concatenate([[0], ends[:-1]])
        names = [alphabet.decode(int(token)) for token in tokens[utterance_id]]
        figure, (top, bottom) = pyplot.subplots(
            2, 1, figsize=(max(8.0, len(soft) / 25), 8), sharex=True, layout="constrained"
        )
        mel = store[utterance_id].mel.numpy()
        top.imshow(mel, origin="lower", aspect="auto", cmap="magma", interpolation="nearest")
        for start, end, name in zip(starts, ends, names, strict=True):
            top.axvline(end - 0.5, color="white", linewidth=0.4)
            top.text((start + end) / 2, 81, name, ha="center", va="bottom", fontsize=6, rotation=90)
        top.set_ylabel("mel band")
        bottom.imshow(soft.T, origin="lower", aspect="auto", interpolation="nearest")
        bottom.step(
            np.arange(len(soft)),
            np.repeat(np.arange(len(names)), np.diff(ends, prepend=0)),
            color="red",
            linewidth=0.6,
            where="mid",
        )
        bottom.set_xlabel("frame (10 ms)")
        bottom.set_ylabel("token")
        figure.suptitle(utterance_id, y=1.06, fontsize=9)
        figure.savefig(folder / f"alignment-{utterance_id}.png", dpi=100, bbox_inches="tight")
        pyplot.close(figure)
