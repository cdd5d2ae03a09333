"""Where a long stretch of words without a mark is parted by a short pause: by rule.

A break stands before a word that may begin a clause or a prepositional phrase, behind one that may
end a phrase, and near the middle. Nothing is parted that is surely one noun phrase: no break behind
determiners, prepositions, auxiliaries and conjunctions, none before "of".
"""

from __future__ import annotations

from collections.abc import Sequence

from tts_pipeline.intonation.words import (
    ARTICLES,
    AUXILIARIES,
    DEGREES,
    DETERMINERS,
    MAY_END,
    PAIRS,
    PARTICLES,
    PHRASE_BEGINNINGS,
    POSSESSIVES,
    SUBJECTS,
    SUBORDINATORS,
    UNACCENTED,
    UNFINISHED,
)
from tts_pipeline.text.protocol import Sentence
from tts_pipeline.text.symbols import BOUNDARY

MOST_WORDS = 14
# Words on either side of a break, at least.
_LEAST_WORDS = 4
# What it costs to be as far from the middle as can be.
_OFF_CENTRE = 1.0
# Before "and" and "or": with a subject a clause begins, without one it may be part of a name.
_JOINS_CLAUSES, _JOINS_PHRASES, _JOINS_WORDS = 1.0, 0.45, 0.3
# A pair or a comparison is over after so many words.
_PAIR_WORDS, _COMPARED_WORDS = 7, 3


def breaks(sentence: Sentence) -> tuple[int, ...]:
    """Indices of words of an English sentence behind which a short pause is due, in order."""
    words = [word.text for word in sentence.words]
    found: list[int] = []
    begin = 0
    for index, gap in enumerate(sentence.gaps):
        if gap != BOUNDARY:
            found += [begin + place for place in _within(words[begin : index + 1])]
            begin = index + 1
    return tuple(found)


def _within(words: Sequence[str]) -> list[int]:
    """Breaks within words that follow each other without a mark."""
    if len(words) <= MOST_WORDS:
        return []
    half = len(words) / 2
    scores = {
        place: _strength(words, place) - _OFF_CENTRE * abs(place - half) / half
        for place in range(_LEAST_WORDS, len(words) - _LEAST_WORDS + 1)
        if _strength(words, place) > 0
    }
    if not scores:
        return []
    best = max(scores, key=lambda place: scores[place])
    behind = [best + place for place in _within(words[best:])]
    return [*_within(words[:best]), best - 1, *behind]


def _strength(words: Sequence[str], place: int) -> float:
    """How good a break before a word is, from 0, none, to 1."""
    before, word = words[place - 1], words[place]
    following = words[place + 1] if place + 1 < len(words) else ""
    if before in UNFINISHED or (before in UNACCENTED and before not in MAY_END):
        return 0.0
    if word == "at" and following in DEGREES:
        return 0.0
    if word in ("to", "into", "with", "from") and before in PARTICLES:
        return 0.0
    if word == "to" and following in DETERMINERS:
        return 0.0
    if words[0] in SUBORDINATORS and word in SUBJECTS:
        # "When it had rained | we went out."
        return _JOINS_CLAUSES
    if word == "as" and {"as", "so", "such"}.intersection(words[place - _COMPARED_WORDS : place]):
        return 0.0
    if word in ("and", "or"):
        if PAIRS.intersection(words[max(place - _PAIR_WORDS, 0) : place]):
            return 0.0
        if word in (*words[max(place - 3, 0) : place], *words[place + 1 : place + 4]):
            # "Bread and milk and butter."
            return 0.0
        if following in SUBJECTS:
            return _JOINS_CLAUSES
        joins = following in ARTICLES | POSSESSIVES | AUXILIARIES
        return _JOINS_PHRASES if joins else _JOINS_WORDS
    return PHRASE_BEGINNINGS.get(word, 0.0)
