"""Dates in the common orders, years, decades and ranges of them."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.abbreviations import MONTHS
from tts_pipeline.text.english.normalise.stops import close_sentence
from tts_pipeline.text.english.normalise.writer import Writer

_NAMES = list(dict.fromkeys(MONTHS.values()))
_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + ")"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1\d{3}|20\d{2})"
_SUFFIX = r"(?:st|nd|rd|th)?"
_EDGE = r"(?![A-Za-z0-9])"
_WEEKDAYS = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday",
    "thur": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip


def _year(digits: str | None) -> str:
    """Return a year, with two digits as they are said: "ninety eight", "oh five"."""
    if not digits:
        return ""
    if len(digits) == 2:
        return " " + ("oh " if digits[0] == "0" else "") + numbers.cardinal(digits)
    return " " + numbers.year(digits)


def _month_number(month: str, day: str, year: str | None) -> str:
    return f"{_NAMES[int(month) - 1]} {numbers.ordinal(day)}{_year(year)}"


def _iso(out: Writer, match: re.Match[str]) -> bool:
    year, month, day = match.group("year", "month", "day")
    out.say(_month_number(month, day, year), "date", *match.span())
    return True


def _numeric(out: Writer, match: re.Match[str]) -> bool:
    """Say month/day/year, the US order, or day/month/year where only that is possible."""
    first, second, year = match.group("first", "second", "year")
    if 1 <= int(first) <= 12 and 1 <= int(second) <= 31:
        words = _month_number(first, second, year)
    elif 1 <= int(second) <= 12 and 1 <= int(first) <= 31:
        words = f"the {numbers.ordinal(first)} of {_NAMES[int(second) - 1]}{_year(year)}"
    else:
        return False
    out.say(words, "date", *match.span())
    return True


def _day_month(out: Writer, match: re.Match[str]) -> bool:
    day, month, comma, year = match.group("day", "month", "comma", "year")
    before = out.words_before()
    article = "" if before and before[0] in ("the", "this", "every", "each") else "the "
    words = f"{article}{numbers.ordinal(day)} of {MONTHS[month.lower()]}"
    out.say(words, "date", match.start(), match.end("month"))
    _say_year(out, comma, year, match)
    return True


def _say_year(out: Writer, comma: str | None, year: str | None, match: re.Match[str]) -> None:
    if not year:
        return
    if comma and "," in comma:
        out.mark(",", match.start("comma"), match.end("comma"))
    out.say(_year(year), "date", match.start("year"), match.end("year"))


def _month_first(out: Writer, match: re.Match[str]) -> bool:
    """Say "Jan. 15, 2020", "January 5-7" and "July 1876"."""
    month, dot, day, last, comma, year = match.group("month", "dot", "day", "last", "comma", "year")
    start = match.start()
    name = MONTHS[month.lower()]
    if month.lower() in ("may", "march", "mar") and month[0].islower() and not year and not dot:
        # "you may 15 times" is not a date.
        return False
    if not day:
        out.say(name, "date", start, match.end("month"))
        _say_year(out, comma, year, match)
        return True
    out.say(f"{name} {numbers.ordinal(day)}", "date", start, match.end("day"))
    if last:
        out.say(f"to {numbers.ordinal(last)}", "date", match.start("last"), match.end("last"))
    tail = match.group("tail")
    if tail:
        token = out.tokens[-1]
        out.tokens[-1] = token._replace(text=token.text + tail)
    _say_year(out, comma, year, match)
    return True


def _short_year(out: Writer, match: re.Match[str]) -> bool:
    """Say "'08" and "'99"."""
    out.say(_year(match.group(1)), "date", *match.span())
    return True


def _decade(out: Writer, match: re.Match[str]) -> bool:
    group = match.groupdict("")
    out.say(decade(group["digits"] or group.get("tens", "")), "date", *match.span())
    return True


def decade(digits: str) -> str:
    """Return the plural of a round number: "1980" is "nineteen eighties", "1900" its hundreds."""
    if len(digits) == 4 and digits.endswith("000"):
        return numbers.plural(numbers.cardinal(digits)).removeprefix("one ")
    if digits.endswith("00"):
        return numbers.plural(numbers.year(digits))
    return numbers.plural(numbers.year(digits) if len(digits) > 2 else numbers.cardinal(digits))


def _decade_range(out: Writer, match: re.Match[str]) -> bool:
    first, second = match.groups()
    out.say(decade(first), "date", match.start(), match.end(1))
    out.say(f"to {decade(second)}", "date", match.end(1), match.end())
    return True


def _era(out: Writer, match: re.Match[str]) -> bool:
    digits, era = match.groups()
    digits = digits.replace(",", "")
    words = numbers.year(digits) if len(digits) > 2 else numbers.cardinal(digits)
    out.say(words, "date", match.start(), match.end(1))
    out.say(era.replace(".", "").upper(), "date", match.start(2), match.end(2))
    return True


def _ad(out: Writer, match: re.Match[str]) -> bool:
    out.say("A D", "date", match.start(), match.end(1))
    digits = match.group(2)
    words = numbers.year(digits) if len(digits) > 2 else numbers.cardinal(digits)
    out.say(words, "date", match.start(2), match.end(2))
    return True


def _weekday(out: Writer, match: re.Match[str]) -> bool:
    out.say(_WEEKDAYS[match.group(1).lower()], "date", *match.span())
    return True


def _weekdays(out: Writer, match: re.Match[str]) -> bool:
    first, last = (_WEEKDAYS[name.lower()] for name in match.groups())
    out.say(f"{first} to {last}", "date", *match.span())
    return True


def _month_alone(out: Writer, match: re.Match[str]) -> bool:
    out.say(MONTHS[match.group(1).lower()], "date", *match.span())
    close_sentence(out, match.end())
    return True


def _months(out: Writer, match: re.Match[str]) -> bool:
    """Say "Jan-Mar 2020"."""
    first, second = match.group(1, 2)
    out.say(MONTHS[first.lower()], "date", match.start(), match.end(1))
    out.say("to " + MONTHS[second.lower()], "date", match.end(1), match.end(2))
    _say_year(out, match.group("comma"), match.group("year"), match)
    return True


def _named_month(out: Writer, match: re.Match[str]) -> bool:
    """Say "Mar-10-2025"."""
    words = f"{MONTHS[match.group(1).lower()]} {numbers.ordinal(match.group(2))}"
    out.say(words + _year(match.group("year")), "date", *match.span())
    return True


def _two_days(out: Writer, match: re.Match[str]) -> bool:
    link = " and " if "&" in match.group() else " "
    out.say(link.join(_WEEKDAYS[name.lower()] for name in match.groups()), "date", *match.span())
    return True


def _weekday_dot(out: Writer, match: re.Match[str]) -> bool:
    """Say "Sun." as the day where no sentence ends, or where the words before speak of days."""
    if match.end() >= len(out.text):
        before = (out.words_before() or [""])[0]
        if before not in ("on", "closed", "open", "until", "by", "next", "this", "every", "to"):
            return False
    out.say(_WEEKDAYS[match.group(1).lower()], "date", match.start(), match.end())
    close_sentence(out, match.end())
    return True


def _fiscal(out: Writer, match: re.Match[str]) -> bool:
    """Say "FY2024" and "FY24"."""
    out.spell(match.group(1), match.start())
    digits = match.group(2)
    words = numbers.year(digits) if len(digits) == 4 else numbers.cardinal(digits)
    out.say(words, "date", *match.span(2))
    return True


_SHORT_MONTH = "(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)"
_SHORT_DAY = "(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)"
_I = re.IGNORECASE
_TAIL_YEAR = rf"(?:(?P<comma>,? )(?P<year>{_YEAR}){_EDGE}(?!,\d|\.\d))?"
NUMBER_RULES = (
    (
        re.compile(
            rf"(?P<year>{_YEAR})(?P<sep>[-/.])(?P<month>0?[1-9]|1[0-2])(?P=sep)(?P<day>{_DAY})"
            r"(?![A-SU-Za-z0-9/-]|T(?!\d\d:))"
        ),
        _iso,
    ),
    (
        re.compile(
            r"(?P<first>\d{1,2})(?P<sep>[-/.])(?P<second>\d{1,2})(?P=sep)"
            rf"(?P<year>{_YEAR}|(?<!\.)\d\d)"
            r"(?![A-Za-z0-9/-]|\.\d)"
        ),
        _numeric,
    ),
    (
        re.compile(
            rf"(?P<day>{_DAY}){_SUFFIX}(?: of)?[ -](?P<month>{_MONTH})(?![A-Za-z])"
            rf"(?:\.(?![ \n]*$))?{_TAIL_YEAR}",
            _I,
        ),
        _day_month,
    ),
    (re.compile(rf"(\d{{3}}0)'?s ?[-–] ?'?(\d{{3}}0|\d0)'?s{_EDGE}"), _decade_range),
    (re.compile(rf"(?P<digits>\d{{3}}0|1[1-9]00)'?s{_EDGE}|(?P<tens>[2-9]0)'s{_EDGE}"), _decade),
    (
        re.compile(rf"(\d{{1,2}},\d{{3}}|\d{{1,4}}) ?((?:BC|AD)E?|B\.C\.(?:E\.)?|A\.D\.){_EDGE}"),
        _era,
    ),
)
APOSTROPHE_RULES = (
    (re.compile(rf"'(?P<digits>\d0)s{_EDGE}"), _decade),
    (re.compile(r"'(\d\d)(?![A-Za-z0-9]|['\"′″]|[.,]\d)"), _short_year),
)
LETTER_RULES = (
    (
        re.compile(
            rf"(?P<month>{_MONTH})(?![A-Za-z])(?P<dot>\.)?"
            rf"(?:(?:[ -]|(?<=\.))(?P<day>{_DAY}){_SUFFIX}"
            r"(?:(?:-|–| - | – )(?P<last>\d{1,2})(?:st|nd|rd|th)?)?(?P<tail>(?:'s)?)"
            r"(?![A-Za-z0-9]|[:/]\d|,\d|\.\d|-\d))?" + _TAIL_YEAR,
            _I,
        ),
        lambda out, match: bool(match["day"] or match["year"]) and _month_first(out, match),
    ),
    (re.compile(rf"(A\.D\.|AD) (\d{{1,4}}){_EDGE}"), _ad),
    (
        re.compile(
            rf"((?:mon|tue|tues|wed|thur?|thurs|fri)|(?-i:Sat|Sun))\.?(?=,? {_MONTH}\.? \d|,? \d)",
            _I,
        ),
        _weekday,
    ),
    (
        re.compile(
            rf"({_SHORT_MONTH})\.? ?[-–] ?({_SHORT_MONTH})(?![A-Za-z])(?:\.(?=[ ,;)][^A-Z]))?"
            + _TAIL_YEAR
        ),
        _months,
    ),
    (
        re.compile(rf"({_SHORT_MONTH})[-/]({_DAY})[-/](?P<year>{_YEAR}){_EDGE}"),
        _named_month,
    ),
    (re.compile(rf"({_SHORT_DAY})\.?[/&]({_SHORT_DAY})(?![A-Za-z])"), _two_days),
    (re.compile(r"(Sat|Sun)\.(?=,|[ \n](?:[a-z(&]|\d)|$)"), _weekday_dot),
    (re.compile(r"(FY|CY|SY|AY) ?'?(\d{4}|\d\d)(?![A-Za-z0-9])"), _fiscal),
    (re.compile(rf"({_SHORT_DAY})\.?[-–]({_SHORT_DAY})(?![A-Za-z])"), _weekdays),
    (re.compile(r"(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\.?(?=[ ,;]|$)"), _weekday),
    (re.compile(r"(Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec)\.(?=[ \n,;:)]|$)"), _month_alone),
)
WORD_RULES = dict.fromkeys((*MONTHS, *_WEEKDAYS, "ad", "fy", "cy", "sy", "ay"), LETTER_RULES)
