from __future__ import annotations

from pathlib import Path

import pytest

from tts_pipeline.corpus.texts import TextRow, read_text_rows, read_texts
from tts_pipeline.errors import ConfigError, CorpusError


def test_rows_with_and_without_recordings(tmp_path):
    path = tmp_path / "texts.tsv"
    path.write_bytes(
        "\ufeffa\tOne.\r\n\r\n b \t Two\u2028lines. \tsub/b.wav\r\nc\tThree.\t\n".encode()
    )
    assert read_text_rows(path, recordings=True) == [
        TextRow("a", "One.", 1),
        TextRow("b", "Two\u2028lines.", 3, tmp_path / "sub" / "b.wav"),
        TextRow("c", "Three.", 4),
    ]
    path.write_text("a\tOne.\nb\t/there/b.wav said.\n")
    assert read_texts(path) == {"a": "One.", "b": "/there/b.wav said."}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tone\nb two\n", r":2: expected name<TAB>text, found 'b two'"),
        (b"a\tone\n\ttwo\n", r":2: expected name<TAB>text, found 'two'"),
        (b"a\t \n", ":1: expected"),
        (b"a\tone\tone.wav\n", ":1: expected name<TAB>text, found"),
        (b"a\tone\nb\ttwo\na\tthree\n", ":3: a has a text already, on line 1"),
        (b"a\t\xff\n", "cannot be read as UTF-8 text"),
    ],
)
def test_faults_are_named_by_line(tmp_path, content, message):
    path = tmp_path / "texts.tsv"
    path.write_bytes(content)
    for error in (CorpusError, ConfigError):
        with pytest.raises(error, match=message):
            read_text_rows(path, error)


def test_a_file_that_is_not_there():
    with pytest.raises(CorpusError, match=r"none\.tsv: cannot be read"):
        read_texts(Path("none.tsv"))
