"""Full stops, question and exclamation marks, ellipses: which of them end a sentence."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.abbreviations import STARTERS
from tts_pipeline.text.english.normalise.writer import Writer

_STOPS = re.compile(r"[.?!…]+")


_CLOSERS = re.compile(r"[\"')\]*_]*")


# Names that carry an exclamation mark.
_EXCLAIMED = frozenset("yahoo jeopardy joomla yum chips guess".split())


_NEXT_WORD = re.compile(r"[ \t\n\"'(\[]*([A-Za-z]+)?")


def ends_sentence(out: Writer, place: int) -> bool:
    """True where a new sentence seems to begin after an abbreviation that ended at ``place``."""
    text = out.text
    if place >= out.limit:
        return place >= len(text)
    if text[place] not in " \t\n\"')]":
        return False
    match = _NEXT_WORD.match(text, place)
    if not match or "\n\n" in match.group():
        return True
    word = match.group(1)
    if not word:
        return match.end() >= len(text)
    initial = len(word) == 1 and text[match.end() : match.end() + 1] == "."
    return word[0].isupper() and word.lower() in STARTERS and not initial


def close_sentence(out: Writer, end: int) -> None:
    """End the sentence where an expression ended with a full stop that is also the sentence's."""
    if out.text[end - 1] == "." and ends_sentence(out, end):
        out.end_sentence(end - 1, end)


def stop(out: Writer, place: int) -> int:
    """Mark a full stop, question, exclamation or ellipsis, which may or may not end a sentence."""
    text = out.text
    match = _STOPS.match(text, place, out.limit)
    run = match.group() if match else "."
    end = place + len(run)
    mark = "?" if "?" in run else "!" if "!" in run else "."
    after = _CLOSERS.match(text, end).end()  # type: ignore[union-attr]
    following = _NEXT_WORD.match(text, after)
    word = following.group(1) if following else None
    # A quotation inside a sentence: "Why?" he asked. An ellipsis inside one: well... no.
    goes_on = bool(following and word and word[0].islower() and "\n\n" not in following.group())
    attached = after < len(text) and not text[after].isspace()
    between = text[after : after + 1].isalnum() and text[place - 1 : place].isalnum()
    if run == "." and _is_short_form(out, text, end, goes_on):
        out.silent(place, end)
        return end
    pauses = mark == "." and (_numbers_an_item(out, place) or (goes_on and run != "."))
    if run == "." and _begins_name(text, place):
        out.say("dot", "sign", place, end)
    elif (
        run == "!"
        and after == end
        and _is_part_of_name(out, place, word, goes_on)
        or run == "!"
        and text[end : end + 1] == "["
    ):
        out.silent(place, end)
    elif mark == "." and len(run) > 2 or run == "…":
        _ellipsis(out, place, end, word, goes_on)
    elif run in (".", "!") and between:
        _inner_stop(out, place, end)
    elif pauses:
        out.mark(",", place, end)
    elif (goes_on and after > end) or (attached and mark != "." and text[after] in ",;:"):
        out.mark(mark if mark != "." else ",", place, end)
    else:
        out.end_sentence(place, end, mark)
    return end


def _is_short_form(out: Writer, text: str, end: int, goes_on: bool) -> bool:
    """True for the stop of a short form: a comma stands behind it, or small letters go on."""
    if text[end : end + 1] in (",", ";"):
        return True
    last = out.tokens[-1] if out.tokens else None
    kinds = ("money", "measure", "date", "abbreviation", "address")
    return goes_on and last is not None and last.kind in kinds and text[end : end + 1] == " "


_MAILBOX = re.compile("[A-Za-z0-9._-]{1,64}@")


def _begins_name(text: str, place: int) -> bool:
    """True for the dot of ".zip", ".NET" and "~/.bashrc"."""
    before = text[place - 1 : place]
    return (
        (not before or before.isspace() or before in "(/~\"'")
        and text[place + 1 : place + 2].isalpha()
        and text[place + 1 : place + 3] not in ("a ", "I ")
        and not _MAILBOX.match(text, place + 1)
    )


def _is_part_of_name(out: Writer, place: int, word: str | None, goes_on: bool) -> bool:
    """True for the mark of "Yahoo! is"."""
    last = out.tokens[-1] if out.tokens else None
    if last is None or not word or last.kind != "word" or not last.source[:1].isupper():
        return False
    return goes_on and (last.text in _EXCLAIMED or word in _AFTER_NAME and len(out.tokens) > 1)


_AFTER_NAME = frozenset("is was has had and or inc".split())


def _ellipsis(out: Writer, place: int, end: int, word: str | None, goes_on: bool) -> None:
    """Pause at dots before the same word again or before "I", whose capital says nothing."""
    last = (out.words_before() or [""])[0]
    repeated = word is not None and word.lower() == last
    blank = out.text[end : end + 1].isspace() and "\n\n" not in out.text[end : end + 3]
    if goes_on or (blank and (repeated or word == "I" and out.text[end + 1 : end + 2] == "I")):
        out.mark(",", place, end)
    else:
        out.end_sentence(place, end)


def _inner_stop(out: Writer, place: int, end: int) -> None:
    """Say the stop of "end.Next" as an end, of "file.name" as "dot", of "3.x" as "point"."""
    text = out.text
    if text[place] == "!" or (text[end].isupper() and text[place - 1].islower()):
        out.end_sentence(place, end, text[place])
    else:
        out.say("dot" if text[end].isalpha() else "point", "sign", place, end)


def _numbers_an_item(out: Writer, place: int) -> bool:
    """True for the full stop after a number that begins a line: "1. Wash the rice"."""
    begin = out.text.rfind("\n", max(place - 8, 0), place) + 1
    if place - begin > 6 or begin == 0 and place > 6:
        return False
    return (
        bool(re.fullmatch(r"\s*\d{1,3}", out.text[begin:place]))
        and out.text[place + 1 : place + 2].isspace()
    )
