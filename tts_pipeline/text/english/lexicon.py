"""The pronouncing dictionary: 126,000 words in one compact file.

``data/lexicon.bin`` is compiled by ``recipes/text/build.py`` from CMUdict (see
``data/NOTICE.cmudict``): one JSON line that gives the meaning of each phone byte, then the
zlib-compressed sorted words and their pronunciations. Words are found by bisection in the blob, so
that loading costs two decompressions and no dictionary of Python strings.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from tts_pipeline.errors import TextError
from tts_pipeline.text.phones import Phones, check_phones

DATA = Path(__file__).with_name("data")
SCHEMA = 1
_SEPARATOR = 255


class Lexicon:
    """A read-only map from lower-case word to ARPAbet phones with stress.

    Args:
        words: sorted ASCII words, each followed by a newline.
        pronunciations: per word its phone bytes followed by 255.
        phones: the phone of each byte value.
    """

    def __init__(self, words: bytes, pronunciations: bytes, phones: list[str]) -> None:
        self._words = words
        self._pronunciations = pronunciations
        self._phones = phones
        self._word_ends = np.flatnonzero(np.frombuffer(words, np.uint8) == 10).astype(np.int32)
        sounds = np.frombuffer(pronunciations, np.uint8)
        self._sound_ends = np.flatnonzero(sounds == _SEPARATOR).astype(np.int32)
        if len(self._word_ends) != len(self._sound_ends):
            raise TextError(
                f"damaged lexicon: {len(self._word_ends)} words but {len(self._sound_ends)} "
                "pronunciations; reinstall the package or run recipes/text/build.py again"
            )

    def __len__(self) -> int:
        return len(self._word_ends)

    def __getitem__(self, index: int) -> bytes:
        start = self._word_ends[index - 1] + 1 if index else 0
        return self._words[start : self._word_ends[index]]

    def get(self, word: str) -> Phones | None:
        """Return the phones of a lower-case word, or None when it is not in the dictionary."""
        try:
            key = word.encode("ascii")
        except UnicodeEncodeError:
            return None
        index = bisect_left(self, key)
        if index == len(self) or self[index] != key:
            return None
        start = self._sound_ends[index - 1] + 1 if index else 0
        codes = self._pronunciations[start : self._sound_ends[index]]
        return tuple([self._phones[code] for code in codes])

    def __contains__(self, word: str) -> bool:
        return self.get(word) is not None


def pack_lexicon(entries: Mapping[str, Iterable[str]]) -> bytes:
    """Return the bytes of a lexicon file for ``{word: phones}``; read by :func:`read_lexicon`."""
    words = sorted(entries)
    phones = sorted({phone for word in words for phone in entries[word]})
    codes = {phone: code for code, phone in enumerate(phones)}
    text = "".join(f"{word}\n" for word in words).encode("ascii")
    sounds = b"".join(
        bytes([*(codes[phone] for phone in entries[word]), _SEPARATOR]) for word in words
    )
    packed = zlib.compress(text, 9)
    header = {"schema": SCHEMA, "phones": phones, "words_bytes": len(packed)}
    return json.dumps(header).encode() + b"\n" + packed + zlib.compress(sounds, 9)


def read_lexicon(path: Path) -> Lexicon:
    """Load a compiled lexicon.

    Raises:
        TextError: if the file is damaged or of another schema.
    """
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        header = json.loads(head)
        if header["schema"] != SCHEMA:
            raise TextError(f"{path}: lexicon schema {header['schema']}, expected {SCHEMA}")
        split = header["words_bytes"]
        return Lexicon(
            zlib.decompress(body[:split]), zlib.decompress(body[split:]), header["phones"]
        )
    except (ValueError, KeyError, zlib.error) as error:
        raise TextError(f"{path}: damaged lexicon ({error}); reinstall the package") from error


@cache
def shipped_lexicon() -> Lexicon:
    """Return the dictionary of the package, read once per process."""
    return read_lexicon(DATA / "lexicon.bin")


@cache
def shipped_overrides() -> dict[str, Phones]:
    """Return corrections and additions to the dictionary.

    A key with capitals ("US", "Polish") stands for that spelling only; others for any case.
    """
    return read_tsv(DATA / "overrides.tsv")


def read_tsv(path: Path) -> dict[str, Phones]:
    """Read a lexicon of lines ``word<TAB>phones``; blank lines and lines from ``#`` are skipped.

    The phones are ARPAbet ("S IY1 IH0") or, between slashes, IPA ("/siːə/").

    Raises:
        TextError: naming file and line of the first bad entry.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"cannot read the lexicon {path}: {error}") from error
    entries: dict[str, Phones] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        word, tab, sounds = line.partition("\t")
        if not tab or not word.strip():
            raise TextError(f"{path}:{number}: expected a word, a tab and its phones, got {line!r}")
        try:
            entries[word.strip()] = check_phones(sounds)
        except TextError as error:
            raise TextError(f"{path}:{number}: {error}") from error
    return entries
