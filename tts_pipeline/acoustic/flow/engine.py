"""The flow model on a CPU, without PyTorch: as an acoustic model and as a refiner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tts_pipeline.acoustic.along_plan import (
    FrameRows,
    FrameRowsOfPlan,
    MelScale,
    PlanEngine,
    pieces,
)
from tts_pipeline.acoustic.flow.config import FlowConfig, FlowOptions
from tts_pipeline.acoustic.flow.way import Fixed, FlowNet, Noise, Settings, StepPass
from tts_pipeline.acoustic.token_plan import TokenPlan, TokenPlanner, require_channels
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.errors import AudioError, ConfigError
from tts_pipeline.nn.numpy_layers import FrameBuffer, Linear
from tts_pipeline.nn.weights import Weights
from tts_pipeline.protocols import AcousticInput, Operations, checked_mel


class FlowEngine(PlanEngine):
    """:class:`~tts_pipeline.acoustic.flow.model.FlowModel` told by the text alone.

    A frame depends on ``steps * config.lookahead`` frames ahead of it, and no more.

    Args:
        config: sizes, and the voice's numbers of steps and temperature.
        audio: settings of the mel that it writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along.

    Raises:
        VoiceError: if the weights are not those of such a model.
        ConfigError: if the configuration is that of a refiner.
    """

    options = FlowOptions

    def __init__(
        self,
        config: FlowConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        super().__init__(audio, uses, config.token_channels)
        if config.told_mel:
            raise ConfigError("told_mel=True: a refiner, which is no acoustic model")
        self.config = config
        taken = Weights(weights)
        self._scale = MelScale(taken, "scaling", audio.n_mels)
        self._rows = FrameRows(taken, "conditioning", config.token_channels, config.channels)
        self._net = FlowNet(taken, config, audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters + self.text.n_parameters

    def _pass(self, plan: TokenPlan, seed: int, options: FlowOptions) -> _PlanPass:
        settings = Settings(self.config, options)
        noise = Noise(seed, settings.temperature, self.features.n_mels)
        steps = StepPass(self._net, settings.steps)
        return _PlanPass(plan.n_frames, self._rows.of(plan), noise, steps)

    def _work(self, plan: TokenPlan, options: FlowOptions) -> Operations:
        steps = Settings(self.config, options).steps
        per_frame = self._rows.frame_macs + steps * self._net.frame_macs
        of_tokens = len(plan.durations) * self._rows.token_macs
        return Operations(plan.n_frames * per_frame + of_tokens, steps)

    def _unscale(self, frames: np.ndarray) -> np.ndarray:
        return self._scale.unscale(frames)


class _PlanPass:
    """Noise through the steps, piece by piece."""

    def __init__(self, n_frames: int, rows: FrameRowsOfPlan, noise: Noise, steps: StepPass) -> None:
        self._n_frames, self._rows, self._noise, self._steps = n_frames, rows, noise, steps

    def push(self, begin: int, end: int) -> np.ndarray:
        """See :class:`~tts_pipeline.acoustic.along_plan.FramePass`."""
        told, noise = self._rows(begin, end), self._noise(end - begin)
        return self._steps.push(told, noise, last=end == self._n_frames)


class FlowRefinerEngine:
    """:class:`~tts_pipeline.acoustic.flow.model.FlowModel` told by an acoustic model's mel as well:
    a :class:`~tts_pipeline.protocols.Refiner`.

    Args:
        config: sizes, and the voice's numbers of steps and temperature.
        audio: settings of the mel that it reads and writes.
        weights: those of the PyTorch model by name, float16 or float32.
        uses: ``text``: the planner whose plans it was trained along.

    Attributes:
        n_parameters: trained numbers of its own, those of the planner not counted.

    Raises:
        VoiceError: if the weights are not those of such a model.
        ConfigError: if the configuration is not that of a refiner.
    """

    options = FlowOptions

    def __init__(
        self,
        config: FlowConfig,
        audio: AudioConfig,
        weights: Mapping[str, np.ndarray],
        uses: Mapping[str, Any],
    ) -> None:
        if not config.told_mel:
            raise ConfigError("told_mel=False: an acoustic model, which is no refiner")
        self.config, self.features = config, audio
        self.text: TokenPlanner = uses["text"]
        require_channels(self.text, config.token_channels)
        taken = Weights(weights)
        self._scale = MelScale(taken, "scaling", audio.n_mels)
        self._rows = FrameRows(taken, "conditioning", config.token_channels, config.channels)
        self._told_input = Linear(taken, "told_input", audio.n_mels, config.channels)
        self._net = FlowNet(taken, config, audio.n_mels)
        taken.finish()
        self.n_parameters = taken.n_parameters

    def refine(
        self,
        mel: np.ndarray,
        given: AcousticInput,
        durations: np.ndarray | None,
        *,
        mask: np.ndarray | None = None,
        seed: int = 0,
        options: FlowOptions | None = None,
    ) -> np.ndarray:
        """Write a mel anew; arguments as for :class:`~tts_pipeline.protocols.Refiner`.

        Frames that stay are led along their own straight way beside the others, so that these fit
        them (as in inpainting with diffusion models: Lugmayr et al. 2022, arXiv 2201.09865).

        Raises:
            ConfigError: if the durations are not known, or not those of the mel.
            AudioError: if the mel has another shape, is empty or not finite, or the mask is not
                ``(T,)``.
        """
        mel = checked_mel(mel, self.features)
        if mel.ndim != 2:
            raise AudioError(f"mel of shape {mel.shape}: expected (M, T), one at a time")
        n_frames = mel.shape[1]
        if mask is not None and np.shape(mask) != (n_frames,):
            raise AudioError(f"mask of shape {np.shape(mask)}: expected ({n_frames},)")
        if durations is not None and durations.sum() != n_frames:
            raise ConfigError(
                f"durations of {durations.sum()} frames for a mel of {n_frames}: expected as many"
            )
        blocks = list(self._blocks([mel], given, durations, mask, seed, options))
        written = np.concatenate(blocks, 1)
        return written if mask is None else np.where(mask, written, mel)

    def stream(
        self,
        mel: Iterable[np.ndarray],
        given: AcousticInput,
        durations: np.ndarray | None,
        *,
        seed: int = 0,
        options: FlowOptions | None = None,
    ) -> Iterator[np.ndarray]:
        """:meth:`refine` of a mel that comes in blocks ``(M, t)``; together the blocks are what it
        returns. Each frame waits for :meth:`lookahead` frames after it.

        Raises:
            ConfigError: if the durations are not known, or not those of the mel.
        """
        return self._blocks(mel, given, durations, None, seed, options)

    def lookahead(self, options: FlowOptions | None = None) -> int:
        """Frames that must follow a frame before it is settled: those that all steps see, rounded
        up to a multiple of 4."""
        steps = Settings(self.config, options or FlowOptions()).steps
        return -(-steps * self.config.lookahead // 4) * 4

    def operations(self, n_frames: int, options: FlowOptions | None = None) -> Operations:
        """Arithmetic of refining so many frames, without that of the plan."""
        steps = Settings(self.config, options or FlowOptions()).steps
        told = self.features.n_mels * self.config.channels
        per_frame = self._rows.frame_macs + told + steps * self._net.frame_macs
        return Operations(n_frames * per_frame, steps)

    def _blocks(
        self,
        mel: Iterable[np.ndarray],
        given: AcousticInput,
        durations: np.ndarray | None,
        mask: np.ndarray | None,
        seed: int,
        options: FlowOptions | None,
    ) -> Iterator[np.ndarray]:
        if durations is None:
            raise ConfigError(
                "the refiner needs the frames of each token, which this acoustic model does not "
                "know: expected one that has durations"
            )
        settings = Settings(self.config, options or FlowOptions())
        plan = self.text.plan(given)._replace(durations=durations)
        rows, n_frames = self._rows.of(plan), plan.n_frames
        noise = Noise(seed, settings.temperature, self.features.n_mels)
        steps = StepPass(self._net, settings.steps)
        come, blocks = FrameBuffer(), iter(mel)
        # So that the first block is as long as one that is not refined.
        first = FlowOptions.first_frames + self.lookahead(options)
        for begin, end in pieces(n_frames, first):
            while len(come) < end - begin:
                block = next(blocks, None)
                if block is None:
                    raise ConfigError(
                        f"a mel of {begin + len(come)} frames for durations of {n_frames}: "
                        "expected as many"
                    )
                come.push(self._scale.scale(block))
            told = come.pop(end - begin)
            start = noise(end - begin)
            fixed = None
            if mask is not None:
                fixed = Fixed(start, told, np.asarray(mask, bool)[begin:end, None])
            condition = rows(begin, end) + self._told_input(told)
            frames = steps.push(condition, start, last=end == n_frames, fixed=fixed)
            if len(frames):
                yield self._scale.unscale(frames)
