"""``tts-pipeline batch``: every row becomes a file, once, and bad rows are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tts_pipeline import synthesize
from tts_pipeline.cli import main
from tts_pipeline.commands.batch.rows import read_rows
from tts_pipeline.errors import TextError


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _batch(csv: Path, folder: Path, voice: Path, *more: str, workers: int = 1) -> int:
    options = ["--voice", str(voice), "--workers", str(workers), *more]
    return main(["batch", str(csv), str(folder), *options])


def test_batch_speaks_every_row(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv, folder = tmp_path / "rows.csv", tmp_path / "out" / "here"
    csv.write_text('id,text\na,Hello there.\n\nb,"Go, now."\n', encoding="utf-8")
    assert _batch(csv, folder, tiny_voice, "--seed", "2") == 0
    assert _files(folder) == ["a.wav", "b.wav", "batch.jsonl"]
    samples, _ = soundfile.read(folder / "b.wav", dtype="float32")
    expected = synthesize("Go, now.", voice=tiny_voice, seed=2).samples
    np.testing.assert_allclose(samples, expected, atol=2e-4)
    assert "2 spoken, 0 done before, 0 failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a,Hello.\nb,"Go on.\nc,Stop.\nd,Sit.\n', 2),
        ('a,Hello.\nb,"Go on.\nc,"Stop."\nd,Sit.\n', 2),
        ('a,"Two\nlines."\nb,Go.\nc,"Stop', 4),
    ],
)
def test_a_quote_that_is_not_closed_swallows_no_row(
    tiny_voice: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    line: int,
) -> None:
    csv, folder = tmp_path / "rows.csv", tmp_path / "out"
    csv.write_text(content, encoding="utf-8")
    assert _batch(csv, folder, tiny_voice) == 1
    assert f"rows.csv:{line}: " in (err := capsys.readouterr().err) and "must be closed" in err
    assert "a.wav" in _files(folder)


def test_batch_goes_on_where_it_stopped(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv, folder = tmp_path / "rows.csv", tmp_path / "out"
    csv.write_text("a|Hello.\nb|Go.\nc|Stop.\n", encoding="utf-8")
    assert _batch(csv, folder, tiny_voice) == 0
    # As a kill leaves it: a file gone, and half a line in the log.
    (folder / "b.wav").unlink()
    log = folder / "batch.jsonl"
    log.write_text(log.read_text()[:-20])
    before = (folder / "a.wav").stat().st_mtime_ns
    whole = (folder / "c.wav").read_bytes()
    capsys.readouterr()
    assert _batch(csv, folder, tiny_voice) == 0
    assert "2 spoken, 1 done before, 0 failed" in capsys.readouterr().err
    assert (folder / "a.wav").stat().st_mtime_ns == before
    assert (folder / "c.wav").read_bytes() == whole
    assert _batch(csv, folder, tiny_voice) == 0
    assert "0 spoken, 3 done before" in capsys.readouterr().err


def test_batch_speaks_again_what_has_changed(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv, folder = tmp_path / "rows.csv", tmp_path / "out"
    csv.write_text("a|Hello.\nb|Go.\n", encoding="utf-8")
    assert _batch(csv, folder, tiny_voice) == 0
    csv.write_text("a|Hello.\nb|Go away.\n", encoding="utf-8")
    assert _batch(csv, folder, tiny_voice) == 0
    assert "1 spoken, 1 done before" in capsys.readouterr().err
    assert _batch(csv, folder, tiny_voice, "--seed", "1") == 0
    assert "2 spoken, 0 done before" in capsys.readouterr().err


def test_batch_names_every_row_that_fails_and_speaks_the_others(
    tiny_voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv, folder = tmp_path / "rows.csv", tmp_path / "out"
    csv.write_text(
        "a|Hello.\n../b|Up.\na|Again.\nc|\nd|\U0001f600\nlonely\n.e|Hidden.\nf|Last.\n",
        encoding="utf-8",
    )
    assert _batch(csv, folder, tiny_voice) == 1
    assert _files(folder) == ["a.wav", "batch.jsonl", "f.wav"]
    assert _files(tmp_path) == ["out", "rows.csv"]
    err = capsys.readouterr().err
    for line, message in (
        (2, "expected a file name without folder"),
        (3, "id 'a' occurs before"),
        (4, "the text is empty"),
        (5, "nothing of the text can be spoken: '\U0001f600'"),
        (6, "1 columns, expected id and text"),
        (7, "expected a file name without folder"),
    ):
        assert any(f"rows.csv:{line}: " in row and message in row for row in err.splitlines())
    assert "2 spoken, 0 done before, 6 failed" in err


def test_batch_of_ljspeech_rows_reads_the_text_as_written(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text('LJ1|He said "5".|He said "five".\nLJ2|It, too.\n', encoding="utf-8")
    assert [(row.id, row.text, row.fault) for row in read_rows(path)] == [
        ("LJ1", 'He said "5".', ""),
        ("LJ2", "It, too.", ""),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "expected id"), (b"words\n", "1: 'words', expected id"), (b"a|\xff\n", "not UTF-8")],
)
def test_batch_refuses_what_is_no_csv(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(TextError, match=message):
        list(read_rows(path))
    with pytest.raises(TextError, match="cannot be read"):
        list(read_rows(tmp_path / "missing.csv"))
