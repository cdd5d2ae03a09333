"""Angle brackets: tags, addresses in brackets, comparisons, arrows and quoting."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.normalise.writer import Writer

# An attribute has a value, or is one of the few that need none: "a<b and c>d" holds no tag.
_ATTRIBUTES = (
    r"(?:\s{1,20}(?:[A-Za-z_:@.-][\w:.-]{0,60}\s?=\s?(?:\"[^\"<>]{0,1000}\"|'[^'<>]{0,1000}'"
    r"|[^\s\"'<>]{1,400})"
    r"|async|autofocus|autoplay|checked|controls|defer|disabled|hidden|loop|multiple|muted|"
    r"required|readonly|selected)){0,30}"
)
_TAG = re.compile(
    rf"<(?:(?P<close>/)?(?P<name>[A-Za-z][A-Za-z0-9:-]{{0,60}})(?P<rest>(?:=[^\s<>]{{1,100}})?{_ATTRIBUTES})\s{{0,9}}"
    r"(?P<empty>/)?|!--[^<>]{0,2000}--|[!?][A-Za-z][^<>]{0,2000})>"
)
_NAMES = frozenset(
    "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas "
    "caption center cite code col colgroup data datalist dd del details dfn dialog div dl dt em "
    "embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head "
    "header hr html i iframe img input ins kbd label legend li link main map mark menu meta nav "
    "noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp "
    "script section select small source span strike strong style sub summary sup svg table tbody "
    "td template textarea tfoot th thead time title tr track tt u ul var video wbr".split()
)
_BLOCKS = frozenset(
    "p br div li ul ol h1 h2 h3 h4 h5 h6 tr table blockquote section hr title".split()
)
_ADDRESS = re.compile(r"<(?=[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]|(?:https?|ftp|mailto|www)[:.])")
_COMPARED = re.compile(r" ?[\w.$€£-]")
_ARROW = re.compile(r"<?[-=]{1,3}>|<[-=]{2}")
_EMOTICON = re.compile(r"<3+(?![A-Za-z0-9.%/])")
# The begin of a comment or of an attribute, whose end is not there yet.
_OPEN = re.compile(
    r"<(?:!--|[!?][A-Za-z]|[A-Za-z][A-Za-z0-9:-]{0,60}\s[^<>]{1,100}=\s?[\"'])[^<>]{0,2000}\Z"
)
# The closing tag of a name that HTML does not know is looked for this far on.
_LOOK = 4000


def say(out: Writer, place: int) -> int:
    """Leave out a tag and report it; say a sign of comparison before a blank, number or name."""
    text = out.text
    tag = _TAG.match(text, place, out.limit)
    if tag and _is_tag(text, tag):
        out.leave_out(place, tag.end(), "mark-up")
        if (tag.group("name") or "").lower() in _BLOCKS:
            last = out.last_spoken()
            if last is not None and last.kind not in ("end", "paragraph"):
                out.end_sentence(place, tag.end())
        return tag.end()
    if tag and tag.end() + _LOOK > len(text) or _OPEN.match(text, place):
        out.more_may_tell(place)
    if _ADDRESS.match(text, place) or text[place] == ">" and _closes_address(out, place):
        out.silent(place, place + 1)
        return place + 1
    if _is_heart(out, place):
        end = _EMOTICON.match(text, place).end()  # type: ignore[union-attr]
        out.leave_out(place, end, "emoticon")
        out.mark(",", place, end)
        return end
    arrow = _ARROW.match(text, place, out.limit)
    if arrow:
        out.mark(",", *arrow.span())
        return arrow.end()
    end = place + (2 if text[place + 1 : place + 2] == "=" else 1)
    amount = text[end : end + 1].isdecimal()
    quoted = text[place] == ">" and text[:place].rstrip(" >")[-1:] in ("", "\n")
    last = out.last_spoken()
    begun = last is not None and last.kind not in ("end", "paragraph")
    compared = begun and _COMPARED.match(text, end) and not _opens_word(text, end)
    if (compared or amount) and not quoted:
        words = "less than" if text[place] == "<" else "greater than"
        out.say(words + (" or equal to" if end == place + 2 else ""), "sign", place, end)
    else:
        out.silent(place, end)
    return end


def _is_tag(text: str, tag: re.Match[str]) -> bool:
    """True for tags of HTML, tags with an attribute, and pairs of an opening and a closing tag."""
    name = tag.group("name")
    if not name or tag.group("close") or tag.group("empty") or tag.group("rest"):
        return True
    if name.lower() in _NAMES:
        return True
    return text.find(f"</{name}", tag.end(), tag.end() + _LOOK) >= 0


def _closes_address(out: Writer, place: int) -> bool:
    opening = out.text.rfind("<", max(place - 400, 0), place)
    if opening < 0 or not _ADDRESS.match(out.text, opening):
        return False
    return not any(char.isspace() for char in out.text[opening:place])


def _is_heart(out: Writer, place: int) -> bool:
    """True for "<3" where nothing stands before that could be compared with three."""
    if not _EMOTICON.match(out.text, place):
        return False
    last = out.last_spoken()
    if last is None or last.kind in ("mark", "end", "paragraph"):
        return True
    return last.kind == "word" and (len(last.text) > 1 or last.text == "i")


def _opens_word(text: str, end: int) -> bool:
    """True for the bracket of a placeholder: "<name>" compares nothing."""
    closing = text.find(">", end, end + 40)
    return (
        closing > 0
        and text[end - 1] == "<"
        and re.fullmatch(r"[A-Za-z][\w -]*", text[end:closing]) is not None
        and not text[closing + 1 : closing + 2].isalnum()
    )


def unequal(out: Writer, match: re.Match[str]) -> bool:
    """Say "!=" in full."""
    out.say("not equal to", "sign", *match.span())
    return True


UNEQUAL_RULES = ((re.compile(r"!=+"), unequal),)
