"""What a voice is put together from: models however they are given, and models at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import VoiceError
from tts_pipeline.text.symbols import Alphabet
from tts_pipeline.voice.models import KINDS, kind_of
from tts_pipeline.voice.voice_model import VoiceModel


def models_of(
    given: Mapping[str, Any], audio: AudioConfig, alphabet: Alphabet, where: str
) -> dict[str, VoiceModel]:
    """Models by name.

    Args:
        given: PyTorch modules of a registered kind, what implements a contract already, or models
            of another voice.
        audio: settings of the voice.
        alphabet: of the voice.
        where: the voice, for messages.

    Raises:
        VoiceError: if a model uses one of another kind that is not there, or is of none itself.
    """
    kinds = {name: _kind(model) for name, model in given.items()}
    found = {}
    for name, model in given.items():
        if isinstance(model, VoiceModel):
            same = model.name == name and model.alphabet == alphabet
            found[name] = model if same else model.copy(name=name, alphabet=alphabet)
        elif not hasattr(model, "state_dict"):
            found[name] = VoiceModel.of_ready(name, model, alphabet)
        else:
            uses = _uses(name, kinds, where)
            found[name] = VoiceModel.of_module(name, model, audio, alphabet, uses)
    return found


def _kind(model: Any) -> str:
    if isinstance(model, VoiceModel):
        return model.kind
    return kind_of(model.config) if hasattr(model, "state_dict") else ""


def _uses(name: str, kinds: Mapping[str, str], where: str) -> dict[str, str]:
    """The first model of each kind that the model uses."""
    uses = {}
    for key, wanted in KINDS[kinds[name]].uses.items():
        found = [other for other, kind in kinds.items() if kind == wanted]
        if not found:
            raise VoiceError(
                f"{where}: {name!r} uses the {key} of a model of kind {wanted!r}, which is not "
                "there; give it as well"
            )
        uses[key] = found[0]
    return uses


class Started(Mapping[str, Any]):
    """Models by name, each set to work when it is asked for.

    Args:
        names: of the models.
        start: sets one to work.
    """

    def __init__(self, names: list[str], start: Callable[[str], Any]) -> None:
        self._names, self._start = names, start

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._start(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
