"""How one word sounds: user's lexicon, overrides, dictionary, morphology, model; with a cache."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tts_pipeline.text.english.accents import accented
from tts_pipeline.text.english.initialisms import SMALL
from tts_pipeline.text.english.lexicon import Lexicon, shipped_lexicon, shipped_overrides
from tts_pipeline.text.english.morphology import add_s, derive, propose
from tts_pipeline.text.english.oov import MAX_WORD, Graphones, Guess
from tts_pipeline.text.english.oov_file import shipped_graphones
from tts_pipeline.text.phones import Phones

LETTER_NAMES: dict[str, Phones] = {
    letter: tuple(phones.split())
    for letter, phones in {
        "a": "EY1", "b": "B IY1", "c": "S IY1", "d": "D IY1", "e": "IY1", "f": "EH1 F",
        "g": "JH IY1", "h": "EY1 CH", "i": "AY1", "j": "JH EY1", "k": "K EY1", "l": "EH1 L",
        "m": "EH1 M", "n": "EH1 N", "o": "OW1", "p": "P IY1", "q": "K Y UW1", "r": "AA1 R",
        "s": "EH1 S", "t": "T IY1", "u": "Y UW1", "v": "V IY1", "w": "D AH1 B AH0 L Y UW0",
        "x": "EH1 K S", "y": "W AY1", "z": "Z IY1",
    }.items()
}  # fmt: skip
# Short words without a vowel letter are initials written small ("gpu" has one, "llm" has none).
_MAX_INITIALS = 5
_VOWEL_LETTERS = frozenset("aeiouy")
_CACHE_SIZE = 65536
# Longer words that nobody can say are guessed once more, shorter ones told by their letters.
_MAX_SPELLED = 8
# What accents say is sure, what the rest of the word sounds like may be a guess.
_ACCENTS_CONFIDENCE = 0.8
# Share of probability from which the model supports what morphology proposes.
_AGREE = 0.2
# What a rule-made pronunciation is worth beside a dictionary entry (1.0); the share of words
# that the rules get right, from recipes/text/README.md.
_MORPHOLOGY_CONFIDENCE = 0.9


class Pronunciation(NamedTuple):
    """Phones of a word, where they come from, and how far they can be trusted (0 to 1)."""

    phones: Phones
    source: str
    confidence: float


class Pronouncer:
    """Pronounces words out of context.

    Args:
        user: the user's own entries; they win over everything. A key with capitals stands for
            that spelling only.
        lexicon: dictionary to use instead of the one in the package.
        overrides: corrections to use instead of those in the package.
        model: letter-to-sound model to use instead of the one in the package (which is read when
            the first unknown word comes).
    """

    def __init__(
        self,
        *,
        user: Mapping[str, Phones] | None = None,
        lexicon: Lexicon | None = None,
        overrides: Mapping[str, Phones] | None = None,
        model: Graphones | None = None,
    ) -> None:
        self._user = dict(user or {})
        self._user_words = {word.lower() for word in self._user}
        self._lexicon = shipped_lexicon() if lexicon is None else lexicon
        self._overrides = shipped_overrides() if overrides is None else overrides
        self._model = model
        self._cache: dict[str, Pronunciation] = {}

    def cased(self, written: str) -> Pronunciation | None:
        """Return the entry for exactly this spelling, if it has capitals and an entry."""
        if written in self._user:
            return Pronunciation(self._user[written], "user", 1.0)
        if written in self._overrides:
            return Pronunciation(self._overrides[written], "override", 1.0)
        return None

    def accented(self, written: str) -> Pronunciation | None:
        """Return how a word with accents sounds, if they say more than the folded spelling."""
        found = self._cache.get(written)
        if found is None:
            found = self._cache[written] = self._accented(written)
        return found if found.phones else None

    def _accented(self, written: str) -> Pronunciation:
        low = unicodedata.normalize("NFC", written).lower()
        for entries, source in ((self._user, "user"), (self._overrides, "override")):
            if low in entries:
                return Pronunciation(entries[low], source, 1.0)
        phones = accented(written, self.known, lambda word: self.word(word).phones)
        return Pronunciation(phones or (), "accents", _ACCENTS_CONFIDENCE)

    def with_user(self, user: Mapping[str, Phones]) -> Pronouncer:
        """Return a pronouncer on the same data with entries of the user."""
        return Pronouncer(
            user={**self._user, **user},
            lexicon=self._lexicon,
            overrides=self._overrides,
            model=self._model,
        )

    def word(self, word: str) -> Pronunciation:
        """Return how a lower-case word sounds; phones are empty if it has no letters a to z."""
        found = self._cache.get(word)
        if found is None:
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            found = self._cache[word] = self._find(word)
        return found

    def guesses(self, word: str) -> list[Guess]:
        """Return what the letter-to-sound model makes of a word, likeliest first."""
        if self._model is None:
            self._model = shipped_graphones()
        letters = "".join(letter for letter in word if letter in LETTER_NAMES)[:MAX_WORD]
        return self._model.ranked(letters) if letters else []

    def letter(self, letter: str) -> Pronunciation:
        """Return the name of a letter, or of a letter with "'s"."""
        phones = LETTER_NAMES.get(letter[:1], ())
        if phones and letter[1:] in ("'s", "s"):
            phones = add_s(phones)
        return Pronunciation(phones, "letters", 1.0)

    def known(self, word: str) -> Phones | None:
        """Return the phones of a word that the user, the overrides or the dictionary hold."""
        return self._user.get(word) or self._overrides.get(word) or self._lexicon.get(word)

    def knows(self, word: str) -> bool:
        """Tell whether a lower-case word is known, in whatever spelling."""
        return word in self._user_words or self.known(word) is not None

    def _find(self, word: str) -> Pronunciation:
        if word in self._user:
            return Pronunciation(self._user[word], "user", 1.0)
        if word in self._overrides:
            return Pronunciation(self._overrides[word], "override", 1.0)
        if word.endswith("in'"):
            # "goin'" is "going", whatever a dictionary makes of "goin".
            phones = derive(word, self.known)
            if phones:
                return Pronunciation(phones, "morphology", _MORPHOLOGY_CONFIDENCE)
        if word in SMALL:
            return Pronunciation(_spelled(word), "letters", 1.0)
        phones = self._lexicon.get(word)
        if phones:
            return Pronunciation(phones, "lexicon", 1.0)
        if len(word) <= MAX_WORD:
            phones = derive(word, self.known)
            if phones:
                return Pronunciation(phones, "morphology", _MORPHOLOGY_CONFIDENCE)
        return self._guess(word)

    def _guess(self, word: str) -> Pronunciation:
        if len(word) <= _MAX_INITIALS and not _VOWEL_LETTERS.intersection(word):
            return Pronunciation(_spelled(word), "letters", 0.8)
        if self._model is None:
            self._model = shipped_graphones()
        stem = word.removesuffix("'s")
        proposed = None
        if stem.isalpha() and len(stem) <= MAX_WORD:
            proposed = propose(stem, self.known)
        if proposed:
            agreed = _agreed(proposed, self._model.ranked(stem))
            if agreed:
                phones = agreed.phones if stem == word else add_s(agreed.phones)
                return agreed._replace(phones=phones)
        guess = self._model.guess(stem)
        if guess is None:
            return Pronunciation(_spelled(word), "letters", 0.5)
        if not sayable(guess.phones):
            if len(stem) <= _MAX_SPELLED:
                return Pronunciation(_spelled(word), "letters", 0.5)
            guess = next((g for g in self.guesses(stem) if sayable(g.phones)), guess)
        phones = guess.phones if stem == word else add_s(guess.phones)
        return Pronunciation(phones, "oov", guess.confidence)


def _spelled(word: str) -> Phones:
    """Return the names of a word's letters, with the ending of "'s"."""
    stem = word.removesuffix("'s")
    names = [LETTER_NAMES[letter] for letter in stem if letter in LETTER_NAMES]
    phones = tuple(phone for name in names for phone in name)
    return add_s(phones) if phones and stem != word else phones


def sayable(phones: Phones) -> bool:
    """Tell whether phones make a word: a vowel, and no more consonants in a row than English has.

    "strengths" begins with three and ends in four.
    """
    run, first = 0, True
    voiced = False
    for phone in phones:
        if phone[-1].isdigit():
            run, first, voiced = 0, False, True
            continue
        run += 1
        if run > (3 if first else 4):
            return False
    return voiced


def _agreed(proposed: Phones, guesses: Sequence[Guess]) -> Pronunciation | None:
    """Return what morphology proposes, stressed as the model likes, if both agree."""
    plain = [phone.rstrip("012") for phone in proposed]
    alike = [guess for guess in guesses if [phone.rstrip("012") for phone in guess.phones] == plain]
    share = min(sum(guess.confidence for guess in alike), 1.0)
    return Pronunciation(alike[0].phones, "morphology", share) if share >= _AGREE else None
