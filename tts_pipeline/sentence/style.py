"""The style of a sentence: that of the whole text, and those that mark-up gives to words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.protocols import AcousticInput, AcousticModel, Vocoder
from tts_pipeline.speech_options import SpeechOptions, not_understood
from tts_pipeline.style.applied import RANGE, styled
from tts_pipeline.style.factors import Style
from tts_pipeline.text.protocol import Sentence


class SentenceStyle:
    """What words for the way of speaking do to sentences.

    Args:
        options: the words for all of the text, and whether unknown ones are an error.
        acoustic: what says which F0 it would give; its name for messages.

    Attributes:
        whole: the style of all of the text.
    """

    def __init__(self, options: SpeechOptions, acoustic: AcousticModel, name: str) -> None:
        self._options, self._acoustic, self._name = options, acoustic, name
        self.whole = options.understand(options.style).style
        self._range_is_kept = False
        self._breath_is_kept = ""

    def with_breath(self, more: Mapping[str, Any], vocoder: Vocoder, name: str) -> dict[str, Any]:
        """Settings of the models, and of the vocoder how breathy the text is to sound, unless that
        is set already; only the style of the whole text tells it.

        Args:
            more: settings as given.
            vocoder: what may take ``breath``.
            name: of it, for messages.
        """
        if self.whole.breath == 1 or "breath" in more:
            return dict(more)
        if "breath" in {field.name for field in dataclasses.fields(vocoder.options)}:
            return {**more, "breath": self.whole.breath}
        self._breath_is_kept = name
        return dict(more)

    def applied(self, given: AcousticInput, sentence: Sentence) -> AcousticInput:
        """The sentence as its style asks for it.

        Raises:
            ConfigError: with ``strict``, if a word of a style means nothing.
        """
        if self.whole == Style() and not any(sentence.styles):
            return given
        of_words = [self.whole * self._options.understand(w).style for w in sentence.styles]
        styles = [of_words[k] if k >= 0 else self.whole for k in sentence.token_owners]
        if all(style == Style() for style in styles):
            return given
        factors = np.array([style.limited().values for style in styles])
        f0 = None
        if (factors[:, RANGE] != 1).any():
            # What a model says before it writes anything costs little.
            f0 = self._acoustic.stream(given, seed=0).f0
            self._range_is_kept |= f0 is None
        return styled(given, factors, sentence.alphabet, f0)

    def problems(self, sentence: Sentence) -> tuple[str, ...]:
        """What was not done of the style that a sentence was to be spoken in."""
        words = dict.fromkeys([self._options.style, *sentence.styles])
        found = [self._options.understand(each) for each in words]
        unknown = dict.fromkeys(word for each in found for word in each.unknown)
        problems = [not_understood(tuple(unknown))] if unknown else []
        if self._range_is_kept:
            problems.append(
                f"style: the range of F0 is as it was: acoustic model {self._name!r} does not say "
                "beforehand which F0 it gives"
            )
        if self._breath_is_kept:
            problems.append(
                f"style: breath is as it was: vocoder {self._breath_is_kept!r} cannot change it"
            )
        return tuple(problems)
