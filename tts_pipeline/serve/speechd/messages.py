"""What speech-dispatcher wants to be said, as text and options of ours."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

# Names of keys whose parts are no words.
_KEYS = {"alt": "alt", "ctrl": "control", "kp": "keypad", "esc": "escape", "del": "delete"}
_TAG = re.compile(r"<[^<>]*>")
_CAPITAL_PITCH = 1.3


@dataclass
class Settings:
    """How speech-dispatcher wants it said.

    Attributes:
        rate, pitch, volume: from -100 to 100; 0 is the voice's own rate and pitch, and a volume
            of 100 is the voice's own.
        spelling: letter by letter.
        capitals: "none", "spell" (they are called so) or "icon" (they sound higher).
    """

    rate: int = 0
    pitch: int = 0
    volume: int = 100
    spelling: bool = False
    capitals: str = "none"

    def set(self, name: str, value: str) -> bool:
        """Take a setting; return whether it makes sense. Those that mean nothing to one voice of
        one language are taken and forgotten."""
        if name in ("rate", "pitch", "volume"):
            if re.fullmatch(r"[+-]?\d{1,4}", value) is None:
                return False
            setattr(self, name, max(-100, min(100, int(value))))
        elif name == "spelling_mode":
            self.spelling = value == "on"
        elif name == "cap_let_recogn":
            self.capitals = value
        return bool(name)

    @property
    def options(self) -> dict[str, Any]:
        """Of :func:`tts_pipeline.stream`: a quarter to four times as fast, an octave down to an
        octave up."""
        return {"rate": 2.0 ** (self.rate / 50), "pitch": 2.0 ** (self.pitch / 100)}

    @property
    def gain(self) -> float:
        """Factor on the samples: half at 0, silence at -100."""
        return (self.volume + 100) / 200


@dataclass(frozen=True)
class Message:
    """Something to say.

    Attributes:
        text: plain or SSML.
        plain: the same without mark-up, for when that cannot be read.
        options: of :func:`tts_pipeline.stream`.
        gain: factor on the samples.
    """

    text: str
    plain: str
    options: dict[str, Any]
    gain: float


def text_message(text: str, settings: Settings) -> Message:
    """``SPEAK``: plain text or SSML. A letter on its own is called by its name."""
    plain = html.unescape(_TAG.sub(" ", text)) if "<" in text else text
    bare = plain.strip()
    if len(bare) == 1 or (settings.spelling and len(bare) <= 1000):
        return _spelled(bare, settings)
    # Mark-up that others do not write round the whole is put right.
    if "<" in text and not text.lstrip().startswith(("<speak", "<?xml")):
        text = f"<speak>{text}</speak>"
    return Message(text, plain, settings.options, settings.gain)


def character_message(character: str, settings: Settings) -> Message:
    """``CHAR``: a character by its name."""
    return _spelled(" " if character == "space" else character, settings)


def key_message(key: str, settings: Settings) -> Message:
    """``KEY``: names and characters of keys pressed together, such as ``control_shift_a``."""
    parts = re.split(r"_(?=.)", key.strip()) if key.strip() != "_" else ["_"]
    said = []
    for part in parts:
        name = _KEYS.get(part.lower(), part)
        said.append(_named(name, settings) if len(name) == 1 else escape(name.replace("-", " ")))
    plain = " ".join(parts)
    return Message(f"<speak>{', '.join(said)}</speak>", plain, settings.options, settings.gain)


def _spelled(text: str, settings: Settings) -> Message:
    options = settings.options
    if settings.capitals == "icon" and any(c.isupper() for c in text):
        options["pitch"] = min(2.0, options["pitch"] * _CAPITAL_PITCH)
    said = ", ".join(_named(character, settings) for character in text)
    return Message(f"<speak>{said}</speak>", text, options, settings.gain)


def _named(character: str, settings: Settings) -> str:
    """SSML in which a character is called by its name."""
    if character.isspace():
        return {"\t": "tab", "\n": "new line"}.get(character, "space")
    capital = "capital " if settings.capitals == "spell" and character.isupper() else ""
    if character.isascii() and character.isprintable():
        inside = escape(character)
        return f'{capital}<say-as interpret-as="characters">{inside}</say-as>'
    name = unicodedata.name(character, f"U {ord(character):x}").lower()
    # What the letter is called, not how Unicode files it.
    name = re.sub(r"\b(latin|small|capital|letter|sign|digit)\b", " ", name).strip() or name
    words = name.split()
    if len(words[0]) == 1 and words[0].isalpha():
        first = f'<say-as interpret-as="characters">{words[0]}</say-as>'
        return " ".join([capital + first, *map(escape, words[1:])])
    return capital + escape(" ".join(words))
