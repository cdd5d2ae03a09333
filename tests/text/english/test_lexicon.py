"""The compiled dictionary, the overrides and the user's own files."""

from __future__ import annotations

import pytest

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.english.lexicon import (
    DATA,
    pack_lexicon,
    read_lexicon,
    read_tsv,
    shipped_lexicon,
    shipped_overrides,
)
from tts_pipeline.text.english.pronounce import LETTER_NAMES, Pronouncer
from tts_pipeline.text.symbols import encode

ENTRIES = {"a": ("AH0",), "zoo": ("Z", "UW1"), "it's": ("IH1", "T", "S"), "able": ("EY1", "B")}


def test_packed_entries_come_back(tmp_path):
    path = tmp_path / "lexicon.bin"
    path.write_bytes(pack_lexicon(ENTRIES))
    lexicon = read_lexicon(path)
    assert len(lexicon) == len(ENTRIES)
    assert {word: lexicon.get(word) for word in ENTRIES} == ENTRIES
    for absent in ("", "b", "zoos", "it", "zo", "zooo", "é", "~", "a\nable"):
        assert lexicon.get(absent) is None
        assert absent not in lexicon


def test_shipped_dictionary_equals_its_source(shared_dir):
    lexicon = shipped_lexicon()
    path = shared_dir / "text" / "cmudict" / "cmudict.dict"
    words = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        word, *phones = line.split("#")[0].split()
        if "(" in word or not word.replace("'", "").isalpha():
            continue
        words.add(word)
        if number % 10 == 0:
            assert lexicon.get(word) == tuple(phones), word
    assert len(lexicon) == len(words)


def test_shipped_phones_are_in_the_alphabet():
    lexicon = shipped_lexicon()
    for index in range(0, len(lexicon), 97):
        for phone in lexicon.get(lexicon[index].decode()):
            encode(phone)
    for phones in (*shipped_overrides().values(), *LETTER_NAMES.values()):
        for phone in phones:
            encode(phone)


def test_notices_ship_with_the_data():
    assert "Carnegie Mellon" in (DATA / "NOTICE.cmudict").read_text(encoding="utf-8")
    assert "Apache License" in (DATA / "NOTICE.homographs").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("siobhan", "SH IH0 V AO1 N"),
        ("gnocchi", "N Y OW1 K IY0"),
        ("nguyen", "W IH1 N"),
        ("ieee", "AY1 T R IH2 P AH0 L IY1"),
        ("covid", "K OW1 V IH0 D"),
    ],
)
def test_overrides_win_over_the_dictionary(word, phones):
    found = Pronouncer().word(word)
    assert (found.phones, found.source) == (tuple(phones.split()), "override")


@pytest.mark.parametrize("cut", [0, 10, 2000, -1])
def test_damaged_dictionary_is_named(tmp_path, cut):
    path = tmp_path / "lexicon.bin"
    path.write_bytes((DATA / "lexicon.bin").read_bytes()[:cut])
    with pytest.raises(TextError, match=r"lexicon\.bin"):
        read_lexicon(path)


def test_foreign_schema_is_named(tmp_path):
    path = tmp_path / "lexicon.bin"
    path.write_bytes(b'{"schema": 99}\n')
    with pytest.raises(TextError, match="schema 99"):
        read_lexicon(path)


def words_of(front_end, text):
    sentences, _ = front_end(text)
    return [word for sentence in sentences for word in sentence.words]


@pytest.fixture
def user_file(tmp_path):
    def write(text, name="mine.tsv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_user_entries_win(user_file):
    path = user_file(
        "# mine\n\ntomato\tT AH0 M AA1 T OW0\nPolish\tP AA1 L IH0 SH\nC3PO\t/siː/\n"
        "New York\tN UW1 Y AO1 K\nread\tR EH1 D\nzorblatt\tZ AO1 R B L AE0 T\n"
    )
    front_end = EnglishFrontEnd(lexicon=path)
    words = words_of(front_end, "Tomato polish: Polish C3PO read ZORBLATT's in New York.")
    found = {word.text: (" ".join(word.phones), word.source) for word in words}
    assert found["tomato"] == ("T AH0 M AA1 T OW0", "user")
    assert found["c3po"] == ("S IY1", "user")
    assert found["new york"] == ("N UW1 Y AO1 K", "user")
    assert found["read"] == ("R EH1 D", "user")
    assert [w.source for w in words if w.text == "polish"].count("user") == 1
    assert found["zorblatt's"][0].startswith("Z AO1 R B L AE0 T")


def test_user_entry_keeps_its_span(user_file):
    text = "We met C3PO there."
    front_end = EnglishFrontEnd(lexicon=user_file("C3PO\tS IY1\n"))
    word = next(word for word in words_of(front_end, text) if word.source == "user")
    assert text[slice(*word.span)] == "C3PO"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\tAH0\nno tab\n", 2), ("a\tQQ\n", 1), ("\tAH0\n", 1), ("a\t\n", 1), ("a\t/q5/\n", 1)],
)
def test_bad_line_is_named(user_file, text, line):
    path = user_file(text)
    with pytest.raises(TextError, match=rf"mine\.tsv:{line}:"):
        read_tsv(path)
    with pytest.raises(TextError, match=rf"mine\.tsv:{line}:"):
        EnglishFrontEnd(lexicon=path)


def test_missing_and_binary_files_are_named(tmp_path):
    with pytest.raises(TextError, match="cannot read"):
        EnglishFrontEnd(lexicon=tmp_path / "none.tsv")
    path = tmp_path / "binary.tsv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TextError, match="cannot read"):
        EnglishFrontEnd(lexicon=path)


PLS = """<?xml version="1.0" encoding="UTF-8"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa"
         xml:lang="en-US">
  <lexeme><grapheme>tomato</grapheme><grapheme>tomatoe</grapheme>
    <phoneme>təˈmɑːtoʊ</phoneme><phoneme>təˈmeɪtoʊ</phoneme></lexeme>
  <lexeme><grapheme>W3C</grapheme><alias>World Wide Web Consortium</alias></lexeme>
  <lexeme><grapheme>zed</grapheme><phoneme alphabet="x-arpabet">Z IY1</phoneme></lexeme>
</lexeme_or_lexicon>
""".replace("lexeme_or_lexicon", "lexicon")


def test_pls_lexicon(user_file):
    front_end = EnglishFrontEnd(lexicon=user_file(PLS, "mine.pls"))
    found = {word.text: word.phones for word in words_of(front_end, "Tomato, tomatoe, W3C, zed.")}
    assert found["tomato"] == found["tomatoe"] == ("T", "AH0", "M", "AA1", "T", "OW0")
    assert found["zed"] == ("Z", "IY1")
    assert found["w3c"][:4] == ("W", "ER1", "L", "D")


@pytest.mark.parametrize(
    "text",
    [
        "<lexicon><lexeme><grapheme>a</grapheme></lexeme></lexicon>",
        "<lexicon alphabet='klingon'></lexicon>",
        "<lexicon><lexeme><grapheme>a</grapheme><phoneme>5</phoneme></lexeme></lexicon>",
        "<lexicon><word/></lexicon>",
        "<lexicon><lexeme>",
        "<!DOCTYPE lexicon [<!ENTITY a 'b'>]><lexicon/>",
    ],
)
def test_bad_pls_is_named_with_its_line(user_file, text):
    with pytest.raises(TextError, match=r"mine\.pls:1:"):
        EnglishFrontEnd(lexicon=user_file(text, "mine.pls"))
