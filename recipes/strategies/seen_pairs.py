#!/usr/bin/env python3
"""Which codes are neighbours in the training recordings: a small file for a voice's folder.

The table is what the metric of unseen pairs compares with. Printed are the shares of pairs of
held-out recordings that are not in it, the yardstick.

Usage: seen_pairs.py DATA VOICE
    DATA   folder of prepared and aligned utterances (features/, tokens.json)
    VOICE  folder of a voice with an auto-encoder of codes; VOICE/seen-pairs.npz is written
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tts_pipeline.evaluation.compare.code_pairs import SEEN_PAIRS
from tts_pipeline.features.codes.engine import CodesEngine
from tts_pipeline.features.codes.pairs import SeenPairs
from tts_pipeline.training.data.features import FeatureStore
from tts_pipeline.training.data.prepared import load_prepared
from tts_pipeline.voice.models import FEATURES
from tts_pipeline.voice.voice import Voice


def encoded(codes: CodesEngine, store: FeatureStore) -> list[np.ndarray]:
    """Codes ``(L, G)`` of every recording."""
    return [codes.encode(store[i].mel.numpy()) for i in store.ids]


def main(argv: list[str] | None = None) -> int:
    """Make the table and print the yardstick."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of prepared utterances")
    parser.add_argument("voice", type=Path, help="folder of the voice")
    options = parser.parse_args(argv)
    data, voice = load_prepared(options.data, Path()), Voice.load(options.voice)
    codes = voice.start(voice.names(FEATURES)[0], FEATURES)
    train = encoded(codes, data.train)
    seen = SeenPairs.of(train, codes.config.n_groups, codes.config.n_codes)
    seen.save(options.voice / SEEN_PAIRS)
    print(f"{np.mean([table.mean() for table in seen]):.1%} of all pairs of codes were said")
    n_unseen, n_pairs = np.sum([seen.unseen(each) for each in encoded(codes, data.valid)], 0)
    print(f"validation recordings: {n_unseen / n_pairs:.2%} of {n_pairs:,} pairs are unseen")
    random = np.random.default_rng(0)
    mixed = [np.stack([random.permutation(row) for row in each.T], 1) for each in train[::10]]
    n_unseen, n_pairs = np.sum([seen.unseen(each) for each in mixed], 0)
    print(f"training recordings, each group shuffled in time: {n_unseen / n_pairs:.2%} unseen")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
