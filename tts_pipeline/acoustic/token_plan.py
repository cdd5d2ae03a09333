"""The text side that acoustic models may share: tokens to vectors, durations, pitch and energy.

In NumPy and fused kernels, without PyTorch. The weights are those of an
:class:`~tts_pipeline.acoustic.autoregressive.model.AutoregressiveModel`, which hands its planner on
to models that name it in ``uses``; what is for a model to learn is then the way from a plan to a
mel.
"""

from __future__ import annotations

import weakref
from typing import NamedTuple, Protocol

import numpy as np

from tts_pipeline.errors import TextError, VoiceError
from tts_pipeline.nn.numpy_layers import Block, Conv, Linear, Norm, blocks_over
from tts_pipeline.nn.recurrent import gru_steps
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.text.symbols import Alphabet


class TokenPlan(NamedTuple):
    """What is settled of a sentence before its first frame.

    Attributes:
        vectors: of the tokens, with what pitch and energy add to them ``(N, C)``.
        durations: frames of each token ``(N,)`` int64.
        f0: F0 of each token in Hz ``(N,)``.
        pitch: of each token: log F0 by the speaker's mean and standard deviation ``(N,)``.
        energy: of each token, scaled likewise ``(N,)``.
    """

    vectors: np.ndarray
    durations: np.ndarray
    f0: np.ndarray
    pitch: np.ndarray
    energy: np.ndarray

    @property
    def n_frames(self) -> int:
        """Length of the mel."""
        return int(self.durations.sum())


class TokenPrediction(NamedTuple):
    """What the voice would do by itself, before anything is asked of it.

    Attributes:
        frames: that each token lasts, real numbers ``(N,)``.
        pitch: of each token: log F0 by the speaker's mean and standard deviation ``(N,)``.
        energy: of each token, scaled likewise ``(N,)``.
        pitch_std: standard deviation of the speaker's log F0.
        energy_std: of the speaker's log energy.
    """

    frames: np.ndarray
    pitch: np.ndarray
    energy: np.ndarray
    pitch_std: np.float32
    energy_std: np.float32


class _Reading(NamedTuple):
    """What the text alone says, whatever is asked for beside it.

    Attributes:
        encoded: vectors of the tokens ``(N, C)``.
        log_durations: predicted ``log(1 + frames)`` ``(N,)``.
        pitch: predicted, scaled ``(N,)``.
        energy: likewise ``(N,)``.
    """

    encoded: np.ndarray
    log_durations: np.ndarray
    pitch: np.ndarray
    energy: np.ndarray


class _Readings:
    """Readings of sentences that are still being spoken, as long as their array of tokens lives.

    A sentence is planned for its intonation, for the acoustic model and for the refiner behind it.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[np.ndarray], bytes, _Reading]] = {}

    def find(self, tokens: np.ndarray) -> _Reading | None:
        """The reading of this very array, unless it holds other tokens by now."""
        reference, content, reading = self._kept.get(id(tokens), (None, b"", None))
        here = reference is not None and reference() is tokens
        return reading if here and content == tokens.tobytes() else None

    def keep(self, tokens: np.ndarray, reading: _Reading) -> None:
        """Until the array is gone."""
        place = id(tokens)
        reference = weakref.ref(tokens, lambda _: self._kept.pop(place, None))
        self._kept[place] = reference, tokens.tobytes(), reading


class Sizes(Protocol):
    """The part of a model's configuration that the planner reads; see ``AutoregressiveConfig``."""

    @property
    def channels(self) -> int: ...

    @property
    def hidden(self) -> int: ...

    @property
    def encoder_blocks(self) -> int: ...

    @property
    def predictor_blocks(self) -> int: ...

    @property
    def token_kernel(self) -> int: ...

    @property
    def max_token_frames(self) -> int: ...


class TokenPlanner:
    """Encoder, duration, pitch and energy of every token.

    Args:
        sizes: of the model.
        alphabet: of its tokens.
        weights: of the whole model; those of the text side are taken.

    Attributes:
        controls: what may be asked of it per token.
        channels: width ``C`` of the vectors.
        n_parameters: trained numbers in it.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    controls = frozenset(("rate", "pitch", "energy", "fixed_frames"))

    def __init__(self, sizes: Sizes, alphabet: Alphabet, weights: Weights) -> None:
        c, h = sizes.channels, sizes.hidden
        before = weights.n_parameters
        self._max_frames, self._alphabet, self.channels = sizes.max_token_frames, alphabet, c
        self._frameless = sorted(alphabet.unspoken | {alphabet.pad_id})
        # Mean and deviation of log F0 and of energy, then factors on durations and on pitch.
        self._statistics = weights.buffer("statistics", 6)
        if not (self._statistics[[1, 3, 4]] > 0).all():
            raise VoiceError(
                f"statistics={self._statistics.tolist()}: expected deviations of log F0 and "
                "energy, and a factor on durations, above 0"
            )
        n_symbols = len(alphabet.symbols)
        self._symbol = weights.take("encoder.embedding.symbol.weight", n_symbols, c)
        self._stress = weights.take("encoder.embedding.stress.weight", alphabet.n_stress, c)

        def blocks(name: str, n_blocks: int) -> list[Block]:
            names = [f"{name}.blocks.{k}" for k in range(n_blocks)]
            return [Block(weights, each, c, h, sizes.token_kernel) for each in names]

        self._encoder = blocks("encoder.blocks", sizes.encoder_blocks)
        self._forwards = _Gru(weights, "encoder.recurrent", c, backwards=False)
        self._backwards = _Gru(weights, "encoder.recurrent", c, backwards=True)
        self._predictors = [
            (
                blocks(f"{name}.blocks", sizes.predictor_blocks),
                Norm(weights, f"{name}.norm", c),
                Linear(weights, f"{name}.output", c, 1),
            )
            for name in ("duration", "pitch", "energy")
        ]
        self._prosody_input = Conv(weights, "prosody_input", 2, c, 3)
        self._readings = _Readings()
        self.n_parameters = weights.n_parameters - before
        block = sizes.token_kernel * c + 2 * c * h
        # Both directions of the GRU: three gates from the input and from a state of half the width.
        self._token_macs = sizes.encoder_blocks * block + 3 * c * (c + c // 2)
        self._token_macs += 3 * (sizes.predictor_blocks * block + c) + 2 * c * 3

    def plan(self, given: AcousticInput) -> TokenPlan:
        """Settle a sentence; what the text alone says of it is worked out once.

        Raises:
            TextError: if there is no token, one is not of the alphabet, or none lasts a frame.
        """
        tokens = given.tokens
        reading = self._read(tokens)
        frames, pitch, energy, std, energy_std = self._predicted(reading)
        frames = (frames / given.rate).clip(None, self._max_frames)
        frames = np.where(given.fixed_frames > 0, given.fixed_frames, frames)
        if not (np.isfinite(frames).all() and np.isfinite(pitch).all()):
            raise VoiceError(
                "durations or pitch that are no numbers: the acoustic model's weights are not "
                "those of a trained model, take another voice"
            )
        durations = whole_frames(frames, ~np.isin(tokens, self._frameless))
        if not durations.any():
            raise TextError("tokens that last no frame: expected one that is spoken")
        pitch = pitch + np.log(given.pitch) / std
        energy = energy + np.log(given.energy) / energy_std
        prosody = np.zeros((len(tokens) + 2, 2), np.float32)
        prosody[1:-1, 0], prosody[1:-1, 1] = pitch, energy
        vectors = reading.encoded + self._prosody_input(prosody)
        f0 = np.exp(pitch * std + self._statistics[0])
        return TokenPlan(vectors, durations, f0, pitch, energy)

    def predict(self, tokens: np.ndarray) -> TokenPrediction:
        """What the voice would do by itself with tokens ``(N,)``.

        Raises:
            TextError: if there is no token, or one is not of the alphabet.
        """
        return self._predicted(self._read(tokens))

    def _predicted(self, reading: _Reading) -> TokenPrediction:
        _, std, _, energy_std, duration_scale, pitch_range = self._statistics
        frames = np.expm1(reading.log_durations).clip(0) * duration_scale
        return TokenPrediction(frames, reading.pitch * pitch_range, reading.energy, std, energy_std)

    def _read(self, tokens: np.ndarray) -> _Reading:
        """Encoder and predictors.

        Raises:
            TextError: if there is no token, or one is not of the alphabet.
        """
        if tokens.ndim != 1 or not len(tokens):
            raise TextError(f"tokens of shape {tokens.shape}: expected (N,), not empty")
        symbols, stresses = np.divmod(tokens, self._alphabet.stress_step)[::-1]
        if symbols.max() >= len(self._symbol) or not 0 <= stresses.min() <= stresses.max() < len(
            self._stress
        ):
            raise TextError("a token that is not of the voice's alphabet: use its front end")
        known = self._readings.find(tokens)
        if known is None:
            encoded = blocks_over(self._symbol[symbols] + self._stress[stresses], self._encoder)
            states = [self._forwards(encoded), self._backwards(encoded)]
            encoded = encoded + np.concatenate(states, 1)
            predicted = (
                output(normed(blocks_over(encoded, blocks)))[:, 0]
                for blocks, normed, output in self._predictors
            )
            known = _Reading(encoded, *predicted)
            self._readings.keep(tokens, known)
        return known

    def multiply_accumulates(self, n_tokens: int) -> int:
        """Of planning so many tokens."""
        return n_tokens * self._token_macs


def require_channels(planner: TokenPlanner, channels: int) -> None:
    """Check that a model was trained on vectors like those of this planner.

    Args:
        planner: of the text side that the model uses.
        channels: width of the vectors that it was trained on.

    Raises:
        VoiceError: if they are of another width.
    """
    if planner.channels != channels:
        raise VoiceError(
            f"made for token vectors of {channels} numbers, the text side that it uses gives "
            f"{planner.channels}; train both together"
        )


def whole_frames(durations: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Whole numbers of frames ``(N,)`` whose running sum never drifts from the real one; as
    :func:`~tts_pipeline.acoustic.durations.round_durations`."""
    ends = np.floor(np.maximum(durations, least).astype(np.float64).cumsum() + 0.5)
    return np.diff(ends.astype(np.int64), prepend=0)


def expand(plan: TokenPlan, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """The tokens' vectors at the frames from ``begin`` to ``end``, and where these stand.

    Beyond the end of the sentence both are 0.

    Returns:
        vectors ``(t, C)``; position in the token ``(t, 3)``: frames since its start and until its
        end, both saturating, and the share passed. As :func:`~tts_pipeline.acoustic.durations` does
        for training.
    """
    frames = np.arange(begin, end)
    ends = plan.durations.cumsum()
    valid = frames < ends[-1]
    index = np.searchsorted(ends, frames, side="right").clip(None, len(ends) - 1)
    length = plan.durations[index].astype(np.float32).clip(1)
    passed = (frames - ends[index] + plan.durations[index]).astype(np.float32) + np.float32(0.5)
    left = length - passed
    position = np.stack([np.tanh(passed / 8), np.tanh(left / 8), passed / length], 1)
    return plan.vectors[index] * valid[:, None], position * valid[:, None]


class _Gru:
    """One direction of a bidirectional ``torch.nn.GRU`` with half the channels."""

    def __init__(self, weights: Weights, name: str, channels: int, *, backwards: bool) -> None:
        c, suffix = channels // 2, "_l0_reverse" if backwards else "_l0"
        self._backwards = backwards
        n_r_z = np.roll(np.arange(3 * c), c)
        on_input = weights.take(f"{name}.weight_ih{suffix}", 3 * c, channels)
        on_state = weights.take(f"{name}.weight_hh{suffix}", 3 * c, c)
        bias = weights.vector(f"{name}.bias_ih{suffix}", 3 * c)
        state_bias = weights.take(f"{name}.bias_hh{suffix}", 3 * c)
        bias[: 2 * c] += state_bias[: 2 * c]
        self._input, self._bias = on_input[n_r_z].T, bias[n_r_z]
        self._state, self._state_bias = np.array(on_state.T, order="C"), state_bias[2 * c :].copy()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """``(N, C)`` to the states ``(N, C / 2)``."""
        gates = x @ self._input
        gates += self._bias
        states = np.empty((len(x), len(self._state)), np.float32)
        gru_steps(gates, self._state, self._state_bias, self._backwards, states)
        return states
