"""Roman numerals, where the words around say that they are numbers: kings, chapters, wars."""

from __future__ import annotations

import re

from tts_pipeline.text.english import numbers
from tts_pipeline.text.english.normalise.writer import Writer

# "Chapter IV" is chapter four.
_COUNTED = frozenset(
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
    before = [token for token in out.tokens[-4:] if token.is_word]
    if not before or out.tokens[-1].kind in ("mark", "end", "paragraph"):
        return False
    if letters == "I" and _VERBS.match(out.text, end, out.limit) and before[-1].text != "war":
        return False
    name, capital = before[-1].text, before[-1].source[:1].isupper()
    if name in _COUNTED:
        out.say(cardinal + tail, "roman", start, end)
        return True
    if letters.islower():
        return False
    ranked = any(token.text in _RANKS for token in before[:-1])
    if capital and value < 40 and (name in _RULERS or ranked):
        out.say(f"the {numbers.to_ordinal(cardinal)}{tail}", "roman", start, end)
        return True
    # Other names count their sequels: "Rocky IV", "Final Fantasy VII"; one letter is too little.
    if capital and not before[-1].source.isupper() and len(letters) > 1 and value < 40:
        out.say(cardinal + tail, "roman", start, end)
        return True
    return False
