"""A voice: acoustic model, vocoders and front end that share one audio setting."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import VoiceError
from tts_pipeline.protocols import Stage1, Stage2
from tts_pipeline.text.english.frontend import EnglishFrontEnd
from tts_pipeline.text.protocol import TextFrontEnd
from tts_pipeline.voice.folder import CONFIG, Contents, read_folder, write_folder
from tts_pipeline.voice.models import KINDS, StoredModel

if TYPE_CHECKING:
    import torch
    from torch import nn

    from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
    from tts_pipeline.vocoder.protocol import Vocoder

SHIPPED = Path(__file__).resolve().parents[1] / "voices" / "kathleen"
DEFAULT_VOCODER = "parallel"
GRIFFIN_LIM = "griffin-lim"
FRONT_ENDS = {"en-US": EnglishFrontEnd}


class Voice:
    """Everything that is needed to speak; not changed once made.

    A voice that was loaded speaks on a CPU without PyTorch. The models themselves, as PyTorch
    modules, are made when they are asked for.

    Args:
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

    def __init__(
        self,
        name: str,
        audio: AudioConfig,
        acoustic: AutoregressiveModel | StoredModel,
        vocoders: Mapping[str, Vocoder | StoredModel],
        language: str = "en-US",
        card: str = "",
        lexicon: Path | None = None,
        path: Path | None = None,
        fingerprint: str = "",
    ) -> None:
        self.name, self.audio, self.language, self.card = name, audio, language, card
        self.lexicon, self.path, self.fingerprint = lexicon, path, fingerprint
        self._acoustic, self._vocoders = acoustic, _Vocoders(vocoders, audio)
        if language not in FRONT_ENDS:
            raise VoiceError(
                f"voice {name!r}: language {language!r}, expected one of "
                f"{', '.join(FRONT_ENDS)}; update tts_pipeline, or take another voice"
            )
        n_mels = acoustic.audio.n_mels if isinstance(acoustic, StoredModel) else acoustic.n_mels
        if n_mels != audio.n_mels:
            raise VoiceError(
                f"voice {name!r}: its acoustic model writes {n_mels} mel bands, "
                f"expected n_mels={audio.n_mels}; train both stages with the same audio "
                "settings"
            )
        for key, vocoder in vocoders.items():
            if vocoder.audio != audio:
                raise VoiceError(
                    f"voice {name!r}: vocoder {key!r} is made for {vocoder.audio}, expected "
                    f"{audio}; train both stages with the same audio settings"
                )
        for model in (acoustic, *vocoders.values()):
            # PyTorch modules, without importing PyTorch to find out.
            if hasattr(model, "requires_grad_"):
                cast("nn.Module", model).eval().requires_grad_(False)

    def __reduce__(self) -> tuple[Any, ...]:
        models = self._models_to_store()
        acoustic = models.pop("acoustic")
        given = (self.name, self.audio, acoustic, models, self.language, self.card)
        return Voice, (*given, self.lexicon, self.path, self.fingerprint)

    @property
    def acoustic(self) -> AutoregressiveModel:
        """The acoustic model as a PyTorch module."""
        model = self._acoustic
        return cast(
            "AutoregressiveModel", model.module if isinstance(model, StoredModel) else model
        )

    @property
    def vocoders(self) -> Mapping[str, Vocoder]:
        """The vocoders by name, each made when it is asked for."""
        return self._vocoders

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
        self.require_vocoder(name)
        return self.vocoders[name]

    def require_vocoder(self, name: str) -> None:
        """See that there is a vocoder of this name.

        Raises:
            VoiceError: if the voice has no such vocoder; the message lists those that it has.
        """
        if name not in self.vocoders:
            known = ", ".join(sorted(self.vocoders))
            raise VoiceError(f"vocoder {name!r}: voice {self.name!r} has {known}")

    @property
    def stage_1(self) -> Stage1:
        """What writes mels, on arrays: on a CPU without PyTorch."""
        model = self._acoustic
        if isinstance(model, StoredModel) and model.has_engine and not model.is_built:
            return cast(Stage1, model.engine)
        from tts_pipeline.modules import AcousticOnDevice

        return self.acoustic.cpu_engine() or AcousticOnDevice(self.acoustic)

    def stage_2(self, name: str) -> Stage2:
        """What the vocoder of this name does, on arrays: on a CPU without PyTorch if it can.

        Raises:
            VoiceError: if the voice has no such vocoder.
        """
        self.require_vocoder(name)
        if name == GRIFFIN_LIM and name not in self._vocoders.given:
            return cast(Stage2, self.vocoders[name])
        model = self._vocoders.stored(name)
        if model is not None and model.has_engine and not model.is_built:
            return cast(Stage2, model.engine)
        from tts_pipeline.modules import VocoderOnDevice

        vocoder = self.vocoders[name]
        engine = vocoder.cpu_engine() if hasattr(vocoder, "cpu_engine") else None
        return engine or VocoderOnDevice(vocoder)

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
            lexicon: file as for :class:`~tts_pipeline.text.english.frontend.EnglishFrontEnd`.
        """
        return Voice(
            self.name,
            self.audio,
            self._acoustic,
            self._vocoders.given,
            self.language,
            self.card,
            Path(lexicon),
            self.path,
            self.fingerprint,
        )

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
            contents.name,
            contents.audio,
            acoustic,
            contents.models,
            contents.language,
            contents.card,
            path=folder,
            fingerprint=contents.fingerprint,
        )

    def save(self, path: str | Path, *, dtype: str | torch.dtype = "float16") -> None:
        """Write the voice as a folder that :meth:`load` reads.

        Args:
            path: the folder, made if it is missing; a voice in it is replaced.
            dtype: how weights are stored: "float16", half the size, or "float32", exact; or the
                PyTorch type. They are computed with in float32 all the same.

        Raises:
            VoiceError: if a vocoder is of a kind that no folder can hold, the dtype is another
                one, a weight does not fit it, or the folder cannot be written.
        """
        models = self._models_to_store()
        contents = Contents(self.name, self.language, self.audio, models, self.card)
        write_folder(Path(path), contents, str(dtype).removeprefix("torch."))

    def _models_to_store(self) -> dict[str, StoredModel]:
        models = {"acoustic": self._to_store("acoustic", self._acoustic)}
        for name, vocoder in self._vocoders.given.items():
            is_model = isinstance(vocoder, StoredModel) or hasattr(vocoder, "state_dict")
            if name not in KINDS or not is_model:
                raise VoiceError(
                    f"vocoder {name!r} cannot be saved: expected one of {', '.join(KINDS)}"
                )
            models[name] = self._to_store(name, vocoder)
        return models

    def _to_store(self, kind: str, model: object) -> StoredModel:
        if isinstance(model, StoredModel) and not model.is_built:
            return model
        from tts_pipeline.modules import stored

        module = model.module if isinstance(model, StoredModel) else cast("nn.Module", model)
        return stored(kind, module, self.audio)


class _Vocoders(Mapping[str, "Vocoder"]):
    """Vocoders by name, each made when it is asked for; "griffin-lim" is always there."""

    def __init__(self, given: Mapping[str, Vocoder | StoredModel], audio: AudioConfig) -> None:
        self.given, self._audio = given, audio

    def __getitem__(self, name: str) -> Vocoder:
        if name in self.given:
            model = self.given[name]
            return cast("Vocoder", model.module if isinstance(model, StoredModel) else model)
        if name == GRIFFIN_LIM:
            return self._griffin_lim
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name == GRIFFIN_LIM or name in self.given

    def __iter__(self) -> Iterator[str]:
        return iter({GRIFFIN_LIM: None, **dict.fromkeys(self.given)})

    def __len__(self) -> int:
        return len({GRIFFIN_LIM, *self.given})

    def stored(self, name: str) -> StoredModel | None:
        """The model as the folder holds it, if it comes from one."""
        model = self.given.get(name)
        return model if isinstance(model, StoredModel) else None

    @functools.cached_property
    def _griffin_lim(self) -> Vocoder:
        from tts_pipeline.vocoder.griffin_lim import GriffinLimVocoder

        return GriffinLimVocoder(self._audio)


def cached_voice(path: str | Path | None = None) -> Voice:
    """:meth:`Voice.load`, remembered until the voice's config.json changes."""
    folder = (SHIPPED if path is None else Path(path)).resolve()
    config = folder / CONFIG
    changed = config.stat().st_mtime_ns if config.is_file() else 0
    return _load_once(folder, changed)


@functools.lru_cache(maxsize=4)
def _load_once(folder: Path, changed: int) -> Voice:
    return Voice.load(folder)
