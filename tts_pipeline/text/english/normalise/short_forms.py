"""Abbreviations in full: titles, streets, "No. 5", "etc.", and what they mean where they stand."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import abbreviations as table
from tts_pipeline.text.english.normalise.stops import ends_sentence
from tts_pipeline.text.english.normalise.writer import Writer

_LETTER_NEXT = re.compile(r" (?:[A-Z]|\d{1,4})(?![A-Za-z0-9'])")


def title(out: Writer, match: re.Match[str]) -> bool:
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


def versus(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or not out.tokens[-1].source[:1].isupper():
        return False
    out.say("versus", "abbreviation", *match.span())
    return True


def numbered(out: Writer, match: re.Match[str]) -> bool:
    if not match.group(2) and match.group(1).lower() not in table.BARE_NUMBERED:
        return False
    if match.group(1) == "Rev":
        # "Rev. 21:4" is scripture, "rev. 2" a revision.
        scripture = re.match(r" \d{1,3}:\d", out.text[match.end() : match.end() + 7])
        out.say("revelation" if scripture else "revision", "abbreviation", *match.span())
        return True
    out.say(table.NUMBERED[match.group(1).lower()], "abbreviation", *match.span())
    return True


def plain(out: Writer, match: re.Match[str]) -> bool:
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


def street(out: Writer, match: re.Match[str]) -> bool:
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


AFTER_ORDINAL = {"ed": "edition", "fl": "floor", "flr": "floor", "gr": "grade", "qtr": "quarter",
                  "cong": "congress", "sess": "session", "inf": "infantry"}  # fmt: skip


PER = {"mo": "month", "wk": "week", "hr": "hour", "yr": "year", "min": "minute", "sec": "second",
        "ea": "each", "lb": "pound", "oz": "ounce", "gal": "gallon", "sq": "square"}  # fmt: skip


def after_ordinal(out: Writer, match: re.Match[str]) -> bool:
    if not out.tokens or out.tokens[-1].kind != "ordinal":
        return False
    return _ending(out, match, AFTER_ORDINAL[match.group(1).lower()])


def per(out: Writer, match: re.Match[str]) -> bool:
    if (out.words_before() or [""])[0] not in ("per", "a", "each", "every"):
        return False
    if (out.words_before() or [""])[0] == "a" and match.group(1).lower() in ("ea", "sec", "min"):
        return False
    return _ending(out, match, PER[match.group(1).lower()])


def other(out: Writer, match: re.Match[str]) -> bool:
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
