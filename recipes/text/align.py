"""Letter-to-phone alignment by expectation maximisation over graphones.

A graphone is a pair of one or two letters and zero to two phones (Bisani & Ney 2008,
"Joint-sequence models for grapheme-to-phoneme conversion", section 3.1; the many-to-many EM of
Jiampojamarn et al. 2007). Its probability is estimated from all segmentations of the training
pairs; every pair is then cut along its best path.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MAX_LETTERS = 2
MAX_PHONES = 2


def align(
    pairs: list[tuple[str, tuple[str, ...]]], *, iterations: int = 8
) -> list[list[tuple[str, tuple[str, ...]]] | None]:
    """Cut every (word, phones) pair into graphones; None where no cut exists.

    Args:
        pairs: words of lower-case letters with their phones.
        iterations: rounds of EM.
    """
    letters = sorted({letter for word, _ in pairs for letter in word})
    phones = sorted({phone for _, sounds in pairs for phone in sounds})
    letter_id = {letter: index + 1 for index, letter in enumerate(letters)}
    phone_id = {phone: index + 1 for index, phone in enumerate(phones)}
    word_codes = np.array([letter_id[c] for word, _ in pairs for c in word], np.int64)
    sound_codes = np.array([phone_id[p] for _, sounds in pairs for p in sounds], np.int64)
    word_ends = np.cumsum([len(word) for word, _ in pairs])
    sound_ends = np.cumsum([len(sounds) for _, sounds in pairs])
    n_letters, n_phones = len(letters) + 1, len(phones) + 1
    table = np.ones((n_letters * n_letters, n_phones * n_phones))
    # Two letters to two phones only hides what the n-gram learns better from single steps.
    for _ in range(iterations):
        counts = np.zeros_like(table)
        _expect(word_codes, word_ends, sound_codes, sound_ends, n_letters, n_phones, table, counts)
        table = counts / counts.sum()
    cuts = np.zeros((len(word_codes), 2), np.int64)
    ok = np.zeros(len(pairs), np.bool_)
    _best(word_codes, word_ends, sound_codes, sound_ends, n_letters, n_phones, table, cuts, ok)
    out: list[list[tuple[str, tuple[str, ...]]] | None] = []
    for index, (word, sounds) in enumerate(pairs):
        if not ok[index]:
            out.append(None)
            continue
        base = word_ends[index] - len(word)
        i = j = 0
        graphones = []
        while i < len(word):
            di, dj = cuts[base + i]
            graphones.append((word[i : i + di], tuple(sounds[j : j + dj])))
            i, j = i + di, j + dj
        out.append(graphones)
    return out


@njit(cache=True)
def _pair_key(codes, start, length, size):
    if length == 0:
        return 0
    if length == 1:
        return codes[start]
    return codes[start] * size + codes[start + 1]


@njit(cache=True)
def _allowed(di, dj):
    return not (di == 2 and dj == 2)


@njit(cache=True)
def _expect(words, word_ends, sounds, sound_ends, n_letters, n_phones, table, counts):
    forward = np.zeros((64, 64))
    backward = np.zeros((64, 64))
    for pair in range(len(word_ends)):
        w0 = 0 if pair == 0 else word_ends[pair - 1]
        s0 = 0 if pair == 0 else sound_ends[pair - 1]
        n, m = word_ends[pair] - w0, sound_ends[pair] - s0
        if n >= 64 or m >= 64:
            continue
        forward[: n + 1, : m + 1] = 0.0
        backward[: n + 1, : m + 1] = 0.0
        forward[0, 0] = 1.0
        backward[n, m] = 1.0
        for i in range(n + 1):
            for j in range(m + 1):
                for di in range(1, 3):
                    for dj in range(3):
                        if i >= di and j >= dj and _allowed(di, dj):
                            g = _pair_key(words, w0 + i - di, di, n_letters)
                            p = _pair_key(sounds, s0 + j - dj, dj, n_phones)
                            forward[i, j] += forward[i - di, j - dj] * table[g, p]
        total = forward[n, m]
        if total <= 0.0:
            continue
        for i in range(n, -1, -1):
            for j in range(m, -1, -1):
                for di in range(1, 3):
                    for dj in range(3):
                        if i + di <= n and j + dj <= m and _allowed(di, dj):
                            g = _pair_key(words, w0 + i, di, n_letters)
                            p = _pair_key(sounds, s0 + j, dj, n_phones)
                            step = table[g, p] * backward[i + di, j + dj]
                            backward[i, j] += step
                            counts[g, p] += forward[i, j] * step / total


@njit(cache=True)
def _best(words, word_ends, sounds, sound_ends, n_letters, n_phones, table, cuts, ok):
    score = np.zeros((64, 64))
    for pair in range(len(word_ends)):
        w0 = 0 if pair == 0 else word_ends[pair - 1]
        s0 = 0 if pair == 0 else sound_ends[pair - 1]
        n, m = word_ends[pair] - w0, sound_ends[pair] - s0
        if n >= 64 or m >= 64:
            continue
        # Suffix scores, so that the path can be read from the start of the word.
        score[: n + 1, : m + 1] = 0.0
        score[n, m] = 1.0
        for i in range(n - 1, -1, -1):
            for j in range(m, -1, -1):
                for di in range(1, 3):
                    for dj in range(3):
                        if i + di <= n and j + dj <= m and _allowed(di, dj):
                            g = _pair_key(words, w0 + i, di, n_letters)
                            p = _pair_key(sounds, s0 + j, dj, n_phones)
                            value = table[g, p] * score[i + di, j + dj]
                            if value > score[i, j]:
                                score[i, j] = value
        if score[0, 0] <= 0.0:
            continue
        ok[pair] = True
        i, j = 0, 0
        while i < n:
            best, bi, bj = -1.0, 1, 0
            for di in range(1, 3):
                for dj in range(3):
                    if i + di <= n and j + dj <= m and _allowed(di, dj):
                        g = _pair_key(words, w0 + i, di, n_letters)
                        p = _pair_key(sounds, s0 + j, dj, n_phones)
                        value = table[g, p] * score[i + di, j + dj]
                        if value > best:
                            best, bi, bj = value, di, dj
            cuts[w0 + i, 0] = bi
            cuts[w0 + i, 1] = bj
            i, j = i + bi, j + bj
