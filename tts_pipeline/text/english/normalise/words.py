"""Words that are not simply said: abbreviations, initials, acronyms, Roman numerals, capitals."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tts_pipeline.text.english import abbreviations as table
from tts_pipeline.text.english.initialisms import SHORTHAND
from tts_pipeline.text.english.normalise import addresses
from tts_pipeline.text.english.normalise.capitals import LETTERED, say_capitals, say_letter
from tts_pipeline.text.english.normalise.roman import COUNTED, RANGE_RULES, say_roman
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


def _degree(out: Writer, match: re.Match[str]) -> bool:
    degree, ending = match.group(1, 2)
    words = degree.replace(".", "").replace(" ", "").upper()
    out.say(words + ("'s" if ending else ""), "letters", *match.span())
    return True


def _ampersand(out: Writer, match: re.Match[str]) -> bool:
    first, second, ending = match.groups()
    out.spell(first, match.start())
    out.say("and", "sign", match.end(1), match.start(2))
    if ending:
        out.spell(second[:-1], match.start(2))
        out.add(second[-1].lower() + "'s", "letter", match.end(2) - 1, match.end())
    else:
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


_LETTER_NEXT = re.compile(r" (?:[A-Z]|\d{1,4})(?![A-Za-z0-9'])")


def _title(out: Writer, match: re.Match[str]) -> bool:
    """Say "Dr. Evil" and "St. Louis" in full, but "Elm St." as a street."""
    name, dot = match.group(1).lower(), match.group(2)
    if name == "ft" and out.tokens and out.tokens[-1].kind in ("cardinal", "measure"):
        return False
    if name == "rev" and re.match(r" [A-Z](?![A-Za-z.])", out.text[match.end() : match.end() + 3]):
        out.say("revision", "abbreviation", *match.span())
        return True
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


def _dropped_g(out: Writer, match: re.Match[str]) -> bool:
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


def _versus(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or not out.tokens[-1].source[:1].isupper():
        return False
    out.say("versus", "abbreviation", *match.span())
    return True


def _small_roman(out: Writer, match: re.Match[str]) -> bool:
    return say_roman(out, *match.span())


def _numbered(out: Writer, match: re.Match[str]) -> bool:
    if not match.group(2) and match.group(1).lower() not in table.BARE_NUMBERED:
        return False
    if match.group(1) == "Rev":
        # "Rev. 21:4" is scripture, "rev. 2" a revision.
        scripture = re.match(r" \d{1,3}:\d", out.text[match.end() : match.end() + 7])
        out.say("revelation" if scripture else "revision", "abbreviation", *match.span())
        return True
    out.say(table.NUMBERED[match.group(1).lower()], "abbreviation", *match.span())
    return True


def _plain(out: Writer, match: re.Match[str]) -> bool:
    name, dot = match.group(1).lower(), match.group(2)
    if not dot:
        if name in table.SMALL_PLAIN and match.group(1).islower():
            out.say(table.PLAIN[name], "abbreviation", *match.span())
            return True
        return False
    written = match.group(1)
    if written.isupper() and len(written) == 2 or written[:-1].isupper() and written[-1] == "s":
        # "TX." is a state, "HRs." are home runs.
        return False
    if name in table.SHORT_STATES and not written[1:].islower():
        return False
    if name in table.SHORT_STATES and match.group(1)[0].islower():
        return False
    if name == "est" and out.tokens and out.tokens[-1].kind == "money":
        return _ending(out, match, "estimate")
    if name in table.WORD_LIKE and ends_sentence(out, match.end()) and match.group(1).islower():
        return False
    if name in ("co", "inc") and match.group(1)[0].islower():
        return False
    if name in table.SHORT_STATES and name not in ("calif", "fla", "okla", "ariz", "minn", "tenn"):
        # Without a town before it these are other words: "Ill.", "Ind.", "Pa.".
        before = out.tokens[-1] if out.tokens else None
        if (
            before is None
            or before.text != ","
            and name in table.WORD_LIKE | {"ga", "md", "va", "ky"}
        ):
            return False
    return _ending(out, match, table.PLAIN[name])


def _street(out: Writer, match: re.Match[str]) -> bool:
    before = out.tokens[-1] if out.tokens else None
    name, dot = match.group(1).lower(), match.group(2)
    if not match.group(1)[0].isupper():
        return False
    lettered = name in ("ave", "av", "blvd", "hwy", "rd") and _LETTER_NEXT.match(
        out.text, match.end()
    )
    if lettered:
        # "Ave. A" and "Hwy. 9" have their name behind them.
        out.say(table.STREETS[name], "abbreviation", *match.span())
        return True
    if not before or not before.is_word:
        return False
    named = before.kind in ("word", "abbreviation") and before.source[:1].isupper()
    if not (named or before.kind in ("ordinal", "cardinal")):
        return False
    if name == "cir" and before.kind == "ordinal":
        return _ending(out, match, "circuit")
    if not dot and (before.kind == "abbreviation" or not _is_bare_street(out, match, name)):
        return False
    return _ending(out, match, table.STREETS[name])


def _is_bare_street(out: Writer, match: re.Match[str], name: str) -> bool:
    """True for a street's short form without a full stop: "Elm Rd is closed"."""
    if name not in table.BARE_STREETS or out.text[match.start() - 1] != " ":
        return False
    before = out.tokens[-1].text
    after = out.text[match.end() : match.end() + 2]
    return before not in table.STARTERS and not re.match(r" [A-Z]", after)


_AFTER_ORDINAL = {"ed": "edition", "fl": "floor", "flr": "floor", "gr": "grade", "qtr": "quarter",
                  "cong": "congress", "sess": "session", "inf": "infantry"}  # fmt: skip
_PER = {"mo": "month", "wk": "week", "hr": "hour", "yr": "year", "min": "minute", "sec": "second",
        "ea": "each", "lb": "pound", "oz": "ounce", "gal": "gallon", "sq": "square"}  # fmt: skip


def _after_ordinal(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or out.tokens[-1].kind != "ordinal":
        return False
    return _ending(out, match, _AFTER_ORDINAL[match.group(1).lower()])


def _per(out: Writer, match: re.Match[str]) -> bool:
    if (out.words_before() or [""])[0] not in ("per", "a", "each", "every"):
        return False
    if (out.words_before() or [""])[0] == "a" and match.group(1).lower() in ("ea", "sec", "min"):
        return False
    return _ending(out, match, _PER[match.group(1).lower()])


def _other(out: Writer, match: re.Match[str]) -> bool:
    """Say "pt." as the patient of a medical note, and the keys of "Ctrl+Alt"."""
    name, end = match.group(1), match.end()
    if name.lower() == "pt":
        patient = match.group(2) and re.match(
            " (?:is|was|has|had|denies|denied|reports|reported|states|stated|presents|presented|"
            "complains|will|to|and|with)\\b", out.text[end : end + 12]
        )  # fmt: skip
        if not patient:
            return False
        out.say("patient", "abbreviation", *match.span())
        return True
    keyed = re.match("[-+ ]", out.text[end : end + 1]) and name.lower() == "ctrl"
    if not keyed:
        return False
    out.say("control", "abbreviation", *match.span())
    return True


def _ending(out: Writer, match: re.Match[str], words: str) -> bool:
    """Say an abbreviation; its full stop may also end the sentence."""
    start, end = match.span()
    closing = bool(match.group(2)) and ends_sentence(out, end)
    if match.group(2) and match.group(1).lower() in table.ENDING:
        closing = closing or re.match(r"[\"')]* [A-Z]", out.text[end : end + 4]) is not None
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

    for short, words in SHORTHAND.items():
        if short.isalpha() and short not in rules:
            put((short,), re.compile(rf"{short}(?![A-Za-z0-9'-])", re.I), _fixed(words))
    before_number = re.compile(
        rf"({'|'.join(sorted(table.NUMBERED, key=len, reverse=True))})(\.)?"
        r"(?= ?[#\d]| (?-i:[IVXLC]{2,7}|[VXL])\b(?!-))",
        re.I,
    )
    put(table.NUMBERED, before_number, _numbered)
    put(("mo", "md", "ga", "pa", "va", "ky", "vt"), *addresses.SHORT_STATE_RULE)
    put(table.TITLES, _dotted(table.TITLES), _title)
    put((name for name in table.PLAIN if "." not in name), _dotted(table.PLAIN), _plain)
    put(table.STREETS, _dotted(table.STREETS), _street)
    put(table.SHORT_STATES, *addresses.SHORT_STATE_RULE)
    put(("nw", "ne", "sw", "se"), *addresses.QUARTER_RULE)
    put((state.lower() for state in table.STATES), *addresses.STATE_RULES[0])
    put(_AFTER_ORDINAL, _dotted(_AFTER_ORDINAL), _after_ordinal)
    put(_PER, _dotted(_PER), _per)
    put(("pt", "ctrl", "alt"), _dotted(("pt", "ctrl", "alt")), _other)
    put("bcdefghjklmnopqrstuvwxyz", re.compile(r"([A-Z])\.(?=[ \n])"), _initial)
    put("v", re.compile(r"v\.(?= [A-Z])"), _versus)
    put(("wwi", "wwii"), re.compile(r"WWII?(?![A-Za-z])"), _world_war)
    put("ivxlc", *RANGE_RULES[0])
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
    (re.compile(r"([A-Za-z]{1,30}in)'(?![A-Za-z])"), _dropped_g),
    *addresses.PARTY_RULES,
    *RANGE_RULES,
    (re.compile(r"(?:[A-Z]-){1,64}(?:[A-Z](?:'s)?)?(?![A-Za-z0-9'])"), _letters),
    (
        re.compile(
            r"(Ph\.? ?D|M\.Sc|B\.Sc|Ed\.D|Litt\.D|M\.Phil)(?:\.?('?s)(?![A-Za-z])|(?:\.(?! *$))?)"
            r"(?![A-Za-z])"
        ),
        _degree,
    ),
    (
        re.compile(
            r"(?:[A-Za-z]\.){2,10}(?:'?s\b)?(?![A-Za-z])"
            r"|(?:[A-Za-z]\.){1,9}[A-Za-z](?:'?s)?(?![A-Za-z.'])"
        ),
        _initialism,
    ),
    (re.compile(r"([A-Z]{1,3})&([A-Z]{1,3})('?s)?(?![A-Za-z])"), _ampersand),
    (re.compile(r"w/o(?![A-Za-z])"), _fixed("without")),
    (re.compile(r"w/(?= )"), _fixed("with")),
    (re.compile(r"b/c(?![A-Za-z])"), _fixed("because")),
    (re.compile(r"c/o(?![A-Za-z])"), _fixed("care of")),
    (re.compile(r"[nN]/[aA](?![A-Za-z])"), _fixed("N A")),
)
