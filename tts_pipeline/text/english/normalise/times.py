"""Clock times, their ranges and zones, and durations written with two colons."""

from __future__ import annotations

import re

from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.signs import close_sentence
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


def _say_zone(out: Writer, match: re.Match[str]) -> None:
    zone = match.group("zone")
    if zone:
        out.say(zone.replace(".", "").upper(), "time", *match.span("zone"))
    close_sentence(out, match.end())


def _time(out: Writer, match: re.Match[str]) -> bool:
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
NUMBER_RULES = (
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
