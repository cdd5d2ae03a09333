"""Roman numerals, where the words around say that they are numbers: kings, chapters, wars."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.abbreviations import STARTERS
from tts_pipeline.text.english.normalise.writer import Writer

# "Chapter IV" is chapter four.
COUNTED = frozenset(
    "chapter part book volume vol act scene section war phase type class appendix article title "
    "stage figure table level bowl apollo rocky canto episode season grade unit division tier "
    "category schedule annex amendment psalm sonnet symphony opus gemini saturn land lesson verse "
    "page item step round plate map exhibit factor schedule xbox corps legion".split()
)
# "Henry VIII" is Henry the eighth.
_RULERS = frozenset(
    "henry louis elizabeth george paul john pius edward richard charles james william philip "
    "napoleon nicholas alexander ivan frederick peter catherine leo gregory benedict francis "
    "ramesses ramses thutmose xerxes darius ptolemy amenhotep cleopatra robert david gustav "
    "christian otto leopold albert carlos innocent clement urban boniface wilhelm friedrich maria "
    "constantine theodosius justinian mary margaret haakon olav harald umberto victor emmanuel "
    "ferdinand alfonso pedro joseph franz antiochus artaxerxes seti kenneth rama mehmed "
    "selim murad suleiman sixtus julius celestine eugene stephen michael thomas sam walter arthur "
    "frank harry jack donald edwin".split()
)
_RANKS = frozenset("king queen pope emperor empress tsar czar kaiser sultan pharaoh prince".split())
_CENTURIES = re.compile(r"(?:st|nd|rd|th)?[ -](?:century|centuries|dynasty|olympiad)\b", re.I)
_VERBS = re.compile(
    r" (?:am|was|have|had|think|thought|will|would|can|could|shall|should|do|did|know|knew|saw|see|"
    r"said|say|want|wanted|went|go|love|like|mean|guess|suppose|must|may|might|never|always|just)\b"
)


def say_roman(out: Writer, start: int, end: int) -> bool:
    """Say the letters of one case from ``start`` to ``end`` as a number if they are one here."""
    text = out.text[start:end]
    letters, _, ending = text.partition("'")
    value = numbers.roman(letters)
    if value is None or (ending and ending.lower() != "s"):
        return False
    cardinal = numbers.cardinal(str(value))
    tail = "'s" if ending else ""
    if len(letters) > 1 and letters.isupper() and _CENTURIES.match(out.text, end, out.limit):
        out.say(numbers.to_ordinal(cardinal) + tail, "roman", start, end)
        return True
    if value >= 1000 and letters.isupper() and len(letters) > 3 and value < 2100:
        out.say(numbers.year(str(value)) + tail, "roman", start, end)
        return True
    before = [token for token in out.tokens[-5:] if token.is_word]
    if before and letters != "I" and _continues_list(out):
        out.say(cardinal + tail, "roman", start, end)
        return True
    if not before or out.tokens[-1].kind in ("mark", "end", "paragraph"):
        return False
    if _is_drip(out, letters, end):
        return False
    if letters == "I" and _VERBS.match(out.text, end, out.limit) and before[-1].text != "war":
        return False
    name, capital = before[-1].text, before[-1].source[:1].isupper()
    if name in COUNTED or name.removesuffix("s") in COUNTED:
        out.say(cardinal + tail, "roman", start, end)
        return True
    if letters.islower():
        return False
    ranked = any(token.text in _RANKS for token in before[:-1])
    if capital and value < 40 and (name in _RULERS or ranked):
        out.say(f"the {numbers.to_ordinal(cardinal)}{tail}", "roman", start, end)
        return True
    # Other names count their sequels: "Rocky IV", "Final Fantasy VII"; one letter is too little.
    capital = capital and name not in STARTERS and before[-1].kind == "word"
    if capital and not before[-1].source.isupper() and len(letters) > 1 and value < 40:
        out.say(cardinal + tail, "roman", start, end)
        return True
    return False


def _continues_list(out: Writer) -> bool:
    """True after "Parts I," and "Parts I and": the next numeral of the same list."""
    for token in reversed(out.tokens[-4:]):
        if token.kind == "roman":
            return True
        if token.text not in (",", "and", "or", "to", "through", "") or token.kind == "end":
            return False
    return False


def _is_drip(out: Writer, letters: str, end: int) -> bool:
    """True for the letters of "an IV drip"."""
    return letters == "IV" and _DRIP.match(out.text, end) is not None


_DRIP = re.compile(
    r"[ -](?:drip|fluids?|lines?|antibiotics?|bags?|push|access|medications?|meds|infusions?|"
    r"therapy|catheters?|poles?|tubes?|needles?|drug|drugs|was|is|in|saline|dose|doses|contrast)\b"
)


def _range(out: Writer, match: re.Match[str]) -> bool:
    """Say "Types I-IV" and "chapters II–V" where something counted stands before."""
    before = (out.words_before() or [""])[0]
    first, last = numbers.roman(match.group(1)), numbers.roman(match.group(2))
    if first is None or last is None or first >= last:
        return False
    if before not in COUNTED and before.removesuffix("s") not in COUNTED:
        return False
    out.say(numbers.cardinal(str(first)), "roman", *match.span(1))
    out.say("to " + numbers.cardinal(str(last)), "roman", match.end(1), match.end())
    return True


def _label(out: Writer, match: re.Match[str]) -> bool:
    """Say the label of a list, "(ii)", as a number."""
    value = numbers.roman(match.group(1))
    if value is None or value > 30 or value < 2:
        return False
    out.mark(",", match.start(), match.start() + 1)
    out.say(numbers.cardinal(str(value)), "roman", *match.span(1))
    out.mark(",", match.end() - 1, match.end())
    return True


RANGE_RULES = ((re.compile(r"([IVXLC]{1,7}) ?[-–] ?([IVXLC]{1,7})(?![A-Za-z'-])"), _range),)
BRACKET_RULES = ((re.compile(r"\(([ivx]{2,5})\)"), _label),)
