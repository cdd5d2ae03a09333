"""Web addresses, e-mail addresses, bare domains and file names, found before anything else."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.normalise.labels import looks_like_year
from tts_pipeline.text.english.normalise.signs import NAMES
from tts_pipeline.text.english.normalise.writer import Writer
from tts_pipeline.text.english.numbers import cardinal, spell_digits, year

MAX_LENGTH = 4096
# A word before the domain ends a sentence without a blank far more often under "it" or "so" than
# it names a site, so bare domains need one of these; others need a scheme, "www." or a path.
_DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|co|uk|de|fr|ca|au|eu|ch|nl|se|jp|cn|ru|br|dev|app|"
    "tv|xyz|fm|gg|ly|sm|nz|ie|es|pl|dk|fi|cz|kr|mx|museum|online|site|tech|blog|news|shop|cloud"
)
_FILES = (
    "txt|pdf|py|html?|jpe?g|png|gif|svg|exe|docx?|csv|tsv|zip|tar|gz|mp3|mp4|wav|flac|json|xml|"
    "ya?ml|md|js|ts|css|cpp|java|sh|bat|ini|cfg|log|xlsx?|pptx?|toml|rst|ipynb|sql|iso|dll"
)
_ANCHOR = re.compile(
    r"@(?=[A-Za-z0-9-])|://|\bwww\.(?=[a-z0-9])|\.(?=[A-Za-z]{2,6}(?![A-Za-z0-9]))", re.I
)
_BEFORE = re.compile(r"[A-Za-z0-9._%+&-]")
_REST = rf"(?::\d{{1,5}})?(?:[/?#][^\s\"<>]{{0,{MAX_LENGTH}}})?"
_LABELS = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\.){1,8}"
_FORMS = (
    re.compile(
        rf"(?:https?|ftp|file|sftp|ssh|git|ws|wss|mailto)://[^\s\"<>]{{1,{MAX_LENGTH}}}", re.I
    ),
    re.compile(
        rf"[A-Za-z0-9][A-Za-z0-9._%+&-]{{0,63}}@{_LABELS}[A-Za-z]{{2,24}}(?![A-Za-z0-9]){_REST}"
    ),
    re.compile(rf"www\.{_LABELS}[A-Za-z]{{2,24}}(?![A-Za-z0-9]){_REST}", re.I),
    re.compile(rf"{_LABELS}(?:{_DOMAINS})(?![A-Za-z0-9@-]|\.[A-Za-z0-9]){_REST}", re.I),
    re.compile(rf"{_LABELS}[a-z]{{2}}(?![A-Za-z0-9@-])/[^\s\"<>]{{0,{MAX_LENGTH}}}"),
    re.compile(rf"[A-Za-z0-9_-]{{1,80}}\.(?:{_FILES})(?![A-Za-z0-9@-]|\.[A-Za-z0-9])", re.I),
)
# A path: two names at least, or one that begins with a tilde, a dot or a drive.
_NAME = r"[\w.+-]{1,60}"
_PATH = re.compile(
    rf"(?<![\w/<.:~)-])(?:(?:~|\.{{1,2}})?(?:/[A-Za-z_.][\w.+-]{{0,60}}){{2,20}}/?"
    rf"|(?:~|\.{{1,2}})/{_NAME}(?:/{_NAME}){{0,20}}/?"
    rf"|[A-Za-z]:\\{_NAME}(?:\\{_NAME}){{0,20}})"
)
_PART = re.compile(r"[A-Za-z]+|\d+|[^A-Za-z0-9]")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SPELLED = frozenset("http https ftp www edu html url api uk eu us io ai faq php xml".split())
_SPOKEN = frozenset("a i my to in of on is it we go up me no do at by or be co the and".split())
_VOWEL = re.compile("[aeiouy]")


def find(text: str) -> list[tuple[int, int]]:
    """Return the spans of all addresses in order; each look is bounded, so the whole is linear."""
    spans: list[tuple[int, int]] = []
    done = 0
    for anchor in _ANCHOR.finditer(text):
        if anchor.start() < done:
            continue
        start = anchor.start()
        first = max(done, start - 128)
        while start > first and _BEFORE.match(text[start - 1]):
            start -= 1
        while start < anchor.start() and not text[start].isalnum():
            start += 1
        end = _longest(text, start)
        if end > anchor.start():
            spans.append((start, end))
            done = end
    paths = [match.span() for match in _PATH.finditer(text)] if "/" in text or "\\" in text else []
    return _merged(spans, [_without_stop(text, *span) for span in paths])


def _without_stop(text: str, start: int, end: int) -> tuple[int, int]:
    while text[end - 1] in ".-":
        end -= 1
    return start, end


def _merged(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap an earlier one left out."""
    spans: list[tuple[int, int]] = []
    for span in sorted(first + second, key=lambda each: (each[0], -each[1])):
        if not spans or span[0] >= spans[-1][1]:
            spans.append(span)
    return spans


def _longest(text: str, start: int) -> int:
    for form in _FORMS:
        match = form.match(text, start)
        if match:
            end = match.end()
            while text[end - 1] in ".,;:!?'*_" or text[end - 1] == ")" and "(" not in match.group():
                end -= 1
            return end
    return -1


def say(out: Writer, start: int, end: int) -> None:
    """Say an address part by part, digits one by one, signs by their names."""
    for part in _PART.finditer(out.text, start, end):
        text, first = part.group(), part.start()
        if text.isdecimal():
            dated = (
                looks_like_year(text)
                and "@" not in out.text[start:end]
                and "_" in out.text[start:end]
            )
            words = year(text) if dated else spell_digits(text)
            out.say(words, "electronic", first, part.end())
        elif text.isalpha():
            say_name(out, text, first)
        elif text in NAMES:
            out.say(NAMES[text], "electronic", first, part.end())
        else:
            out.silent(first, part.end())


def say_name(out: Writer, text: str, start: int) -> None:
    """Say a run of letters: its humps as words where they are words, as letters otherwise."""
    humps = list(_HUMP.finditer(text))
    if any(len(hump.group()) < 3 and hump.group().lower() not in _SPOKEN for hump in humps):
        pieces = [(text, start)]
    else:
        pieces = [(hump.group(), start + hump.start()) for hump in humps]
    for piece, first in pieces:
        low = piece.lower()
        spoken = low in _SPOKEN if len(low) < 3 else bool(_VOWEL.search(low))
        if spoken and low not in _SPELLED and len(piece) > 1:
            out.word(low, first, first + len(piece))
        else:
            out.spell(piece, first)


def _handle(out: Writer, match: re.Match[str]) -> bool:
    """Say "#ClimateAction2030" and "@name" part by part, "#5" as a number."""
    start = match.start()
    sign = "at" if match.group(1) == "@" else "number" if match.group(2).isdecimal() else "hashtag"
    out.say(sign, "sign", start, start + 1)
    for part in _PART.finditer(out.text, match.start(2), match.end(2)):
        if part.group().isdecimal():
            out.say(cardinal(part.group()), "electronic", *part.span())
        elif part.group().isalpha():
            say_name(out, part.group(), part.start())
        else:
            out.silent(*part.span())
    return True


HANDLE_RULES = ((re.compile(r"([#@])([A-Za-z0-9_]{1,80})(?![A-Za-z0-9_])"), _handle),)
