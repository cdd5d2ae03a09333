"""Words made of known words."""

from __future__ import annotations

import pytest

from tts_pipeline.text.english.lexicon import shipped_lexicon
from tts_pipeline.text.english.morphology import add_d, add_s, derive, propose

KNOWN = {
    "cat": "K AE1 T", "dog": "D AO1 G", "bus": "B AH1 S", "church": "CH ER1 CH", "fly": "F L AY1",
    "hope": "HH OW1 P", "hop": "HH AA1 P", "want": "W AA1 N T", "study": "S T AH1 D IY0",
    "beg": "B EH1 G", "judge": "JH AH1 JH", "quiet": "K W AY1 AH0 T", "go": "G OW1",
    "night": "N AY1 T", "glow": "G L OW1", "happy": "HH AE1 P IY0", "james": "JH EY1 M Z",
    "running": "R AH1 N IH0 NG", "wiggle": "W IH1 G AH0 L", "buzz": "B AH1 Z",
    "hero": "HH IH1 R OW0",
}  # fmt: skip


def lookup(word):
    phones = KNOWN.get(word)
    return tuple(phones.split()) if phones else None


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("cats", "K AE1 T S"),
        ("dogs", "D AO1 G Z"),
        ("buses", "B AH1 S IH0 Z"),
        ("churches", "CH ER1 CH IH0 Z"),
        ("judges", "JH AH1 JH IH0 Z"),
        ("flies", "F L AY1 Z"),
        ("heroes", "HH IH1 R OW0 Z"),
        ("cat's", "K AE1 T S"),
        ("church's", "CH ER1 CH IH0 Z"),
        ("james'", "JH EY1 M Z"),
        ("dogs'", "D AO1 G Z"),
        ("hoped", "HH OW1 P T"),
        ("hopped", "HH AA1 P T"),
        ("begged", "B EH1 G D"),
        ("wanted", "W AA1 N T IH0 D"),
        ("studied", "S T AH1 D IY0 D"),
        ("runnin'", "R AH1 N IH0 N"),
        ("cat'll", "K AE1 T AH0 L"),
    ],
)
def test_rules(word, phones):
    assert derive(word, lookup) == tuple(phones.split())


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("hoping", "HH OW1 P IH0 NG"),
        ("hopping", "HH AA1 P IH0 NG"),
        ("studying", "S T AH1 D IY0 IH0 NG"),
        ("wiggling", "W IH1 G L IH0 NG"),
        ("buzzing", "B AH1 Z IH0 NG"),
        ("nightglow", "N AY1 T G L OW2"),
    ],
)
def test_proposals(word, phones):
    assert derive(word, lookup) is None
    assert propose(word, lookup) == tuple(phones.split())


@pytest.mark.parametrize("word", ["", "'", "s", "'s", "zz", "ing", "ed", "xylo", "ss", "zing's"])
def test_unknown_words_stay_unknown(word):
    assert derive(word, lookup) is None
    assert propose(word, lookup) is None


def test_inflections_agree_with_the_dictionary():
    """The endings that rules add are those that the dictionary writes, for nearly every verb."""
    lexicon = shipped_lexicon()
    right = total = 0
    for index in range(0, len(lexicon), 11):
        word = lexicon[index].decode()
        stem = lexicon.get(word)
        for ending, rule in (("s", add_s), ("ed", add_d)):
            inflected = lexicon.get(word + ending)
            if inflected and len(word) > 3 and word[-1] not in "eysx'":
                total += 1
                right += rule(stem)[-2:] == inflected[-2:]
    assert total > 1000
    assert right / total > 0.93
