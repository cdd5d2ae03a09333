"""A model of a voice: settings and weights, at work when it is asked for."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.config import from_mapping
from tts_pipeline.errors import TTSPipelineError, VoiceError
from tts_pipeline.text.symbols import Alphabet
from tts_pipeline.voice.models import ACOUSTIC, ALIGNER, KINDS, PROSODY, REFINER, VOCODER, kind_of

if TYPE_CHECKING:
    from torch import nn


class Origin(NamedTuple):
    """Where a model comes from, for messages.

    Attributes:
        config: what its configuration stands in.
        weights: what its weights stand in.
        remedy: what to do if something is wrong with them.
    """

    config: str
    weights: str
    remedy: str


class VoiceModel:
    """A model of a voice.

    Args:
        name: in the voice.
        kind: one of ``KINDS``; empty for what is given as ``ready``.
        settings: its configuration, as it is saved.
        audio: settings of the voice.
        alphabet: of the voice.
        arrays: its weights by name, or what reads them when they are needed.
        uses: what it needs of other models: name to the model whose attribute it is.
        origin: where settings and weights come from, for messages.
        module: a PyTorch module that is to do the work, wherever it is.
        device: where a module is to be made to do the work; empty: an engine without PyTorch.
        ready: what implements a contract already; it cannot be saved.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        settings: Mapping[str, Any],
        audio: AudioConfig,
        alphabet: Alphabet,
        arrays: Mapping[str, np.ndarray] | Callable[[], Mapping[str, np.ndarray]],
        *,
        uses: Mapping[str, str] | None = None,
        origin: Origin | None = None,
        module: nn.Module | None = None,
        device: str = "",
        ready: Any = None,
    ) -> None:
        self.name, self.kind, self.settings = name, kind, settings
        self.audio, self.alphabet, self.uses = audio, alphabet, dict(uses or {})
        self._arrays = arrays
        self._origin = origin or Origin(name, name, "give the weights of such a model")
        self._module, self._device, self._ready = module, device, ready
        self.role = KINDS[kind].role if kind else _role_of(ready)

    @classmethod
    def of_module(
        cls,
        name: str,
        module: nn.Module,
        audio: AudioConfig,
        alphabet: Alphabet,
        uses: Mapping[str, str] | None = None,
    ) -> VoiceModel:
        """A module as a model: its weights as they are now, at work where they are.

        Raises:
            VoiceError: if no kind is registered for its configuration.
        """
        import torch

        config: Any = module.config
        module = module.eval().requires_grad_(False)
        state = module.state_dict()
        arrays = {key: value.float().cpu().numpy().copy() for key, value in state.items()}
        plain = all(v.device.type == "cpu" and v.dtype == torch.float32 for v in state.values())
        settings = dataclasses.asdict(config)
        kind = kind_of(config)
        return cls(
            name,
            kind,
            settings,
            audio,
            alphabet,
            arrays,
            uses=uses,
            module=None if plain else module,
        )

    @classmethod
    def of_ready(cls, name: str, ready: Any, alphabet: Alphabet) -> VoiceModel:
        """What implements a contract already."""
        return cls(name, "", {}, ready.features, alphabet, {}, ready=ready)

    def __reduce__(self) -> tuple[Any, ...]:
        # What was made of the weights is made again where they arrive.
        given = (self.name, self.kind, self.settings, self.audio, self.alphabet)
        keywords = {
            "uses": self.uses,
            "origin": self._origin,
            "module": self._module,
            "device": self._device,
            "ready": self._ready,
        }
        return functools.partial(VoiceModel, **keywords), (*given, self.arrays)

    def copy(
        self,
        *,
        name: str | None = None,
        device: str | None = None,
        alphabet: Alphabet | None = None,
    ) -> VoiceModel:
        """The same model, not at work yet; by another name, on another device or of another
        alphabet if one is given."""
        return VoiceModel(
            name or self.name,
            self.kind,
            self.settings,
            self.audio,
            alphabet or self.alphabet,
            vars(self).get("arrays", self._arrays),
            uses=self.uses,
            origin=self._origin,
            module=self._module if device is None else None,
            device=self._device if device is None else device,
            ready=self._ready,
        )

    @property
    def on_device(self) -> bool:
        """Whether PyTorch is to do the work."""
        return self._module is not None or bool(self._device)

    @property
    def stays_on_cpu(self) -> bool:
        """Whether PyTorch is to do the work, for which its kind has no way."""
        return self.on_device and KINDS[self.kind].on_device is None

    @property
    def can_be_saved(self) -> bool:
        """Whether a folder can hold it."""
        return bool(self.kind)

    @functools.cached_property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """Its weights by name.

        Raises:
            VoiceError: if they are read only now and are damaged.
        """
        return self._arrays() if callable(self._arrays) else self._arrays

    @functools.cached_property
    def config(self) -> Any:
        """Its config dataclass.

        Raises:
            VoiceError: if the settings are none of it.
        """
        try:
            where = f"models.{self.name}.config"
            return from_mapping(
                KINDS[self.kind].part("config"), self.settings, where, complete=True
            )
        except TTSPipelineError as error:
            raise VoiceError(f"{self._origin.config}: {error}; {self._origin.remedy}") from error

    def start(self, uses: Mapping[str, Any]) -> Any:
        """What implements the contract of its role.

        Args:
            uses: parts of other models, by the names in :attr:`uses`.

        Raises:
            VoiceError: if the weights are not those of such a model, or the settings make none.
        """
        if self._ready is not None:
            return self._ready
        kind, given = KINDS[self.kind], {"alphabet": self.alphabet, **uses}
        if self.on_device and kind.on_device is not None:
            module = self._module or self._module_on(self._device)
            return kind.part("on_device")(module, self.audio, given)
        config = self.config
        arrays = self.arrays
        try:
            return kind.part("engine")(config, self.audio, arrays, given)
        except VoiceError as error:
            raise VoiceError(
                f"{self._origin.weights}: weights of another model than config.json describes "
                f"({error}); {self._origin.remedy}"
            ) from error
        except (ArithmeticError, MemoryError, TTSPipelineError, ValueError) as error:
            raise VoiceError(
                f"{self._origin.config}: models.{self.name}.config makes no model ({error}); "
                f"{self._origin.remedy}"
            ) from error

    def _module_on(self, device: str) -> nn.Module:
        try:
            return self.module().to(device)
        except (AssertionError, RuntimeError) as error:
            raise VoiceError(
                f"device {device!r}: PyTorch cannot work there ({str(error).splitlines()[0]}); "
                "take another one, such as 'cpu'"
            ) from error

    def module(self) -> nn.Module:
        """A PyTorch module with these weights, in eval mode and without gradients.

        Raises:
            VoiceError: if the weights are not those of such a model, the settings make none, the
                kind has no module, or PyTorch is not installed.
        """
        if not self.kind or KINDS[self.kind].module is None:
            raise VoiceError(f"{self.name}: is no model that PyTorch can be given")
        try:
            import torch
        except ModuleNotFoundError as error:
            raise VoiceError(
                f"{self.name}: its module needs PyTorch, which is not installed; install with: "
                "pip install 'tts_pipeline[train]'"
            ) from error

        config = self.config
        try:
            # Initial weights are drawn and then replaced: the caller's random numbers are not for
            # that.
            with torch.random.fork_rng(devices=[]):
                module = KINDS[self.kind].make_module(config, self.audio, self.alphabet)
            weights = {
                key: torch.from_numpy(value.astype(np.float32))
                for key, value in self.arrays.items()
            }
            module.load_state_dict(weights)
        except (ArithmeticError, MemoryError, RuntimeError, TTSPipelineError, ValueError) as error:
            raise VoiceError(
                f"{self._origin.weights}: {self.name} makes no model ({error}); "
                f"{self._origin.remedy}"
            ) from error
        return module.eval().requires_grad_(False)

    def buffers(self) -> frozenset[str]:
        """Names of the arrays that are no parameters; none can be told of a kind that is not
        trained."""
        if KINDS[self.kind].module is None:
            return frozenset()
        return frozenset(self.arrays) - {name for name, _ in self.module().named_parameters()}


def _role_of(ready: Any) -> str:
    for role, verb in (
        (REFINER, "refine"),
        (ALIGNER, "align"),
        (PROSODY, "draw"),
        (ACOUSTIC, "controls"),
    ):
        if hasattr(ready, verb):
            return role
    return VOCODER
