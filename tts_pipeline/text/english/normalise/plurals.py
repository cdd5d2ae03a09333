"""Numbers with an "s" or "ers" behind them: decades, seconds, several of a kind, and clubs.

"in the 830s", "wait 30s", "two 747s", "three 6s", "2x4s", "2nds", "49ers".
"""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.dates import decade
from tts_pipeline.text.english.normalise.writer import NUMBER, Writer

# After these a round number with an "s" is a decade or an age.
_DECADE_BEFORE = frozenset(
    "the early late mid my his her their our your its low high upper lower middle swinging "
    "roaring".split()
)
_DECADE_AFTER = re.compile(
    r" (?:music|movies?|films?|kids?|child|hits?|style|rock|pop|era|fashion|party|theme[ds]?|"
    r"vibes?|"
    r"show|sitcoms?|cartoons?|babies|baby|cinema|club|hip|television|tv|nostalgia)\b"
)
# After these a number with an "s" is a time in seconds.
_SECONDS_BEFORE = frozenset(
    "for in after every within about under over only just takes take took lasts last lasted wait "
    "waits waited bake cook boil hold rest pause microwave steep blend than around approximately "
    "nearly almost exactly timeout delay of at by another per rest run ran runs sprint plank "
    "minutes minute hours hour additional extra".split()
)
_SECONDS_AFTER = re.compile(
    r" (?:timeout|delay|intervals?|timer|video|clip|ad|break|rest|left|remaining|later|ago|per|"
    r"mark|"
    r"window|countdown|sprint|plank|exposure|shot)\b"
)
_COUNT_BEFORE = frozenset(
    "two three four five six seven eight nine ten eleven twelve some many few several these those "
    "all both most other more any no old new used boeing airbus straight double triple pocket "
    "rolled drew size of".split()
)
_TIMED = ("measure", "time")
_PHONES = frozenset(("phone", "iphone", "nexus", "galaxy"))


def _say(out: Writer, match: re.Match[str], words: str, kind: str = "cardinal") -> bool:
    out.say(words, kind, *match.span())
    return True


def _with_s(out: Writer, match: re.Match[str]) -> bool:
    """Say "830s", "90s", "737s", "6s" and "45s" by what stands around."""
    digits = match.group(1)
    before = (out.words_before(1) or [""])[0]
    last = out.last_spoken()
    text, end = out.text, match.end()
    if before in _PHONES and len(digits) < 3:
        return _say(out, match, f"{numbers.cardinal(digits)} S", "code")
    # "Bake, 90s, then rest": nobody sets off a decade so.
    aside = (
        last is not None and last.kind == "mark" and out.text[match.end() : match.end() + 1] == ","
    )
    aside = aside and len(out.tokens) > 1 and out.tokens[-2].kind == "word"
    timed = last is not None and (_was_timed(out) or aside)
    seconds = before in _SECONDS_BEFORE or timed or bool(_SECONDS_AFTER.match(text, end))
    if before in _SECONDS_BEFORE and _COUNT_BEFORE.intersection((before,)):
        seconds = bool(_SECONDS_AFTER.match(text, end))
    round_ = digits.endswith("0") and 1 < len(digits) < 4
    if round_ and (before in _DECADE_BEFORE or _DECADE_AFTER.match(text, end)):
        return _say(out, match, decade(digits), "date")
    if seconds and len(digits) < 4:
        return _say_seconds(out, match, before, digits)
    if round_ and len(digits) == 2:
        return _say(out, match, decade(digits), "date")
    if before in _COUNT_BEFORE or before in ("the", "a") or len(digits) == 3:
        return _say(out, match, numbers.plural(numbers.pairs(digits)))
    if len(digits) == 1 and _is_number_word(before):
        return _say(out, match, numbers.plural(numbers.cardinal(digits)))
    if len(digits) < 3:
        return _say_seconds(out, match, before, digits)
    return _say(out, match, numbers.plural(numbers.pairs(digits)))


def _say_seconds(out: Writer, match: re.Match[str], before: str, digits: str) -> bool:
    attribute = before in ("a", "an", "the") and re.match(r" [a-z]{3}", out.text[match.end() :][:4])
    unit = "second" if digits == "1" or attribute else "seconds"
    return _say(out, match, f"{numbers.cardinal(digits)} {unit}", "measure")


def _was_timed(out: Writer) -> bool:
    """True where a time or a measure has just been said, with nothing but a comma between."""
    for token in reversed(out.tokens[-3:]):
        if token.kind in _TIMED:
            return True
        if token.is_word or token.kind in ("end", "paragraph"):
            return False
    return False


def _is_number_word(word: str) -> bool:
    return word in numbers.ONES or word in numbers.TENS


def _decimal_seconds(out: Writer, match: re.Match[str]) -> bool:
    return _say(out, match, f"{numbers.number(match.group(1))} seconds", "measure")


def _clubs(out: Writer, match: re.Match[str]) -> bool:
    """Say "49ers" and "76ers"."""
    words = numbers.cardinal(match.group(1))
    return _say(out, match, words + ("rs" if words.endswith("e") else "ers") + match.group(2))


def _ordinals(out: Writer, match: re.Match[str]) -> bool:
    digits, suffix = match.groups()
    right = {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")
    if suffix != ("th" if digits[-2:-1] == "1" else right):
        return False
    return _say(out, match, numbers.ordinal(digits) + "s", "ordinal")


def _sizes(out: Writer, match: re.Match[str]) -> bool:
    """Say "2x4s" and "4x4's"."""
    first, second = match.groups()
    words = f"{numbers.cardinal(first)} by {numbers.plural(numbers.cardinal(second))}"
    return _say(out, match, words)


def _tens_of(out: Writer, match: re.Match[str]) -> bool:
    words = numbers.plural(numbers.number(match.group(1)).removeprefix("one "))
    return _say(out, match, words)


def models(out: Writer, match: re.Match[str]) -> bool:
    """Say "A-10s", "B-52s", "V8s", "PS5s": letters, then the number of several."""
    letters, digits = match.groups()
    start = match.start()
    if "-" not in match.group() and len(digits) > 1 and not out.words_before():
        # A code that stands alone is told as it is written.
        return False
    if len(letters) > 3 and re.search("[AEIOU]", letters):
        out.word(letters.lower(), start, match.end(1))
    else:
        out.spell(letters, start)
    out.say(numbers.plural(numbers.pairs(digits)), "code", match.start(2), match.end())
    return True


_EDGE = r"(?![A-Za-z0-9])"
EARLY_RULES = (
    (re.compile(r"(10|100|1,?000|10,?000|100,?000)'?s(?= of\b)"), _tens_of),
    (re.compile(rf"(\d{{1,3}}0|\d{{1,4}})s{_EDGE}(?!/)"), _with_s),
    (re.compile(rf"(\d{{1,3}})ers('?){_EDGE}"), _clubs),
    (re.compile(rf"(\d{{1,3}})(st|nd|rd|th)s{_EDGE}"), _ordinals),
    (re.compile(rf"(\d{{1,3}})[x×](\d{{1,3}})'?s{_EDGE}"), _sizes),
    (re.compile(rf"({NUMBER})s{_EDGE}(?!/)"), _decimal_seconds),
)
LETTER_RULES = ((re.compile(rf"([A-Z]{{1,5}})-?(\d{{1,3}})'?s{_EDGE}"), models),)
