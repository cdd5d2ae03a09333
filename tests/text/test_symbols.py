"""The token alphabet and the notations of phones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_pipeline.errors import TextError
from tts_pipeline.text.phones import ARPABET_TO_IPA, check_phones, from_ipa, to_ipa
from tts_pipeline.text.symbols import (
    ARPABET,
    BOS,
    CONSONANTS,
    EOS,
    GAPS,
    PAD,
    STRESS_STEP,
    UNK,
    VOWELS,
    Alphabet,
    decode,
    encode,
)

PHONES = [*CONSONANTS, *(vowel + digit for vowel in VOWELS for digit in "012")]


def test_every_phone_and_mark_has_its_own_token():
    tokens = [encode(phone) for phone in (*PHONES, *GAPS)]
    assert len(set(tokens)) == len(tokens)
    assert [decode(token) for token in tokens] == [*PHONES, *GAPS]
    assert max(tokens) < 4 * STRESS_STEP


@pytest.mark.parametrize("phone", ["", "XX", "T1", "AH3", "|1", "aa1"])
def test_unknown_phones_are_named(phone):
    with pytest.raises(TextError, match="unknown phone"):
        encode(phone)


@pytest.mark.parametrize("token", [-1, 4 * STRESS_STEP, 63, encode("T") + STRESS_STEP])
def test_unknown_tokens_are_named(token):
    with pytest.raises(TextError, match="unknown token"):
        decode(token)


def test_table_covers_the_alphabet():
    assert set(ARPABET_TO_IPA) == {*VOWELS, *CONSONANTS}
    assert len(set(ARPABET_TO_IPA.values())) == len(ARPABET_TO_IPA)


@given(st.lists(st.sampled_from(PHONES), min_size=1, max_size=12))
def test_ipa_goes_there_and_back(phones):
    phones = ["B", "AH1", *phones]
    assert from_ipa(to_ipa(phones)) == tuple(phones)


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("həˈloʊ", "HH AH0 L OW1"),
        ("/ˈnɔːɹθ/", "N AO1 R TH"),
        ("ˈt͡ʃɜːt͡ʃ", "CH ER1 CH"),
        ("tʃɑɹdʒ", "CH AA1 R JH"),
        ("ˌɪntɚˈnæʃənəl", "IH2 N T ER0 N AE1 SH AH0 N AH0 L"),
        ("ˈkæt.sʌp", "K AE1 T S AH0 P"),
        ("ˈwaɪt.ʃɪp", "W AY1 T SH IH0 P"),
    ],
)
def test_ipa_as_dictionaries_write_it(ipa, phones):
    assert from_ipa(ipa) == tuple(phones.split())


@pytest.mark.parametrize("text", ["", "ˈ", "//", "hǃo", "kat5", "北"])
def test_ipa_that_english_has_no_phone_for(text):
    with pytest.raises(TextError):
        from_ipa(text)


def test_arpabet_in_any_case_and_without_digits():
    assert check_phones(" hh ah0 l ow1 ") == ("HH", "AH0", "L", "OW1")
    assert check_phones("K AE T") == ("K", "AE1", "T")
    assert check_phones("/kæt/") == ("K", "AE1", "T")


@pytest.mark.parametrize("text", ["", "  ", "HH AX0", "AH7", "T1", "hello"])
def test_bad_arpabet_is_named(text):
    with pytest.raises(TextError):
        check_phones(text)


def test_ids_that_trained_weights_rely_on():
    """The shipped voice was trained on these numbers; they are a file format."""
    phones = ["<pad>", "<bos>", "<eos>", "<unk>", "|", ",", ".", "?", "!", "<short>", "<long>"]
    assert [encode(phone) for phone in phones] == list(range(11))
    assert (encode("AA0"), encode("AA1"), encode("AA2")) == (75, 139, 203)
    assert (encode("B"), encode("ZH")) == (26, 49)
    assert len(ARPABET.symbols) == 50
    assert (ARPABET.pad_id, ARPABET.n_stress, ARPABET.unspoken) == (0, 4, {2, 4})


def test_an_alphabet_of_another_language():
    alphabet = Alphabet((PAD, BOS, EOS, UNK, *GAPS, "a1", "\u0259", "t"), stress_step=100)
    assert alphabet.n_stress == 1
    assert [alphabet.decode(alphabet.encode(p)) for p in ("a1", "t", "|")] == ["a1", "t", "|"]
    with pytest.raises(TextError, match="unknown phone"):
        alphabet.encode("AA1")
    assert Alphabet.from_dict(alphabet.to_dict()) == alphabet
    assert alphabet.tokens["t"] == 13


@pytest.mark.parametrize(
    ("symbols", "vowels", "step", "message"),
    [
        ((PAD, BOS, *GAPS), (), 64, "lacks <eos> <unk>"),
        ((PAD, BOS, EOS, UNK, *GAPS, "t", "t"), (), 64, "more than once"),
        ((PAD, BOS, EOS, UNK, *GAPS, "t"), ("a",), 64, "cannot carry stress"),
        ((PAD, BOS, EOS, UNK, *GAPS, "a1"), ("a1",), 64, "stress digit"),
        ((PAD, BOS, EOS, UNK, *GAPS, "t"), (), 11, "stress_step"),
    ],
)
def test_alphabets_that_cannot_be(symbols, vowels, step, message):
    with pytest.raises(TextError, match=message):
        Alphabet(symbols, vowels, step)


@pytest.mark.parametrize("stored", [{}, {"symbols": 3}, {**ARPABET.to_dict(), "stress_step": "x"}])
def test_a_damaged_alphabet_is_named(stored):
    with pytest.raises(TextError, match="damaged alphabet"):
        Alphabet.from_dict(stored)
