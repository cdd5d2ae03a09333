"""The two layouts of a corpus on disk; :mod:`tts_pipeline.corpus.corpus` describes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tts_pipeline.corpus.utterance import SPLITS, Fault, Utterance, text_key
from tts_pipeline.errors import CorpusError

AUDIO_SUFFIXES = (".wav", ".flac")
# Text files of a tree of pairs that belong to no recording.
_NOT_A_TEXT = {"license", "licence", "copying", "notice", "readme", "requirements", *SPLITS}


def _audio_files(files: Iterable[Path]) -> dict[str, list[Path]]:
    """Audio files by their path without suffix."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        if path.suffix.lower() in AUDIO_SUFFIXES:
            found[str(path.with_suffix(""))].append(path)
    return found


def read_ljspeech(root: Path, faults: list[Fault]) -> list[Utterance]:
    """Rows of ``metadata.csv`` without their sets; bad ones are appended to ``faults``.

    Raises:
        CorpusError: if there is no folder ``wavs`` or no row at all.
    """
    source, folder = root / "metadata.csv", root / "wavs"
    if not folder.is_dir():
        raise CorpusError(f"{folder}: not a folder; expected the recordings of {source}")
    audio = _audio_files(sorted(folder.iterdir()))
    rows: list[Utterance] = []
    lines_of: dict[str, int] = {}
    for line, raw in enumerate(source.read_bytes().split(b"\n"), 1):
        try:
            columns = raw.decode("utf-8-sig" if line == 1 else "utf-8").strip("\r").split("|")
        except UnicodeDecodeError as error:
            name = raw.split(b"|")[0].decode("utf-8", errors="replace")
            faults.append(Fault("encoding", name, source, line, f"not UTF-8 ({error})"))
            lines_of.setdefault(name, line)
            continue
        if columns == [""]:
            continue
        name = columns[0].strip()
        text = next((item.strip() for item in reversed(columns[1:3]) if item.strip()), "")
        found = audio.get(str(folder / name), [])
        fault = _row_fault(name, text, found, lines_of.get(name))
        if len(columns) not in (2, 3):
            fault = "columns", f"{len(columns)} columns, expected id|text or id|text|normalised"
        if fault:
            faults.append(Fault(fault[0], name, source, line, fault[1]))
        else:
            rows.append(Utterance(name, text, found[0], line, "", source))
        lines_of.setdefault(name, line)
    if not lines_of:
        raise CorpusError(f"{source}: holds no rows; expected id|text")
    for stem, paths in audio.items():
        name = Path(stem).name
        if name not in lines_of:
            message = f"no row in {source.name} for this recording; it is not used"
            faults.append(Fault("missing-row", name, paths[0], 1, message, error=False))
    return rows


def read_pairs(root: Path, faults: list[Fault]) -> list[Utterance]:
    """Rows of a tree of recordings and texts without their sets; bad ones go to ``faults``.

    Raises:
        CorpusError: if there is no recording in the tree.
    """
    files = sorted(path for path in root.rglob("*") if path.is_file())
    audio = _audio_files(files)
    if not audio:
        raise CorpusError(
            f"{root}: no corpus; expected metadata.csv with wavs/, or NAME.wav with NAME.txt"
        )
    texts = {
        str(path.with_suffix("")): path
        for path in files
        if path.suffix.lower() == ".txt" and path.stem.lower() not in _NOT_A_TEXT
    }
    stems = sorted(audio.keys() | texts.keys())
    same_name: dict[str, int] = defaultdict(int)
    for stem in stems:
        same_name[Path(stem).name] += 1
    rows: list[Utterance] = []
    for stem in stems:
        # A name that several folders use gets its folder in front, to be unique.
        name = Path(stem).name
        if same_name[name] > 1:
            name = "__".join(Path(stem).relative_to(root).parts)
        found = audio.get(stem, [])
        if stem not in texts:
            message = f"{Path(stem).name}.txt is missing, expected the text beside the recording"
            faults.append(Fault("missing-text", name, found[0], 1, message))
            continue
        source = texts[stem]
        try:
            text = " ".join(source.read_text(encoding="utf-8-sig").split())
        except UnicodeDecodeError as error:
            faults.append(Fault("encoding", name, source, 1, f"not UTF-8 ({error})"))
            continue
        fault = _row_fault(name, text, found, None)
        if fault:
            faults.append(Fault(fault[0], name, source, 1, fault[1]))
        else:
            rows.append(Utterance(name, text, found[0], 1, "", source))
    return rows


def _row_fault(
    name: str, text: str, found: Sequence[Path], earlier_line: int | None
) -> tuple[str, str] | None:
    """Kind and message of the first fault of a row, if it has one."""
    if not name:
        return "empty-id", "the id is empty"
    if "/" in name or "\\" in name or name.startswith("."):
        return "bad-id", "expected a file name without suffix, not a path"
    if earlier_line is not None:
        return "duplicate-id", f"the id is already on line {earlier_line}"
    if not text_key(text):
        return "empty-text", f"the text {text!r} has no words" if text else "the text is empty"
    if not found:
        return "missing-audio", "no recording; expected a wav or flac file of this name"
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        return "duplicate-audio", f"{names} both exist; expected one"
    return None
