"""Numbers that count nothing: codes, years, postal codes, flights, rooms."""

from __future__ import annotations

import re

from tts_pipeline.text.english.normalise.writer import Writer

# After these words a number is a code, told digit by digit.
_CODE_WORDS = frozenset(
    "code pin otp password passcode account card serial zip zipcode extension ext ssn "
    "isbn tracking confirmation invoice".split()
)


_LINKS = frozenset("is in number no of are was".split())


# After these words a number is a name, told in pairs: "Route 66", "Flight 815", "Room 1204".
PAIR_WORDS = frozenset(
    "flight route highway interstate room apartment apt suite bus boeing airbus train gate ".split()
)


def looks_like_year(digits: str) -> bool:
    """True for four digits from 1100 to 2099."""
    return len(digits) == 4 and digits.isdecimal() and "1100" <= digits <= "2099"


def is_code(out: Writer) -> bool:
    before = out.words_before(3)
    if before[:2] == ["in", "ending"]:
        return True
    while before and before[0] in _LINKS:
        before = before[1:]
    return bool(before) and before[0] in _CODE_WORDS


def is_status(out: Writer, text: str, before: str, end: int) -> bool:
    """True for the numbers of "a 404 error", "status 503", "HTTP 200"."""
    if len(text) != 3:
        return False
    told = before in ("error", "status", "p")
    return told or re.match(r" (?:errors?|status|response)\b", out.text[end : end + 10]) is not None


def is_postal(out: Writer, text: str) -> bool:
    """True for five digits after the name of a state."""
    last = out.tokens[-1:] if len(text) == 5 else []
    if last and last[0].kind == "mark":
        last = out.tokens[-2:-1]
    return bool(last) and last[0].kind == "address" and last[0].source.isupper()


def is_flight(out: Writer, text: str) -> bool:
    """True for the number after an airline's two letters: "UA 1549"."""
    if len(text) not in (3, 4) or len(out.tokens) < 2:
        return False
    pair = out.tokens[-2:]
    return (
        all(token.kind == "letter" for token in pair)
        and pair[0].span[1] == pair[1].span[0]
        and (len(out.tokens) < 3 or out.tokens[-3].kind != "letter")
        and not looks_like_year(text)
    )


def is_long_code(text: str) -> bool:
    """True for more digits than anyone counts without grouping them: order and account numbers."""
    return len(text) > 9 and not text.endswith("000")
