"""The autoregressive acoustic model by PyTorch, for a module on any device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from tts_pipeline.acoustic.autoregressive.config import AutoregressiveOptions
from tts_pipeline.acoustic.autoregressive.decoder import Decoder
from tts_pipeline.acoustic.autoregressive.engine import AutoregressiveEngine
from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel, Plan
from tts_pipeline.acoustic.token_plan import TokenPlanner
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.protocols import AcousticInput, MelStream, Operations


class FrameWriter:
    """Writes the frames of a plan with the PyTorch decoder; stops after any step and goes on.

    Args:
        decoder: on any device.
        plan: what to write.
        seed: of the prenet's dropout.
    """

    def __init__(self, decoder: Decoder, plan: Plan, seed: int) -> None:
        self._decoder, self._conditioning = decoder, plan.conditioning
        self._random = torch.Generator().manual_seed(seed)
        self._state = decoder.initial_state(len(plan.conditioning))
        self._done = 0

    @property
    def n_left(self) -> int:
        """Steps that are still to be written."""
        return self._conditioning.shape[1] - self._done

    def write(self, n_steps: int) -> torch.Tensor:
        """The next steps, at most those that are left: scaled frames ``(B, L, r * M)``."""
        conditioning = self._conditioning[:, self._done : self._done + n_steps]
        masks = self._decoder.masks(conditioning.shape[1], self._random).to(conditioning.device)
        steps, self._state = self._decoder.generate(conditioning, masks, self._state)
        self._done += conditioning.shape[1]
        return steps


class AutoregressiveOnDevice:
    """The contract of an acoustic model by a module, wherever its weights are.

    Args:
        module: in eval mode.
        audio: settings of the mel that it writes.
        uses: nothing.
    """

    controls = TokenPlanner.controls
    options = AutoregressiveOptions

    def __init__(
        self,
        module: AutoregressiveModel,
        audio: AudioConfig,
        uses: Mapping[str, Any] | None = None,
    ) -> None:
        self._module, self.features = module, audio
        self.n_parameters = sum(parameter.numel() for parameter in module.parameters())

    @torch.inference_mode()
    def infer(
        self,
        inputs: Sequence[AcousticInput],
        *,
        seed: int = 0,
        options: AutoregressiveOptions | None = None,
    ) -> list[MelStream]:
        """Write sentences side by side; each gets, to float32 rounding, what it would get alone."""
        plan = self._plan(inputs)
        writer = FrameWriter(self._module.decoder, plan, seed)
        mels = self._module.unscale(self._frames(writer.write(writer.n_left))).cpu().numpy()
        durations, f0 = plan.durations.cpu().numpy(), plan.f0.cpu().numpy()
        streams = []
        for item, given in enumerate(inputs):
            n = len(given.tokens)
            mel = mels[item, :, : int(plan.mel_lengths[item])]
            streams.append(MelStream(iter([mel]), durations[item, :n], f0[item, :n]))
        return streams

    @torch.inference_mode()
    def stream(
        self,
        given: AcousticInput,
        *,
        seed: int = 0,
        options: AutoregressiveOptions | None = None,
    ) -> MelStream:
        """Write one sentence block by block."""
        plan = self._plan([given])
        sizes = (options or AutoregressiveOptions()).lengths(
            plan.conditioning.shape[1], self._module.config.frames_per_step
        )
        blocks = self._blocks(plan, seed, sizes)
        return MelStream(blocks, plan.durations[0].cpu().numpy(), plan.f0[0].cpu().numpy())

    def operations(
        self, given: AcousticInput, options: AutoregressiveOptions | None = None
    ) -> Operations:
        """As of the engine with the same weights."""
        weights = {key: value.cpu().numpy() for key, value in self._module.state_dict().items()}
        uses = {"alphabet": self._module.alphabet}
        engine = AutoregressiveEngine(self._module.config, self.features, weights, uses)
        return engine.operations(given, options)

    @torch.inference_mode()
    def _blocks(self, plan: Plan, seed: int, sizes: list[int]) -> Iterator[np.ndarray]:
        writer = FrameWriter(self._module.decoder, plan, seed)
        n_left = int(plan.mel_lengths[0])
        for size in sizes:
            frames = self._frames(writer.write(size))[:, :n_left]
            n_left -= frames.shape[1]
            yield self._module.unscale(frames)[0].cpu().numpy()

    def _frames(self, steps: torch.Tensor) -> torch.Tensor:
        """``(B, L, r * M)`` to ``(B, L * r, M)``."""
        return steps.reshape(len(steps), -1, self._module.n_mels)

    def _plan(self, inputs: Sequence[AcousticInput]) -> Plan:
        lengths = torch.tensor([len(given.tokens) for given in inputs])

        def padded(name: str, filler: float) -> torch.Tensor:
            rows = [torch.from_numpy(getattr(given, name)) for given in inputs]
            column = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=filler)
            return column.to(self._module.mel_mean.device)

        return self._module.plan(
            padded("tokens", 0),
            lengths.to(self._module.mel_mean.device),
            rate=padded("rate", 1.0),
            pitch=padded("pitch", 1.0),
            energy=padded("energy", 1.0),
            fixed_frames=padded("fixed_frames", 0),
        )
