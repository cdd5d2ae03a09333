"""The model of unknown words as a file: packed, and read back."""

from __future__ import annotations

import json
import math
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.lexicon import DATA
from tts_pipeline.text.english.oov import LOG_STEP, Graphones
from tts_pipeline.text.english.rescore import WEIGHTS, Rescorer
from tts_pipeline.text.phones import Phones

SCHEMA = 3


def pack_graphones(
    graphones: list[tuple[str, Phones]],
    keys: list[np.ndarray],
    log_p: list[np.ndarray],
    log_bow: list[np.ndarray],
    networks: list[dict[str, np.ndarray]],
) -> bytes:
    """Return the bytes of a model file; read by :func:`read_graphones`.

    A key is stored as its graphone and the number of n-grams of its context; log-probabilities
    and weights take one byte each in steps of 0.04, the networks' weights two.

    Args:
        graphones: as for :class:`Graphones`.
        keys: as for :class:`Graphones`.
        log_p: per order the natural log-probabilities.
        log_bow: per order the natural log back-off weights.
        networks: weights of the :class:`Rescorer` forwards and backwards; empty for none.
    """
    size = len(graphones)
    parts: list[np.ndarray] = []
    for k, key in enumerate(keys):
        if k:
            parts.append(np.bincount(key // size, minlength=len(keys[k - 1])).astype("<u2"))
            parts.append((key % size).astype("<u2"))
        parts.append(_quantised(-log_p[k]))
        if k + 1 < len(keys):
            parts.append(_quantised(2.0 - log_bow[k]))
    parts += [network[name].astype("<f2") for network in networks for name in WEIGHTS]
    header = {
        "schema": SCHEMA,
        "graphones": [[letter, " ".join(phones)] for letter, phones in graphones],
        "sizes": [len(key) for key in keys],
        "networks": [{name: network[name].shape for name in WEIGHTS} for network in networks],
    }
    body = b"".join(part.tobytes() for part in parts)
    return json.dumps(header).encode() + b"\n" + zlib.compress(body, 9)


def _quantised(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values / LOG_STEP), 0, 255).astype(np.uint8)


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
        at = 0

        def take(count: int, kind: str) -> np.ndarray:
            nonlocal at
            array = np.frombuffer(body, kind, count, at)
            at += array.nbytes
            return array

        sizes = header["sizes"]
        size = sizes[0]
        keys, log_p, log_bow = [np.arange(size, dtype=np.int32)], [], []
        for k, count in enumerate(sizes):
            if k:
                context = np.repeat(
                    np.arange(sizes[k - 1], dtype=np.int32), take(sizes[k - 1], "<u2")
                )
                keys.append(context * np.int32(size) + take(count, "<u2"))
            log_p.append(take(count, "u1"))
            if k + 1 < len(sizes):
                log_bow.append(take(sizes[k], "u1"))
        rescorers = tuple(
            Rescorer(
                {
                    name: take(math.prod(shapes[name]), "<f2").reshape(shapes[name])
                    for name in shapes
                }
            )
            for shapes in header["networks"]
        )
        graphones = [(letter, tuple(phones.split())) for letter, phones in header["graphones"]]
        return Graphones(graphones, keys, log_p, log_bow, rescorers)
    except (ValueError, KeyError, zlib.error) as error:
        raise TextError(f"{path}: damaged model ({error}); reinstall the package") from error


@cache
def shipped_graphones() -> Graphones:
    """Return the model of the package, read at the first unknown word of a process."""
    return read_graphones(DATA / "oov.bin")
