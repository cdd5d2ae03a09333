"""Words whose sound depends on their neighbours: articles, prepositions, pronouns, auxiliaries.

Inside a phrase they carry no stress; before a pause or under emphasis they keep the dictionary's
full form. "the" and "to" also change their vowel before a vowel.
"""

from __future__ import annotations

from tts_pipeline.text.phones import Phones

_WEAK: dict[str, Phones] = {
    word: tuple(phones.split())
    for word, phones in {
        "an": "AH0 N", "of": "AH0 V", "and": "AH0 N D", "for": "F AO0 R", "from": "F R AH0 M",
        "at": "AE0 T", "as": "AE0 Z", "than": "DH AH0 N", "or": "AO0 R", "in": "IH0 N",
        "on": "AA0 N", "by": "B AY0", "with": "W IH0 DH", "into": "IH0 N T UW0", "if": "IH0 F",
        "but": "B AH0 T", "is": "IH0 Z", "was": "W AH0 Z", "are": "AA0 R", "were": "W ER0",
        "be": "B IY0", "been": "B IH0 N", "am": "AE0 M", "has": "HH AE0 Z", "had": "HH AE0 D",
        "have": "HH AE0 V", "can": "K AE0 N", "could": "K UH0 D", "would": "W UH0 D",
        "should": "SH UH0 D", "will": "W IH0 L", "shall": "SH AE0 L", "he": "HH IY0",
        "she": "SH IY0", "it": "IH0 T", "we": "W IY0", "you": "Y UW0", "they": "DH EY0",
        "me": "M IY0", "him": "HH IH0 M", "her": "HH ER0", "us": "AH0 S", "them": "DH EH0 M",
        "my": "M AY0", "your": "Y AO0 R", "his": "HH IH0 Z", "its": "IH0 T S",
        "their": "DH EH0 R",
    }.items()
}  # fmt: skip
FUNCTION_WORDS = frozenset(_WEAK) | {"a", "the", "to"}


def function_word(word: str, following: Phones, *, final: bool, emphasis: bool) -> Phones | None:
    """Return the phones of a function word in its place, None for its dictionary form.

    Args:
        word: lower-case, one of ``FUNCTION_WORDS``.
        following: phones of the next word; empty at the end of the sentence.
        final: whether a pause follows.
        emphasis: whether the word is emphasised.
    """
    before_vowel = bool(following) and following[0][-1].isdigit()
    if word == "the":
        if emphasis:
            return ("DH", "IY1")
        return ("DH", "IY0") if before_vowel else ("DH", "AH0")
    if word == "a":
        return ("EY1",) if emphasis else ("AH0",)
    if final or emphasis:
        return ("AH1", "N", "D") if word == "and" else None
    if word == "to":
        return ("T", "UW0") if before_vowel else ("T", "AH0")
    return _WEAK[word]
