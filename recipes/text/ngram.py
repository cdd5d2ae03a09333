"""Interpolated modified Kneser-Ney n-gram over graphones, pruned and packed in arrays.

Chen & Goodman 1999, "An empirical study of smoothing techniques for language modeling",
section 3 (modified Kneser-Ney, three discounts an order); pruning by weighted difference after
Seymore & Rosenfeld 1996, "Scalable backoff language models".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Order:
    """The n-grams of one order, sorted by key.

    Attributes:
        keys: (n,) int64, ``context index * vocabulary + graphone``.
        log_p: (n,) natural log of the interpolated probability.
        log_bow: (n,) natural log of the weight given to the shorter context (0 for the top order).
        suffix: (n,) index of the same n-gram without its first graphone, one order down.
        counts: (n,) raw counts.
    """

    keys: np.ndarray
    log_p: np.ndarray
    log_bow: np.ndarray
    suffix: np.ndarray
    counts: np.ndarray


def train(sequences: list[list[int]], vocabulary: int, *, order: int, prune: float) -> list[Order]:
    """Estimate the model.

    Args:
        sequences: per word its graphone ids, begin (0) and end (1) marks included.
        vocabulary: number of graphone ids.
        order: length of the longest n-gram.
        prune: n-grams of order 3 and up are dropped when the training log-likelihood, in nats per
            graphone, falls by less than this.
    """
    stream = np.concatenate([np.array(s, np.int64) for s in sequences])
    lengths = np.array([len(s) for s in sequences])
    place = np.arange(len(stream)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    keys, suffixes, raw = [], [], []
    node = stream.copy()
    unigram = np.arange(vocabulary)
    keys.append(unigram)
    suffixes.append(np.zeros(vocabulary, np.int64))
    raw.append(np.bincount(stream, minlength=vocabulary))
    for n in range(2, order + 1):
        at = np.flatnonzero(place >= n - 1)
        key, inverse, count = np.unique(
            node[at - 1] * vocabulary + stream[at], return_inverse=True, return_counts=True
        )
        suffix = np.zeros(len(key), np.int64)
        suffix[inverse] = node[at]
        longer = np.full(len(stream), -1)
        longer[at] = inverse
        keys.append(key)
        suffixes.append(suffix)
        raw.append(count)
        node = longer
    starts = [_starts_with_begin(keys[:n], vocabulary) for n in range(1, order + 1)]
    orders: list[Order] = []
    for n in range(order):
        counts = raw[n].astype(np.float64)
        if n + 1 < order:
            kinds = np.bincount(suffixes[n + 1], minlength=len(keys[n])).astype(np.float64)
            counts = np.where(starts[n], counts, kinds)
        if n == 0:
            counts[0] = 0.0
        orders.append(_smooth(n, keys[n], counts, raw[n], suffixes[n], orders, vocabulary))
    if prune > 0:
        orders = _prune(orders, vocabulary, prune)
    return orders


def _starts_with_begin(keys: list[np.ndarray], vocabulary: int) -> np.ndarray:
    flags = np.zeros(vocabulary, np.bool_)
    flags[0] = True
    for key in keys[1:]:
        flags = flags[key // vocabulary]
    return flags


def _smooth(
    n: int,
    keys: np.ndarray,
    counts: np.ndarray,
    raw: np.ndarray,
    suffix: np.ndarray,
    lower: list[Order],
    vocabulary: int,
) -> Order:
    histogram = [max(int(np.sum(counts == k)), 1) for k in (1, 2, 3, 4)]
    y = histogram[0] / (histogram[0] + 2 * histogram[1])
    discounts = np.array(
        [0.0] + [k - (k + 1) * y * histogram[k] / histogram[k - 1] for k in (1, 2, 3)]
    )
    discounts = np.clip(discounts, 0.0, [0.0, 0.95, 1.95, 2.95])
    off = discounts[np.minimum(counts.astype(np.int64), 3)]
    if n == 0:
        total = counts.sum()
        gamma = off.sum() / total
        probability = (counts - off) / total + gamma / (vocabulary - 1)
        probability[0] = 1e-12
    else:
        context = keys // vocabulary
        size = len(lower[-1].keys)
        totals = np.bincount(context, counts, minlength=size)
        mass = np.bincount(context, off, minlength=size)
        gamma = np.ones(size)
        seen = totals > 0
        gamma[seen] = mass[seen] / totals[seen]
        lower[-1].log_bow = np.log(np.maximum(gamma, 1e-9))
        backed = np.exp(lower[-1].log_p[suffix])
        probability = (counts - off) / totals[context] + gamma[context] * backed
    return Order(keys, np.log(probability), np.zeros(len(keys)), suffix, raw)


def _prune(orders: list[Order], vocabulary: int, threshold: float) -> list[Order]:
    """Drop n-grams that say little more than their shorter context, longest first."""
    total = float(orders[0].counts.sum())
    needed = np.zeros(len(orders[-1].keys), np.bool_)
    kept: list[np.ndarray] = []
    for n in range(len(orders) - 1, 1, -1):
        now, below = orders[n], orders[n - 1]
        context = now.keys // vocabulary
        gain = now.counts / total * (now.log_p - below.log_bow[context] - below.log_p[now.suffix])
        keep = needed | (gain >= threshold)
        kept.insert(0, keep)
        needed = np.zeros(len(below.keys), np.bool_)
        needed[context[keep]] = True
        # The decoder finds p(w | shorter) through the suffix: it has to stay as well.
        needed[now.suffix[keep]] = True
    kept = [np.ones(len(orders[0].keys), np.bool_), np.ones(len(orders[1].keys), np.bool_), *kept]
    out: list[Order] = []
    moved = np.arange(len(orders[0].keys))
    for n, (now, keep) in enumerate(zip(orders, kept)):
        keys = now.keys[keep]
        suffix = now.suffix[keep]
        if n:
            keys = moved[keys // vocabulary] * vocabulary + keys % vocabulary
            suffix = moved[suffix]
        fresh = Order(keys, now.log_p[keep], now.log_bow[keep], suffix, now.counts[keep])
        if n:
            _renormalise(out[-1], fresh, vocabulary)
        moved = np.cumsum(keep) - 1
        out.append(fresh)
    return out


def _renormalise(below: Order, now: Order, vocabulary: int) -> None:
    """Set the weights of ``below`` so that each context's probabilities sum to one again."""
    context = now.keys // vocabulary
    size = len(below.keys)
    direct = np.bincount(context, np.exp(now.log_p), minlength=size)
    backed = np.bincount(context, np.exp(below.log_p[now.suffix]), minlength=size)
    weight = np.maximum(1 - direct, 1e-6) / np.maximum(1 - backed, 1e-6)
    below.log_bow = np.where(np.bincount(context, minlength=size) > 0, np.log(weight), 0.0)
