"""From a mel to samples one by one, whichever generator writes them: in pieces, with progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import FrameBuffer
from tts_pipeline.vocoder.wavenet.conditioning import Conditioning
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig, require_temperature
from tts_pipeline.vocoder.wavenet.levels import de_emphasise, mu_law_levels

# Frames that the conditioning network works on at once, whatever it is given: how a matrix product
# rounds depends on its size, and one symbol drawn differently changes all that follow.
_PIECE_FRAMES = 10


class Progress(NamedTuple):
    """How far a generation is.

    Attributes:
        n_samples: written so far, per item.
        n_total: to be written; None if the end is not known.
        seconds: since the start.
    """

    n_samples: int
    n_total: int | None
    seconds: float

    @property
    def samples_per_second(self) -> float:
        """Speed so far, per item."""
        return self.n_samples / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """At this speed; None if the end is not known."""
        if self.n_total is None:
            return None
        return (self.n_total - self.n_samples) / max(self.samples_per_second, 1e-9)


ProgressCallback = Callable[[Progress], None]


class Writer(Protocol):
    """One of the generators; see :class:`~tts_pipeline.vocoder.wavenet.packed.NumbaWaveNet`."""

    piece: int

    def begin(self, n_items: int) -> Any:
        """The state before the first sample."""

    def write(
        self,
        conditioning: np.ndarray,
        first_frame: int,
        uniforms: np.ndarray,
        temperature: float,
        state: Any,
        seen: np.ndarray | None = None,
    ) -> np.ndarray:
        """Write the next symbols ``(B, S)``."""


class SampleStream:
    """Mels that come piece by piece, their sound piece by piece.

    Args:
        config: sizes.
        audio: settings of the mel.
        conditioning: the network that reads it.
        writer: the generator.
        n_items: mels side by side; each gets the random numbers that it would get alone.
        seed: of these.
        temperature: logits are divided by it; None: as the sizes say.

    Raises:
        AudioError: if the temperature is no number of at least 0.
    """

    def __init__(
        self,
        config: WaveNetConfig,
        audio: AudioConfig,
        conditioning: Conditioning,
        writer: Writer,
        n_items: int,
        seed: int,
        temperature: float | None,
    ) -> None:
        temperature = config.temperature if temperature is None else temperature
        require_temperature(temperature)
        self._config, self._hop, self._conditioning = config, audio.hop_length, conditioning
        self._writer, self._temperature = writer, temperature
        self._stacks = [conditioning.stack() for _ in range(n_items)]
        self._waiting = [FrameBuffer() for _ in range(n_items)]
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._state = writer.begin(n_items)
        self._n_frames = 0
        # The first pieces are short so that sound comes soon.
        self._piece = min(self._hop, writer.piece)
        self._before: np.ndarray | None = None
        is_level = config.output == "logistics"
        self._levels = None if is_level else mu_law_levels(config.n_classes)

    def push(self, mels: Sequence[np.ndarray], last: bool) -> Iterator[np.ndarray]:
        """The samples that are settled by the next frames.

        Args:
            mels: ``(M, t)`` of every item, natural-log amplitude.
            last: whether the mels end with them.

        Yields:
            ``(B, S)`` float32 in [-1, 1], in pieces as short as the generator is slow.
        """
        for waiting, mel in zip(self._waiting, mels, strict=True):
            waiting.push(self._conditioning.scaled(mel))
        while len(self._waiting[0]) >= _PIECE_FRAMES:
            yield from self._write(_PIECE_FRAMES, False)
        if last:
            yield from self._write(len(self._waiting[0]), True)

    def _write(self, n_frames: int, last: bool) -> Iterator[np.ndarray]:
        pushed = [
            self._conditioning.per_layer(stack.push(waiting.pop(n_frames), last))
            for stack, waiting in zip(self._stacks, self._waiting, strict=True)
        ]
        conditioning = np.stack(pushed)
        n_samples = conditioning.shape[1] * self._hop
        while n_samples:
            n = min(self._piece, n_samples)
            uniforms = self._random.random((n, 2), np.float32)
            symbols = self._writer.write(
                conditioning, self._n_frames, uniforms, self._temperature, self._state
            )
            yield self._sound(symbols)
            n_samples -= n
            self._piece = min(2 * self._piece, self._writer.piece)
        self._n_frames += conditioning.shape[1]

    def _sound(self, symbols: np.ndarray) -> np.ndarray:
        samples = symbols if self._levels is None else self._levels[symbols.astype(np.int64)]
        sound, self._before = de_emphasise(samples, self._config.pre_emphasis, self._before)
        return sound.clip(-1.0, 1.0)


def gathered(
    pieces: Iterator[np.ndarray], n_total: int, progress: ProgressCallback | None
) -> np.ndarray:
    """All pieces ``(B, S)`` together, telling how far it is after each."""
    start, made, n_samples = time.perf_counter(), [], 0
    for piece in pieces:
        made.append(piece)
        n_samples += piece.shape[1]
        if progress is not None:
            progress(Progress(n_samples, n_total, time.perf_counter() - start))
    return np.concatenate(made, 1)
