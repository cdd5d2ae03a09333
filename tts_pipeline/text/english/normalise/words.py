"""Words that are not simply said: abbreviations, initials, acronyms, Roman numerals, capitals."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tts_pipeline.text.english import abbreviations as table
from tts_pipeline.text.english.normalise import addresses
from tts_pipeline.text.english.normalise.capitals import say_capitals, say_letter
from tts_pipeline.text.english.normalise.roman import say_roman
from tts_pipeline.text.english.normalise.signs import ends_sentence
from tts_pipeline.text.english.normalise.writer import Writer


def say(out: Writer, start: int, end: int, rules: Mapping[str, tuple[tuple, ...]]) -> int:
    """Say the letters from ``start`` to ``end`` or a longer expression there; return its end."""
    word = out.text[start:end]
    low = word.lower()
    after = out.apply(rules.get(low, ()), start)
    if after:
        return after
    stem, _, ending = low.partition("'")
    if word[: len(stem)].isupper() and say_roman(out, start, end):
        return end
    if len(stem) == 1:
        say_letter(out, start, end, ending)
    elif word == low or word[1:] == low[1:] and len(stem) > 1 or len(word) > 48:
        out.word(low, start, end)
    else:
        say_capitals(out, start, end)
    return end


def _initialism(out: Writer, match: re.Match[str]) -> bool:
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


def _initial(out: Writer, match: re.Match[str]) -> bool:
    """Say the initial in "J. Smith"; its full stop ends no sentence unless one clearly begins."""
    end = match.end()
    before = out.words_before()
    lower = bool(before) and out.tokens[-1].is_word and not out.tokens[-1].source[:1].isupper()
    if ends_sentence(out, end) and (lower or end >= len(out.text)):
        return False
    if match.group(1) == "I" and not re.compile(r" [A-Z][a-z]").match(out.text, end):
        return False
    out.add(match.group(1).lower(), "letter", match.start(), end - 1)
    out.silent(end - 1, end)
    return True


def _degree(out: Writer, match: re.Match[str]) -> bool:
    out.say(match.group().replace(".", "").upper(), "letters", *match.span())
    return True


def _ampersand(out: Writer, match: re.Match[str]) -> bool:
    first, second = match.groups()
    out.spell(first, match.start())
    out.say("and", "sign", match.end(1), match.start(2))
    out.spell(second, match.start(2))
    return True


def _letters(out: Writer, match: re.Match[str]) -> bool:
    """Say "U-S-A", and single letters with a hyphen after them: "A- and B-levels"."""
    for letter in re.finditer(r"([A-Z])('s)?(-?)", match.group()):
        first = match.start() + letter.start()
        stop = match.start() + letter.end() - len(letter.group(3))
        out.add(letter.group(1).lower() + (letter.group(2) or ""), "letter", first, stop)
        if letter.group(3):
            out.silent(stop, stop + 1)
    return True


def _world_war(out: Writer, match: re.Match[str]) -> bool:
    number = "two" if match.group() == "WWII" else "one"
    out.say(f"world war {number}", "abbreviation", *match.span())
    return True


def _fixed(words: str):
    def rule(out: Writer, match: re.Match[str]) -> bool:
        out.say(words, "abbreviation", *match.span())
        return True

    return rule


def _title(out: Writer, match: re.Match[str]) -> bool:
    """Say "Dr. Evil" and "St. Louis" in full, but "Elm St." as a street."""
    name, dot = match.group(1).lower(), match.group(2)
    capital = re.compile(r" ?[A-Z](?!-|'s)").match(out.text, match.end())
    if name in table.STREETS and out.tokens and dot:
        before = out.tokens[-1]
        after_name = (
            before.kind == "word" and before.source[:1].isupper()
        ) or before.kind == "ordinal"
        if after_name and (not capital or ends_sentence(out, match.end())):
            return _ending(out, match, table.STREETS[name])
        if after_name and name == "st" and before.kind == "ordinal":
            return _ending(out, match, table.STREETS[name])
    if not (capital or dot and name in table.SURE_TITLES):
        return False
    bare = table.BARE_TITLES if match.group(1).islower() else table.BARE_TITLES | {"st", "mt"}
    if not dot and name not in bare:
        return False
    out.say(table.TITLES[name], "abbreviation", *match.span())
    return True


def _versus(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or not out.tokens[-1].source[:1].isupper():
        return False
    out.say("versus", "abbreviation", *match.span())
    return True


def _small_roman(out: Writer, match: re.Match[str]) -> bool:
    return say_roman(out, *match.span())


def _numbered(out: Writer, match: re.Match[str]) -> bool:
    if not match.group(2) and match.group(1).lower() not in (
        "vol",
        "fig",
        "pp",
        "hwy",
        "apt",
        "nos",
    ):
        return False
    out.say(table.NUMBERED[match.group(1).lower()], "abbreviation", *match.span())
    return True


def _plain(out: Writer, match: re.Match[str]) -> bool:
    name, dot = match.group(1).lower(), match.group(2)
    if not dot:
        return False
    if name in table.WORD_LIKE and ends_sentence(out, match.end()) and match.group(1).islower():
        return False
    if (
        name in ("mass", "wash", "tex", "co", "inc", "al")
        and match.group(1)[0].islower()
        and name != "al"
    ):
        return False
    return _ending(out, match, table.PLAIN[name])


def _street(out: Writer, match: re.Match[str]) -> bool:
    before = out.tokens[-1] if out.tokens else None
    if not before or not before.is_word or not match.group(2) or not match.group(1)[0].isupper():
        return False
    if not (
        (before.kind == "word" and before.source[:1].isupper())
        or before.kind in ("ordinal", "cardinal")
    ):
        return False
    return _ending(out, match, table.STREETS[match.group(1).lower()])


def _ending(out: Writer, match: re.Match[str], words: str) -> bool:
    """Say an abbreviation; its full stop may also end the sentence."""
    start, end = match.span()
    closing = bool(match.group(2)) and ends_sentence(out, end)
    out.say(words, "abbreviation", start, end - closing)
    if closing:
        out.end_sentence(end - 1, end)
    return True


def _dotted(names: object) -> re.Pattern[str]:
    ordered = sorted(map(str, names), key=len, reverse=True)  # type: ignore[call-overload]
    return re.compile(rf"({'|'.join(map(re.escape, ordered))})(?![A-Za-z'])(\.)?", re.IGNORECASE)


def _word_rules() -> dict[str, tuple[tuple, ...]]:
    rules: dict[str, tuple[tuple, ...]] = {}

    def put(names, pattern: re.Pattern[str], rule) -> None:
        for name in names:
            rules[name] = (*rules.get(name, ()), (pattern, rule))

    before_number = re.compile(
        rf"({'|'.join(sorted(table.NUMBERED, key=len, reverse=True))})(\.)?"
        r"(?= ?[#\d]| (?-i:[IVXLC]{2,7}|[VXL])\b(?!-))",
        re.I,
    )
    put(table.NUMBERED, before_number, _numbered)
    put(table.TITLES, _dotted(table.TITLES), _title)
    put((name for name in table.PLAIN if "." not in name), _dotted(table.PLAIN), _plain)
    put(table.STREETS, _dotted(table.STREETS), _street)
    put((state.lower() for state in table.STATES), *addresses.STATE_RULES[0])
    put("bcdefghjklmnopqrstuvwxyz", re.compile(r"([A-Z])\.(?=[ \n])"), _initial)
    put("v", re.compile(r"v\.(?= [A-Z])"), _versus)
    put(("wwi", "wwii"), re.compile(r"WWII?(?![A-Za-z])"), _world_war)
    small = "ii iii iv vi vii viii ix xi xii xiii xiv xv xvi".split()
    put(small, re.compile(r"[ivx]+(?![A-Za-z'])"), _small_roman)
    put("ai", re.compile(r"([AI])\.(?= [A-Z])"), _initial)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for name in (
        *letters,
        *(letter + "'s" for letter in letters),
        *table.BARE_LETTERS,
        *table.BARE_PLAIN,
    ):
        rules.setdefault(name, ())
    return rules


WORD_RULES = _word_rules()
LETTER_RULES = (
    (re.compile(r"(?:[A-Z]-){1,64}(?:[A-Z](?:'s)?)?(?![A-Za-z0-9'])"), _letters),
    (
        re.compile(r"(?:Ph\.? ?D|M\.Sc|B\.Sc|Ed\.D|Litt\.D|M\.Phil)(?:\.(?! *$))?(?![A-Za-z])"),
        _degree,
    ),
    (
        re.compile(
            r"(?:[A-Za-z]\.){2,10}(?:'?s\b)?(?![A-Za-z])"
            r"|(?:[A-Za-z]\.){1,9}[A-Za-z](?:'?s)?(?![A-Za-z.'])"
        ),
        _initialism,
    ),
    (re.compile(r"([A-Z]{1,3})&([A-Z]{1,3})(?![A-Za-z])"), _ampersand),
    (re.compile(r"w/o(?![A-Za-z])"), _fixed("without")),
    (re.compile(r"w/(?= )"), _fixed("with")),
    (re.compile(r"b/c(?![A-Za-z])"), _fixed("because")),
    (re.compile(r"c/o(?![A-Za-z])"), _fixed("care of")),
    (re.compile(r"[nN]/[aA](?![A-Za-z])"), _fixed("N A")),
)
