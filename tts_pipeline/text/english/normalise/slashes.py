"""Two numbers with a slash between: a date, a rating, a fraction, blood pressure, a time signature.

What stands around decides; the numbers themselves only rule out what they cannot be.
"""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.abbreviations import MONTHS
from tts_pipeline.text.english.normalise.writer import Writer

MONTH_NAMES = list(dict.fromkeys(MONTHS.values()))
_SUFFIX = r"(?:[sS][tT]|[nN][dD]|[rR][dD]|[tT][hH])?"
# Denominators of fractions that people write.
_DENOMINATORS = frozenset((*range(2, 11), 12, 16, 20, 32, 64, 100))
_RATING_BEFORE = frozenset(
    "rate rated rating ratings score scored scores scoring grade graded review reviewed reviews "
    "give gave giving gives got deserves earned solid verdict marks overall mood pain difficulty "
    "quality taste service food value apgar gcs".split()
)
_RATING_AFTER = frozenset(
    "star stars points rating would on for people patients users customers times respondents "
    "reviewers doctors dentists americans students adults women men kids children households "
    "voters questions answers correct overall from score match matches games attempts shots".split()
)
_RATED_AFTER = frozenset("star stars points rating".split())
_PLACES = frozenset(
    "page slide step part question lap round episode day track level image photo file chapter "
    "stage volume item exercise set section tweet thread".split()
)
_PRESSURE = frozenset("bp pressure systolic hypertension".split())
_VISION = frozenset("vision eyesight acuity sight visus snellen seeing".split())
_METER_BEFORE = frozenset("time meter metre signature rhythm bar measure".split())
_METER_AFTER = frozenset("time beat meter metre signature rhythm bar groove feel".split())
_DATE_BEFORE = frozenset(
    "by since until till before after dated date due ends ended ending starts started "
    "starting begins began beginning through thru expires expired effective scheduled born "
    "deadline week monday tuesday wednesday thursday friday saturday sunday weekend opens closes "
    "opening closing arriving arrives departs leaving today tomorrow yesterday tonight launches "
    "released moved postponed updated posted published".split()
)
_ODDS = frozenset("odds favorite favourite underdog longshot".split())
_PARTS = re.compile(
    r"(?:-| )?(?:of (?:an?|the) )?(?:inch|inches|in\b|cups?|tsp|tbsp|teaspoons?|tablespoons?|"
    r"miles?|"
    r"pounds?|lbs?|ounces?|oz|quarts?|pints?|gallons?|yards?|feet|foot|ft|acres?|full|empty|"
    r"majority|share|stake|the|hours?|years?|turn|scale|size|speed|vote|way|mi|kg|km|\"|”|″)"
)
_AT_A_TIME = re.compile(r" ?(?:at|@|from|,) ?\d{1,2}(?::\d\d)? ?(?:[ap]\.?m|[ap]\b|:)?", re.I)
_WORD_AFTER = re.compile(r"[ -]([a-z]+)")
# After these "on 3/4" is a day only where no rating or part can follow.
_DAY_CUES = frozenset("on for from to and".split())


def month_day(month: str, day: str) -> str | None:
    """Return "march fourth" for a month and a day of the US order, None where it is no date."""
    if len(month) > 2 or len(day) > 2 or not 1 <= int(month) <= 12 or not 1 <= int(day) <= 31:
        return None
    return f"{MONTH_NAMES[int(month) - 1]} {numbers.ordinal(day)}"


def _slash(out: Writer, match: re.Match[str]) -> bool:
    """Say a pair by the first reading that fits."""
    whole, top, below = match.group("whole", "top", "below")
    if whole or "." in top + below:
        return _with_whole(out, match)
    for reading in (_pressure, _vision, _signature, _rating, _date, _odds):
        words = reading(out, match, top, below)
        if words:
            kind = "date" if reading is _date else "fraction"
            out.say(words, kind, *match.span())
            return True
    return _fraction(out, match)


def _after(out: Writer, match: re.Match[str]) -> str:
    following = _WORD_AFTER.match(out.text, match.end(), out.limit)
    return following.group(1) if following else ""


def _with_whole(out: Writer, match: re.Match[str]) -> bool:
    whole, top, below = match.group("whole", "top", "below")
    if whole and "." in top + below:
        # Two numbers side by side, the second one a rating.
        return False
    if not whole:
        words = f"{numbers.number(top)} out of {numbers.number(below)}"
        out.say(words, "fraction", *match.span())
        return True
    return _fraction(out, match)


def _pressure(out: Writer, match: re.Match[str], top: str, below: str) -> str:
    if not (len(top) in (2, 3) and len(below) in (2, 3)):
        return ""
    measured = out.text[match.end() : match.end() + 6].strip().lower().startswith("mmhg")
    likely = len(top) == 3 and 80 <= int(top) <= 260 and 30 <= int(below) <= 160
    likely = likely and int(top) > int(below)
    before = out.words_before(6)
    told = _PRESSURE.intersection(before) or ["p", "b"] in (before[i : i + 2] for i in range(4))
    if measured or told or (likely and below not in ("64", "100", "128")):
        return f"{numbers.pairs(top)} over {numbers.pairs(below)}"
    return ""


def _vision(out: Writer, match: re.Match[str], top: str, below: str) -> str:
    if top != "20" or len(below) not in (2, 3) or below[-1] not in "05":
        return ""
    if _VISION.intersection(out.words_before(6)) or _after(out, match) in _VISION:
        return f"{numbers.pairs(top)} {numbers.pairs(below)}"
    return ""


def _signature(out: Writer, match: re.Match[str], top: str, below: str) -> str:
    if below not in ("2", "4", "8", "16") or len(top) > 2:
        return ""
    before = out.words_before(2)
    timed = (before[:1] and before[0] in _METER_BEFORE) or _after(out, match) in _METER_AFTER
    if timed or (top == below and top == "4" and before[:1] in (["in"], ["a"], ["straight"])):
        return f"{numbers.cardinal(top)} {numbers.cardinal(below)}"
    return ""


def _rating(out: Writer, match: re.Match[str], top: str, below: str) -> str:
    if len(top) > 4 or len(below) > 4 or int(top) > int(below) > 0:
        return ""
    before, after = out.words_before(4), _after(out, match)
    out_of = f"{numbers.cardinal(top)} out of {numbers.cardinal(below)}"
    if before and before[0] in _PLACES:
        return f"{numbers.cardinal(top)} of {numbers.cardinal(below)}"
    if below not in ("4", "5", "6", "7", "8", "10", "12", "15", "20", "25", "30", "40", "50", "60",
                     "80", "100", "200", "500", "1000"):  # fmt: skip
        return ""
    rated = _RATING_BEFORE.intersection(before) or after in _RATED_AFTER
    if rated and not _PARTS.match(out.text, match.end()):
        return out_of
    if top == below and not _is_dated(out, match, before):
        return out_of
    tens = below == "10" or (below == "100" and len(top) > 1)
    tens = tens or (below == "5" and after in _RATING_AFTER)
    if not tens or after == "of" or _is_dated(out, match, before) or _among_fractions(out, match):
        return ""
    if _PARTS.match(out.text, match.end()) or before[:1] == ["about"]:
        return ""
    return out_of


def _among_fractions(out: Writer, match: re.Match[str]) -> bool:
    """True in a list of fractions: "1/2, 3/4, 9/10"."""
    text = out.text
    around = text[max(match.start() - 8, 0) : match.start()], text[match.end() : match.end() + 8]
    return bool(re.search(r"\d/\d+,? $", around[0]) or re.match(r",? \d+/\d", around[1]))


def _is_dated(out: Writer, match: re.Match[str], before: list[str]) -> bool:
    """True where the words around speak of a day."""
    if month_day(match.group("top"), match.group("below")) is None:
        return False
    if before and (before[0] in _DATE_BEFORE or before[:2] == ["of", "week"]):
        return True
    if before and before[0] in _DAY_CUES and not _PARTS.match(out.text, match.end()):
        return before[0] == "on" or bool(_DATE_BEFORE.intersection(before[1:3]))
    bracketed = out.text[match.start() - 1 : match.start()] == "("
    if bracketed and out.text[match.end() : match.end() + 1] == ")" and before:
        return True
    time = _AT_A_TIME.match(out.text, match.end(), out.limit)
    return bool(time) and not time.group().startswith(",")  # type: ignore[union-attr]


def _date(out: Writer, match: re.Match[str], top: str, below: str) -> str:
    words = month_day(top, below)
    if words is None:
        return ""
    if _is_dated(out, match, out.words_before(4)):
        return words
    if int(below) in _DENOMINATORS or top[0] == "0" != below[0]:
        return words if top[0] == "0" else ""
    return "" if _PARTS.match(out.text, match.end()) else words


def _odds(out: Writer, match: re.Match[str], top: str, below: str) -> str:
    told = _ODDS.intersection(out.words_before(4)) or _after(out, match) in _ODDS
    if told or (below == "1" and len(top) < 4):
        return f"{numbers.cardinal(top)} to {numbers.cardinal(below)}"
    return ""


def _fraction(out: Writer, match: re.Match[str]) -> bool:
    whole, top, below = match.group("whole", "top", "below")
    if int(below) == 0 and len(below) == 1:
        return False
    part = numbers.fraction(top, below)
    if int(below) not in _DENOMINATORS and not whole and int(below) > 20:
        part = f"{numbers.cardinal(top)} over {numbers.cardinal(below)}"
    if whole:
        part = f"{numbers.cardinal(whole)} and " + re.sub("^one (?!over)", "a ", part)
    out.say(part, "fraction", *match.span())
    return True


def _date_range(out: Writer, match: re.Match[str]) -> bool:
    """Say "3/7-3/9" as two days, unless both halves are parts of a whole: "1/4-1/2 cup"."""
    first, second = month_day(*match.group(1, 2)), month_day(*match.group(3, 4))
    if first is None or second is None or _PARTS.match(out.text, match.end()):
        return False
    parts = [int(match.group(k)) for k in (2, 4)]
    tops = [int(match.group(k)) for k in (1, 3)]
    if all(p in (2, 3, 4, 8, 16) and t < p for p, t in zip(parts, tops)):
        before = out.words_before(4)
        if not before or before[0] not in _DATE_BEFORE | _DAY_CUES:
            return False
    out.say(first, "date", match.start(), match.end(2))
    out.say("to", "range", match.end(2), match.start(3))
    out.say(second, "date", match.start(3), match.end(4))
    return True


def _fraction_range(out: Writer, match: re.Match[str]) -> bool:
    for first, last in ((1, 2), (3, 4)):
        top, below = match.group(first, last)
        words = ("to " if first == 3 else "") + numbers.fraction(top, below)
        out.say(words, "fraction", match.start(first), match.end(last))
    return True


def _season(out: Writer, match: re.Match[str]) -> bool:
    """Say "2023/24" as the two years of a season."""
    first, second = match.groups()
    if (int(first) + 1) % 100 != int(second):
        return False
    words = f"{numbers.year(first)} " + ("oh " if second[0] == "0" else "")
    out.say(words + numbers.cardinal(second), "date", *match.span())
    return True


_D = r"(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])"
_N = r"\d{1,9}(?:\.\d{1,4})?"
NUMBER_RULES = (
    (re.compile(rf"{_D} ?[-–] ?{_D}(?![A-Za-z0-9/])"), _date_range),
    (re.compile(r"([1-9])/([2-9]|16) ?[-–] ?([1-9])/([2-9]|16)(?![A-Za-z0-9/])"), _fraction_range),
    (re.compile(r"((?:19|20)\d\d)/(\d\d)(?![A-Za-z0-9/-])"), _season),
    (
        re.compile(
            rf"(?:(?P<whole>\d{{1,9}})[ -])?(?P<top>{_N})/(?P<below>{_N})(?:{_SUFFIX}s?)?"
            r"(?![A-Za-z0-9/]|\.\d|-\d)"
        ),
        _slash,
    ),
)
