"""Mark-up inside plain text: phones, pauses, formulas, and the phrases of the user's lexicon."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tts_pipeline.errors import TextError
from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.markup.script import Chunk, ChunkWriter
from tts_pipeline.text.markup.ssml_values import MAX_PAUSE_S
from tts_pipeline.text.phones import Phones, check_phones

_INLINE = re.compile(
    r"\[\[(?P<phones>[^\[\]\n]{1,1000})\]\]|"
    r"\[pause:[ ]?(?P<pause>\d{1,5}(?:\.\d{1,3})?)[ ]?(?P<unit>m?s)\]"
    r"|(?P<maths>(?<![\\$\w])\$(?=[^\s$\d]|"
    r"\d[^\s$]{0,40}[\\^_])[^$\n]{1,300}?(?<=[^\s\\])\$(?![\d$]))"
)


# What a formula has and a sum of money has not.
_FORMULA = re.compile(r"\\[A-Za-z]|[\^_]|^[A-Za-z]$|[A-Za-z0-9)] ?[=<>+] ?[A-Za-z0-9(]")


# What someone writes who means phones: capitals with a stress digit, or IPA between slashes.
_MEANT_AS_PHONES = re.compile(r"\s*(?:/.*/|[A-Z]{1,2}[012]?(?:[\s|]+[A-Z]{1,2}[012]?)*)\s*")


def words_of_phones(sounds: str) -> tuple[Phones, ...]:
    """Return phones in either notation as words; ``|`` parts them.

    Raises:
        TextError: naming what is no phone.
    """
    return tuple(check_phones(word) for word in sounds.split("|"))


class UserPhrases:
    """The user's entries that are no single word of letters: "C3PO", "New York", "AT&T".

    They are found in the text before the normaliser takes it apart.

    Args:
        entries: spelling to phones.
    """

    def __init__(self, entries: dict[str, Phones]) -> None:
        self._entries = entries
        longest_first = sorted(entries, key=len, reverse=True)
        choices = "|".join(re.escape(phrase) for phrase in longest_first)
        self._pattern = re.compile(rf"(?<!\w)(?:{choices})(?!\w)")

    def finditer(self, text: str) -> list[tuple[int, int, Phones]]:
        """Return (start, end, phones) of every phrase in a text."""
        return [
            (match.start(), match.end(), self._entries[match.group()])
            for match in self._pattern.finditer(text)
        ]


class Inline:
    """Reads plain text with inline ``[[phones]]``, ``[pause:1.5s]`` and the user's phrases.

    Between double brackets stand ARPAbet phones, IPA between slashes, or the name of a homograph's
    reading ("read_past"). Anything else in double brackets is text. A formula in LaTeX between
    dollar signs is noted as such.

    Args:
        is_reading: tells whether a name is a reading of the language.
        phrases: the user's entries, if any.
    """

    def __init__(self, is_reading: Callable[[str], bool], phrases: UserPhrases | None) -> None:
        self._is_reading = is_reading
        self._phrases = phrases

    def chunk(self, text: str) -> Chunk:
        """Return the one chunk of a text without mark-up other than inline phones."""
        if self._phrases is None and not any(sign in text for sign in ("[[", "[pause:", "$")):
            return Chunk(text)
        if self._phrases is None and not _INLINE.search(text):
            return Chunk(text)
        writer = ChunkWriter()
        self.add(writer, text, 0)
        return writer.finish()

    def add(self, writer: ChunkWriter, text: str, start: int) -> None:
        """Write a stretch of the source that stands at ``start``.

        Raises:
            TextError: for brackets that were meant as phones and hold something else.
        """
        at = 0
        for match in self._marked(text):
            span = (start + match.start(), start + match.end())
            if match.group("pause"):
                self._add_phrases(writer, text[at : match.start()], start + at)
                writer.pause(_seconds(match, span[0]), span[0])
                at = match.end()
                continue
            if match.group("maths"):
                self._add_phrases(writer, text[at : match.start()], start + at)
                writer.maths(match.group("maths")[1:-1], span)
                at = match.end()
                continue
            inside = match.group("phones")
            if self._is_reading(inside.strip()):
                self._add_phrases(writer, text[at : match.start()], start + at)
                writer.reading(inside.strip(), span)
            else:
                try:
                    phones = words_of_phones(inside)
                    self._add_phrases(writer, text[at : match.start()], start + at)
                    writer.phones(inside.strip().lower(), phones, span)
                except TextError as error:
                    raise TextError(f"character {span[0]}: {error}") from error
            at = match.end()
        self._add_phrases(writer, text[at:], start + at)

    def _marked(self, text: str) -> Iterator[re.Match[str]]:
        """What is mark-up, in order; what looks like it and is none may have some inside."""
        match = _INLINE.search(text)
        while match:
            is_text = self._is_text(match)
            if not is_text:
                yield match
            match = _INLINE.search(text, match.start() + 1 if is_text else match.end())

    def _is_text(self, match: re.Match[str]) -> bool:
        """True for dollar signs that are no formula's, and brackets around no phones."""
        if match.group("maths"):
            return not _FORMULA.search(match.group("maths")[1:-1])
        inside = match.group("phones")
        if inside is None:
            return False
        return not (self._is_reading(inside.strip()) or _MEANT_AS_PHONES.fullmatch(inside))

    def _add_phrases(self, writer: ChunkWriter, text: str, start: int) -> None:
        at = 0
        for first, last, phones in self._phrases.finditer(text) if self._phrases else ():
            writer.literal(text[at:first], start + at)
            writer.phones(
                text[first:last].lower(), (phones,), (start + first, start + last), "user"
            )
            at = last
        writer.literal(text[at:], start + at)


def _seconds(match: re.Match[str], place: int) -> float:
    seconds = float(match.group("pause")) / (1000 if match.group("unit") == "ms" else 1)
    if seconds > MAX_PAUSE_S:
        raise TextError(
            f"character {place}: pause of {match.group('pause')}{match.group('unit')}: expected at "
            f"most {MAX_PAUSE_S:g} s"
        )
    return seconds
