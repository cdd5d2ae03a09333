"""The aligner without PyTorch: when each token is said in a mel that came without durations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.aligner.config import AlignerConfig
from tts_pipeline.acoustic.viterbi import monotonic_durations
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError
from tts_pipeline.nn.numpy_layers import Conv
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import as_array, checked_mel
from tts_pipeline.text.symbols import ARPABET, BOS, EOS, GAPS


class AlignerEngine:
    """:class:`~tts_pipeline.acoustic.aligner.model.VoiceAligner` in NumPy.

    Args:
        config: sizes.
        audio: settings of the mel.
        weights: those of the PyTorch model by name.
        uses: ``alphabet``: of the tokens; default the English one.

    Raises:
        VoiceError: if the weights are not those of such a model.
    """

    def __init__(
        self,
        config: AlignerConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any] | None = None,
    ) -> None:
        self.features, self._alphabet = audio, (uses or {}).get("alphabet", ARPABET)
        taken, c, k = Weights(weights), config.channels, config.kernel_size
        self._mean = taken.buffer("mel_mean", audio.n_mels, 1)
        self._std = taken.deviations("mel_std", audio.n_mels, 1)
        alphabet = self._alphabet
        name = "scores.embedding"
        self._symbol = taken.take(f"{name}.symbol.weight", len(alphabet.symbols), c)
        self._stress = taken.take(f"{name}.stress.weight", alphabet.n_stress, c)
        name = "scores.mel_encoder"
        self._margin = k // 2
        self._layers = [
            Conv(taken, f"{name}.0", audio.n_mels, 2 * c, k),
            Conv(taken, f"{name}.2", 2 * c, c, 1),
            Conv(taken, f"{name}.4", c, c, 1),
        ]
        self._scale = math.exp(float(taken.take("scores.log_scale"))) / math.sqrt(c)
        taken.finish()
        self.n_parameters = taken.n_parameters
        # All silences are alike.
        self._silent = [alphabet.ids[mark] for mark in (BOS, EOS, *GAPS)]
        self._optional = sorted(alphabet.unspoken | {alphabet.pad_id})

    def scores(self, tokens: Any, mel: Any) -> np.ndarray:
        """How well each token fits each frame: unnormalised log probabilities ``(T, N)``.

        Args:
            tokens: ``(N,)`` int64.
            mel: ``(M, T)`` natural-log amplitude.

        Raises:
            AudioError: if it is no mel.
        """
        tokens, mel = as_array(tokens), checked_mel(mel, self.features, batched=False)
        step = self._alphabet.stress_step
        symbols = np.where(np.isin(tokens, self._silent), self._alphabet.ids[BOS], tokens)
        keys = self._symbol[symbols % step] + self._stress[symbols // step]
        rows = np.ascontiguousarray(((mel - self._mean) / self._std).T)
        rows = np.pad(rows, ((self._margin, self._margin), (0, 0)))
        first, second, last = self._layers
        queries = last(np.maximum(second(np.maximum(first(rows), 0)), 0))
        distance = np.square(queries).sum(1)[:, None] + np.square(keys).sum(1)
        return -self._scale * (distance - 2 * queries @ keys.T)

    def align(self, tokens: Any, mel: Any) -> np.ndarray:
        """Frames of each token ``(N,)``; word boundaries and the end may have none.

        Raises:
            AudioError: if it is no mel, or one with fewer frames than tokens.
        """
        tokens = as_array(tokens)
        scores = self.scores(tokens, mel)
        optional = np.isin(tokens, self._optional)
        if len(scores) < (~optional[:-1]).sum():
            raise AudioError(
                f"{len(scores)} frames of mel for {len(tokens)} tokens: expected at least one each"
            )
        return np.append(monotonic_durations(scores[:, :-1], optional[:-1]), 0)
