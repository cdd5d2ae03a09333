"""Homographs that a fixed neighbour settles better than any weight: "took a bow", "seem content".

Each rule reads a few words on either side; where none speaks, the classifier decides.
"""

from __future__ import annotations

_LINKS = frozenset(
    "am is are was were be been being 'm 's 're i'm he's she's we're they're you're it's seem "
    "seems seemed look looks looked feel feels felt sound sounds sounded remain remained stay "
    "stayed grew appear appears appeared keep keeps kept".split()
)
_DEGREES = frozenset(
    "so very too quite perfectly really pretty rather fairly not never always still now also just "
    "entirely fully more less how happily largely reasonably".split()
)
_TAKE = frozenset("take takes took taken taking takin'".split())
_DETERMINERS = frozenset("a an the my your his her our their its another one final last".split())
_AFTER_ADJECTIVE = frozenset(
    ". , ! ? ; : and but or with to in at for if when because as now here there about until just "
    "that today again since too".split()
)
_EYES = frozenset("eye eyes cheek cheeks face lash lashes duct ducts gas gland glands".split())
_TORN = frozenset(
    "jeans shirt coat jacket pants trousers dress sleeve sail tent paper page fabric cloth curtain "
    "seat skin muscle ligament tendon cartilage meniscus rotator cuff acl knee retina net screen "
    "bag stocking stockings sock tights lining canvas seam knee wallpaper upholstery".split()
)
_METAL = frozenset(
    "pipe pipes paint paints poisoning bullet bullets weight weights solder shot battery batteries "
    "exposure ore mine mines apron glazing roof roofs levels contamination free pencil ions "
    "acetate oxide shielding smelter".split()
)
_FISHING = frozenset(
    "caught catch catches catching fish fished fishing hooked landed grilled fried baked ate eat "
    "cooked trout salmon perch pike largemouth smallmouth striped sea lure lures fillet fillets "
    "angler anglers lake pond".split()
)
_MUSIC = frozenset(
    "play plays played playing guitar guitars drum drums line lines player players clarinet sing "
    "sings sang singer band treble speaker speakers clef tuba choir loud sound boosted".split()
)
_WAYS = frozenset("through around up along past down its his her their back between into".split())
_PATHS = frozenset(
    "road roads path paths trail trails river rivers stream street streets line stairs staircase "
    "highway lane queue creek valley vines route track tunnel clock watch toy rope yarn".split()
)
_SMALL = frozenset(
    "traces trace amounts amount quantities quantity details detail particles particle differences "
    "difference doses dose cracks crack changes fraction fragments specks droplets".split()
)
_SURROUNDINGS = 8


def settled(word: str, tokens: list[str], index: int) -> str:
    """Return the name of the reading that a fixed neighbour settles, "" for none."""
    rule = _RULES.get(word)
    if rule is None:
        return ""
    low = [token.lower() for token in tokens]
    return rule(low, index)


def _at(low: list[str], index: int) -> str:
    return low[index] if 0 <= index < len(low) else "."


def _near(low: list[str], index: int) -> frozenset[str]:
    return frozenset(low[max(index - _SURROUNDINGS, 0) : index + _SURROUNDINGS])


def _after_link(low: list[str], index: int) -> bool:
    """True where a linking verb stands before, adverbs of degree left out."""
    place = index - 1
    while place > 0 and low[place] in _DEGREES:
        place -= 1
    return place >= 0 and low[place] in _LINKS


def _content(low: list[str], index: int) -> str:
    if _after_link(low, index) and _at(low, index + 1) in _AFTER_ADJECTIVE:
        return "content_adj-nou-vrb"
    return ""


def _bow(low: list[str], index: int) -> str:
    place = index - 1
    while place > index - 4 and place >= 0 and low[place] not in _TAKE:
        place -= 1
    taken = place >= 0 and low[place] in _TAKE and _at(low, place + 1) in _DETERMINERS
    if taken and "arrow" not in low and "arrows" not in low:
        return "bow_nou-ship"
    return ""


def _tear(low: list[str], index: int) -> str:
    near = _near(low, index)
    if near & _TORN:
        return "tear_vrb"
    return "tear_nou" if near & _EYES and _at(low, index - 1) not in ("to", "will", "and") else ""


def _lead(low: list[str], index: int) -> str:
    following = _at(low, index + 1)
    if following in _METAL or (_at(low, index - 1) in ("pencil", "molten") and following != "to"):
        return "lead_nou"
    return ""


def _bass(low: list[str], index: int) -> str:
    near = _near(low, index)
    fish, music = bool(near & _FISHING), bool(near & _MUSIC)
    if fish == music:
        return ""
    return "bass_corp" if fish else "bass"


def _wound(low: list[str], index: int) -> str:
    verb = _at(low, index + 1) in _WAYS and _at(low, index - 1) not in ("the", "a", "his", "her")
    if verb and (_near(low, index) & _PATHS or _at(low, index + 1) in ("up", "down")):
        return "wound_vrb"
    return ""


def _minute(low: list[str], index: int) -> str:
    return "minute_adj" if _at(low, index + 1) in _SMALL else ""


def _elaborate(low: list[str], index: int) -> str:
    return "elaborate_vrb" if _at(low, index + 1) in ("on", "upon") else ""


_RULES = {
    "content": _content, "bow": _bow, "tear": _tear, "lead": _lead, "bass": _bass,
    "wound": _wound, "minute": _minute, "elaborate": _elaborate,
}  # fmt: skip
