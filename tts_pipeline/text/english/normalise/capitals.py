"""Letters and capitals: names of letters, acronyms spelled or spoken, shouting."""

from __future__ import annotations

from collections.abc import Callable

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.initialisms import CASE_LETTERS, SMALL, SPELLED, SPOKEN
from tts_pipeline.text.english.normalise.units import UNITS, unit_words
from tts_pipeline.text.english.normalise.writer import Writer
from tts_pipeline.text.protocol import Token

_SHORT_WORDS = frozenset(
    "a i ah am an as at ax be by do eh go ha he hi if in is it me my no of oh on or ow ox pa so to "
    "uh um up us we ok ma yo ad".split()
)
# Words of three letters that are shouted more often than they are acronyms.
_SHORT_THREE = frozenset(
    "the and not all but you are for can has had his her him was one our out day get how man new "
    "now old see two way boy did its let put say she too use yes yet why try top big bad god war "
    "men ago ask end far few got off own red run set sir six ten act add age air any arm art bed "
    "bit box bus buy car cat cup cut die dog dry due ear eat egg eye fat fit fly fun gas gun guy "
    "hot ice ill job joy key kid law lay leg lie lot low map may mom mad nor odd oil pay per raw "
    "rid row sad sea sit sky son sun tax tea tie tip toy win wow hey huh aha ugh bag ban bar bat "
    "bet bid bin bow bug bye cab cap cop cow cry cub dad dam den dig dim dip dot dug dye eve fan "
    "fee fix flu fog fox fur gap gem gum gut guys gym ham hat hen hid hip hit hop hug hum hut ink "
    "inn jam jar jaw jet jog jug lab lad lap led lid lip lit log mat mix mob mud mug nap net nod "
    "nut oak oar owe owl own pad pal pan pea peg pen pet pie pig pin pit pop pot pub pup rag ran "
    "rat ray rib rip rob rod rot rub rug sat saw sew shy sin sip ski sob spy sum tab tag tan tap "
    "tar ten tin toe ton tow tub tug van vet via vow wax web wet who wig wit yay yep nah nay boo "
    "bro duh gee lol mmm omg ooh pow shh sis uhh umm whoa yum zoo zip usa".split()
) - {"lol", "omg", "usa"}
# After these "A" is the letter.
LETTERED = frozenset(
    "vitamin plan type grade class hepatitis section group appendix exhibit point team option side "
    "platform terminal building block zone series model schedule player variable letter category "
    "suspect witness person option subject sample item version avenue sector area unit vector "
    "patient".split()
)
_FORMULA_SIGNS = frozenset("=≠≤≥+×÷²³^√")
_VOWEL = re.compile("[aeiouy]")
_HUMP = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]")
# Names whose second capital begins no word of its own.
_NAME = re.compile("(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|Da|Del)[A-Z][a-z]+")
# No word has as many consonants in a row; "lengths" comes near.
_CLUSTER = re.compile("[bcdfghjklmnpqrstvwxz]{5}|^[bcdfghjklmnpqrtvwxz]{4}")
_LOOK = 60
_WORD = re.compile("[A-Za-z]+(?:'[A-Za-z]+)?")


def say_letter(out: Writer, start: int, end: int, ending: str) -> None:
    """Say one letter: the words "a" and "I", else its name; "p's" keeps its ending."""
    char = out.text[start]
    if ending and ending != "s":
        out.word(out.text[start:end].lower(), start, end)
    elif ending:
        out.add(char.lower() + "'s", "letter", start, end)
    elif char == "i" or char == "I" or (char in "aA" and not _is_letter_a(out, start, end)):
        out.word(char.lower(), start, end)
    else:
        out.add(char.lower(), "letter", start, end)


def _is_letter_a(out: Writer, start: int, end: int) -> bool:
    """True where "A" is the letter: "vitamin A", "A-level", "plan A"."""
    text = out.text
    if _in_formula(text, start, end):
        return True
    if text[start] == "a" or (end >= out.limit and start == 0):
        return False
    if text[end : end + 1] == "-":
        return True
    after = text[end : end + 1]
    before = out.tokens[-1] if out.tokens else None
    alone = not after or after in ",;).?!=/"
    return bool(before and before.is_word and (alone or before.text in LETTERED))


def _in_formula(text: str, start: int, end: int) -> bool:
    """True for the variable of "a ≠ 0" and the label "(a)"."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if before[-1:] == "(" and after[:1] == ")":
        return True
    return before.strip()[-1:] in _FORMULA_SIGNS or after.strip()[:1] in _FORMULA_SIGNS


def say_capitals(out: Writer, start: int, end: int) -> None:
    """Say a word with capitals inside: an acronym, its plural or possessive, humps, or a shout."""
    word = out.text[start:end]
    match = re.fullmatch(r"([A-Z]{2,})('?s|'S)?", word)
    if not match:
        _say_humps(out, start, end)
        return
    stem, ending = match.group(1).lower(), match.group(2)
    if _is_spelled(out, stem, start, end):
        last = end - len(ending or "") - 1
        out.spell(stem[:-1], start)
        out.add(stem[-1] + ("'s" if ending else ""), "letter", last, end)
    else:
        out.word(stem + ("'s" if ending and "'" in ending else "s" if ending else ""), start, end)


def _say_humps(out: Writer, start: int, end: int) -> None:
    """Say a word in mixed case: "getUserName" by its humps, "mRNA" and "IoT" letter by letter."""
    word = out.text[start:end]
    low = word.lower()
    stem, _, ending = word.partition("'")
    if re.fullmatch(r"[a-z][A-Z]|PhDs?|([A-Z])o\1", word):
        out.say(word[:3].upper() + ("'s" if word[3:] else ""), "letters", start, end)
        return
    unit = None
    if stem in UNITS and not stem.islower():
        counted = out.tokens[-1:] and out.tokens[-1].kind in ("fraction", "cardinal", "decimal")
        unit = unit_words(stem, plural=bool(counted))
    if unit and not ending:
        out.say(unit, "measure", start, end)
        return
    humps = list(_HUMP.finditer(stem))
    known = out.known is not None and (out.known(low) or out.known(stem.lower()))
    odd = ending not in ("", "s", "S")
    if known or odd or len(humps) < 2 or _NAME.fullmatch(stem):
        out.word(low, start, end)
    elif is_initialism([hump.group() for hump in humps], out.known):
        last = start + len(stem)
        out.spell(stem[:-1].lower(), start)
        out.add(stem[-1].lower() + ("'s" if ending else ""), "letter", last - 1, end)
    else:
        for hump in humps:
            _say_hump(out, hump.group(), start + hump.start(), start + hump.end())
        if ending:
            token = out.tokens[-1]
            span = (token.span[0], out.folded.source_span(start, end)[1])
            source = out.folded.source[slice(*span)]
            text = f"{token.text}'{ending.lower()}"
            out.tokens[-1] = Token(text, token.kind, span, source)


def _say_hump(out: Writer, text: str, start: int, end: int) -> None:
    low = text.lower()
    loud = len(text) > 1 and text.isupper() and low not in SPOKEN
    spelled = len(text) == 1 or low in SMALL or not _VOWEL.search(low)
    article = text in ("A", "I")
    if not article and (spelled or (loud and len(text) < 5)):
        out.spell(low, start)
    else:
        out.word(low, start, end)


def is_initialism(humps: list[str], known: Callable[[str], bool] | None) -> bool:
    """Tell initials in mixed case ("mRNA", "IoT", "NVMe", "SpO") from words that were joined.

    Such a word is short, and hardly a part of it is one that could stand by itself.
    """
    size = sum(map(len, humps))
    if size > 6:
        return False
    words = [
        hump
        for hump in humps
        if len(hump) > 2
        and not hump.isupper()
        and _VOWEL.search(hump.lower())
        and hump[1:].islower()
    ]
    if words:
        # "iPhone", "eBay" and "McFly" hold a word; "OAuth" too.
        return False
    short = [hump for hump in humps if not hump.isupper()]
    capitals = sum(letter.isupper() for hump in humps for letter in hump)
    spelled = all(known is None or len(hump) < 3 or not known(hump.lower()) for hump in short)
    return spelled and capitals > 1


def _is_spelled(out: Writer, stem: str, start: int, end: int) -> bool:
    """True where an upper-case word is told letter by letter."""
    if stem in SPOKEN:
        return False
    shouted = _all_capitals(out, start, end)
    if stem in ("am", "fm"):
        return _is_band(out, start, end)
    if stem in CASE_LETTERS:
        return not shouted
    if stem in SPELLED or not _VOWEL.search(stem):
        return not (shouted and stem in _SHORT_WORDS)
    if len(stem) < 3:
        return stem not in _SHORT_WORDS
    if len(stem) == 3 and not shouted:
        return stem not in _SHORT_THREE
    if out.known is not None and out.known(stem):
        return False
    if _CLUSTER.search(stem) and len(stem) < 9:
        return True
    return out.known is not None and len(stem) < 6


def _is_band(out: Writer, start: int, end: int) -> bool:
    """True for the AM and FM of the radio, not for "I AM"."""
    before = (out.words_before() or [""])[0]
    after = re.match(
        r"(?:/| (?:radio|station|band|dial|frequency|and FM))", out.text[end : end + 12]
    )
    return bool(after) or before in ("an", "on", "the") or before.isdecimal() or not before


def _all_capitals(out: Writer, start: int, end: int) -> bool:
    """True where the words around are in capitals too, so that capitals mean nothing.

    Acronyms in a row are no shout: only words that nobody spells count as shouted.
    """
    text = out.text
    before = _WORD.findall(text[max(start - _LOOK, 0) : start])[-3:]
    if start > _LOOK and before and text[start - _LOOK - 1].isalpha() and len(before) < 3:
        before = before[1:]
    after = _WORD.findall(text[end : end + _LOOK])[:3]
    neighbours = [*before, *after]
    loud = sum(_is_loud(out, word) for word in neighbours)
    quiet = sum(word[1:].islower() and len(word) > 1 for word in neighbours)
    return loud > 0 and loud >= quiet


def _is_loud(out: Writer, word: str) -> bool:
    low = word.lower()
    if len(word) < 2 or not word.isupper() or low in SPELLED or low in SPOKEN:
        return False
    if len(low) < 4:
        return low in _SHORT_THREE or low in _SHORT_WORDS and low not in ("pa", "ma", "pm", "ad")
    return _VOWEL.search(low) is not None and (out.known is None or out.known(low))
