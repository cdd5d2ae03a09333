"""The csv that ``tts-pipeline batch`` reads: an id and a text in every row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tts_pipeline.errors import TextError

MAX_ID = 200
_HEADERS = ("id", "name", "file")
_UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|]')


class Row(NamedTuple):
    """One row; ``fault`` says why it cannot be spoken, or is empty."""

    line: int
    id: str
    text: str
    fault: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a csv one by one.

    The first of ``|``, tab and ``,`` in the first line is the delimiter. With ``|`` nothing is
    quoted and a third column is left aside, as in LJSpeech's metadata.csv; with the others csv's
    quotes hold. A first row whose id is "id" is a heading. Empty lines are passed over.

    Raises:
        TextError: if the file is missing, not UTF-8, or its first line has no delimiter, or naming
            the line where a quoted text begins that does not end.
    """
    seen: set[str] = set()
    last_line = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            found = re.search(r"[|\t,]", first)
            if found is None:
                raise TextError(
                    f"{path}:1: {first.strip()[:60]!r}, expected id|text or id,text in every line"
                )
            delimiter = found.group()
            file.seek(0)
            if delimiter == "|":
                reader = csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE)
            else:
                reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                last_line = reader.line_num
                if not any(cell.strip() for cell in cells):
                    continue
                heading = not seen and cells[0].strip().lower() in _HEADERS
                row = _row(reader.line_num, [cell.strip() for cell in cells], delimiter, seen)
                seen.add(row.id)
                if not heading:
                    yield row
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except csv.Error as error:
        raise TextError(
            f"{path}:{last_line + 1}: {error}: a quote that opens a text must be closed, and one "
            'within it doubled ("")'
        ) from error
    except OSError as error:
        raise TextError(f"{path}: cannot be read ({error.strerror})") from error


def _row(line: int, cells: list[str], delimiter: str, seen: set[str]) -> Row:
    name, text = cells[0], cells[1] if len(cells) > 1 else ""
    n_expected = (2, 3) if delimiter == "|" else (2,)
    if not name or name.startswith(".") or len(name) > MAX_ID or _UNSAFE.search(name):
        fault = (
            f"id {name[:60]!r}: expected a file name without folder, at most {MAX_ID} characters"
        )
    elif name in seen:
        fault = f"id {name!r} occurs before; every row needs its own"
    elif len(cells) not in n_expected:
        fault = f"{len(cells)} columns, expected id and text; quote a text that holds {delimiter!r}"
    elif not text:
        fault = "the text is empty"
    else:
        fault = ""
    return Row(line, name, text, fault)
