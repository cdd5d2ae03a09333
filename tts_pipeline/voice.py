"""A voice: acoustic model, vocoders and front end that share one audio setting."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

import torch
from torch import nn

from tts_pipeline.acoustic.model import AcousticModel
from tts_pipeline.audio import AudioConfig
from tts_pipeline.errors import VoiceError
from tts_pipeline.text.frontend import EnglishFrontEnd
from tts_pipeline.text.protocol import TextFrontEnd
from tts_pipeline.vocoder.griffin_lim import GriffinLimVocoder
from tts_pipeline.vocoder.protocol import Vocoder
from tts_pipeline.voice_folder import CONFIG, KINDS, Contents, read_folder, write_folder

SHIPPED = Path(__file__).parent / "voices" / "kathleen"
DEFAULT_VOCODER = "parallel"
GRIFFIN_LIM = "griffin-lim"
FRONT_ENDS = {"en-US": EnglishFrontEnd}


@dataclasses.dataclass(frozen=True, eq=False)
class Voice:
    """Everything that is needed to speak; not changed once made.

    Attributes:
        name: what the voice is called.
        audio: the audio settings that all of its models share.
        acoustic: stage 1, tokens to mel.
        vocoders: stage 2 by name; "parallel" is the default, "griffin-lim" is always there.
        language: "en-US".
        card: its card in Markdown: data, licence, recipe, scores, limits.
        lexicon: file of the user's own pronunciations.
        path: folder that it was loaded from, if any.
        fingerprint: SHA-256 over configuration and weights of the folder; empty if there is none.

    Raises:
        VoiceError: if the models do not share the audio settings, or the language is unknown.
    """

    name: str
    audio: AudioConfig
    acoustic: AcousticModel
    vocoders: Mapping[str, Vocoder]
    language: str = "en-US"
    card: str = ""
    lexicon: Path | None = None
    path: Path | None = None
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if self.language not in FRONT_ENDS:
            raise VoiceError(
                f"voice {self.name!r}: language {self.language!r}, expected one of "
                f"{', '.join(FRONT_ENDS)}; update tts_pipeline, or take another voice"
            )
        if self.acoustic.n_mels != self.audio.n_mels:
            raise VoiceError(
                f"voice {self.name!r}: its acoustic model writes {self.acoustic.n_mels} mel bands, "
                f"expected n_mels={self.audio.n_mels}; train both stages with the same audio "
                "settings"
            )
        for name, vocoder in self.vocoders.items():
            if vocoder.audio != self.audio:
                raise VoiceError(
                    f"voice {self.name!r}: vocoder {name!r} is made for {vocoder.audio}, expected "
                    f"{self.audio}; train both stages with the same audio settings"
                )
        vocoders = {GRIFFIN_LIM: GriffinLimVocoder(self.audio), **self.vocoders}
        object.__setattr__(self, "vocoders", MappingProxyType(vocoders))
        for module in (self.acoustic, *vocoders.values()):
            if isinstance(module, nn.Module):
                module.eval().requires_grad_(False)

    @property
    def vocoder(self) -> Vocoder:
        """The default vocoder.

        Raises:
            VoiceError: if the voice has none but the reference.
        """
        return self.choose_vocoder(DEFAULT_VOCODER)

    def choose_vocoder(self, name: str) -> Vocoder:
        """The vocoder of this name.

        Raises:
            VoiceError: if the voice has no such vocoder; the message lists those that it has.
        """
        if name not in self.vocoders:
            known = ", ".join(sorted(self.vocoders))
            raise VoiceError(f"vocoder {name!r}: voice {self.name!r} has {known}")
        return self.vocoders[name]

    @functools.cached_property
    def front_end(self) -> TextFrontEnd:
        """Text to tokens in the voice's language, with the user's lexicon.

        Raises:
            TextError: if the lexicon cannot be read.
        """
        return FRONT_ENDS[self.language](lexicon=self.lexicon)

    def with_lexicon(self, lexicon: str | Path) -> Voice:
        """The same voice, sharing its models, with the user's own pronunciations.

        Args:
            lexicon: file as for :class:`~tts_pipeline.text.frontend.EnglishFrontEnd`.
        """
        return dataclasses.replace(self, lexicon=Path(lexicon))

    @classmethod
    def load(cls, path: str | Path | None = None, *, mapped: bool = False) -> Voice:
        """Read and verify a voice.

        Args:
            path: its folder; None: the voice in the package.
            mapped: leave weights that are stored as float32 in their files, whose pages all
                processes then share; the files must not be written to meanwhile.

        Raises:
            VoiceError: if something is missing, truncated, damaged, of another kind of model or
                of a newer schema, or the stages disagree about the audio. The message says what
                and gives the remedy.
        """
        folder = SHIPPED if path is None else Path(path)
        contents = read_folder(folder, mapped=mapped)
        acoustic = contents.models.pop("acoustic")
        return cls(
            name=contents.name,
            audio=contents.audio,
            acoustic=cast(AcousticModel, acoustic),
            vocoders=cast(Mapping[str, Vocoder], contents.models),
            language=contents.language,
            card=contents.card,
            path=folder,
            fingerprint=contents.fingerprint,
        )

    def save(self, path: str | Path, *, dtype: torch.dtype = torch.float16) -> None:
        """Write the voice as a folder that :meth:`load` reads.

        Args:
            path: the folder, made if it is missing; a voice in it is replaced.
            dtype: how weights are stored: ``torch.float16``, half the size, or ``torch.float32``,
                exact. They are computed with in float32 all the same.

        Raises:
            VoiceError: if a vocoder is of a kind that no folder can hold, the dtype is another
                one, a weight does not fit it, or the folder cannot be written.
        """
        models: dict[str, nn.Module] = {"acoustic": self.acoustic}
        for name, vocoder in self.vocoders.items():
            if name == GRIFFIN_LIM:
                continue
            if name not in KINDS or not isinstance(vocoder, nn.Module):
                raise VoiceError(
                    f"vocoder {name!r} cannot be saved: expected one of {', '.join(KINDS)}"
                )
            models[name] = vocoder
        contents = Contents(self.name, self.language, self.audio, models, self.card)
        write_folder(Path(path), contents, dtype)


def cached_voice(path: str | Path | None = None) -> Voice:
    """:meth:`Voice.load`, remembered until the voice's config.json changes."""
    folder = (SHIPPED if path is None else Path(path)).resolve()
    config = folder / CONFIG
    changed = config.stat().st_mtime_ns if config.is_file() else 0
    return _load_once(folder, changed)


@functools.lru_cache(maxsize=4)
def _load_once(folder: Path, changed: int) -> Voice:
    return Voice.load(folder)
