"""A voice: models by name and a front end that share one audio setting and one alphabet."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tts_pipeline.acoustic.refined import Refined
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import VoiceError
from tts_pipeline.protocols import AcousticModel, Aligner, Refiner, Vocoder
from tts_pipeline.text.protocol import TextFrontEnd
from tts_pipeline.text.symbols import Alphabet
from tts_pipeline.voice.assembly import Started, models_of
from tts_pipeline.voice.defaults import CHAIN, GRIFFIN_LIM, Defaults
from tts_pipeline.voice.folder import Contents, read_folder, write_folder
from tts_pipeline.voice.front_ends import FRONT_ENDS
from tts_pipeline.voice.models import ACOUSTIC, ALIGNER, REFINER, VOCODER
from tts_pipeline.voice.schema import CONFIG

if TYPE_CHECKING:
    import torch
    from torch import nn

SHIPPED = Path(__file__).resolve().parents[1] / "voices" / "kathleen"


class Voice:
    """Everything that is needed to speak; not changed once made.

    Models are read and set to work when they are asked for, without PyTorch unless a device is
    named (:meth:`to`). Changed weights make another voice (:meth:`with_model`).

    Args:
        name: what the voice is called.
        audio: the audio settings that all of its models share.
        models: by name: PyTorch modules of a registered kind, what implements a contract of
            :mod:`tts_pipeline.protocols` already, or the models of another voice;
            "griffin-lim" is always there.
        language: one of ``FRONT_ENDS``.
        card: its card in Markdown: data, licence, recipe, scores, limits.
        alphabet: of the tokens that the models read; None: the front end's.
        lexicon: file of the user's own pronunciations.
        path: folder that it was loaded from, if any.
        fingerprint: SHA-256 over configuration and weights of the folder; empty if there is none.
        text_format: how texts are written, "plain" or "markdown".
        defaults: which models speak if none is asked for; None: the first acoustic model and the
            first vocoder.

    Attributes:
        models: all of them by name, in order.
        defaults: as given.

    Raises:
        VoiceError: if the models do not share the audio settings, one of another kind that they
            use or that speaks by default is not there, or the language is unknown.
    """

    def __init__(
        self,
        name: str,
        audio: AudioConfig,
        models: Mapping[str, Any],
        language: str = "en-US",
        card: str = "",
        alphabet: Alphabet | None = None,
        lexicon: Path | None = None,
        path: Path | None = None,
        fingerprint: str = "",
        text_format: str = "plain",
        defaults: Defaults | None = None,
    ) -> None:
        self.text_format, self.defaults = text_format, defaults or Defaults()
        self.name, self.audio, self.language, self.card = name, audio, language, card
        self.lexicon, self.path, self.fingerprint = lexicon, path, fingerprint
        if language not in FRONT_ENDS:
            raise VoiceError(
                f"voice {name!r}: language {language!r}, expected one of "
                f"{', '.join(FRONT_ENDS)}; update tts_pipeline, or take another voice"
            )
        self.alphabet = alphabet or cast(Any, FRONT_ENDS[language]).alphabet
        self.models = models_of(models, audio, self.alphabet, f"voice {name!r}")
        for model in self.models.values():
            if model.audio != audio:
                raise VoiceError(
                    f"voice {name!r}: {model.role} {model.name!r} is made for {model.audio}, "
                    f"expected {audio}; train all models with the same audio settings"
                )
        fault = self.defaults.fault({key: model.role for key, model in self.models.items()})
        if fault:
            raise VoiceError(f"voice {name!r}: {fault}")
        self._started: dict[str, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _voice, (self._given(),)

    @property
    def acoustic(self) -> AcousticModel:
        """The default acoustic model.

        Raises:
            VoiceError: if the voice has none.
        """
        return self.choose_acoustic()

    @property
    def vocoder(self) -> Vocoder:
        """The default vocoder."""
        return self.choose_vocoder()

    @property
    def acoustics(self) -> Mapping[str, AcousticModel]:
        """The acoustic models by name, each set to work when it is asked for."""
        return Started(self.names(ACOUSTIC), lambda name: self.start(name, ACOUSTIC))

    @property
    def refiners(self) -> Mapping[str, Refiner]:
        """The refiners by name, each set to work when it is asked for."""
        return Started(self.names(REFINER), lambda name: self.start(name, REFINER))

    @property
    def vocoders(self) -> Mapping[str, Vocoder]:
        """The vocoders by name, each set to work when it is asked for."""
        return Started(self.names(VOCODER), lambda name: self.start(name, VOCODER))

    @property
    def default_acoustic(self) -> str:
        """Name of the acoustic model that speaks if none is asked for, refiners included.

        Raises:
            VoiceError: if the voice has none.
        """
        if self.defaults.acoustic is not None:
            return self.defaults.acoustic
        names = self.names(ACOUSTIC)
        if not names:
            raise VoiceError(f"voice {self.name!r} has no acoustic model")
        return names[0]

    @property
    def default_vocoder(self) -> str:
        """Name of the vocoder that speaks if none is asked for."""
        return self.names(VOCODER)[0]

    def names(self, role: str) -> list[str]:
        """Names of the models of a role, those that speak by default first."""
        found = [name for name, model in self.models.items() if model.role == role]
        if role == VOCODER and GRIFFIN_LIM not in found:
            found.append(GRIFFIN_LIM)
        first = self.defaults.models
        return sorted(found, key=lambda name: name not in first)

    def choose_acoustic(self, name: str | None = None) -> AcousticModel:
        """The acoustic model of this name, "acoustic+refiner" with a refiner behind it.

        Raises:
            VoiceError: if the voice has no such model; the message lists those that it has.
        """
        name = name or self.default_acoustic
        if CHAIN not in name:
            return cast(AcousticModel, self.start(name, ACOUSTIC))
        if name not in self._started:
            first, *refiners = name.split(CHAIN)
            model = self.start(first, ACOUSTIC)
            for refiner in refiners:
                model = Refined(model, self.start(refiner, REFINER))
            self._started[name] = model
        return cast(AcousticModel, self._started[name])

    def choose_vocoder(self, name: str | None = None) -> Vocoder:
        """The vocoder of this name.

        Raises:
            VoiceError: if the voice has no such vocoder; the message lists those that it has.
        """
        return cast(Vocoder, self.start(name or self.default_vocoder, VOCODER))

    def choose_aligner(self) -> Aligner:
        """What finds durations in a mel that comes without.

        Raises:
            VoiceError: if the voice has no such model.
        """
        return cast(Aligner, self.start((*self.names(ALIGNER), "aligner")[0], ALIGNER))

    def start(self, name: str, role: str) -> Any:
        """Set the model of this name to work; see :mod:`tts_pipeline.protocols`.

        Raises:
            VoiceError: if there is no such model of the role, or its file is missing or damaged.
        """
        if name not in self.names(role):
            known = ", ".join(sorted(self.names(role))) or "none"
            raise VoiceError(f"{role} {name!r}: voice {self.name!r} has {known}")
        if name not in self._started and name in self.models:
            uses = self.models[name].uses
            parts = {key: self._part(name, other, key) for key, other in uses.items()}
            self._started[name] = self.models[name].start(parts)
        elif name not in self._started:
            from tts_pipeline.vocoder.griffin_lim import GriffinLimVocoder

            self._started[name] = GriffinLimVocoder(self.audio)
        return self._started[name]

    def module(self, name: str) -> nn.Module:
        """A PyTorch module with the weights of this model, to be looked at, measured or trained.

        A change of it does not change the voice: see :meth:`with_model`.

        Raises:
            VoiceError: if there is no such model, or it is none that PyTorch can be given.
        """
        if name not in self.models:
            raise VoiceError(f"model {name!r}: voice {self.name!r} has {', '.join(self.models)}")
        return self.models[name].module()

    def verify(self) -> None:
        """Read and start every model.

        Raises:
            VoiceError: naming the first file that is missing or damaged.
        """
        for model in self.models.values():
            self.start(model.name, model.role)

    @functools.cached_property
    def front_end(self) -> TextFrontEnd:
        """Text to tokens in the voice's language, with the user's lexicon.

        Raises:
            TextError: if the lexicon cannot be read.
            VoiceError: if the voice was trained on another alphabet than the front end writes.
        """
        more = {} if self.text_format == "plain" else {"text_format": self.text_format}
        front_end = FRONT_ENDS[self.language](lexicon=self.lexicon, **more)
        if front_end.alphabet != self.alphabet:
            raise VoiceError(
                f"voice {self.name!r}: made for another alphabet than the front end of "
                f"{self.language!r} writes; take the version of tts_pipeline that it was made with"
            )
        return front_end

    def with_lexicon(self, lexicon: str | Path) -> Voice:
        """The same voice, sharing its models, with the user's own pronunciations.

        Args:
            lexicon: file as for :class:`~tts_pipeline.text.english.frontend.EnglishFrontEnd`.
        """
        other = _voice({**self._given(), "lexicon": Path(lexicon)})
        other._started = self._started
        return other

    def with_text_format(self, text_format: str) -> Voice:
        """The same voice, sharing its models, for texts that are written in a format.

        Args:
            text_format: "plain" or "markdown".
        """
        other = _voice({**self._given(), "text_format": text_format})
        other._started = self._started
        return other

    def with_model(self, name: str, model: Any) -> Voice:
        """The same voice with another model in place of the one of this name, or with one more.

        Args:
            name: of the model in the voice.
            model: a PyTorch module of a registered kind (its weights as they are now; one on a
                GPU works there), or what implements a contract already.

        Raises:
            VoiceError: as of the voice itself.
        """
        models = {key: value.copy() for key, value in self.models.items()}
        given = {**self._given(), "models": {**models, name: model}, "fingerprint": ""}
        return _voice(given)

    def with_defaults(self, *, acoustic: str | None = None, vocoder: str | None = None) -> Voice:
        """The same voice, sharing its models, in which others speak if none is asked for.

        Args:
            acoustic: as for :meth:`choose_acoustic`; None: as before.
            vocoder: as for :meth:`choose_vocoder`; None: as before.

        Raises:
            VoiceError: if the voice has no such model.
        """
        given = {**self.defaults.given, **Defaults(acoustic, vocoder).given}
        other = _voice({**self._given(), "defaults": Defaults(**given), "fingerprint": ""})
        other._started = self._started
        return other

    def to(self, device: str | torch.device) -> Voice:
        """The same voice with its models at work in PyTorch on a device; "cpu": without PyTorch.

        Kinds that have a way to work there do: the autoregressive acoustic model, the parallel
        vocoder and WaveNet. All others go on working on the CPU, refiners too, and so does the
        text side that they share; the report of what was spoken says so among its problems.

        Args:
            device: "cuda", "mps", "cpu".
        """
        wanted = "" if str(device) == "cpu" else str(device)
        models = {key: value.copy(device=wanted) for key, value in self.models.items()}
        return _voice({**self._given(), "models": models})

    @classmethod
    def load(cls, path: str | Path | None = None) -> Voice:
        """Read a voice and verify all of it but models that are no default, which are read when
        they are asked for.

        Args:
            path: its folder; None: the voice in the package.

        Raises:
            VoiceError: if something is missing, truncated, damaged, of another kind of model or
                of a newer schema, or the models disagree about the audio. The message says what
                and gives the remedy.
        """
        folder = SHIPPED if path is None else Path(path)
        contents = read_folder(folder)
        voice = cls(**contents._asdict(), path=folder)
        voice.choose_acoustic()
        voice.choose_vocoder()
        return voice

    def save(self, path: str | Path, *, dtype: str | torch.dtype = "float16") -> None:
        """Write the voice as a folder that :meth:`load` reads.

        Args:
            path: the folder, made if it is missing; a voice in it is replaced.
            dtype: how weights are stored: "float16", half the size, or "float32", exact; or the
                PyTorch type. They are computed with in float32 all the same.

        Raises:
            VoiceError: if a model is of a kind that no folder can hold, the dtype is another
                one, a weight does not fit it, or the folder cannot be written.
        """
        given = {key: self._given()[key] for key in Contents._fields}
        write_folder(Path(path), Contents(**given), str(dtype).removeprefix("torch."))

    def _part(self, user: str, name: str, key: str) -> Any:
        """What one model uses of another one."""
        if name == user or name not in self.models or self.models[name].uses:
            raise VoiceError(
                f"voice {self.name!r}: {user!r} uses {name!r}, expected another of its models "
                "that uses none itself"
            )
        used = self.models[name]
        # What is shared works without PyTorch, whatever the rest of the model does.
        plain = used.copy(device="").start({}) if used.on_device else self.start(name, used.role)
        return getattr(plain, key)

    def _given(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "audio": self.audio,
            "models": self.models,
            "language": self.language,
            "card": self.card,
            "alphabet": self.alphabet,
            "lexicon": self.lexicon,
            "path": self.path,
            "fingerprint": self.fingerprint,
            "text_format": self.text_format,
            "defaults": self.defaults,
        }


def _voice(given: Mapping[str, Any]) -> Voice:
    return Voice(**given)


def cached_voice(path: str | Path | None = None) -> Voice:
    """:meth:`Voice.load`, remembered until the voice's config.json changes."""
    folder = (SHIPPED if path is None else Path(path)).resolve()
    config = folder / CONFIG
    changed = config.stat().st_mtime_ns if config.is_file() else 0
    return _load_once(folder, changed)


@functools.lru_cache(maxsize=4)
def _load_once(folder: Path, changed: int) -> Voice:
    return Voice.load(folder)
