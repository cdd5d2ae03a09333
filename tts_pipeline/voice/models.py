"""The registry: every kind of model that a voice may hold, one entry each."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import VoiceError
from tts_pipeline.text.symbols import Alphabet

if TYPE_CHECKING:
    from torch import nn

ACOUSTIC, REFINER, VOCODER, ALIGNER, FEATURES, PROSODY = ROLES = (
    "acoustic",
    "refiner",
    "vocoder",
    "aligner",
    "features",
    "prosody",
)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of model that a voice may hold.

    Each part is itself or ``"module:name"``, which is imported when it is needed.

    Attributes:
        role: one of ``ROLES``.
        config: dataclass of sizes; every kind has its own.
        engine: ``(config, audio, weights, uses)`` to what implements the contract of the role
            without PyTorch. ``uses`` holds ``alphabet`` and what else the kind uses.
        module: the ``nn.Module`` that is trained, made of its configuration and, by name, what it
            asks for of ``audio``, ``n_mels`` and ``alphabet``. None: it cannot be trained.
        on_device: ``(module, audio, uses)`` to the contract by PyTorch; None: it has no way to
            work on a device.
        uses: what it needs of other models: name to the kind of model whose attribute it is.
    """

    role: str
    config: Any
    engine: Any
    module: Any = None
    on_device: Any = None
    uses: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def part(self, name: str) -> Any:
        """The part itself."""
        value = getattr(self, name)
        if not isinstance(value, str):
            return value
        module, _, attribute = value.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def make_module(self, config: Any, audio: AudioConfig, alphabet: Alphabet) -> nn.Module:
        """The untrained module."""
        make = self.part("module")
        at_hand = {"audio": audio, "n_mels": audio.n_mels, "alphabet": alphabet}
        wanted = inspect.signature(make).parameters
        return make(config, **{name: at_hand[name] for name in at_hand if name in wanted})


def _family(
    role: str, room: str, names: str, *, on_device: str = "", uses: Mapping[str, str] | None = None
) -> Kind:
    """A kind of the package.

    Args:
        role: one of ``ROLES``.
        room: folder with config, model and engine.
        names: of their classes.
        on_device: ``module:class`` in the room, if there is one.
        uses: as of :class:`Kind`.
    """
    home = f"tts_pipeline.{room}"
    config, model, engine = names.split()
    return Kind(
        role,
        f"{home}.config:{config}",
        f"{home}.engine:{engine}",
        f"{home}.model:{model}",
        f"{home}.{on_device}" if on_device else None,
        uses or {},
    )


# Families that share the text side of the autoregressive model.
TEXT = {"text": "autoregressive"}

KINDS: dict[str, Kind] = {
    "autoregressive": _family(
        ACOUSTIC,
        "acoustic.autoregressive",
        "AutoregressiveConfig AutoregressiveModel AutoregressiveEngine",
        on_device="generation:AutoregressiveOnDevice",
    ),
    "aligner": _family(ALIGNER, "acoustic.aligner", "AlignerConfig VoiceAligner AlignerEngine"),
    "fixed-length": _family(
        ACOUSTIC,
        "acoustic.fixed_length",
        "FixedLengthConfig FixedLengthModel FixedLengthEngine",
        uses=TEXT,
    ),
    "coded": _family(
        ACOUSTIC,
        "acoustic.coded",
        "CodedConfig CodedModel CodedEngine",
        uses={**TEXT, "codes": "codes"},
    ),
    "masked": _family(
        ACOUSTIC,
        "acoustic.masked",
        "MaskedConfig MaskedModel MaskedEngine",
        uses={**TEXT, "codes": "codes"},
    ),
    "codes": _family(FEATURES, "features.codes", "CodesConfig CodesAutoencoder CodesEngine"),
    "flow": _family(ACOUSTIC, "acoustic.flow", "FlowConfig FlowModel FlowEngine", uses=TEXT),
    "flow-head": _family(
        ACOUSTIC,
        "acoustic.flow_head",
        "FlowHeadConfig FlowHeadModel FlowHeadEngine",
        uses=TEXT,
    ),
    "latent": _family(
        ACOUSTIC, "acoustic.latent", "LatentConfig LatentModel LatentEngine", uses=TEXT
    ),
    "one-shot": _family(
        ACOUSTIC, "acoustic.one_shot", "OneShotConfig OneShotModel OneShotEngine", uses=TEXT
    ),
    "pyramid": _family(
        ACOUSTIC, "acoustic.pyramid", "PyramidConfig PyramidModel PyramidEngine", uses=TEXT
    ),
    "flow-refiner": _family(
        REFINER, "acoustic.flow", "FlowRefinerConfig FlowModel FlowRefinerEngine", uses=TEXT
    ),
    "prosody": _family(
        PROSODY, "acoustic.prosody", "ProsodyConfig ProsodyModel ProsodyEngine", uses=TEXT
    ),
    "harmonic-noise": _family(
        VOCODER,
        "vocoder.harmonic_noise",
        "GeneratorConfig HarmonicPlusNoiseVocoder HarmonicNoiseEngine",
        on_device="generation:HarmonicNoiseOnDevice",
    ),
    "wavenet": _family(
        VOCODER,
        "vocoder.wavenet",
        "WaveNetConfig WaveNet WaveNetEngine",
        on_device="generators:WaveNetOnDevice",
    ),
}


def kind_of(config: object) -> str:
    """The kind that a config dataclass belongs to.

    Raises:
        VoiceError: if it belongs to none.
    """
    for name, kind in KINDS.items():
        wanted = kind.config
        found = f"{type(config).__module__}:{type(config).__name__}"
        if found == wanted or type(config) is wanted:
            return name
    raise VoiceError(
        f"no kind of model is registered for {type(config).__name__}; register it in "
        "tts_pipeline.voice.models.KINDS"
    )
