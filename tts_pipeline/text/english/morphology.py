"""Pronunciation of inflected and compound words from the parts that a dictionary holds.

English spelling adds endings by few rules (a silent e goes, a final consonant doubles, y turns to
i), and their sounds follow from the last phone of the stem. Rules were kept where they are right
more often than the letter-to-sound model on words held out of the dictionary (-er, -est, -ly, -y,
-able and -ish are not); ``recipes/text/README.md`` has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tts_pipeline.text.phones import Phones
from tts_pipeline.text.symbols import VOWELS

Lookup = Callable[[str], "Phones | None"]

_SIBILANTS = {"S", "Z", "SH", "ZH", "CH", "JH"}
_VOICELESS = {"P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"}
_MIN_STEM = 2


def derive(word: str, lookup: Lookup) -> Phones | None:
    """Return the phones of a word whose ending a rule is sure of, or None.

    Args:
        word: lower-case letters with inner apostrophes.
        lookup: gives the phones of a known word or None.
    """
    if "'" in word:
        return _contracted(word, lookup)
    for rule in (_plural, _past, _suffixed, _edly, _headed):
        phones = rule(word, lookup)
        if phones:
            return phones
    return None


def propose(word: str, lookup: Lookup) -> Phones | None:
    """Return the phones of a word that may be an -ing form or a compound, or None.

    These rules are right less often than the letter-to-sound model; where the model finds their
    answer likely too, it is right more often than the model's own first choice.
    """
    return _ing(word, lookup) or _compound(word, lookup)


def add_s(stem: Phones) -> Phones:
    """Return a stem with the plural, possessive or third-person ending."""
    if stem[-1] in _SIBILANTS:
        return (*stem, "IH0", "Z")
    return (*stem, "S" if stem[-1] in _VOICELESS else "Z")


def add_d(stem: Phones) -> Phones:
    """Return a stem with the past ending."""
    if stem[-1] in ("T", "D"):
        return (*stem, "IH0", "D")
    return (*stem, "T" if stem[-1] in _VOICELESS else "D")


def _contracted(word: str, lookup: Lookup) -> Phones | None:
    head, _, tail = word.rpartition("'")
    if tail == "" and head.endswith("in"):
        stem = lookup(head + "g")
        return (*stem[:-1], "N") if stem else None
    stem = lookup(head) or (derive(head, lookup) if head else None)
    if not stem:
        return None
    if tail == "":
        return stem if stem[-1] in ("S", "Z") else add_s(stem)
    if tail == "s":
        return add_s(stem)
    if tail == "d":
        return add_d(stem)
    ending = _CLITICS.get(tail)
    return (*stem, *ending) if ending else None


_CLITICS: dict[str, Phones] = {
    "ll": ("AH0", "L"), "ve": ("AH0", "V"), "re": ("ER0",), "em": ("AH0", "M"), "m": ("M",),
    "t": ("T",),
}  # fmt: skip


def _plural(word: str, lookup: Lookup) -> Phones | None:
    if not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return None
    for stem in _stems_of_plural(word):
        phones = lookup(stem) if len(stem) > _MIN_STEM else None
        if phones and (not word.endswith("es") or stem.endswith("e") or _fits_es(stem, phones)):
            return add_s(phones)
    return None


def _stems_of_plural(word: str) -> Iterator[str]:
    yield word[:-1]
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("es"):
        yield word[:-2]


def _fits_es(stem: str, phones: Phones) -> bool:
    return phones[-1] in _SIBILANTS or stem.endswith(("o", "y"))


def _past(word: str, lookup: Lookup) -> Phones | None:
    if not word.endswith("ed"):
        return None
    for stem in _stems(word[:-2]):
        phones = lookup(stem)
        if phones:
            return add_d(phones)
    return None


def _ing(word: str, lookup: Lookup) -> Phones | None:
    if not word.endswith("ing"):
        return None
    for stem in _stems(word[:-3]):
        phones = lookup(stem)
        if phones:
            return (*_joined(stem, phones), "IH0", "NG")
    return None


def _stems(base: str) -> Iterator[str]:
    """Yield the words that a base before -ed, -ing or -er may have come from, likeliest first."""
    if len(base) <= _MIN_STEM:
        return
    doubled = base[-1] == base[-2] and base[-1] not in "aeiou"
    # One vowel and one consonant at the end ask for the silent e ("hop-ed" is "hope").
    if (
        not doubled
        and base[-1] not in "aeiouwxy"
        and base[-2] in "aeiou"
        and (base[-3] not in "aeiou")
    ):
        yield base + "e"
        yield base
    else:
        yield base
        if doubled:
            yield base[:-1]
        if base.endswith("i"):
            yield base[:-1] + "y"
        yield base + "e"


def _joined(stem: str, phones: Phones) -> Phones:
    """Return a stem as it sounds before a vowel: "-ble" and the like lose their schwa."""
    if stem.endswith("le") and phones[-2:] == ("AH0", "L") and len(phones) > 2:
        return (*phones[:-2], "L") if phones[-3] not in VOWELS else phones
    return phones


_SUFFIXES: tuple[tuple[str, Phones], ...] = (
    ("lessness", ("L", "AH0", "S", "N", "AH0", "S")),
    ("fulness", ("F", "AH0", "L", "N", "AH0", "S")),
    ("ness", ("N", "AH0", "S")),
    ("less", ("L", "AH0", "S")),
    ("ship", ("SH", "IH2", "P")),
    ("like", ("L", "AY2", "K")),
    ("wise", ("W", "AY2", "Z")),
    ("ful", ("F", "AH0", "L")),
)


def _suffixed(word: str, lookup: Lookup) -> Phones | None:
    for suffix, ending in _SUFFIXES:
        base = word.removesuffix(suffix)
        if base != word and len(base) > _MIN_STEM:
            phones = lookup(base)
            if not phones and base.endswith("i"):
                phones = lookup(base[:-1] + "y")
            if phones:
                return (*phones, *ending)
    return None


def _edly(word: str, lookup: Lookup) -> Phones | None:
    """ "resignedly": the past ending is a syllable of its own before -ly."""
    if not word.endswith("edly"):
        return None
    for stem in _stems(word[:-4]):
        phones = lookup(stem)
        if phones:
            return (*phones, "IH0", "D", "L", "IY0")
    return None


def _headed(word: str, lookup: Lookup) -> Phones | None:
    """Join a word and a head that makes many compounds: "rathole", "toothache", "goatherd".

    Only where the letters at the seam would be read together is the head surer than the model.
    """
    for head in _HEADS_AT.get(word[-3:], ()):
        base = word.removesuffix(head)
        if base == word or len(base) < 3 or not _misleads(base, head):
            continue
        left, right = lookup(base), lookup(head)
        if left and right:
            return (*left, *(p[:-1] + "2" if p[-1] == "1" else p for p in right))
    return None


def _misleads(base: str, head: str) -> bool:
    """True where the seam looks like one sound ("t|h", "p|h") or gives a vowel to the base."""
    if head[0] == "h":
        return base[-1] in "tpscgw"
    return head in ("ache", "aches")


_HEADS = (
    "head heads hole holes hat hats herd herds house houses hill hills hand hands heart holder "
    "holders hook hooks horn horns hound hounds hunter hunters hunt hood hoods hop hose hall hawk "
    "hammer hammers height hanger hangers happy hungry hold holds ache aches headed hearted handed "
    "hunting holding".split()
)
_HEADS_AT: dict[str, list[str]] = {}
for _head in sorted(_HEADS, key=len, reverse=True):
    _HEADS_AT.setdefault(_head[-3:], []).append(_head)


def _compound(word: str, lookup: Lookup) -> Phones | None:
    """Join two words; the second one's stress steps down (the compound rule of English)."""
    best: tuple[int, Phones] | None = None
    for cut in range(3, len(word) - 2):
        left, right = lookup(word[:cut]), lookup(word[cut:])
        if left and right:
            balance = min(cut, len(word) - cut)
            if best is None or balance > best[0]:
                weak = tuple(p[:-1] + "2" if p[-1] == "1" else p for p in right)
                best = (balance, (*left, *weak))
    return best[1] if best else None
