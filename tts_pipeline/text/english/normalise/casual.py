"""Casual spelling: drawn-out words, stutters, shorthand that mixes letters and digits.

"sooo" is "so", "Th-that's" is "that's" and "gr8" is "great". Found by one look through the text,
so that running prose pays nothing for them.
"""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.initialisms import SHORTHAND
from tts_pipeline.text.english.normalise.writer import MAX_WORD_LETTERS, Writer

_DRAWN = re.compile(r"([A-Za-z])\1\1", re.IGNORECASE)
_LETTER = re.compile("[A-Za-z']")
_STUTTER = re.compile(
    r"(?<![A-Za-z0-9'_/@#.-])([A-Za-z]{1,3})((?:-\1){0,5})-(?=\1[A-Za-z'])", re.IGNORECASE
)
_NEXT = re.compile("[A-Za-z']{1,30}")
_VOWEL = re.compile("[aeiou]")
# "T-test", "D-Day" and "S-series" begin with the letter for another reason.
_NO_STUTTER = re.compile(
    r"(?:tests?|days?|class(?:es)?|series|shaped?|sections?|corps|mount|mounts|train|bands?|"
    r"values?|waves?|pop|polarized|parameters?|rated)$"
)
# Letters and digits of shorthand: "gr8", "b4", "2nite".
_MIXED = sorted((key for key in SHORTHAND if not key.isalpha()), key=len, reverse=True)


def find(text: str) -> list[tuple[int, int]]:
    """Return the spans of drawn-out words and of the beginnings of stutters, in order."""
    spans: list[tuple[int, int]] = []
    done = 0
    for match in _DRAWN.finditer(text):
        if match.start() < done:
            continue
        start, end = match.span()
        while start > done and _LETTER.match(text[start - 1]) and end - start < MAX_WORD_LETTERS:
            start -= 1
        while end < len(text) and _LETTER.match(text[end]) and end - start < MAX_WORD_LETTERS:
            end += 1
        done = end
        around = text[start - 1 : start] + text[end : end + 1]
        if end - start >= MAX_WORD_LETTERS or any(c.isalnum() or c in "_@/" for c in around):
            continue
        word = text[start:end].strip("'")
        letters = word.partition("'")[0]
        if word and not (letters.isupper() and numbers.roman(letters)) and letters.lower() != "www":
            start = text.index(word, start)
            spans.append((start, start + len(word)))
    spans += [match.span() for match in _STUTTER.finditer(text) if _is_stutter(text, match)]
    return sorted(spans)


def _is_stutter(text: str, match: re.Match[str]) -> bool:
    sound, more = match.group(1).lower(), match.group(2)
    following = _NEXT.match(text, match.end())
    word = following.group().lower() if following else ""
    if len(word) <= len(sound) or _NO_STUTTER.match(word):
        return False
    if not _VOWEL.search(sound):
        return bool(more) or sound not in ("x", "v") and not match.group(1).isupper()
    return bool(more) and len(sound) < 3


def say(out: Writer, start: int, end: int) -> bool:
    """Say the word behind a drawn-out spelling, or pass the beginning of a stutter.

    False for a word that is left to the other rules.
    """
    text = out.text[start:end]
    if text.endswith("-"):
        out.silent(start, end)
        return True
    if text.isupper() and len(set(text)) == 1:
        return False
    return out.drawn_out(text.lower(), start, end)


def _shorthand(out: Writer, match: re.Match[str]) -> bool:
    if match.group() == "b4" and re.match(r"[-/]", out.text[match.end() : match.end() + 1]):
        return False
    out.say(SHORTHAND[match.group()], "abbreviation", *match.span())
    return True


MIXED_RULES = (
    (re.compile(rf"(?:{'|'.join(map(re.escape, _MIXED))})(?![A-Za-z0-9'-])"), _shorthand),
)
