"""Pronunciation of words that no dictionary holds: a joint-sequence n-gram over graphones.

A graphone joins one or two letters to zero to two phones; the model gives the probability of a
graphone after up to six others (Bisani & Ney 2008, "Joint-sequence models for
grapheme-to-phoneme conversion"). The word's graphones are found by a beam search that moves
through the letters once. ``data/oov.bin`` is made by ``recipes/text/build.py``.
"""

from __future__ import annotations

import io
import json
import math
import zlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tts_pipeline.errors import TextError
from tts_pipeline.text.lexicon import DATA, Phones

SCHEMA = 1
BEAM = 16
MAX_LETTERS = 2
# Longer letter strings are no English words; cut, they keep the search and its arrays bounded.
MAX_WORD = 40
LONG_WORD = 24
LOG_STEP = 0.04
_MISSING = -1


class Guess(NamedTuple):
    """A predicted pronunciation and its share of the probability among those considered."""

    phones: Phones
    confidence: float


class Graphones:
    """The n-gram model and its decoder.

    Args:
        graphones: (letters, phones) of each id; ids 0 and 1 are the begin and end of a word.
        keys: per order the sorted keys ``context index * vocabulary + graphone``.
        log_p: per order the natural log-probabilities.
        log_bow: per order the natural log back-off weights.
    """

    def __init__(
        self,
        graphones: list[tuple[str, Phones]],
        keys: list[np.ndarray],
        log_p: list[np.ndarray],
        log_bow: list[np.ndarray],
    ) -> None:
        self._graphones = graphones
        self._keys, self._log_p, self._log_bow = keys, log_p, log_bow
        self._size = len(graphones)
        self._order = len(keys)
        by_letters: dict[str, list[int]] = {}
        for index, (letters, _) in enumerate(graphones[2:], 2):
            by_letters.setdefault(letters, []).append(index)
        self._by_letters = {key: np.array(ids) for key, ids in by_letters.items()}
        self._letters = frozenset("".join(by_letters))

    def guess(self, word: str, *, beam: int | None = None) -> Guess | None:
        """Return the likeliest pronunciation of a lower-case word, None if no path spells it.

        Letters outside the model's alphabet are left out. The beam is narrower for what is too
        long to be a word.
        """
        if beam is None:
            beam = BEAM if len(word) <= LONG_WORD else BEAM // 4
        word = "".join([letter for letter in word if letter in self._letters])
        if not word:
            return None
        phones: list[str] = []
        confidence = 1.0
        for start in range(0, len(word), MAX_WORD):
            ranked = self.ranked(word[start : start + MAX_WORD], beam=beam)
            if not ranked:
                return None
            phones.extend(ranked[0].phones)
            confidence *= ranked[0].confidence
        return Guess(tuple(phones), confidence) if phones else None

    def ranked(self, word: str, *, beam: int = BEAM) -> list[Guess]:
        """Return the pronunciations left at the end of the beam, likeliest first."""
        n = len(word)
        # Per letter position, blocks of (scores (H,), nodes (H, order), history of each).
        waiting: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [
            [] for _ in range(n + MAX_LETTERS)
        ]
        # A back-pointer chain (parent, graphone) per hypothesis ever kept.
        parents: list[int] = [-1]
        emitted: list[int] = [0]
        begin = np.full((1, self._order), _MISSING, np.int64)
        begin[0, 0], begin[0, 1] = 0, 0
        waiting[0].append((np.zeros(1), begin, np.zeros(1, np.int64)))
        for position in range(n + 1):
            if not waiting[position]:
                continue
            scores, nodes, chain = (np.concatenate(part) for part in zip(*waiting[position]))
            if position < n:
                scores, nodes, chain = _best_distinct(scores, nodes, chain, beam, self._order)
            if position == n:
                end, _ = self._extend(nodes, np.array([1]))
                return self._read(scores + end[:, 0], chain, parents, emitted)
            for width in range(1, MAX_LETTERS + 1):
                choices = self._by_letters.get(word[position : position + width])
                if choices is None or position + width > n:
                    continue
                steps, longer = self._extend(nodes, choices)
                total = scores[:, None] + steps
                flat = total.ravel()
                keep = np.argsort(-flat, kind="stable")[:beam]
                row, column = np.divmod(keep, len(choices))
                first = len(parents)
                parents.extend(chain[row].tolist())
                emitted.extend(choices[column].tolist())
                waiting[position + width].append(
                    (flat[keep], longer[row, column], np.arange(first, first + len(keep)))
                )
        return []

    def _extend(self, nodes: np.ndarray, choices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score every choice after every hypothesis.

        Args:
            nodes: (H, order) index of the hypothesis' last k graphones at order k, -1 if unseen.
            choices: (K,) graphone ids.

        Returns:
            Log-probabilities (H, K) and the nodes after the choice (H, K, order).
        """
        shape = (len(nodes), len(choices))
        longer = np.full((*shape, self._order), _MISSING, np.int64)
        longer[:, :, 0] = 0
        score = np.broadcast_to(self._log_p[0][choices], shape).copy()
        longer[:, :, 1] = choices
        for k in range(1, self._order):
            rows = np.flatnonzero(nodes[:, k] >= 0)
            if not len(rows):
                continue
            context = nodes[rows, k]
            keys = self._keys[k]
            query = context[:, None] * self._size + choices
            found = np.minimum(np.searchsorted(keys, query.astype(keys.dtype)), len(keys) - 1)
            hit = keys[found] == query
            backed = self._log_bow[k - 1][context][:, None] + score[rows]
            score[rows] = np.where(hit, self._log_p[k][found], backed)
            if k + 1 < self._order:
                longer[rows, :, k + 1] = np.where(hit, found, _MISSING)
        return score, longer

    def _read(
        self, scores: np.ndarray, chain: np.ndarray, parents: list[int], emitted: list[int]
    ) -> list[Guess]:
        """Add up the hypotheses that sound alike and follow their chains back."""
        sums: dict[Phones, float] = {}
        top = float(scores.max())
        for score, link in zip(scores.tolist(), chain.tolist()):
            ids = []
            while link > 0:
                ids.append(emitted[link])
                link = parents[link]
            phones = tuple([p for index in reversed(ids) for p in self._graphones[index][1]])
            sums[phones] = sums.get(phones, 0.0) + math.exp(score - top)
        total = sum(sums.values())
        ranked = sorted(sums.items(), key=lambda item: -item[1])
        return [Guess(phones, weight / total) for phones, weight in ranked if phones]


def _best_distinct(
    scores: np.ndarray, nodes: np.ndarray, chain: np.ndarray, beam: int, order: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keep the ``beam`` best hypotheses."""
    best = np.argsort(-scores, kind="stable")[:beam]
    return scores[best], nodes[best], chain[best]


def pack_graphones(
    graphones: list[tuple[str, Phones]],
    keys: list[np.ndarray],
    log_p: list[np.ndarray],
    log_bow: list[np.ndarray],
) -> bytes:
    """Return the bytes of a model file; read by :func:`read_graphones`.

    A key is stored as its graphone and the number of n-grams of its context; log-probabilities
    and weights take one byte each in steps of 0.04.
    """
    size = len(graphones)
    body = io.BytesIO()
    for k, key in enumerate(keys):
        if k:
            children = np.bincount(key // size, minlength=len(keys[k - 1])).astype("<u2")
            body.write(children.tobytes())
            body.write((key % size).astype("<u2").tobytes())
        body.write(_quantise(log_p[k], 0.0).tobytes())
        if k + 1 < len(keys):
            body.write(_quantise(log_bow[k], 2.0).tobytes())
    header = {
        "schema": SCHEMA,
        "graphones": [[letters, list(phones)] for letters, phones in graphones],
        "sizes": [len(key) for key in keys],
    }
    return json.dumps(header).encode() + b"\n" + zlib.compress(body.getvalue(), 9)


def _quantise(values: np.ndarray, top: float) -> np.ndarray:
    return np.clip(np.round((top - values) / LOG_STEP), 0, 255).astype(np.uint8)


def read_graphones(path: Path) -> Graphones:
    """Load a model file.

    Raises:
        TextError: if the file is damaged or of another schema.
    """
    try:
        head, _, packed = path.read_bytes().partition(b"\n")
        header = json.loads(head)
        if header["schema"] != SCHEMA:
            raise TextError(f"{path}: model schema {header['schema']}, expected {SCHEMA}")
        body = memoryview(zlib.decompress(packed))
        sizes = header["sizes"]
        size = sizes[0]
        graphones = [(letters, tuple(phones)) for letters, phones in header["graphones"]]
        at = 0

        def take(count: int, kind: str) -> np.ndarray:
            nonlocal at
            array = np.frombuffer(body, kind, count, at)
            at += array.nbytes
            return array

        keys, log_p, log_bow = [], [], []
        for k, count in enumerate(sizes):
            if k:
                children = take(sizes[k - 1], "<u2")
                context = np.repeat(np.arange(sizes[k - 1], dtype=np.int64), children)
                keys.append((context * size + take(count, "<u2")).astype(np.int64))
            else:
                keys.append(np.arange(size))
            log_p.append(take(count, "u1").astype(np.float32) * -LOG_STEP)
            if k + 1 < len(sizes):
                log_bow.append(2.0 - take(count, "u1").astype(np.float32) * LOG_STEP)
        return Graphones(graphones, keys, log_p, log_bow)
    except (ValueError, KeyError, zlib.error) as error:
        raise TextError(f"{path}: damaged model ({error}); reinstall the package") from error


@cache
def shipped_graphones() -> Graphones:
    """Return the model of the package, read at the first unknown word of a process."""
    return read_graphones(DATA / "oov.bin")
