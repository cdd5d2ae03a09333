"""Pronunciation of words that no dictionary holds: a joint-sequence n-gram over graphones.

A graphone joins a letter to zero to two phones; the model gives the probability of a graphone
after up to seven others (Bisani & Ney 2008, "Joint-sequence models for grapheme-to-phoneme
conversion"). A beam search moves through the letters once; its candidates are then weighed twice
more (:mod:`tts_pipeline.text.english.rescore`). ``data/oov.bin`` is made by
``recipes/text/build.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tts_pipeline.text.english.rescore import Rescorer
from tts_pipeline.text.phones import Phones

BEAM = 32
# Hypotheses this far behind the best (natural log) never win: they are given up.
SPREAD = 6.0
# Longer letter strings are no English words; cut, they keep the search and its arrays bounded.
MAX_WORD = 40
LONG_WORD = 24
LOG_STEP = 0.04
# Share of the second opinions in the score of a candidate: the best of 0.3, 0.5 and 0.7.
RESCORE = 0.5
_MISSING = -1


class Guess(NamedTuple):
    """A predicted pronunciation and its share of the probability among those considered."""

    phones: Phones
    confidence: float


class Graphones:
    """The n-gram model and its decoder.

    Args:
        graphones: (letter, phones) of each id; ids 0 and 1 are the begin and end of a word.
        keys: per order the sorted keys ``context index * vocabulary + graphone``.
        log_p: per order the natural log-probabilities in steps of ``-LOG_STEP``.
        log_bow: per order the natural log back-off weights, 2 minus steps of ``LOG_STEP``.
        rescorers: second opinions on the candidates: none, or one that reads forwards and one
            that reads backwards.
    """

    def __init__(
        self,
        graphones: list[tuple[str, Phones]],
        keys: list[np.ndarray],
        log_p: list[np.ndarray],
        log_bow: list[np.ndarray],
        rescorers: tuple[Rescorer, ...] = (),
    ) -> None:
        self._graphones = graphones
        self._rescorers = rescorers
        self._size = len(graphones)
        self._order = len(keys)
        # All orders above the first lie in one sorted array, so that one search finds them all:
        # the keys of each order are lifted above those of the order before.
        lifts, starts, lift, at = [], [], 0, 0
        for k in range(1, self._order):
            lifts.append(lift)
            starts.append(at)
            lift += len(keys[k - 1]) * self._size
            at += len(keys[k])
        kind = np.int32 if lift < 2**31 else np.int64
        self._keys = np.empty(at, kind)
        for k in range(1, self._order):
            place = slice(starts[k - 1], starts[k - 1] + len(keys[k]))
            np.add(keys[k], lifts[k - 1], out=self._keys[place], casting="same_kind")
        self._lifts, self._starts = np.array(lifts, kind), np.array(starts, np.int64)
        self._first_log_p = log_p[0] * -LOG_STEP
        self._log_p = np.concatenate(log_p[1:]) if lifts else log_p[0]
        # Weights of contexts, order by order.
        contexts = [len(weights) for weights in log_bow]
        self._context_starts = np.cumsum([0, *contexts])[: self._order - 1]
        self._log_bow = np.concatenate(log_bow) if log_bow else np.zeros(0, np.uint8)
        self._last: tuple[str, int, float, list[Guess]] = ("", 0, 0.0, [])
        by_letter: dict[str, list[int]] = {}
        for index, (letter, _) in enumerate(graphones[2:], 2):
            by_letter.setdefault(letter, []).append(index)
        self._by_letter = {key: np.array(ids) for key, ids in by_letter.items()}

    def guess(self, word: str, *, beam: int | None = None) -> Guess | None:
        """Return the likeliest pronunciation of a lower-case word, None if it has no letter.

        Letters outside the model's alphabet are left out. The beam is narrower for what is too
        long to be a word.
        """
        if beam is None:
            beam = BEAM if len(word) <= LONG_WORD else BEAM // 4
        word = "".join([letter for letter in word if letter in self._by_letter])
        phones: list[str] = []
        confidence = 1.0
        for start in range(0, len(word), MAX_WORD):
            ranked = self.ranked(word[start : start + MAX_WORD], beam=beam)
            if ranked:
                phones.extend(ranked[0].phones)
                confidence *= ranked[0].confidence
        return Guess(tuple(phones), confidence) if phones else None

    def ranked(self, word: str, *, beam: int = BEAM, spread: float = SPREAD) -> list[Guess]:
        """Return the pronunciations left at the end of the beam, likeliest first.

        Args:
            word: letters of the model's alphabet, at least one.
            beam: hypotheses kept at each letter.
            spread: how far behind the best one a hypothesis is given up, as natural logarithm.
        """
        last = self._last
        if last[:3] == (word, beam, spread):
            # Morphology asks for the candidates, then the guess is made of the same.
            return last[3]
        scores = np.zeros(1)
        # Index of a hypothesis' last k graphones among the n-grams of order k, at column k.
        nodes = np.full((1, self._order), _MISSING, np.int64)
        nodes[0, :2] = 0
        paths = np.zeros((1, 0), np.int64)
        for letter in word:
            choices = self._by_letter[letter]
            steps, found = self._extend(nodes, choices)
            total = (scores[:, None] + steps).ravel()
            likely = np.flatnonzero(total > total.max() - spread)
            keep = likely[np.argsort(-total[likely], kind="stable")[:beam]]
            row, column = np.divmod(keep, len(choices))
            scores, paths = total[keep], np.concatenate([paths[row], choices[column, None]], 1)
            nodes = np.empty((len(keep), self._order), np.int64)
            nodes[:, 0] = 0
            nodes[:, 1:] = found[row, :-1, column]
        end, _ = self._extend(nodes, np.array([1]))
        scores = scores + end[:, 0]
        near = scores > scores.max() - spread
        scores, paths = scores[near], paths[near]
        if self._rescorers:
            letters = np.frombuffer(word.encode(), np.uint8).astype(np.int64) - (ord("a") - 1)
            forwards, backwards = self._rescorers
            second = forwards.scores(letters, paths)
            second += backwards.scores(letters[::-1], paths[:, ::-1])
            scores = (1 - RESCORE) * scores + RESCORE * second / 2
        guesses = self._sounds(scores, paths)
        self._last = (word, beam, spread, guesses)
        return guesses

    def _extend(self, nodes: np.ndarray, choices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score every choice after every hypothesis.

        Args:
            nodes: (H, order) index of the hypothesis' last k graphones at order k, -1 if unseen.
            choices: (K,) graphone ids.

        Returns:
            Log-probabilities (H, K), and per order the index of the n-gram that ends in the
            choice, -1 if unseen (H, order, K).
        """
        n_longer = self._order - 1
        found = np.full((len(nodes), self._order, len(choices)), _MISSING, np.int64)
        found[:, 0] = choices
        log_p = np.empty(found.shape)
        log_p[:, 0] = self._first_log_p[choices]
        # What backing off from the longest context down to each order costs, summed up.
        weights = np.zeros((len(nodes), self._order))
        rows, orders = np.nonzero(nodes[:, 1:] >= 0)
        if len(rows) and n_longer:
            context = nodes[rows, orders + 1]
            query = (context * self._size + self._lifts[orders])[:, None] + choices
            place = np.searchsorted(self._keys, query.astype(self._keys.dtype))
            np.minimum(place, len(self._keys) - 1, out=place)
            missed = self._keys[place] != query
            log_p[rows, orders + 1] = self._log_p[place] * -LOG_STEP
            place -= self._starts[orders, None]
            place[missed] = _MISSING
            found[rows, orders + 1] = place
            bow = self._log_bow[self._context_starts[orders] + context]
            weights[rows, orders] = 2.0 - bow * LOG_STEP
        weights = np.cumsum(weights[:, ::-1], 1)[:, ::-1]
        # The longest n-gram that was seen decides.
        longest = n_longer - np.argmax(found[:, ::-1] >= 0, 1)
        hypothesis, choice = np.arange(len(nodes))[:, None], np.arange(len(choices))
        score = log_p[hypothesis, longest, choice] + weights[hypothesis, longest]
        return score, found

    def _sounds(self, scores: np.ndarray, paths: np.ndarray) -> list[Guess]:
        """Add up the hypotheses that sound alike."""
        sums: dict[Phones, float] = {}
        for score, path in zip(np.exp(scores - scores.max()).tolist(), paths.tolist()):
            phones = tuple([phone for index in path for phone in self._graphones[index][1]])
            sums[phones] = sums.get(phones, 0.0) + score
        total = sum(sums.values())
        ranked = sorted(sums.items(), key=lambda item: -item[1])
        return [Guess(phones, weight / total) for phones, weight in ranked if phones]
