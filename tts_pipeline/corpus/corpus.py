"""Reading a corpus of recordings and texts, in two layouts, without trusting any row of it.

* LJSpeech: ``metadata.csv`` with ``id|text`` or ``id|text|normalised text``, and ``wavs/id.wav``
  or ``wavs/id.flac``.
* Pairs, as in rhasspy/dataset-voice-kathleen: a tree of ``NAME.wav`` (or flac) with its text in
  ``NAME.txt`` beside it.

``train.txt``, ``valid.txt`` and ``test.txt`` (one id a line) fix the sets; without them the sets
are drawn by a seed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tts_pipeline.corpus.layouts import read_ljspeech, read_pairs
from tts_pipeline.corpus.utterance import SPLITS, Fault, Utterance, text_key
from tts_pipeline.errors import CorpusError

__all__ = [
    "SPLITS",
    "Corpus",
    "Fault",
    "Utterance",
    "read_corpus",
    "read_names",
    "scan_corpus",
    "text_key",
]

# Drawn sets: shares of the texts, and the most texts that are worth keeping from training.
VALID_SHARE, TEST_SHARE, MOST_HELD_OUT = 0.025, 0.035, 100


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Rows of a corpus, with the faults that reading alone shows.

    Attributes:
        root: the folder.
        utterances: usable rows in the order of the corpus, excluded ones left out.
        faults: faults of rows that are not excluded.
        excluded: ids left out by name.
    """

    root: Path
    utterances: tuple[Utterance, ...]
    faults: tuple[Fault, ...]
    excluded: tuple[str, ...]

    def split(self, name: str) -> tuple[Utterance, ...]:
        """The utterances of one set.

        Raises:
            CorpusError: if ``name`` is not ``"train"``, ``"valid"`` or ``"test"``.
        """
        if name not in SPLITS:
            raise CorpusError(f"set {name!r}: expected one of {', '.join(SPLITS)}")
        return tuple(item for item in self.utterances if item.split == name)

    def with_texts(self, texts: Mapping[str, str]) -> Corpus:
        """The corpus with other texts.

        Args:
            texts: by id.

        Raises:
            CorpusError: if there is no utterance of such an id.
        """
        unknown = sorted(texts.keys() - {item.id for item in self.utterances})
        unknown = [name for name in unknown if name not in {fault.id for fault in self.faults}]
        if unknown:
            raise CorpusError(
                f"{', '.join(unknown[:10])}: no such utterance in {self.root}, or it is excluded; "
                "correct the file of texts"
            )
        return dataclasses.replace(
            self,
            utterances=tuple(
                dataclasses.replace(item, text=texts.get(item.id, item.text))
                for item in self.utterances
            ),
        )


def read_corpus(root: str | Path, *, exclude: Collection[str] = (), split_seed: int = 0) -> Corpus:
    """Read a corpus for training.

    Args:
        root: folder in one of the layouts above.
        exclude: ids of rows to leave out.
        split_seed: draws the sets where the corpus has no files that fix them.

    Raises:
        CorpusError: if the folder is no corpus, or naming every bad row by file and line.
    """
    corpus = scan_corpus(root, exclude=exclude, split_seed=split_seed)
    bad = [str(fault) for fault in corpus.faults if fault.error]
    if bad:
        shown = bad[:20] + ([f"... and {len(bad) - 20} more"] if len(bad) > 20 else [])
        raise CorpusError(
            f"{corpus.root}: {len(bad)} bad rows; correct them or exclude them by name\n  "
            + "\n  ".join(shown)
        )
    return corpus


def scan_corpus(root: str | Path, *, exclude: Collection[str] = (), split_seed: int = 0) -> Corpus:
    """As :func:`read_corpus`, but bad rows become :attr:`Corpus.faults` instead of an error.

    Raises:
        CorpusError: if the folder is no corpus or ``exclude`` names a row that it does not have.
    """
    root = Path(root)
    if isinstance(exclude, str):
        raise CorpusError(f"exclude={exclude!r}: expected a list of ids, not one string")
    if not root.is_dir():
        raise CorpusError(f"{root}: not a folder; expected a corpus")
    faults: list[Fault] = []
    if (root / "metadata.csv").is_file():
        rows = read_ljspeech(root, faults)
    else:
        rows = read_pairs(root, faults)
    placed = _assign_splits(root, rows, faults, split_seed)
    unknown = sorted(set(exclude) - {row.id for row in rows} - {fault.id for fault in faults})
    if unknown:
        raise CorpusError(f"exclude: {', '.join(unknown)}: no such id in {root}")
    return Corpus(
        root,
        tuple(row for row in placed if row.id not in exclude),
        tuple(fault for fault in faults if fault.id not in exclude),
        tuple(sorted(exclude)),
    )


def read_names(path: str | Path) -> dict[str, int]:
    """Ids from a text file, one a line, with their lines; ``#`` begins a comment.

    Raises:
        CorpusError: if the file cannot be read or names an id twice.
    """
    names: dict[str, int] = {}
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({error})") from error
    for line, content in enumerate(text.split("\n"), 1):
        name = content.split("#")[0].strip()
        if name in names:
            raise CorpusError(f"{path}:{line}: {name} is already on line {names[name]}")
        if name:
            names[name] = line
    return names


def _assign_splits(
    root: Path, rows: list[Utterance], faults: list[Fault], seed: int
) -> list[Utterance]:
    files = {name: root / f"{name}.txt" for name in SPLITS if (root / f"{name}.txt").is_file()}
    if not files:
        split_of = _draw_splits(rows, seed)
        return [dataclasses.replace(row, split=split_of[text_key(row.text)]) for row in rows]
    known = {row.id for row in rows} | {fault.id for fault in faults}
    chosen: dict[str, str] = {}
    for split, path in files.items():
        for name, line in read_names(path).items():
            if name not in known:
                message = "no such row in the corpus"
                faults.append(Fault("unknown-id", name, path, line, message))
            elif name in chosen:
                message = f"is in {chosen[name]}.txt as well; expected one set"
                faults.append(Fault("two-splits", name, path, line, message))
            else:
                chosen[name] = split
    placed = []
    for row in rows:
        split = chosen.get(row.id, "" if "train" in files else "train")
        if split:
            placed.append(dataclasses.replace(row, split=split))
        else:
            message = f"in none of {', '.join(path.name for path in files.values())}"
            faults.append(Fault("no-split", row.id, row.source, row.line, message))
    first: dict[str, Utterance] = {}
    for row in placed:
        other = first.setdefault(text_key(row.text), row)
        if other.split != row.split:
            message = f"same text as {other.id} of {other.split}, but in {row.split}"
            faults.append(Fault("split-leak", row.id, row.source, row.line, message, error=False))
    return placed


def _draw_splits(rows: Sequence[Utterance], seed: int) -> dict[str, str]:
    """Set of each text; all takes of a text fall into one set, whatever else the corpus holds."""
    texts = {text_key(row.text) for row in rows}
    order = sorted(texts, key=lambda text: hashlib.sha256(f"{seed}:{text}".encode()).digest())
    held_out = [
        min(MOST_HELD_OUT, max(1, round(share * len(order)))) if len(order) >= 3 else 0
        for share in (VALID_SHARE, TEST_SHARE)
    ]
    names = ["valid"] * held_out[0] + ["test"] * held_out[1]
    names += ["train"] * (len(order) - len(names))
    return dict(zip(order, names, strict=True))
