"""Words with two sounds that the homograph classifier has no data for, settled by neighbours."""

from __future__ import annotations

from tts_pipeline.text.phones import Phones
from tts_pipeline.text.protocol import Token

_NICE: Phones = ("N", "IY1", "S")
_DOES: Phones = ("D", "OW1", "Z")
_ARITHMETIC: Phones = ("EH2", "R", "IH0", "TH", "M", "EH1", "T", "IH0", "K")
_RE: Phones = ("R", "EY1")
WORDS = frozenset(("nice", "does", "arithmetic", "re"))
_PLACE_BEFORE = frozenset("in to from near of at via through and leaving visit outside".split())
_COUNTED = frozenset(
    "two three four five six seven eight nine ten several some many few these those bucks stags "
    "fawns deer".split()
)
_ARITHMETIC_NOUNS = frozenset(
    "mean means average progression progressions sequence sequences series operation operations "
    "operator operators expression expressions logic unit overflow".split()
)
_SUBJECTS = frozenset("he she it that this what who which how where when why".split())


def contextual(tokens: list[Token], index: int) -> Phones | None:
    """Return the phones of one of ``WORDS`` where its neighbours ask for the rarer sound."""
    token = tokens[index]
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if token.text == "nice":
        town = token.source == "Nice" and index > 0 and before in _PLACE_BEFORE
        return _NICE if town else None
    if token.text == "does":
        return _DOES if before in _COUNTED and after not in _SUBJECTS else None
    if token.text == "arithmetic":
        return _ARITHMETIC if after in _ARITHMETIC_NOUNS else None
    # The note: "do re mi".
    return _RE if before == "do" or after == "mi" else None
