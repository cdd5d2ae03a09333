"""What the homograph classifier sees of the words around."""

from __future__ import annotations

from functools import lru_cache

NUMBER = "<n>"


_BEFORE, _AFTER = "<s>", "</s>"


_WINDOW = 8


_CLASSES = {
    word: name
    for name, words in {
        "DET": "the a an this that these those his her its their our my your no some any each "
        "every another both all such what which whose",
        "TO": "to",
        "MOD": "will would can could shall should may might must cannot can't don't doesn't "
        "didn't won't wouldn't couldn't do does did not never",
        "PRO": "i he she it we they you who them him us me himself themselves itself",
        "BE": "is are was were be been being am",
        "HAVE": "has have had having",
        "PREP": "of in on at by for with from as into through during between against under over "
        "about after before without within upon among toward towards via per like",
        "CONJ": "and or but nor",
        "LINK": "seem seems seemed look looks looked feel feels felt sound sounds sounded become "
        "becomes became remain remains remained stay stays stayed grow grew get gets got",
        "DEG": "so too very quite really pretty rather more most less",
    }.items()
    for word in words.split()
}  # fmt: skip


_ENDINGS = ("ing", "ed", "ly", "s", "tion", "ment", "ive", "al", "ous", "ic", "er", "est", "able",
            "ful")  # fmt: skip


def features(tokens: list[str], index: int) -> tuple[list[str], list[str]]:
    """Describe a token by its neighbours.

    Args:
        tokens: words and marks as written; ``NUMBER`` for anything spelled with digits.
        index: place of the homograph.

    Returns:
        Features of the places around it, and the set of words near it.
    """
    n = len(tokens)
    around = []
    for place in (index - 3, index - 2, index - 1, index + 1, index + 2, index + 3):
        if place < 0:
            around.append(_BEFORE)
        elif place >= n:
            around.append(_AFTER)
        else:
            around.append(tokens[place].lower())
    _, p2, p1, n1, n2, _ = around
    c3, c2, c1, d1, d2, _ = map(_class_of, around)
    local = [
        "b", f"p1={p1}", f"n1={n1}", f"p2={p2}", f"n2={n2}", f"p12={p2} {p1}", f"n12={n1} {n2}",
        f"pn={p1} {n1}", f"P1={c1}", f"N1={d1}", f"P2={c2}", f"N2={d2}", f"P3={c3}",
        f"P12={c2} {c1}", f"N12={d1} {d2}", f"PN={c1} {d1}", f"P123={c3} {c2} {c1}",
        f"PPN={c2} {c1} {d1}", f"PNN={c1} {d1} {d2}", f"sp={_tail(p1)}", f"sn={_tail(n1)}",
        f"sp2={_tail(p2)}",
    ]  # fmt: skip
    if tokens[index][:1].isupper():
        local.append("cap" if index else "cap0")
    if index + 1 < n and tokens[index + 1][:1].isupper():
        local.append("ncap")
    if index and tokens[index - 1][:1].isupper():
        local.append("pcap")
    near = [
        f"w={tokens[place].lower()}"
        for place in range(max(0, index - _WINDOW), min(n, index + _WINDOW + 1))
        if place != index
        and len(tokens[place]) > 2
        and tokens[place][0].isalpha()
        and tokens[place].lower() not in _CLASSES
    ]
    return local, near


def _tail(word: str) -> str:
    return word[-3:] if len(word) > 4 else word


@lru_cache(maxsize=4096)
def _class_of(word: str) -> str:
    known = _CLASSES.get(word)
    if known:
        return known
    if word in (_BEFORE, _AFTER):
        return "S"
    if not word[:1].isalpha():
        return word if len(word) == 1 else "num"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return "-" + ending
    return "w"
