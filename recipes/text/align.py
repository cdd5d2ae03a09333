"""Letter-to-phone alignment by expectation maximisation over graphones.

A graphone is one letter with zero to two phones (Bisani & Ney 2008, "Joint-sequence models for
grapheme-to-phoneme conversion", section 3.1; the EM of Jiampojamarn et al. 2007). Its probability
is estimated from all segmentations of the training pairs; every pair is then cut along its best
path. Graphones of two letters were tried: the n-gram over them is larger and worse.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MAX_PHONES = 2
# Longer words do not occur in the dictionary; they get no cut.
MAX_LENGTH = 64

Pair = tuple[str, tuple[str, ...]]


def align(pairs: list[Pair], *, iterations: int = 8) -> list[list[Pair] | None]:
    """Cut every (word, phones) pair into graphones; None where no cut exists.

    Args:
        pairs: words of lower-case letters with their phones.
        iterations: rounds of EM.
    """
    letters = sorted({letter for word, _ in pairs for letter in word})
    phones = sorted({phone for _, sounds in pairs for phone in sounds})
    letter_id = {letter: index for index, letter in enumerate(letters)}
    phone_id = {phone: index + 1 for index, phone in enumerate(phones)}
    words = np.array([letter_id[c] for word, _ in pairs for c in word], np.int64)
    sounds = np.array([phone_id[p] for _, sounds in pairs for p in sounds], np.int64)
    word_ends = np.cumsum([len(word) for word, _ in pairs])
    sound_ends = np.cumsum([len(sounds) for _, sounds in pairs])
    n_phones = len(phones) + 1
    # Probability of (letter, phones); no phone is key 0, two are first * n_phones + second.
    table = np.ones((len(letters), n_phones * n_phones))
    cuts = np.zeros(len(words), np.int64)
    ok = np.zeros(len(pairs), np.bool_)
    for _ in range(iterations):
        counts = np.zeros_like(table)
        _expect(words, word_ends, sounds, sound_ends, n_phones, table, counts)
        table = counts / counts.sum()
    _best(words, word_ends, sounds, sound_ends, n_phones, table, cuts, ok)
    out: list[list[Pair] | None] = []
    for index, (word, spoken) in enumerate(pairs):
        if not ok[index]:
            out.append(None)
            continue
        begin = word_ends[index] - len(word)
        ends = np.cumsum(cuts[begin : begin + len(word)])
        out.append(
            [
                (letter, spoken[end - cuts[begin + place] : end])
                for place, (letter, end) in enumerate(zip(word, ends.tolist()))
            ]
        )
    return out


@njit(cache=True)
def _key(sounds, start, length, n_phones):
    if length == 0:
        return 0
    if length == 1:
        return sounds[start]
    return sounds[start] * n_phones + sounds[start + 1]


@njit(cache=True)
def _expect(words, word_ends, sounds, sound_ends, n_phones, table, counts):
    forward = np.zeros((MAX_LENGTH, MAX_LENGTH))
    backward = np.zeros((MAX_LENGTH, MAX_LENGTH))
    for pair in range(len(word_ends)):
        w0 = 0 if pair == 0 else word_ends[pair - 1]
        s0 = 0 if pair == 0 else sound_ends[pair - 1]
        n, m = word_ends[pair] - w0, sound_ends[pair] - s0
        if n >= MAX_LENGTH or m >= MAX_LENGTH:
            continue
        forward[: n + 1, : m + 1] = 0.0
        backward[: n + 1, : m + 1] = 0.0
        forward[0, 0] = 1.0
        backward[n, m] = 1.0
        for i in range(1, n + 1):
            for j in range(m + 1):
                for d in range(min(j, MAX_PHONES) + 1):
                    p = _key(sounds, s0 + j - d, d, n_phones)
                    forward[i, j] += forward[i - 1, j - d] * table[words[w0 + i - 1], p]
        if forward[n, m] <= 0.0:
            continue
        for i in range(n - 1, -1, -1):
            for j in range(m, -1, -1):
                for d in range(min(m - j, MAX_PHONES) + 1):
                    p = _key(sounds, s0 + j, d, n_phones)
                    step = table[words[w0 + i], p] * backward[i + 1, j + d]
                    backward[i, j] += step
                    counts[words[w0 + i], p] += forward[i, j] * step / forward[n, m]


@njit(cache=True)
def _best(words, word_ends, sounds, sound_ends, n_phones, table, cuts, ok):
    """Write the number of phones of each letter on the best path, read from suffix scores."""
    score = np.zeros((MAX_LENGTH, MAX_LENGTH))
    for pair in range(len(word_ends)):
        w0 = 0 if pair == 0 else word_ends[pair - 1]
        s0 = 0 if pair == 0 else sound_ends[pair - 1]
        n, m = word_ends[pair] - w0, sound_ends[pair] - s0
        if n >= MAX_LENGTH or m >= MAX_LENGTH:
            continue
        score[: n + 1, : m + 1] = 0.0
        score[n, m] = 1.0
        for i in range(n - 1, -1, -1):
            for j in range(m, -1, -1):
                for d in range(min(m - j, MAX_PHONES) + 1):
                    p = _key(sounds, s0 + j, d, n_phones)
                    score[i, j] = max(score[i, j], table[words[w0 + i], p] * score[i + 1, j + d])
        ok[pair] = score[0, 0] > 0.0
        j = 0
        for i in range(n):
            best, choice = -1.0, 0
            for d in range(min(m - j, MAX_PHONES) + 1):
                p = _key(sounds, s0 + j, d, n_phones)
                value = table[words[w0 + i], p] * score[i + 1, j + d]
                if value > best:
                    best, choice = value, d
            cuts[w0 + i] = choice
            j += choice
