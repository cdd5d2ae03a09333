"""Collects tokens while the scanner walks through the folded text; tells what stands before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tts_pipeline.text.english.abbreviations import BARE_LETTERS, BARE_PLAIN, PLAIN
from tts_pipeline.text.english.initialisms import SHORTHAND
from tts_pipeline.text.english.normalise.characters import Folded
from tts_pipeline.text.english.normalise.drawn import DRAWN, shortened
from tts_pipeline.text.english.normalise.trace import Trace
from tts_pipeline.text.protocol import Dropped, Token

MAX_WORD_LETTERS = 48
_STRENGTH = {",": 0, ".": 1, "!": 2, "?": 3}
# One written number: grouped or not, with decimals or only decimals. Bounded, so that no rule
# built on it can run away; longer digit strings fall through to the digit-by-digit rule.
NUMBER = (
    r"(?:\d{1,3}(?:,\d{3}){1,16}(?!,?\d)|\d{1,40}(?!\d))(?:\.\d{1,40}(?!\d))?"
    r"|(?<!\d)\.\d{1,40}(?!\d)"
)


Rule = tuple[re.Pattern[str], "Callable[[Writer, re.Match[str]], bool]"]


class Writer:
    """The output of one normalisation.

    Attributes:
        text: the folded text under the scanner.
        limit: where the stretch that rules may look at ends.
        tokens: what has been said so far.
        dropped: mark-up left out and over-long words cut; ``folded`` has unspeakable characters.
        undecided: the first place of the source that might be read otherwise if the text went on,
            except for what the next few words decide.
    """

    def __init__(self, folded: Folded, known: Callable[[str], bool] | None = None) -> None:
        self.folded = folded
        self.known = known
        self.text = folded.text
        self.limit = len(folded.text)
        self.tokens: list[Token] = []
        self.dropped: list[Dropped] = []
        self.undecided: int | None = None
        # Keeps the rules that speak, if someone wants to know.
        self.trace: Trace | None = None
        # Where the scanner goes on, if a rule takes less than its match.
        self.resume = 0
        self._checked = 0
        self._loud = -1

    def add(self, text: str, kind: str, start: int, end: int) -> None:
        """Append one token for a span of the folded text."""
        span = self.folded.source_span(start, end)
        self.tokens.append(Token(text, kind, span, self.folded.source[span[0] : span[1]]))

    def drawn_out(self, text: str, start: int, end: int) -> bool:
        """Append the word behind a drawn-out spelling, shorthand in full; False if it is none."""
        known = self.known
        word = shortened(text, known and (lambda each: each in SHORTHAND or known(each)))
        if word is None:
            return False
        if word in SHORTHAND:
            self.say(SHORTHAND[word], "abbreviation", start, end)
        else:
            self.add(word, "word", start, end)
        return True

    def word(self, text: str, start: int, end: int) -> None:
        """Append a plain word: as letters or in full if always said so, in pieces if too long."""
        if text in BARE_LETTERS:
            self.spell(text, start)
            return
        if text in BARE_PLAIN and not (self.tokens and self.tokens[-1].text == "slash"):
            self.say(PLAIN[text], "abbreviation", start, end)
            return
        is_drawn = DRAWN.search(text) and len(text) <= MAX_WORD_LETTERS
        if is_drawn and self.drawn_out(text, start, end):
            return
        if len(text) <= MAX_WORD_LETTERS:
            self.add(text, "word", start, end)
            return
        for offset in range(0, len(text), MAX_WORD_LETTERS):
            piece = text[offset : offset + MAX_WORD_LETTERS].strip("'")
            first = start + offset
            last = min(first + MAX_WORD_LETTERS, end)
            if piece:
                self.add(piece, "word", first, last)
            else:
                self.silent(first, last)
        self.cut(start, end)

    def cut(self, start: int, end: int) -> None:
        """Record that an over-long word is said in pieces."""
        span = self.folded.source_span(start, end)
        self.dropped.append(Dropped("", span, "over-long word cut into pieces"))

    def say(self, words: str, kind: str, start: int, end: int) -> None:
        """Append the words of an expression; upper-case items are letters, a comma is a mark."""
        span = self.folded.source_span(start, end)
        source = self.folded.source[span[0] : span[1]]
        for item in words.split():
            if item == ",":
                self._mark(",", "mark", span, source)
            elif item in BARE_PLAIN:
                self.tokens += [Token(word, kind, span, source) for word in PLAIN[item].split()]
            elif item[0].isupper() or item in BARE_LETTERS:
                letters = item.removesuffix("'s")
                for letter in letters[:-1].lower():
                    self.tokens.append(Token(letter, "letter", span, source))
                last = letters[-1].lower() + item[len(letters) :]
                self.tokens.append(Token(last, "letter", span, source))
            else:
                self.tokens.append(Token(item, kind, span, source))

    def spell(self, letters: str, start: int) -> None:
        """Append the names of adjacent letters, each with its own character as span."""
        for offset, letter in enumerate(letters):
            self.add(letter.lower(), "letter", start + offset, start + offset + 1)

    def silent(self, start: int, end: int) -> None:
        """Append a stretch that is covered but not said."""
        self.add("", "silent", start, end)

    def leave_out(self, start: int, end: int, reason: str) -> None:
        """Record a stretch that is reported as not spoken."""
        span = self.folded.source_span(start, end)
        self.dropped.append(Dropped(self.folded.source[span[0] : span[1]], span, reason))

    def more_may_tell(self, place: int) -> None:
        """Note that what stands here may be read otherwise if the text goes on."""
        if self.undecided is None:
            # The mark before may become a stronger one.
            last = self.last_spoken()
            if last is not None and not last.is_word:
                self.undecided = last.span[0]
            else:
                self.undecided = self.folded.source_span(place, place + 1)[0]

    def mark(self, text: str, start: int, end: int, kind: str = "mark") -> None:
        """Append a mark; of marks without a word between them only the strongest sounds."""
        span = self.folded.source_span(start, end)
        self._mark(text, kind, span, self.folded.source[span[0] : span[1]])

    def _mark(self, text: str, kind: str, span: tuple[int, int], source: str) -> None:
        tokens = self.tokens
        index = self._last_loud()
        if index < 0 or tokens[index].kind == "paragraph":
            tokens.append(Token("", "silent", span, source))
        elif tokens[index].kind in ("mark", "end"):
            before = tokens[index]
            stronger = _STRENGTH[text] > _STRENGTH[before.text]
            kind = "end" if "end" in (kind, before.kind) else "mark"
            tokens[index] = before._replace(text=text if stronger else before.text, kind=kind)
            tokens.append(Token("", "silent", span, source))
        else:
            tokens.append(Token(text, kind, span, source))

    def end_sentence(self, start: int, end: int, mark: str = ".") -> None:
        """Append the end of a sentence, unless one has just ended."""
        self.mark(mark, start, end, "end")

    def paragraph(self, start: int, end: int) -> None:
        """Append a paragraph break, and the end of the sentence before it where it has none."""
        last = self.last_spoken()
        if last is None or last.kind == "paragraph":
            return
        if last.kind != "end":
            self.end_sentence(start, start + 1)
        self.add("", "paragraph", start, end)

    def last_spoken(self) -> Token | None:
        """Return the last token that is not silent."""
        index = self._last_loud()
        return self.tokens[index] if index >= 0 else None

    def _last_loud(self) -> int:
        """Return the index of the last token that is not silent, -1 for none; each seen once."""
        for index in range(len(self.tokens) - 1, self._checked - 1, -1):
            if self.tokens[index].kind != "silent":
                self._loud = index
                break
        self._checked = len(self.tokens)
        return self._loud

    def words_before(self, count: int = 1) -> list[str]:
        """Return up to ``count`` words of this sentence just before, the nearest first."""
        words: list[str] = []
        for token in reversed(self.tokens[-3 * count - 3 :]):
            if token.kind in ("end", "paragraph"):
                break
            if token.text and token.kind != "mark":
                words.append(token.text)
                if len(words) == count:
                    break
        return words

    def apply(self, rules: Iterable[Rule], place: int) -> int:
        """Let the first rule that accepts speak; return where its expression ends, 0 for none."""
        for pattern, rule in rules:
            match = pattern.match(self.text, place, self.limit)
            if match:
                before = len(self.tokens)
                self.resume = match.end()
                if rule(self, match):
                    if self.trace is not None:
                        span = self.folded.source_span(place, self.resume)
                        self.trace.add(span, rule)
                    self._fill(before, place, self.resume)
                    return self.resume
        return 0

    def _fill(self, before: int, start: int, end: int) -> None:
        """Put silent tokens where the tokens from ``before`` on leave something uncovered."""
        place, limit = self.folded.source_span(start, end)
        source, filled = self.folded.source, False
        spoken = self.tokens[before:]
        result: list[Token] = []
        for token in (*spoken, Token("", "", (limit, limit), "")):
            gap = source[place : token.span[0]]
            if gap and not gap.isspace():
                result.append(Token("", "silent", (place, token.span[0]), gap))
                filled = True
            result.append(token)
            place = max(place, token.span[1])
        if filled:
            self.tokens[before:] = result[:-1]
            self._checked = min(self._checked, before)
