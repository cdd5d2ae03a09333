"""The user's own pronunciations: a plain tsv file or a W3C Pronunciation Lexicon (PLS 1.0)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from tts_pipeline.errors import TextError
from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english.lexicon import read_tsv
from tts_pipeline.text.markup.ssml import refuse_entities
from tts_pipeline.text.phones import Phones, check_phones, from_ipa

# What the normaliser hands on as one word; other spellings are found before it.
SIMPLE_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")
_ALPHABETS = ("ipa", "x-arpabet", "arpabet")


def read_user_lexicon(path: Path, pronounce: Callable[[str], Phones]) -> dict[str, Phones]:
    """Read a lexicon; its form follows from its first character.

    Args:
        path: a file of lines ``word<TAB>phones``, or PLS (XML).
        pronounce: gives the phones of a text, for the ``alias`` of PLS.

    Raises:
        TextError: naming the file and line of what is wrong.
    """
    try:
        head = path.read_bytes()[:256]
    except OSError as error:
        raise TextError(f"cannot read the lexicon {path}: {error}") from error
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return _Pls(path, pronounce).read()
    return read_tsv(path)


class _Pls:
    """Parser of one PLS file."""

    def __init__(self, path: Path, pronounce: Callable[[str], Phones]) -> None:
        self._path = path
        self._pronounce = pronounce
        self._alphabet = "ipa"
        self._element = ""
        self._text: list[str] = []
        self._graphemes: list[str] = []
        self._phones: Phones | None = None
        self._entries: dict[str, Phones] = {}
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        refuse_entities(self._parser, self._error)

    def read(self) -> dict[str, Phones]:
        try:
            self._parser.Parse(self._path.read_bytes(), True)
        except expat.ExpatError as error:
            raise self._error(expat.errors.messages[error.code]) from error
        return self._entries

    def _error(self, message: str) -> TextError:
        return TextError(f"{self._path}:{self._parser.CurrentLineNumber}: {message}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        if name == "lexicon":
            self._alphabet = self._checked(attributes.get("alphabet", "ipa"))
        elif name == "lexeme":
            self._graphemes, self._phones = [], None
        elif name == "phoneme":
            self._element = self._checked(attributes.get("alphabet", self._alphabet))
        elif name not in ("grapheme", "alias", "example", "meta", "metadata"):
            raise self._error(f"unknown tag <{name}>: expected a PLS lexicon")

    def _checked(self, alphabet: str) -> str:
        if alphabet not in _ALPHABETS:
            raise self._error(f"unknown alphabet {alphabet!r}: expected ipa or x-arpabet")
        return alphabet

    def _end(self, name: str) -> None:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        try:
            if name == "grapheme":
                self._graphemes.append(text)
            elif name == "phoneme" and self._phones is None:
                # The first of several pronunciations is the preferred one.
                self._phones = from_ipa(text) if self._element == "ipa" else check_phones(text)
            elif name == "alias" and self._phones is None:
                self._phones = self._pronounce(text)
        except TextError as error:
            raise self._error(str(error)) from error
        if name == "lexeme":
            if not self._phones or not all(self._graphemes) or not self._graphemes:
                raise self._error("a <lexeme> needs a <grapheme> and a <phoneme> or <alias>")
            self._entries.update(dict.fromkeys(self._graphemes, self._phones))
