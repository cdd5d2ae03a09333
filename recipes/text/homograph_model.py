"""Training of the homograph classifier, and the readings' pronunciations.

Data: Gorman, Mazovetskiy & Nikolaev 2018, "Improving homograph disambiguation with supervised
machine learning" (WikipediaHomographData, Apache-2.0).
"""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from pathlib import Path

from dictionary import Pronunciations
from everyday import sentences

from tts_pipeline.text.english.homograph_features import NUMBER, features
from tts_pipeline.text.english.homographs import (
    Homographs,
    Reading,
    keys_of,
    pack_homographs,
    reading_kind,
    shares_class,
)
from tts_pipeline.text.phones import Phones, from_ipa

EPOCHS = 8
SEED = 1
# A reading wins with at least this margin before the weights rest.
MARGIN = 4.0
SMALLEST = 0.9
_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|[0-9][0-9.,]*|[^\w\s]")

# Two entries of wordids.tsv lack a sound.
_CORRECTED = {"abuses_vrb": "ə'bjuːzəz", "approximate_vrb": "ə'pɹɑːksəˌmeɪt"}
# Readings whose stress or vowels the data or the dictionary gives wrongly, in ARPAbet.
_CORRECTED_PHONES = {
    "aggregate_vrb": "AE1 G R AH0 G EY2 T", "axes_nou-vrb": "AE1 K S IH0 Z",
    "conduct_vrb": "K AH0 N D AH1 K T", "diagnoses_vrb": "D AY2 AH0 G N OW1 S IH0 Z",
    "document_nou": "D AA1 K Y AH0 M AH0 N T", "document_vrb": "D AA1 K Y AH0 M EH2 N T",
    "elaborate_adj": "IH0 L AE1 B R AH0 T", "moderate_vrb": "M AA1 D ER0 EY2 T",
    "ornament_vrb": "AO1 R N AH0 M EH2 N T", "polish": "P AA1 L IH0 SH",
    "predicate_vrb": "P R EH1 D AH0 K EY2 T", "uses_nou": "Y UW1 S IH0 Z",
    "uses_vrb": "Y UW1 Z IH0 Z", "export_vrb": "IH0 K S P AO1 R T",
    "abstract_vrb": "AH0 B S T R AE1 K T", "entrance_vrb": "IH0 N T R AE1 N S",
    "frequent_vrb": "F R IY0 K W EH1 N T", "exploit_vrb": "IH0 K S P L OY1 T",
}  # fmt: skip
# Vowels that the data's notation and the dictionary's use for the same sound.
_CLOSE = ({"AH", "IH"}, {"IY", "IH"}, {"UH", "UW"}, {"AA", "AO"}, {"EH", "IH"}, {"AH", "UH"})

Example = tuple[str, str, tuple[list[str], list[str]]]


def read_readings(folder: Path, pronunciations: Pronunciations) -> dict[str, list[Reading]]:
    """Return the readings of each homograph with ARPAbet phones.

    The data's IPA marks vowels and stress in a way of its own; where the dictionary has a
    pronunciation with the same consonants and main stress, that one is taken.
    """
    wanted: dict[str, dict[str, Phones]] = defaultdict(dict)
    with open(folder / "wordids.tsv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            ipa = _CORRECTED.get(row["wordid"]) or re.sub("[01]", "", row["pronunciation"])
            wanted[row["homograph"]][row["wordid"]] = from_ipa(ipa)
    return {
        word: [
            Reading(name, reading_kind(name), _corrected(name, phones))
            for name, phones in _chosen(targets, pronunciations.get(word, [])).items()
        ]
        for word, targets in wanted.items()
    }


def _corrected(name: str, phones: Phones) -> Phones:
    better = _CORRECTED_PHONES.get(name)
    return tuple(better.split()) if better else phones


def _chosen(targets: dict[str, Phones], known: list[Phones]) -> dict[str, Phones]:
    """Give each reading the dictionary's pronunciation that fits, no two readings the same."""
    fitting = sorted(
        (_distance(phones, target), name, phones)
        for name, target in targets.items()
        for phones in known
        if _frame(phones) == _frame(target)
    )
    chosen: dict[str, Phones] = {}
    for _, name, phones in fitting:
        if name not in chosen and phones not in chosen.values():
            chosen[name] = phones
    return {name: chosen.get(name, target) for name, target in targets.items()}


def _frame(phones: Phones) -> tuple[str, ...]:
    """Return the phones with every vowel replaced by whether it has the main stress."""
    return tuple(
        ("1" if phone[-1] == "1" else "0") if phone[-1].isdigit() else phone for phone in phones
    )


def _distance(left: Phones, right: Phones) -> float:
    """Return how far the vowels of two pronunciations of the same frame are apart."""
    total = 0.0
    for a, b in zip(left, right):
        a, b = a.rstrip("012"), b.rstrip("012")
        total += 0.0 if a == b else 0.5 if {a, b} in _CLOSE else 1.0
    return total


def read_examples(path: Path) -> list[Example]:
    """Return (spelling, reading name, features) of each sentence."""
    examples: list[Example] = []
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            tokens, index = tokens_of(row["sentence"], int(row["start"]))
            if index >= 0:
                examples.append((row["homograph"], row["wordid"], features(tokens, index)))
    return examples


def tokens_of(sentence: str, start: int) -> tuple[list[str], int]:
    """Return the tokens of a sentence and the index of the one that holds ``start`` (or -1)."""
    tokens, index = [], -1
    for part in _TOKEN.finditer(sentence):
        if part.start() <= start < part.end():
            index = len(tokens)
        text = part.group()
        tokens.append(NUMBER if text[0].isdigit() else text)
    return tokens, index


def everyday_examples(readings: dict[str, list[Reading]]) -> list[Example]:
    """Return examples from the patterns of :mod:`everyday`."""
    names = {word: [reading.name for reading in choices] for word, choices in readings.items()}
    return [(word, name, features(tokens, place)) for word, name, tokens, place in sentences(names)]


def train_homographs(folder: Path, pronunciations: Pronunciations) -> bytes:
    """Train on ``train.tsv`` of the data's folder and return the packed model."""
    readings = read_readings(folder, pronunciations)
    examples = read_examples(folder / "train.tsv") + everyday_examples(readings)
    weights = perceptron(examples, readings)
    return pack_homographs(readings, weights, smallest=SMALLEST)


def perceptron(
    examples: list[Example], readings: dict[str, list[Reading]], *, epochs: int = EPOCHS
) -> dict[str, float]:
    """Return averaged weights; ties and order are fixed by ``SEED``."""
    chance = random.Random(SEED)
    names = [
        (
            answer,
            {
                reading.name: keys_of(reading, shares_class(readings[word]), *described)
                for reading in readings[word]
            },
        )
        for word, answer, described in examples
    ]
    weights: dict[str, float] = defaultdict(float)
    # Sum over time of every change times the moment it was made (Daumé's lazy average).
    moments: dict[str, float] = defaultdict(float)
    now = 0
    for _ in range(epochs):
        chance.shuffle(names)
        for answer, keys in names:
            now += 1
            scores = {
                name: sum(weights.get(key, 0.0) for key in own) + MARGIN * (name != answer)
                for name, own in keys.items()
            }
            guess = max(scores, key=scores.__getitem__)
            if guess == answer:
                continue
            for name, change in ((answer, 1.0), (guess, -1.0)):
                for key in keys[name]:
                    weights[key] += change
                    moments[key] += change * now
    return {key: value - moments[key] / now for key, value in weights.items()}


def accuracy(model: Homographs, path: Path) -> float:
    """Return the share of a test file's sentences whose reading is right."""
    right = total = 0
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            tokens, index = tokens_of(row["sentence"], int(row["start"]))
            reading, _ = model.choose(row["homograph"], tokens, index)
            right += reading.name == row["wordid"]
            total += 1
    return right / total
