"""How well words outside the dictionary are pronounced: measured on words that are held out."""

from __future__ import annotations

import random
from collections import Counter

from dictionary import Pronunciations

from tts_pipeline.text.english.lexicon import Lexicon
from tts_pipeline.text.english.oov import Graphones
from tts_pipeline.text.english.pronounce import Pronouncer
from tts_pipeline.text.phones import Phones

SEED = 1
N_WORDS = 1000


def held_out(words: list[str]) -> list[str]:
    """Return the words that training must not see, drawn by seed from the whole dictionary."""
    return sorted(random.Random(SEED).sample(sorted(words), N_WORDS))


def measure(
    words: list[str], pronunciations: Pronunciations, lexicon: Lexicon, model: Graphones
) -> dict[str, object]:
    """Return the errors of the way that unknown words go: morphology, then the model.

    A word counts as right if it equals any of the dictionary's pronunciations, without stress;
    stress is judged on the words whose phones are right.

    Args:
        words: the words held out.
        pronunciations: all pronunciations of the dictionary.
        lexicon: the dictionary without the words.
        model: model trained without the words.
    """
    pronouncer = Pronouncer(lexicon=lexicon, overrides={}, model=model)
    wrong = stressed = edits = n_phones = 0
    by_source: Counter[str] = Counter()
    right_by_source: Counter[str] = Counter()
    for word in words:
        found = pronouncer.word(word)
        distances = [
            (edit_distance(plain(found.phones), plain(known)), len(known))
            for known in pronunciations[word]
        ]
        distance, length = min(distances)
        edits += distance
        n_phones += length
        wrong += distance > 0
        stressed += found.phones in pronunciations[word]
        by_source[found.source] += 1
        right_by_source[found.source] += distance == 0
    return {
        "words": len(words),
        "word_error": wrong / len(words),
        "phone_error": edits / n_phones,
        "stress_right": stressed / (len(words) - wrong),
        "by_source": {
            source: {"words": count, "right": right_by_source[source] / count}
            for source, count in sorted(by_source.items())
        },
    }


def plain(phones: Phones) -> Phones:
    """Return phones without stress."""
    return tuple(phone.rstrip("012") for phone in phones)


def edit_distance(left: Phones, right: Phones) -> int:
    """Return the number of phones to insert, delete or replace."""
    row = list(range(len(right) + 1))
    for i, x in enumerate(left):
        new = [i + 1]
        for j, y in enumerate(right):
            new.append(min(new[-1] + 1, row[j + 1] + 1, row[j] + (x != y)))
        row = new
    return row[-1]
