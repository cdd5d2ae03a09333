"""Values of SSML attributes: rates, pitches, volumes, pauses."""

from __future__ import annotations

import re

from tts_pipeline.errors import TextError
from tts_pipeline.text.protocol import Prosody

MAX_PAUSE_S = 10.0
RATE_RANGE = (0.25, 4.0)
PITCH_RANGE = (0.5, 2.0)
ENERGY_RANGE = (0.0, 4.0)
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.3, "x-fast": 1.7}
_PITCHES = {"x-low": 0.75, "low": 0.87, "medium": 1.0, "default": 1.0, "high": 1.15, "x-high": 1.3}
_VOLUMES = {"silent": 0.0, "x-soft": 0.4, "soft": 0.65, "medium": 1.0, "default": 1.0,
            "loud": 1.4, "x-loud": 2.0}  # fmt: skip
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7,
              "x-strong": 1.2}  # fmt: skip
_EMPHASIS = {
    "strong": Prosody(rate=0.87, pitch=1.12, energy=1.3),
    "moderate": Prosody(rate=0.93, pitch=1.06, energy=1.15),
    "none": Prosody(),
    "reduced": Prosody(rate=1.08, pitch=0.96, energy=0.85),
}
_NUMBER = r"([+-]?)(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})"


def _named(value: str, names: dict[str, float], what: str) -> float:
    if value not in names:
        raise TextError(f"unknown {what} {value!r}: expected one of {', '.join(names)}")
    return names[value]


def break_seconds(attributes: dict[str, str]) -> float:
    """Return the pause of a ``break``; ``time`` wins over ``strength``, neither means medium.

    Raises:
        TextError: for a value out of form or over 10 s.
    """
    if "time" not in attributes:
        return _named(attributes.get("strength", "medium"), _STRENGTHS, "strength")
    value = attributes["time"].strip()
    match = re.fullmatch(r"\+?(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})(ms|s)", value)
    if match is None:
        raise TextError(f"unknown time {value!r}: expected such as '500ms' or '1.5s'")
    seconds = float(match[1]) * (0.001 if match[2] == "ms" else 1.0)
    if seconds > MAX_PAUSE_S:
        raise TextError(f"pause of {value}: expected at most {MAX_PAUSE_S:g} s")
    return seconds


def prosody_of(attributes: dict[str, str]) -> Prosody:
    """Return the factors of a ``prosody`` element.

    Rate: a name, "80%", "+20%" or a factor. Pitch: a name, "+10%", "-2st". Volume: a name,
    "+6dB", "50%" or, as in SSML 1.0, a number from 0 to 100. Style, which is not of SSML but ours:
    words such as "slow and sad", which are not read here.

    Raises:
        TextError: for a value out of form or range, or without any of the four.
    """
    if not attributes:
        raise TextError("<prosody> needs rate, pitch, volume or style")
    factors = {"rate": 1.0, "pitch": 1.0, "volume": 1.0}
    for name, reader in (("rate", _rate), ("pitch", _pitch), ("volume", _volume)):
        if name in attributes:
            factors[name] = reader(attributes[name].strip())
    style = attributes.get("style", "").strip()
    own_pitch = "pitch" in attributes
    return Prosody(factors["rate"], factors["pitch"], factors["volume"], style, own_pitch)


def emphasis_prosody(level: str) -> Prosody:
    """Return the factors of an ``emphasis`` level."""
    if level not in _EMPHASIS:
        raise TextError(f"unknown level {level!r}: expected one of {', '.join(_EMPHASIS)}")
    return _EMPHASIS[level]


def combined(outer: Prosody, inner: Prosody) -> Prosody:
    """Multiply nested factors and join nested styles.

    Raises:
        TextError: if a product leaves its range.
    """
    product = Prosody(
        outer.rate * inner.rate,
        outer.pitch * inner.pitch,
        outer.energy * inner.energy,
        ", ".join(filter(None, (outer.style, inner.style))),
        outer.own_pitch or inner.own_pitch,
    )
    for name, value, (low, high) in (
        ("rate", product.rate, RATE_RANGE),
        ("pitch", product.pitch, PITCH_RANGE),
        ("volume", product.energy, ENERGY_RANGE),
    ):
        if not low <= value <= high:
            raise TextError(f"{name} {value:.3g}: expected a factor from {low:g} to {high:g}")
    return product


def _percent(value: str, what: str) -> float | None:
    match = re.fullmatch(_NUMBER + "%", value)
    if match is None:
        return None
    share = float(match[2]) / 100
    if match[1]:
        return 1 + share if match[1] == "+" else 1 - share
    if what == "pitch":
        raise TextError(f"pitch {value!r}: expected a change with its sign, such as '+10%'")
    return share


def _rate(value: str) -> float:
    factor = _percent(value, "rate")
    if factor is None and re.fullmatch(_NUMBER, value):
        factor = float(value)
    return _named(value, _RATES, "rate") if factor is None else factor


def _pitch(value: str) -> float:
    factor = _percent(value, "pitch")
    match = re.fullmatch(_NUMBER + "st", value)
    if factor is None and match:
        factor = 2 ** (max(min(float(match[1] + match[2]), 48.0), -48.0) / 12)
    return _named(value, _PITCHES, "pitch") if factor is None else factor


def _volume(value: str) -> float:
    factor = _percent(value, "volume")
    decibels = re.fullmatch(_NUMBER + "dB", value)
    if factor is None and decibels:
        factor = 10 ** (max(min(float(decibels[1] + decibels[2]), 60.0), -60.0) / 20)
    elif factor is None and re.fullmatch(r"\d{1,3}(?:\.\d{0,6})?", value):
        factor = float(value) / 100
    return _named(value, _VOLUMES, "volume") if factor is None else factor
