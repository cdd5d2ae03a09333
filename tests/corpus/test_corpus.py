from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.small_corpus import TINY_TEXTS, speech_like
from tts_pipeline.audio.files import write_audio
from tts_pipeline.corpus.corpus import read_corpus, read_names, scan_corpus, text_key
from tts_pipeline.errors import CorpusError

WORDS = "one two three four five six seven eight nine ten blue red green gold grey pink".split()


def make_ljspeech(root: Path, rows: dict[str, str], suffix: str = ".wav") -> Path:
    """A corpus whose recordings are empty files: reading rows does not open them."""
    (root / "wavs").mkdir(parents=True)
    for name in rows:
        (root / "wavs" / f"{name}{suffix}").touch()
    lines = [f"{name}|{text}\n" for name, text in rows.items()]
    (root / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return root


def test_tiny_corpus_is_read_in_order(tiny_corpus):
    corpus = read_corpus(tiny_corpus)
    assert [(row.id, row.text) for row in corpus.utterances] == list(TINY_TEXTS.items())
    assert [row.line for row in corpus.utterances] == list(range(1, 9))
    assert all(row.path.is_file() and row.path.stem == row.id for row in corpus.utterances)
    sizes = [len(corpus.split(name)) for name in ("train", "valid", "test")]
    assert sizes == [6, 1, 1] and not corpus.faults


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_columns_and_line_ends(tmp_path, suffix):
    make_ljspeech(tmp_path / "c", dict.fromkeys("abcd", ""), suffix)
    content = "\ufeffa|Dr. Who|Doctor Who\r\nb|plain\r\n\r\nc|raw only|\nd|said “so”|  "
    (tmp_path / "c" / "metadata.csv").write_bytes(content.encode())
    corpus = read_corpus(tmp_path / "c")
    assert [(row.id, row.text, row.line) for row in corpus.utterances] == [
        ("a", "Doctor Who", 1),
        ("b", "plain", 2),
        ("c", "raw only", 4),
        ("d", "said “so”", 5),
    ]


def test_pairs_in_nested_folders(tmp_path):
    wave = speech_like("a cat")
    for stem, text in {"x/a": "One.\n", "x/deep/b": "Two\nlines.", "y/a": "Three."}.items():
        path = tmp_path / f"{stem}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_audio(path, wave, 48000)
        path.with_suffix(".txt").write_text(text, encoding="utf-8")
    (tmp_path / "LICENSE.txt").write_text("CC0")
    (tmp_path / "y" / "readme.txt").write_text("Read me.")
    corpus = read_corpus(tmp_path)
    assert {row.id: row.text for row in corpus.utterances} == {
        "x__a": "One.",
        "b": "Two lines.",
        "y__a": "Three.",
    }
    assert all(row.source.suffix == ".txt" and row.line == 1 for row in corpus.utterances)


def test_both_layouts_give_the_same_rows_and_sets(tiny_corpus, tmp_path):
    for name, text in TINY_TEXTS.items():
        shutil.copy(tiny_corpus / "wavs" / f"{name}.wav", tmp_path)
        (tmp_path / f"{name}.txt").write_text(text)
    pairs = {(row.id, row.text, row.split) for row in read_corpus(tmp_path).utterances}
    assert pairs == {(row.id, row.text, row.split) for row in read_corpus(tiny_corpus).utterances}


def test_split_files_are_followed(tmp_path):
    root = make_ljspeech(tmp_path / "c", dict(zip("abcdef", WORDS, strict=False)))
    (root / "train.txt").write_text("a\nb\n# held back: none\nc\n")
    (root / "valid.txt").write_text("d\n")
    (root / "test.txt").write_text("e\nf")
    assert [row.split for row in read_corpus(root).utterances] == (
        ["train"] * 3 + ["valid"] + ["test"] * 2
    )
    (root / "train.txt").unlink()
    assert [row.split for row in read_corpus(root).utterances] == (
        ["train"] * 3 + ["valid"] + ["test"] * 2
    )


def test_split_file_faults(tmp_path):
    root = make_ljspeech(tmp_path / "c", {"a": "one", "b": "two", "c": "two!", "d": "four"})
    (root / "train.txt").write_text("a\nb\nghost\n")
    (root / "test.txt").write_text("a\nc\n")
    faults = {(fault.kind, fault.id, fault.line) for fault in scan_corpus(root).faults}
    assert faults == {
        ("unknown-id", "ghost", 3),
        ("two-splits", "a", 1),
        ("no-split", "d", 4),
        ("split-leak", "c", 3),
    }


def test_drawn_sets_keep_takes_together_and_do_not_depend_on_order(tmp_path):
    texts = [f"{a} {b}" for a in WORDS for b in WORDS]
    rows = {f"u{i}_{take}": text for i, text in enumerate(texts) for take in range(1 + i % 3)}
    first = read_corpus(make_ljspeech(tmp_path / "a", rows)).utterances
    back = read_corpus(make_ljspeech(tmp_path / "b", dict(reversed(rows.items())))).utterances
    assert {(row.id, row.split) for row in first} == {(row.id, row.split) for row in back}
    sets_of_text: dict[str, set[str]] = {}
    for row in first:
        sets_of_text.setdefault(row.text, set()).add(row.split)
    assert all(len(sets) == 1 for sets in sets_of_text.values())
    counts = [list(sets_of_text.values()).count({name}) for name in ("train", "valid", "test")]
    assert counts == [256 - 6 - 9, 6, 9]
    other = read_corpus(tmp_path / "a", split_seed=1).utterances
    assert [row.split for row in other] != [row.split for row in first]


BAD_ROWS = {
    "columns": ("bad_columns|a|b|c", "bad_columns"),
    "bad-id": ("../up|text", "../up"),
    "empty-id": ("|text", ""),
    "empty-text": ("bad_text| |", "bad_text"),
    "missing-audio": ("bad_audio|text", "bad_audio"),
    "duplicate-id": ("good|again", "good"),
    "duplicate-audio": ("twice|text", "twice"),
    "encoding": (b"latin|caf\xe9", "latin"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_bad_row_is_found_named_and_excludable(tmp_path, kind):
    root = make_ljspeech(tmp_path / "c", {"good": "one", "fine": "two"})
    for name in ("bad_columns.wav", "bad_text.wav", "twice.wav", "twice.flac", "latin.wav"):
        (root / "wavs" / name).touch()
    row, name = BAD_ROWS[kind]
    with open(root / "metadata.csv", "ab") as file:
        file.write(row if isinstance(row, bytes) else row.encode())
    faults = [fault for fault in scan_corpus(root).faults if fault.error]
    assert [(fault.kind, fault.id, fault.line) for fault in faults] == [(kind, name, 3)]
    with pytest.raises(CorpusError, match=rf"metadata\.csv:3: .*\[{kind}\]"):
        read_corpus(root)
    if name:
        assert name not in [row.id for row in read_corpus(root, exclude=[name]).utterances]


@pytest.mark.parametrize("text", ["...", "-- !", "_"])
def test_text_without_words_is_bad(tmp_path, text):
    root = make_ljspeech(tmp_path / "c", {"a": text})
    assert [fault.kind for fault in scan_corpus(root).faults] == ["empty-text"]


def test_pair_faults(tmp_path):
    for name in ("ok", "silent", "blank", "foreign"):
        (tmp_path / f"{name}.wav").touch()
    (tmp_path / "ok.txt").write_text("fine")
    (tmp_path / "blank.txt").write_text("\n")
    (tmp_path / "foreign.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "lonely.txt").write_text("no recording")
    faults = {(fault.kind, fault.id, fault.source.name) for fault in scan_corpus(tmp_path).faults}
    assert faults == {
        ("missing-text", "silent", "silent.wav"),
        ("empty-text", "blank", "blank.txt"),
        ("encoding", "foreign", "foreign.txt"),
        ("missing-audio", "lonely", "lonely.txt"),
    }
    corpus = read_corpus(tmp_path, exclude=["silent", "blank", "foreign", "lonely"])
    assert [row.id for row in corpus.utterances] == ["ok"]


def test_recording_without_row_is_a_warning(tmp_path):
    root = make_ljspeech(tmp_path / "c", {"a": "one"})
    (root / "wavs" / "orphan.wav").touch()
    (fault,) = read_corpus(root).faults
    assert (fault.kind, fault.id, fault.error) == ("missing-row", "orphan", False)


def test_no_corpus(tmp_path, tiny_corpus):
    with pytest.raises(CorpusError, match="not a folder"):
        read_corpus(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match=r"no corpus.*metadata\.csv"):
        read_corpus(tmp_path)
    (tmp_path / "metadata.csv").write_text("a|one")
    with pytest.raises(CorpusError, match="wavs"):
        read_corpus(tmp_path)
    (tmp_path / "wavs").mkdir()
    (tmp_path / "metadata.csv").write_text("\n\n")
    with pytest.raises(CorpusError, match="no rows"):
        read_corpus(tmp_path)
    with pytest.raises(CorpusError, match="no such id"):
        read_corpus(tiny_corpus, exclude=["tiny_01", "tiny_99"])
    with pytest.raises(CorpusError, match="list of ids"):
        read_corpus(tiny_corpus, exclude="tiny_01")
    with pytest.raises(CorpusError, match="'dev'"):
        read_corpus(tiny_corpus).split("dev")


def test_read_names_refuses(tmp_path):
    (tmp_path / "names.txt").write_text("a\nb # why\n\na\n")
    with pytest.raises(CorpusError, match=r"names\.txt:4: a is already on line 1"):
        read_names(tmp_path / "names.txt")
    with pytest.raises(CorpusError, match="cannot be read"):
        read_names(tmp_path / "none.txt")


def test_text_key_ignores_case_and_marks():
    assert text_key("Don't -- go, ÉMILE!") == text_key("don't go émile") == "don't go émile"
    assert text_key("dont go émile") != "don't go émile"


def test_public_corpus(shared_dir):
    corpus = read_corpus(shared_dir / "corpora" / "kathleen")
    assert [len(corpus.split(name)) for name in ("train", "valid", "test")] == [1478, 37, 56]
    assert not corpus.faults
