"""What kind of sentence it is, and the tune of each of its phrases: by rule, from words and marks.

English only. Where no rule is sure, a phrase has no tune, and the model's own melody stays.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from tts_pipeline.intonation.words import (
    APPEALS,
    ARTICLES,
    AUXILIARIES,
    INTERJECTIONS,
    NO_CHOICE,
    NUMBERS,
    OPENERS,
    POSSESSIVES,
    PREPOSITIONS,
    SAYING,
    SUBJECTS,
    SUBORDINATORS,
    UNACCENTED,
    WH_CONTRACTED,
    WH_WORDS,
)
from tts_pipeline.text.protocol import Sentence
from tts_pipeline.text.symbols import BOUNDARY

_LONGEST_TAG = 4
_LONGEST_ITEM = 4
_LONGEST_CHOICE = 3
_BEGIN_A_CLAUSE = SUBJECTS | ARTICLES | POSSESSIVES


class Kind(enum.Enum):
    """Of a sentence."""

    STATEMENT = "statement"
    YES_NO = "yes/no question"
    WH = "wh-question"
    ALTERNATIVE = "alternative question"
    EXCLAMATION = "exclamation"


class Tune(enum.Enum):
    """What F0 does from the last accent of a phrase to its end, in ToBI (Silverman et al. 1992)."""

    RISE = "L* H-H%"
    FALL = "H* L-L%"
    CONTINUATION = "H* L-H%"
    ITEM = "H* H-L%"


class Phrase(NamedTuple):
    """Words up to a mark, or up to the "or" between two choices.

    Attributes:
        begin: the first of the sentence's words in it.
        end: the last + 1.
        accent: the word with the last accent.
        tune: None: as the model says it.
    """

    begin: int
    end: int
    accent: int
    tune: Tune | None


class Reading(NamedTuple):
    """What is read out of the words of a sentence.

    Attributes:
        kind: of the sentence.
        phrases: in order; together they are the sentence.
    """

    kind: Kind
    phrases: tuple[Phrase, ...]


def read(sentence: Sentence) -> Reading:
    """Kind of an English sentence, and its phrases with their tunes."""
    words = [word.text for word in sentence.words]
    spans = _spans(sentence.gaps)
    kind = _kind(words, sentence.gaps[-1], spans)
    choice = _choice(words, spans) if kind is Kind.ALTERNATIVE else None
    if choice is not None and choice > spans[-1][0]:
        begin, end = spans.pop()
        spans += [(begin, choice), (choice, end)]
    tunes = _tunes(words, sentence.gaps, kind, spans)
    phrases = [
        Phrase(begin, end, _accent(sentence, begin, end), tune)
        for (begin, end), tune in zip(spans, tunes)
    ]
    return Reading(kind, tuple(phrases))


def _spans(gaps: Sequence[str]) -> list[tuple[int, int]]:
    """Words from mark to mark."""
    ends = [index + 1 for index, gap in enumerate(gaps) if gap != BOUNDARY]
    return list(zip([0, *ends[:-1]], ends))


def _kind(words: Sequence[str], mark: str, spans: Sequence[tuple[int, int]]) -> Kind:
    if mark == "!":
        return Kind.EXCLAMATION
    if mark != "?":
        return Kind.STATEMENT
    if _is_tag(words[slice(*spans[-1])]) and len(spans) > 1:
        return Kind.YES_NO
    opened = [_question(words[begin:end]) for begin, end in spans]
    asked = next((kind for kind in reversed(opened) if kind is not None), Kind.YES_NO)
    if _choice(words, spans) is not None:
        return Kind.ALTERNATIVE
    return asked


def _question(phrase: Sequence[str]) -> Kind | None:
    """What a phrase asks by its first words; None if these do not ask."""
    at = 0
    while at < len(phrase) - 1 and phrase[at] in OPENERS:
        at += 1
    first, rest = phrase[at], phrase[at + 1 :]
    if first in AUXILIARIES:
        return Kind.YES_NO
    if first in PREPOSITIONS and rest and rest[0] in WH_WORDS:
        first, rest = rest[0], rest[1:]
    if first in WH_CONTRACTED:
        return Kind.WH
    if first not in WH_WORDS:
        return None
    if first in ("when", "where", "why", "how") and rest and rest[0] in _BEGIN_A_CLAUSE:
        # "When you came, ...", "Where there is one, ...": no question of its own.
        return None
    return Kind.WH


def _is_tag(phrase: Sequence[str]) -> bool:
    """Whether it is "isn't it", "did she not", "right"."""
    if len(phrase) == 1:
        return phrase[0] in APPEALS
    return len(phrase) <= _LONGEST_TAG and phrase[0] in AUXILIARIES and phrase[1] in SUBJECTS


def _choice(words: Sequence[str], spans: Sequence[tuple[int, int]]) -> int | None:
    """The word "or" before the last choice of an alternative question, if it surely is one.

    What follows is a word or three, and what stands before is no more than choices ("Tea or
    coffee?", "By train, by bus, or on foot?"), or asks for one ("Do you want tea or coffee?").
    """
    begin, end = spans[-1]
    places = [place for place in range(begin, end) if words[place] == "or"]
    if len(places) != 1 or not 0 < end - places[0] - 1 <= _LONGEST_CHOICE or not places[0]:
        return None
    place = places[0]
    if words[place + 1] in NO_CHOICE or {words[place - 1], words[place + 1]} <= NUMBERS:
        return None
    before = words[begin:place]
    asked = _question(words[begin:end])
    if asked is Kind.WH or (asked is None and len(before) > _LONGEST_CHOICE):
        return None
    return place


def _tunes(
    words: Sequence[str], gaps: Sequence[str], kind: Kind, spans: Sequence[tuple[int, int]]
) -> list[Tune | None]:
    items = _items(words, spans)
    tunes: list[Tune | None] = []
    for number, (begin, end) in enumerate(spans[:-1]):
        if kind is Kind.ALTERNATIVE and number == len(spans) - 2:
            tunes.append(Tune.RISE)
        elif gaps[end - 1] != ",":
            tunes.append(None)
        elif number in items:
            tunes.append(Tune.ITEM)
        else:
            tunes.append(_before_comma(words[begin:end], words[end:]))
    last = {Kind.YES_NO: Tune.RISE, Kind.WH: Tune.FALL, Kind.ALTERNATIVE: Tune.FALL}.get(kind)
    if kind is Kind.WH and spans[-1][1] - spans[-1][0] == 1:
        # "What?" asks to hear it again, "Why?" does not: no rule is sure.
        last = None
    if gaps[-1] == ",":
        last = Tune.CONTINUATION
    elif kind is Kind.STATEMENT and items:
        last = Tune.FALL
    return [*tunes, last]


def _before_comma(phrase: Sequence[str], following: Sequence[str]) -> Tune | None:
    said = any(word in SAYING for word in following[:3])
    if said or all(word in INTERJECTIONS for word in phrase):
        return None
    return Tune.CONTINUATION


def _items(words: Sequence[str], spans: Sequence[tuple[int, int]]) -> range:
    """Numbers of the phrases that are items of a list, its last one left out.

    A list is two short phrases or more, behind any first one, of which the last one begins with
    "and" or "or", or holds it between two short items.
    """
    if len(spans) < 2:
        return range(0)
    begin, end = spans[-1]
    last = words[begin:end]
    joint = next((place for place, word in enumerate(last) if word in ("and", "or")), None)
    if joint is None or len(last) - joint - 1 > _LONGEST_ITEM or joint > _LONGEST_ITEM:
        return range(0)
    first = len(spans) - 1
    while first > 1 and spans[first - 1][1] - spans[first - 1][0] <= _LONGEST_ITEM:
        first -= 1
    if joint == 0 and first == len(spans) - 1:
        return range(0)
    opening = words[slice(*spans[0])]
    alone = all(word in INTERJECTIONS for word in opening)
    if first == 1 and not alone and opening[0] not in SUBORDINATORS | PREPOSITIONS:
        first = 0
    return range(first, len(spans) - 1)


def _accent(sentence: Sentence, begin: int, end: int) -> int:
    """The word of a phrase that carries its last accent.

    It is the last one with a primary stress that is no function word; else the auxiliary that the
    phrase begins with ("didn't you"), else the first word with a stress.
    """
    stressed = [
        index
        for index in range(begin, end)
        if any(phone.endswith("1") for phone in sentence.words[index].phones)
    ]
    content = [index for index in stressed if sentence.words[index].text not in UNACCENTED]
    if content:
        return content[-1]
    helping = [begin] if sentence.words[begin].text in AUXILIARIES else []
    return [*helping, *stressed, end - 1][0]
