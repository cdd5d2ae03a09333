"""Clock times, their ranges and zones, and durations written with two colons."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.stops import close_sentence
from tts_pipeline.text.english.normalise.writer import Writer

_HALF = r"(?:[aApP]\.?[mM]\b\.?|[aApP]\. [mM]\.)"
_ZONE = r"(?:EST|EDT|CST|CDT|MST|MDT|PST|PDT|GMT|UTC|CET|CEST|BST|IST|JST|ET|PT|Z)"
_DOTTED_ZONE = r"(?:[eEcCmMpP]\.[sSdD]\.[tT]\.?|[eEcCmMpP]\.[tT]\.|est|edt|cst|cdt|pst|pdt|gmt|utc)"
_TIME = r"(?P<hour{0}>[01]?\d|2[0-4])(?:[:.](?P<minute{0}>[0-5]\d))?(?: ?(?P<half{0}>{1}))?"


def _clock(hour: str, minute: str | None, half: str | None) -> str:
    """Return "one fifty nine", "one o'clock" (no half of day given), "nine oh five P M"."""
    value = int(hour)
    suffix = (" " + half.replace(".", "").replace(" ", "").upper()) if half else ""
    if not minute:
        return numbers.cardinal(hour) + suffix
    if minute == "00":
        if suffix:
            return numbers.cardinal(hour) + suffix
        if 1 <= value <= 12:
            return numbers.cardinal(hour) + " o'clock"
        return numbers.cardinal(hour) + " hundred"
    oh = "oh " if minute[0] == "0" else ""
    return f"{numbers.cardinal(hour)} {oh}{numbers.cardinal(minute)}{suffix}"


def _counted(value: str, unit: str) -> str:
    return f"{numbers.cardinal(value)} {unit}{'' if int(value) == 1 else 's'}"


def _elapsed(out: Writer, match: re.Match[str]) -> bool:
    """Say "1h 20m", "12m 30s", "2d 4h": units that go down, so that m can only be minutes."""
    parts = [
        (value, unit)
        for value, unit in zip(match.group("d", "h", "m", "s"), ("day", "hour", "minute", "second"))
        if value
    ]
    if len(parts) < 2 and not match.group("bare"):
        return False
    words = " ".join(_counted(value, unit) for value, unit in parts if "." not in value)
    if match.group("bare"):
        words += " " + _counted(match.group("bare"), "minute")
    if parts and "." in parts[-1][0]:
        words += f" {numbers.number(parts[-1][0])} seconds"
    out.say(words, "time", *match.span())
    return True


def _lap(out: Writer, match: re.Match[str]) -> bool:
    """Say "1:49.35": minutes, seconds and hundredths."""
    minutes, seconds, part = match.groups()
    words = _clock(minutes, seconds, None).removesuffix(" o'clock")
    if seconds == "00":
        words = _counted(minutes, "minute")
    out.say(f"{words} point {numbers.spell_digits(part)}", "time", *match.span())
    return True


def _minutes(out: Writer, match: re.Match[str]) -> bool:
    """Say "36:05", minutes and seconds that are no time of day."""
    minutes, seconds = match.groups()
    words = numbers.cardinal(minutes)
    words += " minutes" if seconds == "00" else " oh" * (seconds[0] == "0")
    words += "" if seconds == "00" else f" {numbers.cardinal(seconds)}"
    out.say(words, "time", *match.span())
    return True


def _military(out: Writer, match: re.Match[str]) -> bool:
    """Say "1900 hours" and "0630 hours"."""
    hour, minute = match.groups()
    lead = "zero " if hour[0] == "0" else ""
    rest = "hundred" if minute == "00" else ("oh " if minute[0] == "0" else "")
    if minute != "00":
        rest += numbers.cardinal(minute)
    out.say(f"{lead}{numbers.cardinal(hour)} {rest}", "time", match.start(), match.end(2))
    return True


def _short_half(out: Writer, match: re.Match[str]) -> bool:
    """Say "7:15a" and "9p"-like ends of day after minutes."""
    hour, minute, half = match.groups()
    out.say(_clock(hour, minute, half + "m"), "time", *match.span())
    return True


def _stamp(out: Writer, match: re.Match[str]) -> bool:
    """Say the clock of "2025-03-14T09:30:00Z"; its date has been said."""
    hour, minute, second = match.group(1, 2, 3)
    words = _clock(hour, minute, None).removesuffix(" o'clock")
    if second and int(second):
        words += f" and {_counted(second, 'second')}"
    out.say(words, "time", match.start(1), match.end(3) if second else match.end(2))
    if match.group(4):
        out.say("U T C", "time", *match.span(4))
    return True


def _say_zone(out: Writer, match: re.Match[str]) -> None:
    zone = match.group("zone")
    if zone:
        out.say(zone.replace(".", "").upper(), "time", *match.span("zone"))
    close_sentence(out, match.end())


def _time(out: Writer, match: re.Match[str]) -> bool:
    """Say a time of day or a range of two."""
    hour, minute, half = match.group("hour", "minute", "half")
    last_hour = match.group("hour2")
    if (
        not half
        and not match.group("half2")
        and (not minute or ":" not in match.group() or last_hour and not match.group("minute2"))
    ):
        return False
    end = match.end("half") if half else match.end("minute") if minute else match.end("hour")
    if not half and not last_hour and out.text[match.end("hour")] == ".":
        return False
    shown = None if last_hour and not half and minute == "00" else minute
    out.say(_clock(hour, shown, half), "time", match.start(), end)
    if last_hour:
        words = _clock(last_hour, match.group("minute2"), match.group("half2"))
        out.say("to " + words, "time", end, match.end())
    _say_zone(out, match)
    return True


def _duration(out: Writer, match: re.Match[str]) -> bool:
    hours, minutes, seconds, part, half = match.group("h", "m", "s", "part", "half")
    if half and minutes != "00":
        clock = _clock(hours, minutes, None).removesuffix(" o'clock")
        words = f"{clock} and {_counted(seconds, 'second')} "
        words += half.replace(".", "").replace(" ", "").upper()
    else:
        words = f"{_counted(hours, 'hour')} {_counted(minutes, 'minute')} and "
        words += _counted(seconds, "second")
        if part:
            words = words.rpartition(" ")[0] + f" point {numbers.spell_digits(part)} seconds"
        if half:
            words += " " + half.replace(".", "").replace(" ", "").upper()
    out.say(words, "time", match.start(), match.end("half") if half else match.end("dur"))
    _say_zone(out, match)
    return True


_EDGE = r"(?![A-Za-z0-9]|:\d)"
_TAIL = rf"(?: ?(?P<zone>{_ZONE}{_EDGE}|{_DOTTED_ZONE}{_EDGE}))?{_EDGE}"
_H, _M, _S = r"h(?:rs?|ours?)?", r"m(?:ins?|inutes?)?", r"s(?:ecs?|econds?)?"
_UNIT_EDGE = r"(?![A-Za-z0-9])"
LETTER_RULES = (
    (re.compile(r"T([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,9})?)?(Z)?"), _stamp),
)
NUMBER_RULES = (
    (
        re.compile(
            rf"(?=\d{{1,3}} ?(?:d|{_H}|{_M})\.?,? ?\d)"
            rf"(?:(?P<d>\d{{1,3}}) ?d,? ?(?=\d))?(?:(?P<h>\d{{1,3}}) ?{_H}(?![A-Za-z])\.?,? ?)?"
            rf"(?:(?P<m>\d{{1,3}}) ?{_M}(?![A-Za-z])(?:\.(?= ?\d))?,? ?)?"
            rf"(?:(?P<s>\d{{1,3}}(?:\.\d{{1,3}})?) ?{_S})?(?<! ){_UNIT_EDGE}(?P<bare>)"
        ),
        _elapsed,
    ),
    (re.compile(r"(?P<d>)(?P<h>\d{1,2})h(?P<m>)(?P<s>)(?P<bare>[0-5]\d)(?![A-Za-z0-9])"), _elapsed),
    (re.compile(r"(\d{1,2}):([0-5]\d)\.(\d{1,3})(?![A-Za-z0-9:]| ?[aApP]\.?[mM])"), _lap),
    (re.compile(r"([01]\d|2[0-4])([0-5]\d)(?= (?:hours|hrs?|h)\b)"), _military),
    (re.compile(r"(\d{1,2}):([0-5]\d) ?([aApP])(?![A-Za-z0-9']|\.[A-Za-z])"), _short_half),
    (re.compile(r"(2[5-9]|[3-9]\d):([0-5]\d)(?![A-Za-z0-9:-]|\.\d)"), _minutes),
    (
        re.compile(
            r"(?P<dur>(?P<h>\d{1,3}):(?P<m>[0-5]\d):(?P<s>[0-5]\d)(?:\.(?P<part>\d{1,6}))?)"
            rf"(?: ?(?P<half>{_HALF}))?{_TAIL}"
        ),
        _duration,
    ),
    (
        re.compile(_TIME.format("", _HALF) + r" ?[-–] ?" + _TIME.format("2", _HALF) + _TAIL),
        _time,
    ),
    (
        re.compile(_TIME.format("", _HALF) + "(?P<hour2>)(?P<minute2>)(?P<half2>)" + _TAIL),
        _time,
    ),
)
