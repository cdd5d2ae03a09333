"""Phones as people write them: ARPAbet and IPA, and the fixed table between the two."""

from __future__ import annotations

from collections.abc import Iterable

from tts_pipeline.errors import TextError
from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.symbols import CONSONANTS, VOWELS

# Phones of a word in ARPAbet, vowels with their stress digit.
Phones = tuple[str, ...]

ARPABET_TO_IPA = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "EH": "ɛ", "ER": "ɝ",
    "EY": "eɪ", "IH": "ɪ", "IY": "i", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ", "UW": "u",
    "B": "b", "CH": "tʃ", "D": "d", "DH": "ð", "F": "f", "G": "ɡ", "HH": "h", "JH": "dʒ",
    "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ",
    "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
# Unstressed AH and ER have letters of their own in IPA.
_WEAK_IPA = {"AH": "ə", "ER": "ɚ"}
# Other spellings that dictionaries use, each read as the nearest phones of the alphabet.
_IPA_VARIANTS = {
    "ə": "AH", "ɚ": "ER", "ɜ": "ER", "ɜɹ": "ER", "əɹ": "ER", "ɐ": "AH", "ɘ": "AH", "ɨ": "IH",
    "ᵻ": "IH", "a": "AA", "ɒ": "AA", "e": "EY", "o": "OW", "əʊ": "OW", "ɑʊ": "AW", "ɑɪ": "AY",
    "ɪə": "IH R", "eə": "EH R", "ɛə": "EH R", "ʊə": "UH R", "y": "UW", "ʏ": "UH", "ø": "ER",
    "œ": "ER", "ʧ": "CH", "ʤ": "JH", "g": "G", "r": "R", "ɾ": "D", "ʀ": "R", "ʁ": "R",
    "ɻ": "R", "x": "K", "χ": "K", "ɣ": "G", "ç": "HH", "ɫ": "L", "ʎ": "L Y", "ɲ": "N Y",
    "ʍ": "W", "β": "V", "ʔ": "", "n̩": "AH N", "m̩": "AH M", "l̩": "AH L",
}  # fmt: skip
_IPA_TO_ARPABET = {ipa: phone for phone, ipa in ARPABET_TO_IPA.items()} | _IPA_VARIANTS
_IPA_SYMBOLS = sorted(_IPA_TO_ARPABET, key=len, reverse=True)
_STRESS_MARKS = {"ˈ": "1", "'": "1", "ˌ": "2", ",": "2"}
_IGNORED = re.compile("[\u0361\u035cːˑʰ\u032f\u0303\u0325]")


def to_ipa(phones: Iterable[str]) -> str:
    """Return ARPAbet phones as IPA; stress marks stand before the vowel's syllable onset.

    The onset is taken as the consonants that begin the word, later as the one before the vowel,
    which is enough to read; a dot parts neighbours that would read as one sound.
    :func:`from_ipa` undoes this exactly for words with a stressed vowel.
    """
    out: list[str] = []
    previous = ""
    voiced = False
    for phone in phones:
        name, digit = (phone[:-1], phone[-1]) if phone[-1].isdigit() else (phone, "")
        symbol = _WEAK_IPA[name] if digit == "0" and name in _WEAK_IPA else ARPABET_TO_IPA[name]
        if digit in ("1", "2"):
            at = len(out) - (previous in _ONSETS) if voiced else 0
            out.insert(at, "ˈ" if digit == "1" else "ˌ")
        if out and out[-1] == previous and _would_merge(previous, symbol):
            out.append(".")
        out.append(symbol)
        previous = symbol
        voiced = voiced or name in VOWELS
    return "".join(out)


def from_ipa(text: str) -> tuple[str, ...]:
    """Read IPA as ARPAbet phones; length marks, syllable dots and tie bars are ignored.

    A stress mark goes to the next vowel; without any mark the first vowel is stressed.

    Raises:
        TextError: naming the first symbol that English phones cannot stand for.
    """
    clean = _IGNORED.sub("", text.strip().strip("/[]"))
    phones: list[str] = []
    stress, position = "0", 0
    while position < len(clean):
        if clean[position] in _STRESS_MARKS or clean[position] in ". ":
            stress = _STRESS_MARKS.get(clean[position], stress)
            position += 1
            continue
        for symbol in _IPA_SYMBOLS:
            if clean.startswith(symbol, position):
                break
        else:
            raise TextError(f"unknown IPA symbol {clean[position]!r} in {text!r}")
        for phone in _IPA_TO_ARPABET[symbol].split():
            if phone in VOWELS:
                phone, stress = phone + stress, "0"
            phones.append(phone)
        position += len(symbol)
    if not phones:
        raise TextError(f"no phones in {text!r}: expected IPA such as 'həˈloʊ'")
    return _with_stress(phones)


def readable_ipa(text: str) -> str:
    """Return IPA without the symbols that :func:`from_ipa` cannot read; empty without a sound."""
    known = "".join(c for c in text if c in _IPA_CHARACTERS)
    return known if any(c not in _STRESS_MARKS and c not in ".ʔ" for c in known) else ""


def check_phones(text: str) -> tuple[str, ...]:
    """Read phones in either notation: ARPAbet with spaces, or IPA between slashes.

    A lone ``HH AH L OW`` without digits gets its first vowel stressed.

    Raises:
        TextError: naming the first part that is no phone.
    """
    text = text.strip()
    if text.startswith("/"):
        return from_ipa(text)
    phones = []
    for phone in text.upper().split():
        name = phone[:-1] if phone[-1] in "012" else phone
        if name in VOWELS:
            phones.append(phone if phone != name else f"{name}0")
        elif phone in CONSONANTS:
            phones.append(phone)
        else:
            raise TextError(
                f"unknown phone {phone!r} in {text!r}: expected ARPAbet such as 'HH AH0 L OW1', "
                "or IPA between slashes such as '/həˈloʊ/'"
            )
    if not phones:
        raise TextError("no phones given: expected ARPAbet such as 'HH AH0 L OW1'")
    return tuple(phones) if re.search("[012]", text) else _with_stress(phones)


def _would_merge(left: str, right: str) -> bool:
    """Tell whether two IPA symbols side by side begin with one longer symbol."""
    return any(
        len(symbol) > len(left) and symbol.startswith(left) and (left + right).startswith(symbol)
        for symbol in _IPA_SYMBOLS
    )


def _with_stress(phones: list[str]) -> tuple[str, ...]:
    """Stress the first vowel when no vowel is stressed."""
    if not any(phone[-1] in "12" for phone in phones):
        for index, phone in enumerate(phones):
            if phone[-1] == "0":
                phones[index] = phone[:-1] + "1"
                break
    return tuple(phones)


# Single characters that begin a symbol, so that none is left half-read.
_IPA_CHARACTERS = {symbol for symbol in _IPA_SYMBOLS if len(symbol) == 1} | {*_STRESS_MARKS, "."}
_ONSETS = {ARPABET_TO_IPA[name] for name in CONSONANTS if name != "NG"}
