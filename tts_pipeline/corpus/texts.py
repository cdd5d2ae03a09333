"""Files of texts by name, a line each: corrections of a corpus, or texts to evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tts_pipeline.errors import CorpusError, TTSPipelineError


class TextRow(NamedTuple):
    """A line of the file.

    Attributes:
        name: of the text, unique in the file.
        text: what is said.
        line: from 1.
        recording: file of a recording, beside the file unless it is absolute; None if none is
            named.
    """

    name: str
    text: str
    line: int
    recording: Path | None = None


def read_text_rows(
    path: Path,
    error: type[TTSPipelineError] = CorpusError,
    *,
    recordings: bool = False,
) -> list[TextRow]:
    """Rows of a file of ``name<TAB>text`` lines; empty ones are passed over.

    Args:
        path: UTF-8.
        error: class of the error to raise.
        recordings: a third column may name a recording.

    Raises:
        TTSPipelineError: of class ``error``: if the file cannot be read, or naming the line that
            is of another form or repeats a name.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as cause:
        raise error(f"{path}: cannot be read as UTF-8 text ({cause})") from cause
    expected = "name<TAB>text" + (" or name<TAB>text<TAB>recording" if recordings else "")
    rows: dict[str, TextRow] = {}
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if not 2 <= len(cells) <= (3 if recordings else 2) or not cells[0] or not cells[1]:
            raise error(f"{path}:{number}: expected {expected}, found {line.strip()!r}")
        name, text, *more = cells
        if name in rows:
            raise error(f"{path}:{number}: {name} has a text already, on line {rows[name].line}")
        rows[name] = TextRow(name, text, number, path.parent / more[0] if any(more) else None)
    return list(rows.values())


def read_texts(path: Path, error: type[TTSPipelineError] = CorpusError) -> dict[str, str]:
    """Texts by name; see :func:`read_text_rows`."""
    return {row.name: row.text for row in read_text_rows(path, error)}
