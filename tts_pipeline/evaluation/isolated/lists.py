"""The shipped lists of what is said alone."""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

from tts_pipeline.text.english.frontend import EnglishFrontEnd

LETTERS, NAMES = "letters", "names"


class Item(NamedTuple):
    """Something said alone.

    Attributes:
        name: as the list has it.
        written: for programs that read plain text.
        spoken: for this package, in which a letter can be asked for as such.
        phones: ARPAbet without stress.
    """

    name: str
    written: str
    spoken: str
    phones: tuple[str, ...]


def shipped_lists() -> dict[str, list[Item]]:
    """100 common words, 26 letters, 10 digits and 30 first names, of ``words.tsv`` beside this."""
    text = resources.files(__package__).joinpath("words.tsv").read_text(encoding="utf-8")
    front_end = EnglishFrontEnd()
    lists = {}
    for line in text.splitlines():
        group, names = line.split("\t")
        lists[group] = [_item(name, group, front_end) for name in names.split()]
    return lists


def _item(name: str, group: str, front_end: EnglishFrontEnd) -> Item:
    written = {LETTERS: f"{name.upper()}.", NAMES: name.capitalize()}.get(group, name)
    spoken = written
    if group == LETTERS:
        said = f'<say-as interpret-as="characters">{name}</say-as>'
        spoken = f"<speak>{said}</speak>"
    (sentence,), _ = front_end(spoken)
    phones = [phone.rstrip("012") for word in sentence.words for phone in word.phones]
    return Item(name, written, spoken, tuple(phones))
