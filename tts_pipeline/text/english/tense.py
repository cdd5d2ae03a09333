"""Past or present "read": what auxiliaries, subjects and adverbs around it settle.

Without an auxiliary a singular subject settles it ("she read" can only be past), then words that
place the sentence in time. What is left open goes to the classifier.
"""

from __future__ import annotations

_HAVE = frozenset(
    "has have had having haven't hasn't hadn't 've is are was were be been being am 's isn't "
    "aren't wasn't weren't i've you've we've they've he's she's it's i'd they'd we'd got get "
    "gets".split()
)
_MODAL = frozenset(
    "will would can could shall should may might must cannot can't don't doesn't didn't won't "
    "wouldn't couldn't shouldn't do does did to let help make helped made let's lets i'll you'll "
    "we'll they'll he'll she'll please gonna wanna".split()
)
_ASKING = frozenset(
    "will would can could shall should may might must can't don't doesn't didn't won't wouldn't "
    "couldn't do does did".split()
)
_SKIPPED = frozenset(
    "not never ever already always just also often still only even then now really actually soon "
    "once twice simply i he she it we they you who us them me him her all both each".split()
)
_SINGULAR = frozenset(
    "he she it nobody everyone everybody someone somebody anyone anybody one mom mother dad father "
    "grandma grandpa mum mommy daddy grandmother grandfather".split()
)
_PLURAL_SUBJECTS = frozenset("i we they you".split())
_ADVERBS = _SKIPPED - _PLURAL_SUBJECTS - _SINGULAR
_DETERMINERS = frozenset(
    "a an the my your his her our their its this that each every another one no which".split()
)
_PLURALS = frozenset(
    "people children men women kids police folks parents students teeth feet mice geese".split()
)
_PAST = frozenset(
    "yesterday ago last earlier previously recently formerly was were had did went said came cried "
    "laughed left told sent wrote gave saw made took got knew thought found once then began when "
    "signed slept fell".split()
)
_PRESENT = frozenset(
    "every often usually daily sometimes rarely seldom whenever mornings evenings nights nowadays "
    "weekly sundays mondays tuesdays wednesdays thursdays fridays saturdays weekends generally "
    "normally always regularly occasionally".split()
)
_STOPS = frozenset(",.;:!?()\"'")
_LOOK = 12


def tense_of(tokens: list[str], index: int) -> str:
    """Return "_past" or "_present" where the words around "read" settle it, else "".

    Args:
        tokens: the sentence as for the classifier.
        index: place of the verb.
    """
    low = [token.lower() for token in tokens]
    settled = _auxiliary(low, index)
    if settled:
        return settled
    place = index - 1
    while place >= 0 and (low[place] in _ADVERBS or _is_adverb(low[place])):
        place -= 1
    if place < 0 or low[place] in _STOPS:
        return "" if index and low[index - 1] != "," else "_present"
    subject = low[place]
    if subject in _SINGULAR:
        return "_past"
    if _is_singular_noun(tokens, low, place):
        return "_past"
    if subject in _PLURAL_SUBJECTS or subject in _PLURALS or _looks_plural(subject):
        return _by_time(low, index)
    return ""


def _auxiliary(low: list[str], index: int) -> str:
    """Return the tense that an auxiliary settles: "have I ever read", "did the boy read"."""
    for place in range(index - 1, max(index - 4, -1), -1):
        word = low[place]
        if word in _HAVE:
            return "_past"
        if word in _MODAL:
            return "_present"
        if word not in _SKIPPED and not _is_adverb(word):
            break
    for place in range(index - 1, max(index - 6, -1), -1):
        if low[place] in _STOPS:
            return ""
        opens = place == 0 or low[place - 1] in _STOPS or low[place - 1] in ("and", "but", "or")
        asked = opens or low[place - 1] in ("what", "how", "why", "where", "when", "who")
        if low[place] in _ASKING and asked:
            return "_present"
        if low[place] in ("has", "have", "had") and opens:
            return "_past"
    return ""


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and len(word) > 4


def _looks_plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))


def _is_singular_noun(tokens: list[str], low: list[str], place: int) -> bool:
    """True for "my mom", "the sign", "Dr. Smith" and "Anna" as the subject."""
    word = tokens[place]
    if not word[:1].isalpha() or _looks_plural(low[place]) or low[place] in _PLURALS:
        return False
    before = low[place - 1] if place else ""
    if before in ("and", "or", "to", "of", "for", "with", "in", "on", "at", "by", "from"):
        return False
    if place and low[place - 1] in _DETERMINERS:
        return True
    named = word[:1].isupper() and low[place] not in _DETERMINERS and place > 0
    return named and before not in _ASKING


def _by_time(low: list[str], index: int) -> str:
    """Return the tense by what places the clause in time."""
    near = low[max(index - _LOOK, 0) : index] + low[index + 1 : index + _LOOK]
    past = sum(word in _PAST or word.endswith("ed") and len(word) > 4 for word in near)
    present = sum(word in _PRESENT for word in near)
    if present and not past:
        return "_present"
    return "_past" if past and not present else ""
