"""The one table of abbreviations, months, streets and states that normaliser and splitter share.

Keys are lower case without the last full stop.
"""

from __future__ import annotations

MONTHS = {
    "january": "january", "jan": "january", "february": "february", "feb": "february",
    "march": "march", "mar": "march", "april": "april", "apr": "april", "may": "may",
    "june": "june", "jun": "june", "july": "july", "jul": "july", "august": "august",
    "aug": "august", "september": "september", "sept": "september", "sep": "september",
    "october": "october", "oct": "october", "november": "november", "nov": "november",
    "december": "december", "dec": "december",
}  # fmt: skip

# Before a name: never the end of a sentence.
TITLES = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "prof": "professor",
    "rev": "reverend", "hon": "honorable", "gen": "general", "col": "colonel", "capt": "captain",
    "lt": "lieutenant", "sgt": "sergeant", "maj": "major", "cpl": "corporal", "pvt": "private",
    "cmdr": "commander", "adm": "admiral", "gov": "governor", "sen": "senator",
    "rep": "representative", "pres": "president", "supt": "superintendent", "fr": "father",
    "messrs": "messers", "mme": "madame", "mlle": "mademoiselle", "st": "saint", "mt": "mount",
    "ft": "fort",
}  # fmt: skip
# Titles that are said in full without a full stop too.
BARE_TITLES = frozenset("mr mrs ms dr prof".split())

# Titles whatever follows: "Mr. and Mrs. Jones".
SURE_TITLES = frozenset("mr mrs ms messrs".split())

# Before a number or a Roman numeral: never the end of a sentence there.
NUMBERED = {
    "no": "number", "nos": "numbers", "vol": "volume", "vols": "volumes", "p": "page",
    "pp": "pages", "pg": "page", "fig": "figure", "figs": "figures", "ch": "chapter",
    "chap": "chapter", "sec": "section", "sect": "section", "art": "article", "eq": "equation",
    "ed": "edition", "op": "opus", "pt": "part", "bk": "book", "para": "paragraph",
    "nr": "number", "ext": "extension", "apt": "apartment", "rm": "room", "rt": "route",
    "rte": "route", "hwy": "highway", "tel": "telephone", "approx": "approximately",
    "ca": "circa", "c": "circa", "v": "version", "ver": "version", "l": "line", "ste": "suite",
    "pgs": "pages", "chs": "chapters", "secs": "sections", "arts": "articles", "rev": "revision",
    "gr": "grade", "flt": "flight", "rd": "round", "qu": "question",
}  # fmt: skip
# Of those, the ones said in full without a full stop too.
BARE_NUMBERED = frozenset("vol vols fig figs pp hwy apt nos ste chap rm rte para bldg".split())

# Said in full wherever they carry a full stop; it ends a sentence where a new one seems to begin.
PLAIN = {
    "etc": "et cetera", "vs": "versus", "inc": "incorporated", "ltd": "limited",
    "corp": "corporation", "co": "company", "bros": "brothers", "jr": "junior", "sr": "senior",
    "esq": "esquire", "dept": "department", "est": "established", "govt": "government",
    "assn": "association", "assoc": "associates", "univ": "university", "intl": "international",
    "natl": "national", "misc": "miscellaneous", "approx": "approximately", "max": "maximum",
    "min": "minimum", "avg": "average", "tel": "telephone", "temp": "temperature",
    "incl": "including", "excl": "excluding", "cf": "compare", "viz": "namely",
    "al": "al", "ibid": "ibid", "orig": "originally", "mfg": "manufacturing", "mgr": "manager",
    "asst": "assistant", "bldg": "building", "attn": "attention", "hwy": "highway",
    "e.g": "for example", "i.e": "that is", "calif": "california", "mass": "massachusetts",
    "conn": "connecticut", "penn": "pennsylvania", "tenn": "tennessee", "fla": "florida",
    "mich": "michigan", "minn": "minnesota", "wash": "washington", "colo": "colorado",
    "ariz": "arizona", "okla": "oklahoma", "neb": "nebraska", "tex": "texas", "ont": "ontario",
    "ala": "alabama", "ark": "arkansas", "del": "delaware", "ga": "georgia", "ill": "illinois",
    "ind": "indiana", "kan": "kansas", "ky": "kentucky", "md": "maryland", "mo": "missouri",
    "mont": "montana", "nev": "nevada", "ore": "oregon", "pa": "pennsylvania", "va": "virginia",
    "vt": "vermont", "wis": "wisconsin", "wyo": "wyoming", "que": "quebec",
    "doz": "dozen", "pkg": "package", "pkgs": "packages", "qty": "quantity",
    "appt": "appointment", "appts": "appointments", "acct": "account", "accts": "accounts",
    "amt": "amount", "bal": "balance", "pmt": "payment", "inv": "invoice", "wt": "weight",
    "ht": "height", "arr": "arrives", "dep": "departs", "ave": "avenue", "blvd": "boulevard",
    "mtg": "meeting", "mgmt": "management", "dist": "district", "div": "division",
    "exec": "executive", "admin": "administration", "cont": "continued", "ref": "reference",
    "refs": "references", "subj": "subject", "req": "required", "lg": "large", "sm": "small",
    "med": "medium", "pkwy": "parkway", "hosp": "hospital", "dx": "diagnosis", "hx": "history",
    "rx": "prescription", "sx": "symptoms", "tx": "treatment", "pts": "points",
    "abbr": "abbreviation", "adj": "adjective", "adv": "adverb", "pron": "pronoun",
    "anon": "anonymous", "auth": "authorized", "cert": "certificate", "comm": "committee",
    "encl": "enclosed", "equiv": "equivalent", "esp": "especially", "exp": "expires",
    "freq": "frequency", "hrs": "hours", "lb": "pounds", "lbs": "pounds", "num": "number",
    "obs": "observed", "opp": "opposite", "perf": "performance", "prev": "previous",
    "prob": "probably", "qtr": "quarter", "recd": "received", "rel": "relative",
    "resp": "respectively", "sched": "schedule", "ser": "series", "sess": "session",
    "spec": "specification", "specs": "specifications", "std": "standard", "supp": "supplement",
    "syn": "synonym", "transl": "translated", "trans": "translated", "usu": "usually",
    "tbsp": "tablespoon", "tsp": "teaspoon", "yr": "year", "yrs": "years", "wk": "week",
    "wks": "weeks",
}  # fmt: skip
# States written so only with a capital and after a town and a comma: "St. Louis, Mo."
SHORT_STATES = frozenset(
    "ala ark del ga ill ind kan ky md mo mont nev ore pa va vt wis wyo que ont tex neb okla ariz "
    "colo wash minn mich fla tenn penn conn mass calif".split()
)
# Of those, the ones said in full without a full stop too.
BARE_PLAIN = frozenset("vs etc govt dept".split())
# Said in full without a full stop too, where they are written small.
SMALL_PLAIN = frozenset("hx dx sx appt appts acct accts qty pkg pkgs doz mgmt mtg amt".split())
# Spelled in lower case too.
BARE_LETTERS = frozenset("tv dvd cd usb diy fbi cia nba nfl html http url ceo ufo gps".split())
# Of those, the ones that are ordinary words: only before a capital, a comma or a lower-case word.
WORD_LIKE = frozenset(
    "min max temp al est mass wash conn penn tex co inc ed art no fig ill ind mo pa ga del ore bal "
    "ref exec admin med exp trans ser spec specs prob dep div rev inv rel comm cert auth perf pron "
    "cont sess supp syn num req opp obs".split()
)
# A capital after one of these all but always begins a sentence.
ENDING = frozenset(("etc",))

STREETS = {
    "st": "street", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "rd": "road",
    "dr": "drive", "ln": "lane", "ct": "court", "pl": "place", "sq": "square",
    "hwy": "highway", "pkwy": "parkway", "expy": "expressway", "fwy": "freeway", "cir": "circle",
    "ter": "terrace", "trl": "trail", "aly": "alley", "way": "way", "plz": "plaza",
}  # fmt: skip

# Of those, the ones that stand without a full stop after a name.
BARE_STREETS = frozenset("st ave blvd rd dr ln ct hwy pkwy expy fwy cir".split())

STATES = {
    "AL": "alabama", "AK": "alaska", "AZ": "arizona", "AR": "arkansas", "CA": "california",
    "CO": "colorado", "CT": "connecticut", "DE": "delaware", "FL": "florida", "GA": "georgia",
    "HI": "hawaii", "ID": "idaho", "IL": "illinois", "IN": "indiana", "IA": "iowa",
    "KS": "kansas", "KY": "kentucky", "LA": "louisiana", "ME": "maine", "MD": "maryland",
    "MA": "massachusetts", "MI": "michigan", "MN": "minnesota", "MS": "mississippi",
    "MO": "missouri", "MT": "montana", "NE": "nebraska", "NV": "nevada", "NH": "new hampshire",
    "NJ": "new jersey", "NM": "new mexico", "NY": "new york", "NC": "north carolina",
    "ND": "north dakota", "OH": "ohio", "OK": "oklahoma", "OR": "oregon", "PA": "pennsylvania",
    "RI": "rhode island", "SC": "south carolina", "SD": "south dakota", "TN": "tennessee",
    "TX": "texas", "UT": "utah", "VT": "vermont", "VA": "virginia", "WA": "washington",
    "WV": "west virginia", "WI": "wisconsin", "WY": "wyoming", "DC": "D C",
}  # fmt: skip

# Words that often begin a sentence and rarely follow an abbreviation inside one.
STARTERS = frozenset(
    "the a an it its he she they we you i his her their our my your this that these those there "
    "here what when where why who how if in on at as but and or so then for from with by after "
    "before although though because since while yes no not one some many most all each every both "
    "another other is are was were do does did has have had can could will would should may "
    "let please now today yesterday tomorrow however also meanwhile later finally first nobody "
    "everybody everyone somebody someone anybody anyone nothing everything something just only "
    "even still maybe perhaps sorry thanks thank well come go look see take make get call use "
    "ask tell wait keep try".split()
)

# A full stop after one of these reads as part of it, whatever stands around.
DOTTED = frozenset((*PLAIN, *SURE_TITLES))
