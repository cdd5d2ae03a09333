"""The walk through a text: plain words go straight through, everything else to the rules.

One regular expression takes a plain word, blank or comma at a time; running prose never gets
further than that and one dictionary look-up. Whatever it does not match is offered to the rules of
its first character, the first that accepts it says it. Rules look at bounded stretches only, so
the whole is linear in the length of the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.normalise import (
    addresses,
    angles,
    casual,
    codes,
    dates,
    dimensions,
    electronic,
    maths,
    measures,
    money,
    plurals,
    quantities,
    roman,
    signs,
    slashes,
    times,
    words,
)  # fmt: skip
from tts_pipeline.text.english.normalise.characters import Folded
from tts_pipeline.text.english.normalise.tokens import Normalised
from tts_pipeline.text.english.normalise.trace import Trace
from tts_pipeline.text.english.normalise.writer import Rule, Writer
from tts_pipeline.text.protocol import Token

_ATOM = re.compile(
    r"([A-Za-z]+(?:'[A-Za-z]+)*)(?!(?<=in)'(?![A-Za-z]))"
    r"(?=[ \n,;!?\"')\t]|$|:(?![/\w])|\.(?:[ \n\"')]|$)|-[a-z]{2}|--|—|…)"
    r"|([ \t]+)|(,)(?=[ \n])"
)
_RUN = re.compile(r"\d+|[A-Za-z]+(?:'[A-Za-z]+)*")

# In this order: the more specific reading first.
_NUMBER_RULES = (
    *casual.MIXED_RULES,
    *quantities.FIXED_RULES,
    *quantities.SCRIPTURE_RULES,
    *quantities.POINTED_RULES,
    *maths.EARLY_RULES,
    *dimensions.EARLY_RULES,
    *dates.NUMBER_RULES,
    *times.NUMBER_RULES,
    *plurals.EARLY_RULES,
    *codes.NUMBER_RULES,
    *addresses.NUMBER_RULES,
    *quantities.GROUPED_RULES,
    *money.NUMBER_RULES,
    *measures.NUMBER_RULES,
    *slashes.NUMBER_RULES,
    *quantities.EARLY_RULES,
    *codes.SERIAL_RULES,
    *quantities.NUMBER_RULES,
)
_LETTER_RULES = (
    *casual.MIXED_RULES,
    *dates.LETTER_RULES,
    *times.LETTER_RULES,
    *maths.LETTER_RULES,
    *money.LETTER_RULES,
    *measures.LETTER_RULES,
    *codes.ZONE_RULES,
    *words.LETTER_RULES,
    *plurals.LETTER_RULES,
    *codes.SERIAL_RULES,
)
_DECIMAL_RULES = (*measures.NUMBER_RULES, *money.NUMBER_RULES, *quantities.NUMBER_RULES)
_SIGN_RULES = {
    **dict.fromkeys(money.SIGNS, money.SIGN_RULES),
    **dict.fromkeys("½⅓⅔¼¾⅛⅜⅝⅞", quantities.EARLY_RULES),
    **dict.fromkeys("#@", electronic.HANDLE_RULES),
    ".": _DECIMAL_RULES,
    "'": (*dates.APOSTROPHE_RULES, *signs.ELISION_RULES),
    "!": angles.UNEQUAL_RULES,
    "+": codes.PLUS_RULES,
    "(": (*codes.BRACKET_RULES, *money.BRACKET_RULES, *roman.BRACKET_RULES),
}
_RULES_BY_WORD = (dates.WORD_RULES, money.WORD_RULES, measures.WORD_RULES, words.WORD_RULES)
_WORD_RULES = {
    name: tuple(rule for rules in _RULES_BY_WORD for rule in rules.get(name, ()))
    for name in (name for rules in _RULES_BY_WORD for name in rules)
}


def scan(
    text: str, known: Callable[[str], bool] | None = None, trace: Trace | None = None
) -> Normalised:
    """Return the tokens of a text and what could not be spoken."""
    folded = Folded(text)
    out = Writer(folded, known)
    out.trace = trace
    place = 0
    for start, end, say in _special(folded.text):
        if start < place:
            continue
        _scan_stretch(out, place, start)
        out.limit = len(folded.text)
        if say(out, start, end) is False:
            words.say(out, start, end, _WORD_RULES)
        elif trace is not None:
            trace.add(folded.source_span(start, end), say)
        place = end
    _scan_stretch(out, place, len(folded.text))
    if folded.blanks:
        _cover(out.tokens, folded)
    dropped = sorted(folded.records() + out.dropped, key=lambda record: record.span)
    return Normalised(out.tokens, dropped, out.undecided)


def _cover(tokens: list[Token], folded: Folded) -> None:
    """Put a silent token wherever white space is written as an entity and no token holds it."""
    for start, end in folded.blanks:
        index = bisect_right(tokens, start, key=lambda token: token.span[0])
        if index == 0 or tokens[index - 1].span[1] <= start:
            source = folded.source[start:end]
            tokens.insert(index, Token("", "silent", (start, end), source))


def _special(text: str) -> Iterable[tuple[int, int, Callable[[Writer, int, int], bool | None]]]:
    """Return the stretches that are found by one look through the text, and who says them."""
    addresses_ = [(*span, electronic.say) for span in electronic.find(text)]
    return sorted(
        [*addresses_, *((*span, casual.say) for span in casual.find(text))],
        key=lambda stretch: (stretch[0], -stretch[1]),
    )


def _scan_stretch(out: Writer, place: int, limit: int) -> None:
    text, tokens, source_span = out.text, out.tokens, out.folded.source_span
    source = out.folded.source
    atom, rules = _ATOM.match, _WORD_RULES
    out.limit = limit
    while place < limit:
        match = atom(text, place, limit)
        if match is None:
            place = _say_other(out, place)
            continue
        kind = match.lastindex
        if kind == 1:
            word = match.group()
            low = word.lower()
            if low not in rules and len(word) <= 48 and (word == low or word[1:] == low[1:]):
                span = source_span(place, match.end())
                tokens.append(Token(low, "word", span, source[span[0] : span[1]]))
            else:
                place = words.say(out, place, match.end(), rules)
                continue
        elif kind == 3:
            out.mark(",", place, place + 1)
        place = match.end()


def _say_other(out: Writer, place: int) -> int:
    """Say what stands at a place where no plain word, blank or comma does; return where it ends."""
    char = out.text[place]
    digit, letter = char in "0123456789", char.isalpha()
    rules: Iterable[Rule] = (
        _NUMBER_RULES if digit else _LETTER_RULES if letter else _SIGN_RULES.get(char, ())
    )
    after = out.apply(rules, place)
    if after:
        return after
    run = _RUN.match(out.text, place, out.limit)
    if run is None:
        return signs.say(out, place)
    if digit:
        quantities.say_digits(out, place, run.end())
        return run.end()
    return words.say(out, place, run.end(), _WORD_RULES)
