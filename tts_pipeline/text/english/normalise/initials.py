"""Initials and letters with stops, hyphens or signs between: "U.S.A.", "J. Smith", "R&D"."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import abbreviations as table
from tts_pipeline.text.english.normalise.capitals import LETTERED
from tts_pipeline.text.english.normalise.roman import COUNTED
from tts_pipeline.text.english.normalise.stops import ends_sentence
from tts_pipeline.text.english.normalise.writer import Writer


def initialism(out: Writer, match: re.Match[str]) -> bool:
    """Say "U.S.A.", "p.m." and "J.R.R." letter by letter, and "e.g." in full."""
    text = match.group()
    start, end = match.span()
    low = text.lower().rstrip(".")
    closing = text.endswith(".") and low not in ("e.g", "i.e") and ends_sentence(out, end)
    last = end - closing
    if low in table.PLAIN:
        out.say(table.PLAIN[low], "abbreviation", start, last)
    else:
        letters = list(re.finditer(r"([A-Za-z])\.?('?s)?", text))
        for letter in letters:
            first = start + letter.start()
            stop = min(start + letter.end(), last)
            ending = "'s" if letter.group(2) else ""
            out.add(letter.group(1).lower() + ending, "letter", first, stop)
    if closing:
        out.end_sentence(last, end)
    return True


def initial(out: Writer, match: re.Match[str]) -> bool:
    """Say the initial in "J. Smith"; its full stop ends no sentence unless one clearly begins."""
    end = match.end()
    before = out.words_before()
    lower = bool(before) and out.tokens[-1].is_word and not out.tokens[-1].source[:1].isupper()
    if before and (before[0] in LETTERED or before[0] in COUNTED and match.group(1) in "IVX"):
        # "World War I. His son": the numeral or letter closes the sentence.
        return False
    if ends_sentence(out, end) and (lower or end >= len(out.text)):
        return False
    if match.group(1) == "I" and not re.compile(r" [A-Z][a-z]").match(out.text, end):
        return False
    out.add(match.group(1).lower(), "letter", match.start(), end - 1)
    out.silent(end - 1, end)
    return True


def degree(out: Writer, match: re.Match[str]) -> bool:
    degree, ending = match.group(1, 2)
    words = degree.replace(".", "").replace(" ", "").upper()
    out.say(words + ("'s" if ending else ""), "letters", *match.span())
    return True


def ampersand(out: Writer, match: re.Match[str]) -> bool:
    first, second, ending = match.groups()
    out.spell(first, match.start())
    out.say("and", "sign", match.end(1), match.start(2))
    if ending:
        out.spell(second[:-1], match.start(2))
        out.add(second[-1].lower() + "'s", "letter", match.end(2) - 1, match.end())
    else:
        out.spell(second, match.start(2))
    return True


def letters(out: Writer, match: re.Match[str]) -> bool:
    """Say "U-S-A", and single letters with a hyphen after them: "A- and B-levels"."""
    for letter in re.finditer(r"([A-Z])('s)?(-?)", match.group()):
        first = match.start() + letter.start()
        stop = match.start() + letter.end() - len(letter.group(3))
        out.add(letter.group(1).lower() + (letter.group(2) or ""), "letter", first, stop)
        if letter.group(3):
            out.silent(stop, stop + 1)
    return True


def world_war(out: Writer, match: re.Match[str]) -> bool:
    number = "two" if match.group() == "WWII" else "one"
    out.say(f"world war {number}", "abbreviation", *match.span())
    return True


def dropped_g(out: Writer, match: re.Match[str]) -> bool:
    """Say "goin'" as one word; the apostrophe of a quotation that closes is none of it."""
    word = match.group(1).lower()
    if out.known is None or not out.known(word + "g"):
        return False
    before = out.text[max(match.start() - 200, 0) : match.start()]
    if len(_OPENED.findall(before)) > len(_CLOSED.findall(before)):
        return False
    out.add(word + "'", "word", *match.span())
    return True


_OPENED = re.compile(r"(?:^|[\s(])'(?=[A-Za-z])")


_CLOSED = re.compile(r"[A-Za-z.,!?]'(?=[\s.,;:!?)]|$)")
