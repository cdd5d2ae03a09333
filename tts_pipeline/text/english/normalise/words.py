"""Words that are not simply said: abbreviations, initials, acronyms, Roman numerals, capitals."""

from __future__ import annotations

from collections.abc import Mapping

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import abbreviations as table
from tts_pipeline.text.english.initialisms import SHORTHAND
from tts_pipeline.text.english.normalise import addresses
from tts_pipeline.text.english.normalise.capitals import say_capitals, say_letter
from tts_pipeline.text.english.normalise.initials import (
    ampersand,
    degree,
    dropped_g,
    initial,
    initialism,
    letters,
    world_war,
)
from tts_pipeline.text.english.normalise.roman import RANGE_RULES, say_roman
from tts_pipeline.text.english.normalise.short_forms import (
    AFTER_ORDINAL,
    PER,
    after_ordinal,
    numbered,
    other,
    per,
    plain,
    street,
    title,
    versus,
)
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


def _fixed(words: str):
    def rule(out: Writer, match: re.Match[str]) -> bool:
        out.say(words, "abbreviation", *match.span())
        return True

    return rule


def _small_roman(out: Writer, match: re.Match[str]) -> bool:
    return say_roman(out, *match.span())


def _dotted(names: object) -> re.Pattern[str]:
    ordered = sorted(map(str, names), key=len, reverse=True)  # type: ignore[call-overload]
    return re.compile(rf"({'|'.join(map(re.escape, ordered))})(?![A-Za-z'])(\.)?", re.IGNORECASE)


def _word_rules() -> dict[str, tuple[tuple, ...]]:
    rules: dict[str, tuple[tuple, ...]] = {}

    def put(names, pattern: re.Pattern[str], rule) -> None:
        for name in names:
            rules[name] = (*rules.get(name, ()), (pattern, rule))

    for short, words in SHORTHAND.items():
        if short.isalpha() and short not in rules:
            put((short,), re.compile(rf"{short}(?![A-Za-z0-9'-])", re.I), _fixed(words))
    before_number = re.compile(
        rf"({'|'.join(sorted(table.NUMBERED, key=len, reverse=True))})(\.)?"
        r"(?= ?[#\d]| (?-i:[IVXLC]{2,7}|[VXL])\b(?!-))",
        re.I,
    )
    put(table.NUMBERED, before_number, numbered)
    put(("mo", "md", "ga", "pa", "va", "ky", "vt"), *addresses.SHORT_STATE_RULE)
    put(table.TITLES, _dotted(table.TITLES), title)
    put((name for name in table.PLAIN if "." not in name), _dotted(table.PLAIN), plain)
    put(table.STREETS, _dotted(table.STREETS), street)
    put(table.SHORT_STATES, *addresses.SHORT_STATE_RULE)
    put(("nw", "ne", "sw", "se"), *addresses.QUARTER_RULE)
    put((state.lower() for state in table.STATES), *addresses.STATE_RULES[0])
    put(AFTER_ORDINAL, _dotted(AFTER_ORDINAL), after_ordinal)
    put(PER, _dotted(PER), per)
    put(("pt", "ctrl", "alt"), _dotted(("pt", "ctrl", "alt")), other)
    put("bcdefghjklmnopqrstuvwxyz", re.compile(r"([A-Z])\.(?=[ \n])"), initial)
    put("v", re.compile(r"v\.(?= [A-Z])"), versus)
    put(("wwi", "wwii"), re.compile(r"WWII?(?![A-Za-z])"), world_war)
    put("ivxlc", *RANGE_RULES[0])
    small = "ii iii iv vi vii viii ix xi xii xiii xiv xv xvi".split()
    put(small, re.compile(r"[ivx]+(?![A-Za-z'])"), _small_roman)
    put("ai", re.compile(r"([AI])\.(?= [A-Z])"), initial)
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
    (re.compile(r"([A-Za-z]{1,30}in)'(?![A-Za-z])"), dropped_g),
    *addresses.PARTY_RULES,
    *RANGE_RULES,
    (re.compile(r"(?:[A-Z]-){1,64}(?:[A-Z](?:'s)?)?(?![A-Za-z0-9'])"), letters),
    (
        re.compile(
            r"(Ph\.? ?D|M\.Sc|B\.Sc|Ed\.D|Litt\.D|M\.Phil)(?:\.?('?s)(?![A-Za-z])|(?:\.(?! *$))?)"
            r"(?![A-Za-z])"
        ),
        degree,
    ),
    (
        re.compile(
            r"(?:[A-Za-z]\.){2,10}(?:'?s\b)?(?![A-Za-z])"
            r"|(?:[A-Za-z]\.){1,9}[A-Za-z](?:'?s)?(?![A-Za-z.'])"
        ),
        initialism,
    ),
    (re.compile(r"([A-Z]{1,3})&([A-Z]{1,3})('?s)?(?![A-Za-z])"), ampersand),
    (re.compile(r"w/o(?![A-Za-z])"), _fixed("without")),
    (re.compile(r"w/(?= )"), _fixed("with")),
    (re.compile(r"b/c(?![A-Za-z])"), _fixed("because")),
    (re.compile(r"c/o(?![A-Za-z])"), _fixed("care of")),
    (re.compile(r"[nN]/[aA](?![A-Za-z])"), _fixed("N A")),
)
