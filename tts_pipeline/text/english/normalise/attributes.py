"""Whether a measure describes a noun that follows: "a 500 milliliter bottle"."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.normalise.writer import Writer

_FOLLOWING = re.compile(r" ([a-z]{2,})(?:[ -]|\W|$)|[- ]([A-Z])")


# A unit before one of these has no noun behind it: "a 5 km away".
_NO_NOUN = frozenset(
    "of in and or per to for on at from by with away long tall wide deep high thick apart above "
    "below more less is are was were than that which who into ago later over under each an the as "
    "if when because until before after so but have has had will would can could should may might "
    "must be been being do does did not left remaining total daily weekly then while since through "
    "across along between within without against about around up down off out back behind beyond "
    "near north south east west it its he she they we you his her their our only just also too "
    "again now today yesterday tomorrow last next every any some these those this all both off "
    "heavy old short shorter longer taller wider higher deeper older younger lower faster slower "
    "farther further earlier sooner plus minus times equals".split()
)


# With an article these describe a noun that is still to come: "a 6 ft tall man".
_SIZES = frozenset("long tall wide deep high thick old heavy short".split())


_ARTICLES = frozenset(
    "a an the this that another each every one first second third my your his her our their its "
    "no".split()
)


def is_attribute(out: Writer, start: int, end: int) -> bool:
    """True where a measure stands between an article and a noun: "a 500 ml bottle"."""
    before = out.words_before(1)
    if not before or before[0] not in _ARTICLES:
        return False
    following = _FOLLOWING.match(out.text, end, out.limit)
    if following is None:
        return False
    if following.group(2):
        return out.text[end] == " "
    word = following.group(1)
    if word in _SIZES:
        return before[0] in ("a", "an")
    return word not in _NO_NOUN and not word.endswith("ly")
