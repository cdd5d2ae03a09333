"""The model with a canvas of one length on a CPU, without PyTorch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tts_pipeline.acoustic.fixed_length.config import FixedLengthConfig, FixedLengthOptions
from tts_pipeline.acoustic.fixed_length.pieces import Piece, pieces_of
from tts_pipeline.acoustic.token_plan import TokenPlanner, require_channels
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.nn.numpy_layers import Block, Linear, Norm, blocks_over
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, MelStream, Operations
from tts_pipeline.text.symbols import Alphabet

# Share of the canvas that a text is expected to fill at most: how fast it will be spoken is not
# known.
_FILLED = 0.9


class Written(NamedTuple):
    """A canvas.

    Attributes:
        mel: ``(M, T)``, all of it.
        end: probability of having ended ``(T,)``.
        attention: of each layer, the mean over its heads ``(layers, T, N)``.
    """

    mel: np.ndarray
    end: np.ndarray
    attention: np.ndarray

    def length(self, threshold: float) -> int | None:
        """Frames before the first end, at least one; None if there is no end."""
        ended = np.flatnonzero(self.end >= threshold)
        return max(1, int(ended[0])) if len(ended) else None


class FixedLengthEngine:
    """:class:`~tts_pipeline.acoustic.fixed_length.model.FixedLengthModel` in NumPy: an acoustic
    model.

    Every frame may depend on every token, and its length is known only when all frames are there:
    a stream is one block for each canvas. A text that is longer than the canvas is written in
    pieces, and a canvas without an end is used whole; either is told in
    :attr:`MelStream.problems`. Durations of tokens are never known.

    Args:
        config: sizes.
        audio: of the mel.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner by whose vectors it was trained; ``alphabet``: of the tokens.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    controls = frozenset({"rate", "pitch", "energy"})
    options = FixedLengthOptions

    def __init__(
        self,
        config: FixedLengthConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        self.config, self.features = config, audio
        self.text: TokenPlanner = uses["text"]
        require_channels(self.text, config.text_channels)
        self._alphabet: Alphabet = uses["alphabet"]
        c = config.channels
        taken = Weights(weights)
        self._mel_mean = taken.buffer("mel_mean", audio.n_mels)
        self._mel_std = taken.deviations("mel_std", audio.n_mels)
        self.token_frames = float(taken.buffer("token_frames", 1)[0])
        self._token_input = Linear(taken, "token_input", config.text_channels, c)
        frame_input = Linear(taken, "frame_input", c, c)
        self._places = np.arange(config.canvas, dtype=np.float32) + np.float32(0.5)
        where = sinusoids(self._places, c)
        self._start = frame_input(where)
        self._attentions = [
            _Attention(taken, f"attentions.{k}", config, where) for k in range(config.n_layers)
        ]
        self._blocks = [
            [
                Block(taken, f"blocks.{k}.blocks.{b}", c, config.hidden, config.kernel_size)
                for b in range(config.blocks_per_layer)
            ]
            for k in range(config.n_layers)
        ]
        self._norm = Norm(taken, "norm", c)
        self._output = Linear(taken, "output", c, audio.n_mels)
        self._end = Linear(taken, "end", c, 1)
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters

    def infer(
        self,
        inputs: Sequence[AcousticInput],
        *,
        seed: int = 0,
        options: FixedLengthOptions | None = None,
    ) -> list[MelStream]:
        """Write sentences one after another, each in one block; nothing is drawn, so the seed
        changes nothing."""
        written = []
        for given in inputs:
            made = self.stream(given, seed=seed, options=options)
            made.blocks = iter([made.read()])
            written.append(made)
        return written

    def stream(
        self, given: AcousticInput, *, seed: int = 0, options: FixedLengthOptions | None = None
    ) -> MelStream:
        """Write one sentence, a block for each canvas."""
        pieces = pieces_of(given, self.token_frames, _FILLED * self.config.canvas, self._alphabet)
        planned = [self.text.plan(piece.given) for piece in pieces]
        f0 = np.concatenate([plan.f0[piece.own] for plan, piece in zip(planned, pieces)])
        made = MelStream(iter(()), None, f0)
        if len(pieces) > 1:
            made.problems = (
                f"the text is longer than the {self.config.canvas} frames of one canvas: it was "
                f"cut into {len(pieces)} pieces, which know nothing of one another",
            )
        threshold = (options or FixedLengthOptions()).end_threshold
        vectors = [plan.vectors for plan in planned]
        made.blocks = self._canvases(made, pieces, vectors, threshold)
        return made

    def _canvases(
        self,
        made: MelStream,
        pieces: list[Piece],
        vectors: list[np.ndarray],
        threshold: float,
    ) -> Iterator[np.ndarray]:
        for piece, each in zip(pieces, vectors):
            canvas = self.write(each, piece.given.rate)
            length = canvas.length(threshold)
            if length is None:
                made.problems = (
                    *made.problems,
                    f"the end was not found within {self.config.canvas} frames "
                    f"({self.config.canvas / self.features.frame_rate:.2f} s): what may be missing "
                    "after them is lost; choose another acoustic model for this text",
                )
            yield np.ascontiguousarray(canvas.mel[:, :length])

    def write(self, vectors: np.ndarray, rate: np.ndarray) -> Written:
        """The whole canvas.

        Args:
            vectors: of the tokens ``(N, text_channels)``.
            rate: factor on the speaking rate of each token ``(N,)``.
        """
        tokens = self._token_input(vectors)
        lasting = np.float32(self.token_frames) / rate
        places = lasting.cumsum(dtype=np.float32) - lasting / 2
        x, attentions = self._start, []
        for attention, blocks in zip(self._attentions, self._blocks):
            answers, weights = attention(x, self._places, tokens, places)
            attentions.append(weights)
            x = blocks_over(x + answers, blocks)
        x = self._norm(x)
        mel = np.ascontiguousarray((self._output(x) * self._mel_std + self._mel_mean).T)
        end = 1 / (1 + np.exp(-self._end(x)[:, 0].clip(-80, 80)))
        return Written(mel, end, np.stack(attentions))

    def operations(
        self, given: AcousticInput, options: FixedLengthOptions | None = None
    ) -> Operations:
        """Arithmetic of a sentence: that of the whole canvas, however little of it is kept."""
        config = self.config
        c, t = config.channels, config.canvas
        block = c * (2 * config.hidden + config.kernel_size)
        total = 0
        for piece in pieces_of(given, self.token_frames, _FILLED * t, self._alphabet):
            n = len(piece.given.tokens)
            total += self.text.multiply_accumulates(n)
            # Queries and answers of frames, keys and values of tokens, and all pairs twice.
            attention = t * 3 * c * c + n * 3 * c * c + 2 * t * n * c
            layers = config.n_layers * (attention + t * config.blocks_per_layer * block)
            total += n * config.text_channels * c + layers + t * c * (self.features.n_mels + 1)
        return Operations(total, 1)


class _Attention:
    """:class:`~tts_pipeline.acoustic.fixed_length.model.Attention` of one sentence."""

    def __init__(
        self, weights: Weights, name: str, config: FixedLengthConfig, where: np.ndarray
    ) -> None:
        c = config.channels
        self._n_heads, self._where = config.n_heads, where
        self._query = Linear(weights, f"{name}.query", 2 * c, c)
        self._key = Linear(weights, f"{name}.key", 2 * c, c)
        self._value = Linear(weights, f"{name}.value", c, c)
        self._output = Linear(weights, f"{name}.output", c, c)
        self._width = np.exp(weights.take(f"{name}.log_width"))

    def __call__(
        self,
        frames: np.ndarray,
        frame_places: np.ndarray,
        tokens: np.ndarray,
        token_places: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        (n_frames, c), n_tokens, heads = frames.shape, len(tokens), self._n_heads
        queries = self._query(np.concatenate([frames, self._where], 1))
        keys = self._key(np.concatenate([tokens, sinusoids(token_places, c)], 1))
        values = self._value(tokens)
        away = (frame_places[:, None] - token_places) / self._width
        bias = away * away / 2
        answers = np.empty((n_frames, c), np.float32)
        mean = np.zeros((n_frames, n_tokens), np.float32)
        size = c // heads
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            logits = queries[:, own] @ keys[:, own].T
            logits *= np.float32(size**-0.5)
            logits -= bias
            logits -= logits.max(1, keepdims=True)
            np.exp(logits, out=logits)
            logits /= logits.sum(1, keepdims=True)
            answers[:, own] = logits @ values[:, own]
            mean += logits / np.float32(heads)
        return self._output(answers), mean


def sinusoids(places: np.ndarray, channels: int) -> np.ndarray:
    """:func:`~tts_pipeline.acoustic.fixed_length.model.sinusoids`: ``(L,)`` to ``(L,
    channels)``."""
    exponents = np.arange(channels // 2, dtype=np.float32) * np.float32(2 / channels)
    angles = places[:, None] * np.exp(np.float32(-math.log(10000.0)) * exponents)
    return np.concatenate([np.sin(angles), np.cos(angles)], 1, dtype=np.float32)
