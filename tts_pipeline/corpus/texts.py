"""Corrections to a corpus' texts, kept with the recipe so that the corpus stays as it is."""

from __future__ import annotations

from pathlib import Path

from tts_pipeline.errors import CorpusError


def read_texts(path: Path) -> dict[str, str]:
    """Texts by utterance id from a file of ``id<TAB>text`` lines.

    Raises:
        CorpusError: if the file cannot be read or a line has another form, naming the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({error})") from error
    texts = {}
    for number, line in enumerate(lines, 1):
        name, tab, text = line.partition("\t")
        if not (tab and name.strip() and text.strip()):
            raise CorpusError(f"{path}:{number}: {line!r}, expected id<TAB>text")
        texts[name.strip()] = text.strip()
    return texts
