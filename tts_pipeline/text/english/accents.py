"""What accents say about the sound of a word that a dictionary holds without them, or not at all.

"rosé" is no "rose", "Peña" no "pena". The folded spelling is looked up first; its phones stand if
they have the sound that the accent asks for, else they are mended or the word is guessed anew
from a spelling that says it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from tts_pipeline.text.phones import Phones

# How a letter with its accent is spelled so that English letter-to-sound rules read it rightly,
# and phones that show that the dictionary knew.
_RESPELLED = {
    "ñ": ("ny", ("N", "Y")), "ç": ("s", ("S",)), "š": ("sh", ("SH",)), "ş": ("sh", ("SH",)),
    "ș": ("sh", ("SH",)), "č": ("ch", ("CH",)), "ć": ("ch", ("CH",)), "ž": ("zh", ("ZH",)),
    "ź": ("zh", ("ZH",)), "ż": ("zh", ("ZH",)), "ř": ("rzh", ("ZH",)), "ň": ("ny", ("N", "Y")),
    "ń": ("ny", ("N", "Y")), "ð": ("th", ("DH",)), "þ": ("th", ("TH",)), "ł": ("w", ("W",)),
    "ø": ("u", ()), "å": ("o", ()), "ț": ("ts", ("T", "S")), "ţ": ("ts", ("T", "S")),
}  # fmt: skip
_FINAL_E = ("é", "ée", "és", "ées", "ê", "è")


def accented(
    source: str, known: Callable[[str], Phones | None], guess: Callable[[str], Phones]
) -> Phones | None:
    """Return the phones that accents ask for, None if the folded spelling will do.

    Args:
        source: the word as written, with accents.
        known: gives the phones of a spelling that a dictionary holds.
        guess: gives phones for any spelling of letters a to z.
    """
    word = unicodedata.normalize("NFC", source).lower()
    if not word.isalpha():
        return None
    folded = _folded(word)
    if not folded or not folded.isascii():
        return None
    found = known(folded)
    wanted = [sounds for letter, (_, sounds) in _RESPELLED.items() if letter in word]
    if wanted and not (found and all(_contains(found, sounds) for sounds in wanted)):
        spelling = _folded("".join(_RESPELLED.get(letter, (letter,))[0] for letter in word))
        found = guess(spelling)
        return _final_e(word, found) or found
    return _final_e(word, found or guess(folded))


def _final_e(word: str, phones: Phones) -> Phones | None:
    """Return phones that end in the sound of a final "é", None if they do or none is written."""
    plural = word.endswith("s")
    if not word.endswith(_FINAL_E[:4]) or not phones:
        return None
    body = phones[:-1] if plural and phones[-1] in ("S", "Z") else phones
    if body and body[-1].startswith("EY"):
        return None
    if body and body[-1][-1].isdigit():
        body = body[:-1]
    flat = tuple(phone[:-1] + "0" if phone[-1] in "12" else phone for phone in body)
    return (*flat, "EY1", "Z") if plural else (*flat, "EY1")


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word)
    return "".join(
        {"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "đ": "d"}.get(letter, letter)
        for letter in plain
        if not unicodedata.combining(letter)
    )


def _contains(phones: Phones, sounds: tuple[str, ...]) -> bool:
    size = len(sounds)
    return any(phones[at : at + size] == sounds for at in range(len(phones) - size + 1))
