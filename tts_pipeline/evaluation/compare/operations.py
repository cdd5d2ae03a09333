"""Arithmetic of a sound, as the models declare it: what it costs whatever the machine."""

from __future__ import annotations

from typing import Any, NamedTuple

from tts_pipeline.protocols import AcousticInput
from tts_pipeline.speech_options import SpeechOptions, model_options
from tts_pipeline.timeline import Speaker
from tts_pipeline.voice.voice import Voice


class SoundOperations(NamedTuple):
    """Arithmetic of some sound.

    Attributes:
        multiply_accumulates: of all products, in which an addition and a multiplication are one.
        sequential_steps: steps that must wait for one another.
        audio_s: seconds of sound.
    """

    multiply_accumulates: int
    sequential_steps: int
    audio_s: float

    @property
    def gmac_per_s(self) -> float:
        """Billions (1e9) of multiply-accumulates for a second of sound."""
        return self.multiply_accumulates / 1e9 / self.audio_s

    @property
    def steps_per_s(self) -> float:
        """Steps that must wait for one another, for a second of sound."""
        return self.sequential_steps / self.audio_s


def vocoder_operations(
    voice: Voice, vocoder: str, n_frames: int, options: Any = None
) -> SoundOperations:
    """Arithmetic of one of the voice's vocoders for so many frames."""
    found = voice.choose_vocoder(vocoder).operations(n_frames, options)
    return SoundOperations(*found, audio_s=n_frames / voice.audio.frame_rate)


def speech_operations(options: SpeechOptions, text: str) -> SoundOperations:
    """Arithmetic of both stages for a text; the front end has none to speak of."""
    speaker = Speaker(options)
    acoustic_options, vocoder_options = model_options(
        options.more, {"acoustic": speaker.acoustic, "vocoder": speaker.vocoder}
    )
    macs = steps = n_frames = 0
    for index, sentence in enumerate(speaker.voice.front_end(text)[0]):
        given = AcousticInput.plain(sentence.tokens)
        own_frames = speaker.mels([sentence], index)[0].read().shape[1]
        for found in (
            speaker.acoustic.operations(given, acoustic_options),
            speaker.vocoder.operations(own_frames, vocoder_options),
        ):
            macs += found.multiply_accumulates
            steps += found.sequential_steps
        n_frames += own_frames
    return SoundOperations(macs, steps, n_frames / speaker.voice.audio.frame_rate)
