"""Word errors of what listeners typed."""

from __future__ import annotations

import re
import unicodedata

from tts_pipeline.text.english.numbers import cardinal

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})


def folded_words(text: str) -> list[str]:
    """The words of a text without case, punctuation, accents or hyphens; numbers in words."""
    text = unicodedata.normalize("NFKD", text.casefold()).translate(_APOSTROPHES)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}\b)", "", text)
    text = re.sub(r"[0-9]+", lambda match: f" {cardinal(match[0])} ", text)
    # An apostrophe inside a word says nothing that can be heard: "its" is "it's".
    text = re.sub(r"(?<=\w)'(?=\w)", "", text)
    return re.findall(r"[^\W_]+", text)


def word_errors(spoken: str, typed: str) -> tuple[int, int]:
    """Word substitutions, deletions and insertions (Levenshtein, by jiwer), and spoken words.

    Case, punctuation and accents do not count (:func:`folded_words`).
    """
    import jiwer

    reference, heard = folded_words(spoken), folded_words(typed)
    if not reference or not heard:
        return max(len(reference), len(heard)), len(reference)
    found = jiwer.process_words(" ".join(reference), " ".join(heard))
    return found.substitutions + found.deletions + found.insertions, len(reference)
