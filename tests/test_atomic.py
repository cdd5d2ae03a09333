from __future__ import annotations

import json
import secrets
import sys

import pytest
import torch

from tts_pipeline.atomic import remove_unfinished, replacing, write_bytes, write_json, write_text
from tts_pipeline.errors import AudioError, StorageError, TextError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_contents_arrive_as_they_are(tmp_path):
    write_bytes(tmp_path / "a", b"\x00\r\n")
    assert (tmp_path / "a").read_bytes() == b"\x00\r\n"
    write_text(tmp_path / "a", "one\r\nzwei: ä\n")
    assert (tmp_path / "a").read_bytes() == "one\r\nzwei: ä\n".encode()
    write_json(tmp_path / "a", {"b": [1, None]})
    assert json.loads((tmp_path / "a").read_text()) == {"b": [1, None]}
    assert names(tmp_path) == ["a"]


def missing_file() -> TextError:
    error = TextError("words.tsv: is missing")
    error.__cause__ = FileNotFoundError("words.tsv")
    return error


@pytest.mark.parametrize("fault", [ValueError("no"), KeyboardInterrupt(), missing_file()])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, fault):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(fault)) as raised, replacing(path) as part:
        part.write_text("half")
        raise fault
    assert raised.value is fault
    assert path.read_text() == "old" and names(tmp_path) == ["a.txt"]


def test_json_without_numbers_that_json_does_not_have(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"b": float("nan")})
    assert names(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(AudioError, match="cannot be written: No such file"):
        write_bytes(tmp_path / "none" / "a.txt", b"", AudioError)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
def test_a_full_disk_is_said_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(secrets, "token_hex", lambda n: "0")
    (tmp_path / ".a.0.part").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"a: cannot be written: the disk is full .* free some"):
        write_bytes(tmp_path / "a", b"1")
    assert names(tmp_path) == []
    # PyTorch's writer, in C++, wraps what the file raised.
    (tmp_path / ".a.0.part").symlink_to("/dev/full")
    with (
        pytest.raises(StorageError, match="the disk is full"),
        replacing(tmp_path / "a") as part,
        open(part, "wb") as file,
    ):
        torch.save({"a": torch.ones(100_000)}, file)
    assert names(tmp_path) == []


def test_what_a_killed_writer_left_is_removed(tmp_path):
    (tmp_path / ".a.txt.0123.part").touch()
    (tmp_path / "a.txt").touch()
    (tmp_path / ".hidden").touch()
    remove_unfinished(tmp_path)
    assert names(tmp_path) == [".hidden", "a.txt"]
