"""The English front end: text in, sentences of phones out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from tts_pipeline.errors import TextError
from tts_pipeline.text.english.assemble import sentence_of
from tts_pipeline.text.english.blocks import (
    BLOCK,
    FIRST_BLOCK,
    Block,
    dropped_before,
    pieces_of,
    sentence_groups,
    shifted,
)
from tts_pipeline.text.english.given import with_given
from tts_pipeline.text.english.homographs import shipped_homographs
from tts_pipeline.text.english.normalise import Normalised, normalise, spoken_text
from tts_pipeline.text.english.normalise.trace import Trace
from tts_pipeline.text.english.pronounce import Pronouncer
from tts_pipeline.text.english.user_lexicon import SIMPLE_WORD, read_user_lexicon
from tts_pipeline.text.markup.direct import bounded, directed, followed
from tts_pipeline.text.markup.inline import Inline, UserPhrases
from tts_pipeline.text.markup.markdown import read_markdown
from tts_pipeline.text.markup.script import GIVEN_KINDS, Chunk
from tts_pipeline.text.markup.ssml import is_ssml, read_ssml
from tts_pipeline.text.protocol import (
    PARAGRAPH_PAUSE_S,
    Dropped,
    Report,
    Sentence,
    Token,
    Word,
)
from tts_pipeline.text.symbols import ARPABET

__all__ = ["Dropped", "EnglishFrontEnd", "Report", "Sentence", "Word"]

MAX_BLOCKS = 4
# What the splitter may need to see behind the end of a sentence to be sure of it.
TAIL = 100
# Characters from which SSML can be told from text that begins with a bracket.
SSML_HEAD = 256
# How far back rules may look.
CONTEXT = 600
TEXT_FORMATS = ("plain", "markdown")


class EnglishFrontEnd:
    """Turns English text into sentences of ARPAbet phones.

    Plain text may hold phones between double square brackets: ``[[HH AH0 L OW1]]``,
    ``[[/həˈloʊ/]]``, or the name of a homograph's reading, ``[[read_past]]``. A text whose first
    element is ``<speak>`` is read as SSML (see :mod:`tts_pipeline.text.markup.ssml`).

    Text of the format "markdown" is read as :mod:`tts_pipeline.text.markup.markdown` says.

    Args:
        lexicon: the user's own pronunciations: lines ``word<TAB>phones``, or a PLS file. A word
            with capitals stands for that spelling only.
        pronouncer: a ready pronouncer instead of one on the package's data.
        text_format: "plain" or "markdown".
        code: what becomes of blocks of code in Markdown: "omit" or "read".

    Raises:
        TextError: if the lexicon cannot be read, or there is no such format.
    """

    alphabet = ARPABET

    def __init__(
        self,
        *,
        lexicon: str | Path | None = None,
        pronouncer: Pronouncer | None = None,
        text_format: str = "plain",
        code: str = "omit",
    ) -> None:
        if text_format not in TEXT_FORMATS:
            raise TextError(f"text_format={text_format!r}: expected {' or '.join(TEXT_FORMATS)}")
        self._format, self._code = text_format, code
        self._trace: Trace | None = None
        self._pronouncer = pronouncer or Pronouncer()
        self._inline = Inline(_is_reading, None)
        user_phrases: UserPhrases | None = None
        if lexicon is not None:
            entries = read_user_lexicon(Path(lexicon), self._phones_of)
            words = {key: phones for key, phones in entries.items() if SIMPLE_WORD.fullmatch(key)}
            phrases = {key: phones for key, phones in entries.items() if key not in words}
            self._pronouncer = self._pronouncer.with_user(words)
            user_phrases = UserPhrases(phrases) if phrases else None
        self._inline = Inline(_is_reading, user_phrases)

    def with_format(self, text_format: str, *, code: str = "omit") -> EnglishFrontEnd:
        """Return the same front end, sharing its data, for texts of a format."""
        other = EnglishFrontEnd(pronouncer=self._pronouncer, text_format=text_format, code=code)
        other._inline = self._inline
        return other

    def __call__(self, text: str, *, strict: bool = False) -> tuple[list[Sentence], Report]:
        """Return the sentences of a text and a report of what was done with it.

        Args:
            text: any string.
            strict: refuse text of which something cannot be spoken.

        Raises:
            TextError: for malformed SSML or inline phones; with ``strict``, naming what cannot be
                spoken and where.
        """
        sentences: list[Sentence] = []
        dropped: list[Dropped] = []
        normal: list[str] = []
        n_split = 0
        stray = Chunk()
        for chunk in self._chunks(text):
            tokens, left_out, _ = self._tokens(chunk)
            dropped.extend(left_out)
            normal.append(_normal_form(tokens))
            made: list[Sentence] = []
            for group in sentence_groups(tokens):
                pieces = self._sentences(group, chunk)
                n_split += len(pieces) if len(pieces) > 1 else 0
                made.extend(pieces)
            if not made:
                stray.pauses.extend(chunk.pauses)
                stray.marks.extend(chunk.marks)
                continue
            if sentences:
                stray.pauses.extend(chunk.take_leading_pauses(made[0].words[0].span[0]))
                sentences[-1] = followed(sentences[-1], stray.pauses, ())
                stray.pauses = []
            chunk.precede(stray)
            # Those at the begin of the next chunk add to them.
            stray = Chunk(pauses=chunk.take_trailing_pauses(made[-1].words[-1].span[0]))
            if chunk.paragraph:
                made[-1] = replace(made[-1], pause_after_s=PARAGRAPH_PAUSE_S)
            sentences.extend(directed(made, chunk))
        if sentences:
            sentences[-1] = followed(sentences[-1], stray.pauses, stray.marks)
        if strict:
            _refuse(dropped)
        normalised = "\n\n".join(part for part in normal if part)
        return sentences, Report(normalised, tuple(dropped), len(sentences), n_split)

    @property
    def pronouncer(self) -> Pronouncer:
        """What gives the phones of words."""
        return self._pronouncer

    def traced(self, text: str, trace: Trace) -> tuple[list[Sentence], Report]:
        """Read a plain text as a call does, and note which rules spoke."""
        other = self.with_format(self._format, code=self._code)
        other._trace = trace
        return other(text)

    def stream(
        self, text: str | Iterable[str]
    ) -> Iterator[tuple[Sentence | None, tuple[Dropped, ...]]]:
        """Yield sentences one by one, each with what was dropped before its end.

        What is dropped after the last sentence comes with that one, or with None if there is no
        sentence at all. SSML is gathered whole.

        Args:
            text: the text, or its pieces in order (lines or chunks of a file). At most a few
                blocks of it are held at a time.

        Raises:
            TextError: for malformed SSML or inline phones.
        """
        waiting: Sentence | None = None
        left_out: list[Dropped] = []
        for sentences, dropped in self._blocks(text):
            left_out.extend(dropped)
            for sentence in sentences:
                if waiting is not None:
                    yield waiting, dropped_before(left_out, sentence.span[0])
                waiting = sentence
        if waiting is not None or left_out:
            yield waiting, tuple(left_out)

    def _blocks(self, text: str | Iterable[str]) -> Iterator[tuple[list[Sentence], list[Dropped]]]:
        pieces = iter((text,) if isinstance(text, str) else text)
        head = ""
        while len(head.lstrip()) < SSML_HEAD and head.lstrip()[:1] in ("", "<"):
            piece = next(pieces, None)
            if piece is None:
                break
            head += piece
        if self._format != "plain" or is_ssml(head):
            # Mark-up has to be seen whole.
            sentences, report = self("".join((head, *pieces)))
            yield sentences, list(report.dropped)
            return
        held, done, paused, offset, size = "", 0, -1, 0, FIRST_BLOCK
        for piece, last in pieces_of(chain((head,), pieces)):
            held += piece
            if last or len(held) - done >= size:
                block = self._block(held, done, paused, last)
                yield shifted(block.sentences, block.dropped, offset)
                held, offset = held[block.keep :], offset + block.keep
                # Where nothing could be settled, the same is not read again for every line.
                size = 2 * size if block.used == done else min(2 * size, BLOCK)
                done, paused = block.used - block.keep, block.paused - block.keep

    def _block(self, text: str, done: int, paused: int, last: bool) -> Block:
        """Read a block's sentences from ``done`` on but those at its end that may go on.

        What stands before is read once more: rules look back a little, over sentence ends too.
        Pauses up to ``paused`` are already laid onto sentences: one before the first word of a
        sentence belongs to the sentence before.
        """
        whole, cut = last, False
        if not last and len(text) - done >= BLOCK * MAX_BLOCKS:
            # One sentence longer than all that may be held: cut it after a word.
            blank = max(text.rfind(" ", done), text.rfind("\n", done))
            text, whole, cut = text[: blank + 1] or text, True, True
        chunk = self._inline.chunk(text)
        tokens, dropped, undecided = self._tokens(chunk)
        groups = list(sentence_groups(tokens))
        starts = [chunk.origin(*group[0].span)[0] for group in groups]
        used, word = len(text), len(text) if whole else -1
        if not whole:
            settled = len(text) - TAIL
            if undecided is not None:
                settled = min(settled, undecided)
            while groups and (used > settled or word < 0):
                for token in reversed(groups.pop()):
                    if token.is_word:
                        word = chunk.origin(*token.span)[0]
                used = starts[len(groups)]
            used = max(used, done) if groups else done
        starts = starts[: len(groups)]
        dropped = [record for record in dropped if done <= record.span[0] < used]
        chunk.pauses = [
            pause for pause in chunk.pauses if paused < chunk.source_of(pause.at) <= word
        ]
        fresh = [
            group if start >= done else [t for t in group if chunk.origin(*t.span)[0] >= done]
            for group, start in zip(groups, starts)
        ]
        made = [piece for group in fresh if group for piece in self._sentences(group, chunk)]
        keep = max((start for start in starts if start <= used - CONTEXT), default=0)
        keep = used if cut else keep
        # A text that is cut may go on with a pause.
        paused = (used - 1 if cut else word) if made else paused
        return Block(directed(made, chunk), dropped, used, paused, keep)

    def _chunks(self, text: str) -> list[Chunk]:
        if self._format == "markdown":
            return read_markdown(text, self._inline, code=self._code)
        if not is_ssml(text):
            return [self._inline.chunk(text)]
        return read_ssml(text, self._inline)

    def _tokens(self, chunk: Chunk) -> Normalised:
        if self._trace is not None:
            self._trace.origin = chunk.origin
        normalised = normalise(chunk.text, known=self._pronouncer.knows, trace=self._trace)
        tokens = with_given(normalised.tokens, chunk)
        if chunk.is_plain:
            return normalised._replace(tokens=tokens, dropped=chunk.omitted + normalised.dropped)
        dropped = [
            record._replace(span=chunk.origin(*record.span)) for record in normalised.dropped
        ]
        dropped = sorted(chunk.omitted + dropped, key=lambda record: record.span)
        undecided = normalised.undecided
        if undecided is not None:
            undecided = chunk.source_of(undecided)
        return Normalised(tokens, dropped, undecided)

    def _sentences(self, tokens: list[Token], chunk: Chunk) -> list[Sentence]:
        sentence = sentence_of(tokens, chunk, self._pronouncer)
        return bounded(sentence) if sentence else []

    def _phones_of(self, text: str) -> tuple[str, ...]:
        sentences, _ = self(text)
        return tuple(p for sentence in sentences for word in sentence.words for p in word.phones)


def _is_reading(name: str) -> bool:
    return shipped_homographs().named(name) is not None


def _normal_form(tokens: list[Token]) -> str:
    """Return tokens as text that gives them again; decided pronunciations as inline phones."""
    return spoken_text(
        [
            token._replace(text=f"[[{token.source}]]", kind="word")
            if token.kind in GIVEN_KINDS
            else token
            for token in tokens
        ]
    )


def _refuse(dropped: list[Dropped]) -> None:
    for record in dropped:
        if record.text:
            raise TextError(
                f"cannot speak {record.text[:40]!r} at character {record.span[0]} "
                f"({record.reason}); take it out, or do not ask for strict=True"
            )
