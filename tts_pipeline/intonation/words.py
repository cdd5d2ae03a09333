"""Small closed classes of English words, by which kinds of sentence and phrases are told apart."""

from __future__ import annotations

ARTICLES = frozenset(("a", "an", "the"))
DETERMINERS = ARTICLES | frozenset(
    "this that these those my your his her its our their whose some any no every each another "
    "either neither both all such many much few several enough which what".split()
)
SUBJECTS = frozenset(("i", "you", "he", "she", "it", "we", "they", "there", "one", "that", "this"))
PRONOUNS = SUBJECTS | frozenset(
    "me him her us them his myself yourself himself herself itself "
    "ourselves yourselves themselves these those".split()
)
POSSESSIVES = frozenset("my your his her its our their".split())
NUMBERS = frozenset("one two three four five six seven eight nine ten".split())
_AUXILIARIES = (
    "am is are was were do does did have has had can could will would shall should may might must"
).split()
_NEGATED = (
    "isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't cannot couldn't "
    "won't wouldn't shan't shouldn't mightn't mustn't needn't ain't"
).split()
AUXILIARIES = frozenset((*_AUXILIARIES, *_NEGATED))
BE_AND_MODALS = AUXILIARIES | frozenset(("be", "been", "being"))
WH_WORDS = frozenset(("who", "whom", "whose", "what", "which", "where", "when", "why", "how"))
WH_CONTRACTED = frozenset(
    word + ending
    for word in ("who", "what", "where", "when", "why", "how")
    for ending in ("'s", "'re", "'d", "'ll", "'ve")
)
CONJUNCTIONS = frozenset(("and", "but", "or", "nor", "so", "yet"))
SUBORDINATORS = frozenset(
    "because although though while whereas unless until since if whether when where after before "
    "once that".split()
)
RELATIVES = frozenset(("who", "whom", "whose", "which", "that", "where"))
PREPOSITIONS = frozenset(
    "about above across after against along among around at before behind below beneath beside "
    "between beyond by despite down during for from in inside into like near of off on onto out "
    "outside over past through throughout to toward towards under until up upon via with within "
    "without".split()
)
# What may stand before a question and does not belong to it.
OPENERS = frozenset("and but so or well oh ah hey hi now then ok okay please um uh".split())
# What asks for agreement behind a comma.
APPEALS = frozenset(("right", "okay", "ok", "huh", "eh", "yes", "yeah", "no", "correct", "true"))
# What stands alone before a comma and is said by itself, with a fall.
INTERJECTIONS = frozenset(
    "yes no yeah yep nope well oh ah hey hi hello thanks please ok okay right sure now".split()
)
# Before a comma they say who said what stands before it, or what comes is said.
SAYING = frozenset(
    "said says asked asks replied cried answered thought shouted whispered added told".split()
)
# "or so", "or not": no second choice.
NO_CHOICE = frozenset(("so", "something", "anything", "whatever", "not", "else", "more", "less"))
# Words that carry the accent of a phrase only if there is no other one.
UNACCENTED = (
    DETERMINERS
    | PRONOUNS
    | BE_AND_MODALS
    | WH_WORDS
    | WH_CONTRACTED
    | CONJUNCTIONS
    | SUBORDINATORS
    | PREPOSITIONS
    | frozenset(("here", "then", "as", "than", "not", "ones", "to", "just", "please"))
) - frozenset(("down", "off", "out", "over", "up", "through", "inside", "outside", "around"))
# Pronouns and the like that may stand at the end of a phrase.
MAY_END = frozenset("me him her us them it this that these those one ones here then".split())
# They ask for what follows: no phrase ends behind them.
UNFINISHED = frozenset(
    "still also very too more most less so such quite rather only even just ever never almost "
    "really always often already being having".split()
)
# Of verbs ("go out to sea").
PARTICLES = frozenset("up out down off over back away on in".split())
# What opens a pair that its "and" or "or" closes.
PAIRS = frozenset(("between", "both", "either", "neither"))
# What phrases of degree begin with behind "at" ("at least").
DEGREES = frozenset(("least", "most", "last", "first", "once", "all"))
# What a phrase begins with before which a long sentence may pause, and how gladly, from 0 to 1;
# "of" and what goes with verbs ("up", "out") are not among them.
PHRASE_BEGINNINGS = {
    **dict.fromkeys("because although though whereas while unless until but".split(), 1.0),
    **dict.fromkeys("when where if since who whose whom which so instead".split(), 0.9),
    **dict.fromkeys("that whether as before after".split(), 0.7),
    **dict.fromkeys("during without despite throughout within toward towards".split(), 0.5),
    **dict.fromkeys("against behind beyond beneath across through under above".split(), 0.4),
    **dict.fromkeys("with in on at for from by into near to".split(), 0.3),
}
