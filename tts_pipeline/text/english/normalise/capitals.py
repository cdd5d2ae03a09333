"""Letters and capitals: names of letters, acronyms spelled or spoken, shouting."""

from __future__ import annotations

import re

from tts_pipeline.text.english.normalise.writer import Writer

# Upper-case words that are said as words whatever a dictionary holds.
_SPOKEN = frozenset(
    "nasa nato unesco unicef opec aids covid laser radar sonar scuba swat fema pin sim ram rom "
    "jpeg gif nascar nasdaq norad osha potus scotus fifa asap yolo lol ikea nimby moma soho noho "
    "interpol delta cobol basic java lisp zip".split()
)
# Ones that are spelled although they look like words.
_SPELLED = frozenset(
    "isbn usa uk eu un uae fbi cia nsa irs epa fda cdc atm ceo cfo cto cpu gpu api url usb lcd dna "
    "rna hiv ufo aka faq diy dvd cd tv pc hr pr id iq ai ml io ibm ieee aaa abc nbc cbs bbc cnn "
    "espn nba nfl nhl mlb ncaa ucla usc nyu mba phd md rsvp sos gop gdp isp ip vip gpa suv ac dc "
    "mri icu va ny sf edt est pst cst gmt utc bc sql css xml html http https ftp www pdf php ios "
    "osx rpg fps cgi dj mc jfk fdr mlk".split()
)
# Words when small or when all the text around is in capitals, letters in mixed text.
_CASE_LETTERS = frozenset("us it who led ups sat er pa la".split())
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
    "rid row sad sea sit sky son sun tax tea tie tip toy win wow hey huh aha ugh".split()
)
# After these "A" is the letter.
_LETTERED = frozenset(
    "vitamin plan type grade class hepatitis section group appendix exhibit point team option side "
    "platform terminal building block zone series model schedule".split()
)
_VOWEL = re.compile("[aeiouy]")
_LOOK = 48


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
    if text[start] == "a" or (end >= out.limit and start == 0):
        return False
    if text[end : end + 1] == "-":
        return True
    after = text[end : end + 1]
    before = out.tokens[-1] if out.tokens else None
    alone = not after or after in ",;).?!=/"
    return bool(before and before.is_word and (alone or before.text in _LETTERED))


def say_capitals(out: Writer, start: int, end: int) -> None:
    """Say a word with capitals inside: an acronym, its plural or possessive, or a shout."""
    word = out.text[start:end]
    match = re.fullmatch(r"([A-Z]{2,})('?s|'S)?", word)
    if not match:
        hump = re.fullmatch(r"([a-z])([A-Z][a-z]+)", word)
        if re.fullmatch("[a-z][A-Z]|PhDs?", word):
            out.say(word[:3].upper() + ("'s" if word[3:] else ""), "letters", start, end)
        elif hump:
            out.spell(hump.group(1), start)
            out.word(hump.group(2).lower(), start + 1, end)
        else:
            out.word(word.lower(), start, end)
        return
    stem, ending = match.group(1).lower(), match.group(2)
    if _is_spelled(out, stem, start, end):
        last = end - len(ending or "") - 1
        out.spell(stem[:-1], start)
        out.add(stem[-1] + ("'s" if ending else ""), "letter", last, end)
    else:
        out.word(stem + ("'s" if ending and "'" in ending else "s" if ending else ""), start, end)


def _is_spelled(out: Writer, stem: str, start: int, end: int) -> bool:
    """True where an upper-case word is told letter by letter."""
    if stem in _SPOKEN:
        return False
    shouted = _all_capitals(out, start, end)
    if stem in _CASE_LETTERS:
        return not shouted
    if stem in _SPELLED or not _VOWEL.search(stem):
        return True
    if len(stem) < 3:
        return stem not in _SHORT_WORDS
    if shouted or len(stem) > 5:
        return False
    if out.known is not None:
        return not out.known(stem)
    return len(stem) == 3 and stem not in _SHORT_THREE


def _all_capitals(out: Writer, start: int, end: int) -> bool:
    """True where the text around is in capitals, so that capitals mean nothing."""
    text = out.text
    around = text[max(start - _LOOK, 0) : start] + text[end : end + _LOOK]
    lower = sum(map(str.islower, around))
    upper = sum(map(str.isupper, around))
    return upper > 4 and upper > 3 * lower
