"""The three contracts between text and sound, on arrays: acoustic model, refiner, vocoder.

A model of any strategy implements one of them and may then stand before or behind any other; see
:mod:`tts_pipeline.voice.models` for how it gets into a voice. Two types travel between them:
:class:`AcousticInput` and :class:`MelStream`. All arrays are NumPy's; a tensor is accepted where an
array is, and comes back as an array.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError, VoiceError

# What may be asked of an acoustic model per token, beside the tokens themselves.
CONTROLS = ("rate", "pitch", "energy", "fixed_frames")


@dataclasses.dataclass(frozen=True)
class AcousticInput:
    """What an acoustic model is to speak: one sentence, all of it per token ``(N,)``.

    Arrays or tensors are taken; they are kept as arrays.

    Attributes:
        tokens: int64, from the alphabet of the voice.
        rate: factor on the speaking rate, float32.
        pitch: factor on F0, float32.
        energy: factor on the amplitude, float32.
        fixed_frames: frames that a token lasts whatever is predicted, int64; 0: as predicted. A
            model that honours it knows the durations before the first block.
    """

    tokens: np.ndarray
    rate: np.ndarray
    pitch: np.ndarray
    energy: np.ndarray
    fixed_frames: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", as_array(self.tokens).astype(np.int64, copy=False))
        for name, dtype in (
            *((name, np.float32) for name in CONTROLS[:3]),
            (CONTROLS[3], np.int64),
        ):
            values = as_array(getattr(self, name)).astype(dtype, copy=False)
            if values.shape != self.tokens.shape:
                values = np.broadcast_to(values, self.tokens.shape).copy()
            object.__setattr__(self, name, values)

    @classmethod
    def plain(
        cls,
        tokens: Any,
        *,
        rate: Any = 1.0,
        pitch: Any = 1.0,
        energy: Any = 1.0,
        fixed_frames: Any = 0,
    ) -> AcousticInput:
        """Tokens, and wishes that may be one number for all of them."""
        return cls(tokens, rate, pitch, energy, fixed_frames)

    def controls_in_use(self) -> frozenset[str]:
        """Those of ``CONTROLS`` that ask for something."""
        factors = [name for name in CONTROLS[:3] if (getattr(self, name) != 1).any()]
        fixed = ["fixed_frames"] if self.fixed_frames.any() else []
        return frozenset(factors + fixed)


@dataclasses.dataclass
class MelStream:
    """A mel that comes block by block, each made when it is asked for.

    Attributes:
        blocks: ``(M, t)`` float32, natural-log amplitude.
        durations: frames of each token ``(N,)`` int64; None until they are known, which a model
            without token durations may never do.
        f0: F0 of each token in Hz ``(N,)``, as asked of the decoder, if the model works with it.
        problems: what went wrong while the blocks were made, in words for the user, such as a
            model that never said that the sentence ends; complete after the last block.
    """

    blocks: Iterator[np.ndarray]
    durations: np.ndarray | None = None
    f0: np.ndarray | None = None
    problems: tuple[str, ...] = ()

    def read(self) -> np.ndarray:
        """All blocks that are left, together ``(M, T)``."""
        return np.concatenate(list(self.blocks), 1)


@dataclasses.dataclass(frozen=True)
class NoOptions:
    """Of a model that has no settings per call."""


class Operations(NamedTuple):
    """Arithmetic of one call.

    Attributes:
        multiply_accumulates: of all products, in which an addition and a multiplication are one.
        sequential_steps: steps that must wait for one another.
    """

    multiply_accumulates: int
    sequential_steps: int


@runtime_checkable
class AcousticModel(Protocol):
    """Stage 1: tokens to mel.

    Attributes:
        features: settings of the mel that it writes.
        controls: those of ``CONTROLS`` that it honours; asking it for another one is an error.
        options: frozen dataclass of its own settings per call, such as ``steps`` and
            ``temperature``, with defaults.
        n_parameters: trained numbers in it.
    """

    features: AudioConfig
    controls: frozenset[str]
    options: type[Any]
    n_parameters: int

    def infer(
        self, inputs: Sequence[AcousticInput], *, seed: int, options: Any = None
    ) -> list[MelStream]:
        """Write sentences, side by side where that pays; each comes in one block.

        Args:
            inputs: the sentences.
            seed: same seed, same mels; each sentence gets what it would get alone.
            options: of the type of :attr:`options`; None: its defaults.
        """

    def stream(self, given: AcousticInput, *, seed: int, options: Any = None) -> MelStream:
        """Write one sentence block by block, the first one soon; together the blocks are what
        :meth:`infer` writes."""

    def operations(self, given: AcousticInput, options: Any = None) -> Operations:
        """Arithmetic of writing the sentence."""


@runtime_checkable
class Refiner(Protocol):
    """Between the stages: mel to mel. Attributes are those of :class:`AcousticModel`.

    ``Refined(acoustic, refiner)`` is again an acoustic model, see
    :mod:`tts_pipeline.acoustic.refined`. A refiner whose stream waits for frames ahead may say for
    how many, ``lookahead(options)``: it then gets a first block that is longer by them.
    """

    features: AudioConfig
    options: type[Any]
    n_parameters: int

    def refine(
        self,
        mel: np.ndarray,
        given: AcousticInput,
        durations: np.ndarray | None,
        *,
        mask: np.ndarray | None = None,
        seed: int = 0,
        options: Any = None,
    ) -> np.ndarray:
        """Write a mel anew.

        Args:
            mel: ``(M, T)``.
            given: the sentence that it says.
            durations: frames of each token ``(N,)``, if known.
            mask: ``(T,)`` bool, True for frames to write anew; None: all. Others stay as they are.
            seed: same seed, same mel.
            options: of the type of :attr:`options`; None: its defaults.

        Returns:
            ``(M, T)`` float32.
        """

    def stream(
        self,
        mel: Iterable[np.ndarray],
        given: AcousticInput,
        durations: np.ndarray | None,
        *,
        seed: int = 0,
        options: Any = None,
    ) -> Iterator[np.ndarray]:
        """:meth:`refine` of a mel that comes in blocks ``(M, t)``, each block left as soon as it
        is settled; together the blocks are what :meth:`refine` writes."""

    def operations(self, n_frames: int, options: Any = None) -> Operations:
        """Arithmetic of refining so many frames."""


@runtime_checkable
class Vocoder(Protocol):
    """Stage 2: mel to waveform.

    Attributes:
        features: settings of the mel that it expects.
        options: frozen dataclass of its own settings per call, with defaults.
        n_parameters: trained numbers in it.
    """

    features: AudioConfig
    options: type[Any]
    n_parameters: int

    def infer(self, mel: np.ndarray, *, seed: int = 0, options: Any = None) -> np.ndarray:
        """Waveform of a mel: ``(M, T)`` to ``(T * hop_length,)``, or both with ``B`` before.

        Args:
            mel: natural-log amplitude.
            seed: same seed, same samples; every item of a batch gets what it would get alone.
            options: of the type of :attr:`options`; None: its defaults.

        Returns:
            float32 in [-1, 1].

        Raises:
            AudioError: if the mel has another shape, is empty or not finite.
        """

    def stream(
        self, mel: Iterable[np.ndarray], *, seed: int = 0, options: Any = None
    ) -> Iterator[np.ndarray]:
        """:meth:`infer` of a mel that comes in blocks ``(M, t)``.

        Yields:
            Blocks ``(S,)``, each as soon as the vocoder can give it; together they are what
            :meth:`infer` returns, to 1e-4.
        """

    def operations(self, n_frames: int, options: Any = None) -> Operations:
        """Arithmetic of so many frames."""


@runtime_checkable
class Aligner(Protocol):
    """Tokens and mel to durations, for mels of models that know none."""

    features: AudioConfig
    n_parameters: int

    def align(self, tokens: np.ndarray, mel: np.ndarray) -> np.ndarray:
        """Frames of each token.

        Args:
            tokens: ``(N,)`` int64, begin to end.
            mel: ``(M, T)``, as the tokens say it.

        Returns:
            ``(N,)`` int64, summing to ``T``.
        """


@runtime_checkable
class ProsodySource(Protocol):
    """Draws how the tokens of a sentence are spoken, in place of the same way every time."""

    features: AudioConfig
    n_parameters: int

    def draw(
        self, tokens: np.ndarray, *, seed: int, temperature: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Factors on rate, F0 and amplitude of each token, ``(N,)`` each, for
        :class:`AcousticInput`.

        Args:
            tokens: ``(N,)`` int64, a whole sentence.
            seed: same seed, same factors.
            temperature: how much of the draw goes in, above 0 to 1.
        """


def as_array(values: Any) -> np.ndarray:
    """An array of whatever holds numbers, a tensor on any device among them."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def checked_mel(mel: Any, audio: AudioConfig, *, batched: bool = True) -> np.ndarray:
    """A mel as an array ``(M, T)`` or ``(B, M, T)`` float32, whatever it comes as.

    Args:
        mel: array or tensor of natural-log amplitude.
        audio: what it should be.
        batched: whether several side by side will do.

    Raises:
        AudioError: if the mel has another shape, is empty or not finite.
    """
    array = as_array(mel)
    dimensions = (2, 3) if batched else (2,)
    if array.ndim not in dimensions or array.shape[-2] != audio.n_mels or 0 in array.shape:
        batch = f" or (B, {audio.n_mels}, T)" if batched else ""
        raise AudioError(
            f"mel of shape {tuple(array.shape)}: expected ({audio.n_mels}, T){batch} "
            "with at least one frame"
        )
    if not np.isfinite(array).all():
        raise AudioError("mel holds NaN or infinity: check the acoustic model's output")
    return np.ascontiguousarray(array, np.float32)


def finite(blocks: Iterable[np.ndarray], maker: str) -> Iterator[np.ndarray]:
    """Blocks of numbers as a model makes them.

    Args:
        blocks: of a mel or a waveform.
        maker: the model, for the message.

    Raises:
        VoiceError: when one comes that holds NaN or infinity.
    """
    for block in blocks:
        if not np.isfinite(block).all():
            raise VoiceError(
                f"{maker} gives NaN or infinity; its weights are not those of a trained model, "
                "take another voice"
            )
        yield block
