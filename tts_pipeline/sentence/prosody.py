"""The prosody of a sentence: as the acoustic model predicts it, or drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from tts_pipeline.acoustic.prosody.config import ProsodyOptions
from tts_pipeline.errors import ConfigError
from tts_pipeline.protocols import AcousticInput, AcousticModel
from tts_pipeline.voice.models import PROSODY
from tts_pipeline.voice.voice import Voice

_CONTROLS = ("rate", "pitch", "energy")


@dataclasses.dataclass(frozen=True)
class Draw:
    """Factors on the controls of a sentence, ``(N,)`` each; none where nothing was drawn."""

    factors: Mapping[str, np.ndarray]

    def on(self, given: AcousticInput) -> AcousticInput:
        """The sentence with them; what was asked of it already is multiplied."""
        if not self.factors:
            return given
        changed = {name: getattr(given, name) * each for name, each in self.factors.items()}
        return dataclasses.replace(given, **changed)


class SentenceProsody:
    """Draws durations, pitch and energy of sentences, if a temperature above 0 asks for it.

    Args:
        voice: whose prosody model draws; it is not loaded at temperature 0.
        options: the temperature; None: as the voice says.
        acoustic: what is asked for what was drawn; its name for messages.

    Attributes:
        options: type of the settings per call.
        temperature: at work.
        problems: what of a draw is not heard, in words for the user.

    Raises:
        ConfigError: if there is a temperature above 0 and no model.
    """

    options = ProsodyOptions

    def __init__(
        self, voice: Voice, options: ProsodyOptions | None, acoustic: AcousticModel, name: str
    ) -> None:
        names = voice.names(PROSODY)
        asked = None if options is None else options.prosody_temperature
        if asked is None:
            # What is given ready has no configuration.
            model = voice.models[names[0]] if names else None
            asked = model.config.temperature if model and model.kind else 0.0
        if asked and not names:
            raise ConfigError(
                f"prosody_temperature={asked!r}: voice {voice.name!r} has no prosody model; leave "
                "it at 0, or take a voice that has one"
            )
        self.temperature = float(asked)
        self._model = voice.start(names[0], PROSODY) if self.temperature else None
        self._heard = [control for control in _CONTROLS if control in acoustic.controls]
        missing = [control for control in _CONTROLS if control not in acoustic.controls]
        self.problems: tuple[str, ...] = ()
        if self._model is not None and missing:
            self.problems = (
                f"prosody: {', '.join(missing)} as predicted: acoustic model {name!r} cannot "
                "change it",
            )

    def draw(self, tokens: np.ndarray, seed: int) -> Draw:
        """What is drawn for a sentence of tokens ``(N,)``: same seed, same draw."""
        if self._model is None:
            return Draw({})
        drawn = self._model.draw(tokens, seed=seed, temperature=self.temperature)
        factors = dict(zip(_CONTROLS, drawn))
        return Draw({name: factors[name] for name in self._heard})
