"""Which of two pronunciations is meant: "read", "live", "record" and 159 other spellings.

A linear classifier over the neighbouring words, trained by ``recipes/text/homograph_model.py`` with
the averaged perceptron (Collins 2002, "Discriminative training methods for hidden Markov models").
Besides weights of its own every reading that is a verb, and every one that is a noun or adjective,
shares the weights of its class, so that a word with few examples learns from the others. Only
hashed, quantised weights ship (``data/homographs.bin``).
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.collocations import settled
from tts_pipeline.text.english.homograph_features import features
from tts_pipeline.text.english.lexicon import DATA
from tts_pipeline.text.english.morphology import add_s
from tts_pipeline.text.english.tense import tense_of
from tts_pipeline.text.phones import Phones

SCHEMA = 1
# Their plural nouns sound like the verb.
_IRREGULAR_PLURAL = {"house", "mouth"}
# Perceptron scores are no log-odds; divided by this they come close to them.
_TEMPERATURE = 10.0


class Reading(NamedTuple):
    """One reading of a homograph: its name ("read_past"), its class and its phones."""

    name: str
    kind: str
    phones: Phones


def reading_kind(name: str) -> str:
    """Return "V" for the verb reading, "N" for noun or adjective, "" for others.

    A tear in the eye is told from a tear in a coat by sense, not by class.
    """
    if name in ("tear_nou", "tear_vrb"):
        return ""
    parts = name.partition("_")[2].split("-")
    if parts == ["vrb"]:
        return "V"
    return "N" if "nou" in parts or "adj" in parts else ""


def keys_of(reading: Reading, shared: bool, local: list[str], near: list[str]) -> list[str]:
    """Return the weight names that a reading's score adds up."""
    own = [f"{reading.name}|{feature}" for feature in (*local, *near)]
    return own + [f"#{reading.kind}|{feature}" for feature in local] if shared else own


def shares_class(readings: list[Reading]) -> bool:
    """Tell whether the readings are told apart by word class alone."""
    return {reading.kind for reading in readings} == {"V", "N"}


def _with_s(word: str) -> str:
    return word + ("es" if word.endswith(("s", "x", "sh", "ch")) else "s")


class Homographs:
    """The classifier.

    Args:
        readings: per spelling its readings.
        weights: hash of each weight's name to its value.
    """

    def __init__(self, readings: dict[str, list[Reading]], weights: dict[int, float]) -> None:
        self._readings = readings
        self._weights = weights
        self._by_name = {
            reading.name: reading for choices in readings.values() for reading in choices
        }

        self._inflected = {
            _with_s(word): word
            for word, choices in readings.items()
            if shares_class(choices)
            and word not in _IRREGULAR_PLURAL
            and _with_s(word) not in readings
        }

    def __contains__(self, word: str) -> bool:
        return word in self._readings or word in self._inflected

    def named(self, name: str) -> Reading | None:
        """Return a reading by its name ("read_past"), for a user who wants just that one."""
        return self._by_name.get(name)

    def readings(self, word: str) -> list[Reading]:
        """Return the readings of a spelling, none if it is no homograph."""
        return self._readings.get(word, [])

    def choose(self, word: str, tokens: list[str], index: int) -> tuple[Reading, float]:
        """Return the likeliest reading of ``word`` at ``tokens[index]`` and its confidence.

        "records" is read like "record": the verb's or the noun's reading with its ending.

        Args:
            word: lower-case spelling.
            tokens: the sentence, as for :func:`features`.
            index: place of the word.
        """
        stem = self._inflected.get(word)
        if stem is not None:
            reading, confidence = self.choose(stem, tokens, index)
            return reading._replace(phones=add_s(reading.phones)), confidence
        readings = self._readings[word]
        name = "read" + tense_of(tokens, index) if word == "read" else settled(word, tokens, index)
        for reading in readings:
            if reading.name == name:
                return reading, 1.0
        local, near = features(tokens, index)
        shared = shares_class(readings)
        get = self._weights.get
        scores = [
            sum(
                get(zlib.crc32(key.encode("utf-8", "replace")), 0.0)
                for key in keys_of(reading, shared, local, near)
            )
            for reading in readings
        ]
        best = max(range(len(scores)), key=scores.__getitem__)
        shares = np.exp((np.array(scores) - scores[best]) / _TEMPERATURE)
        return readings[best], float(1.0 / shares.sum())


def pack_homographs(
    readings: dict[str, list[Reading]], weights: dict[str, float], *, smallest: float
) -> bytes:
    """Return the bytes of a model file; weights below ``smallest`` are left out.

    Weights are stored as crc32 of the name and one signed byte.
    """
    kept: dict[int, float] = {}
    for name, value in sorted(weights.items()):
        if abs(value) >= smallest:
            key = zlib.crc32(name.encode())
            kept[key] = kept.get(key, 0.0) + value
    keys = np.array(sorted(kept), np.uint32)
    values = np.array([kept[int(key)] for key in keys])
    step = float(np.abs(values).max() / 127)
    header = {
        "schema": SCHEMA,
        "step": step,
        "size": len(keys),
        "readings": {
            word: [[r.name, r.kind, " ".join(r.phones)] for r in choices]
            for word, choices in sorted(readings.items())
        },
    }
    # Sorted keys pack better as differences.
    gaps = np.diff(keys.astype(np.int64), prepend=0).astype("<u4")
    planes = gaps.view(np.uint8).reshape(-1, 4).T.tobytes()
    body = planes + np.round(values / step).astype(np.int8).tobytes()
    return zlib.compress(json.dumps(header).encode(), 9) + b"\n\n" + zlib.compress(body, 9)


def read_homographs(path: Path) -> Homographs:
    """Load a model file.

    Raises:
        TextError: if the file is damaged or of another schema.
    """
    try:
        data = path.read_bytes()
        unpack = zlib.decompressobj()
        header = json.loads(unpack.decompress(data))
        if header["schema"] != SCHEMA:
            raise TextError(f"{path}: model schema {header['schema']}, expected {SCHEMA}")
        size = header["size"]
        body = zlib.decompress(unpack.unused_data[2:])
        planes = np.frombuffer(body, np.uint8, 4 * size).reshape(4, size)
        gaps = np.ascontiguousarray(planes.T).view("<u4")[:, 0]
        keys = np.cumsum(gaps.astype(np.int64))
        # One number object for each of the 255 values, not one for each weight.
        steps = [step * header["step"] for step in (*range(128), *range(-128, 0))]
        values = [steps[code] for code in body[4 * size : 5 * size]]
        readings = {
            word: [Reading(name, kind, tuple(phones.split())) for name, kind, phones in choices]
            for word, choices in header["readings"].items()
        }
        return Homographs(readings, dict(zip(keys.tolist(), values)))
    except (ValueError, KeyError, zlib.error) as error:
        raise TextError(f"{path}: damaged model ({error}); reinstall the package") from error


@cache
def shipped_homographs() -> Homographs:
    """Return the model of the package, read once per process."""
    return read_homographs(DATA / "homographs.bin")
