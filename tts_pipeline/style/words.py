"""Plain words to a style: a table, words that say how much, and "not".

The table is ``words.tsv`` beside this file. English words and Chinese ones may stand side by side;
Chinese needs no spaces. By rule, not learned: nothing here has heard a sad voice.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from importlib import resources

from tts_pipeline.errors import ConfigError
from tts_pipeline.style.factors import Style
from tts_pipeline.text import lazy_re as re

# How much of the words behind them, one after another.
DEGREES = {
    "a bit": 0.5, "a little": 0.5, "slightly": 0.5, "a touch": 0.4, "kind of": 0.6, "sort of": 0.6,
    "somewhat": 0.6, "mildly": 0.5, "fairly": 0.8, "rather": 0.9, "pretty": 1.1, "quite": 1.2,
    "more": 1.2, "much": 1.4, "really": 1.4, "very": 1.5, "most": 1.6, "terribly": 1.6, "too": 1.3,
    "highly": 1.5, "deeply": 1.5, "so": 1.3, "extremely": 2.0, "incredibly": 2.0, "utterly": 1.9,
    "totally": 1.8, "completely": 1.8, "less": -0.4, "not": -0.5, "never": -0.5, "hardly": -0.4,
    "without being": -0.5, "isn't": -0.5, "aren't": -0.5, "don't sound": -0.5,
    "很": 1.5, "非常": 1.8, "十分": 1.6, "極": 2.0, "极": 2.0, "太": 1.3, "更": 1.2, "比較": 0.9,
    "比较": 0.9, "有點": 0.5, "有点": 0.5, "有些": 0.5, "稍微": 0.5, "稍": 0.5, "略": 0.4,
    "不": -0.5, "沒": -0.5, "没": -0.5,
}  # fmt: skip
# What may stand around the words that count, and says nothing.
FILLERS = frozenset(
    "a an the in with of and but yet voice voices tone tones manner way style mood speech sound "
    "sounding speak speaking spoken say said read reading please be being as if like it is are you "
    "your he she they were was feel feeling emotion emotional 的 地 得 而 且 和 又 與 与 及 用 "
    "語氣 语气 聲音 声音 地說 地说 說 说 一點 一点 點 点".split()
)
# What ends the reach of words of degree.
_SEPARATORS = frozenset([*",;.:!?()、，；。：！？（）", "and", "but", "yet", "而", "又", "和"])
# What carries it on to the next word.
_JOINTS = frozenset({"or", "nor", "或"})
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[㐀-䶿一-鿿]+|[,;.:!?()、，；。：！？（）]|[^\sa-z]")
_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_LONGEST_PHRASE = 3
# However often "very" is said.
_MOST = 4.0
# How far words may take a factor beyond its limits before others take it back.
_REACH = 4.0


@dataclasses.dataclass(frozen=True)
class Understood:
    """What words for a style came to.

    Attributes:
        style: the factors, within what still sounds like speech.
        unknown: the words that mean nothing here, in order.
    """

    style: Style
    unknown: tuple[str, ...]


_UNCHANGED = Understood(Style(), ())


def understood(text: str) -> Understood:
    """The style that words describe, such as ``"very slow, low and a bit sad"``.

    Every word of the table counts as often as its words of degree say, "not" turns it half way to
    its opposite, and all are multiplied.

    Args:
        text: English or Chinese words; empty: unchanged.

    Raises:
        ConfigError: if it is no text.
    """
    if not isinstance(text, str):
        raise ConfigError(f"style={text!r}: expected words such as 'slow, low and sad'")
    if not text:
        return _UNCHANGED
    table, style, degree, unknown = _table(), Style(), 1.0, []
    tokens = list(_tokens(text.lower().replace("’", "'").replace("-", " ")))
    place = 0
    while place < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - place), 0, -1):
            phrase = " ".join(tokens[place : place + length])
            if phrase in DEGREES and _goes_on(tokens, place + length):
                degree = min(max(degree * DEGREES[phrase], -_MOST), _MOST)
                break
            found = _looked_up(phrase, table)
            if found is not None:
                # Limited as it goes: thousands of words must not overflow.
                style = (style * found**degree).limited(_REACH)
                # "not slow or sad" is about both, "very slow sad" about the first.
                if place + length >= len(tokens) or tokens[place + length] not in _JOINTS:
                    degree = 1.0
                break
        else:
            length = 1
            if tokens[place] in _SEPARATORS:
                degree = 1.0
            elif tokens[place] not in FILLERS | _JOINTS:
                unknown.append(tokens[place])
        place += length
    return Understood(style.limited(), tuple(unknown))


def known_words() -> tuple[str, ...]:
    """All words of the table."""
    return tuple(_table())


def _goes_on(tokens: list[str], place: int) -> bool:
    """Whether something is left that a word of degree could be about."""
    return any(token not in FILLERS and token not in _SEPARATORS for token in tokens[place:])


@functools.cache
def _table() -> Mapping[str, Style]:
    lines = resources.files(__package__).joinpath("words.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in lines.splitlines() if line and not line.startswith("#")]
    head, *rows = rows
    names = [field.name for field in dataclasses.fields(Style)]
    if head != ["words", *names]:
        raise ConfigError(f"words.tsv: columns {head}, expected words and {names}")
    table: dict[str, Style] = {}
    for words, *factors in rows:
        style = Style(*(1.0 if factor == "-" else float(factor) for factor in factors))
        for word in words.split(", "):
            if word in table:
                raise ConfigError(f"words.tsv: {word!r} stands there twice")
            table[word] = style
    return table


def _looked_up(phrase: str, table: Mapping[str, Style]) -> Style | None:
    for base, degree in _bases(phrase):
        if base in table:
            return table[base] ** degree
    return None


def _bases(word: str) -> Iterator[tuple[str, float]]:
    """What an adverb, comparative, superlative or noun may be made of, and how much of it."""
    yield word, 1.0
    for ending, degree in (("ly", 1.0), ("er", 1.0), ("est", 1.5), ("ness", 1.0)):
        if not word.endswith(ending) or len(word) < len(ending) + 3:
            continue
        stem = word.removesuffix(ending)
        yield stem, degree
        if stem.endswith("i"):
            yield f"{stem[:-1]}y", degree
        if stem[-1] == stem[-2]:
            yield stem[:-1], degree
        if ending == "ly":
            yield f"{stem}le", degree
            if stem.endswith("ical"):
                yield stem.removesuffix("al"), degree
            if stem.endswith("ic"):
                yield f"{stem}al", degree
            if word.endswith("ically"):
                yield word.removesuffix("ally"), degree
        else:
            yield f"{stem}e", degree


def _tokens(text: str) -> Iterator[str]:
    """Words and separators; Chinese is cut into the longest words that mean something."""
    for token in _TOKEN.findall(text):
        if _HAN.fullmatch(token):
            yield from _chinese(token)
        else:
            yield token


def _chinese(run: str) -> Iterator[str]:
    table, waiting = _table(), ""
    while run:
        for length in range(min(4, len(run)), 0, -1):
            word = run[:length]
            if word in table or word in DEGREES or word in FILLERS or word in _SEPARATORS:
                if waiting:
                    yield waiting
                waiting = ""
                yield word
                run = run[length:]
                break
        else:
            waiting, run = waiting + run[0], run[1:]
    if waiting:
        yield waiting
