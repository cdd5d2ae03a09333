"""Between PyTorch's modules and the engines that do the same work on a CPU without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import torch
from torch import nn

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.protocols import Request, Written
from tts_pipeline.text.symbols import PAD_ID
from tts_pipeline.voice.models import StoredModel

if TYPE_CHECKING:
    from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
    from tts_pipeline.vocoder.protocol import Vocoder

Engine = TypeVar("Engine")


class CpuTwin(Generic[Engine]):
    """The engine with a module's weights, made when it is first asked for and again whenever they
    have changed.

    Args:
        module: the module; the twin is an attribute of it.
        make: makes the engine of the module's weights by name.
    """

    def __init__(self, module: nn.Module, make: Callable[[Mapping[str, np.ndarray]], Engine]):
        # In a list, or the module would take itself for its own child.
        self._module, self._make = [module], make
        self._versions: object = None
        self._engine: Engine | None = None

    def current(self) -> Engine | None:
        """The engine; None unless all weights are float32 on a CPU."""
        tensors = self._module[0].state_dict(keep_vars=True)
        if any(t.device.type != "cpu" or t.dtype != torch.float32 for t in tensors.values()):
            return None
        # Changes whenever one of them is written to or replaced.
        versions = [(t.data_ptr(), 0 if t.is_inference() else t._version) for t in tensors.values()]
        if self._engine is None or versions != self._versions:
            self._engine = self._make(arrays_of(self._module[0]))
            self._versions = versions
        return self._engine


def arrays_of(module: nn.Module) -> dict[str, np.ndarray]:
    """A module's parameters and buffers as arrays, those of a CPU sharing its memory."""
    return {key: value.cpu().numpy() for key, value in module.state_dict().items()}


def stored(kind: str, module: nn.Module, audio: AudioConfig) -> StoredModel:
    """A module as a voice's folder holds it."""
    settings = dataclasses.asdict(module.config)  # type: ignore[call-overload]
    model = StoredModel(kind, settings, audio, arrays_of(module), kind)
    # Its weights are those of this module, so no other one is to be made of them.
    vars(model)["module"] = module
    return model


class AcousticOnDevice:
    """:class:`~tts_pipeline.protocols.Stage1` by PyTorch, for a model on a GPU."""

    def __init__(self, model: AutoregressiveModel) -> None:
        self._model = model

    def write_all(self, requests: Sequence[Request], *, seed: int) -> list[Written]:
        """Write texts side by side; each comes in one block."""
        lengths = torch.tensor([len(request.tokens) for request in requests])
        columns = zip(*requests)
        fillers = (PAD_ID, 1.0, 1.0, 1.0, 0)
        padded = [self._padded(column, filler) for column, filler in zip(columns, fillers)]
        made = self._model.infer(
            padded[0],
            lengths.to(padded[0].device),
            seed=seed,
            rate=padded[1],
            pitch=padded[2],
            energy=padded[3],
            fixed_frames=padded[4],
        )
        written = []
        for item, n_tokens in enumerate(lengths.tolist()):
            mel = made.mel[item, :, : int(made.mel_lengths[item])].cpu().numpy()
            durations, f0 = made.durations[item, :n_tokens], made.f0[item, :n_tokens]
            written.append(Written(durations.cpu().numpy(), f0.cpu().numpy(), iter([mel])))
        return written

    def write(self, request: Request, *, seed: int) -> Written:
        """Write a text block by block."""
        tokens, rate, pitch, energy, fixed = (self._padded([part], 0) for part in request)
        made = self._model.stream(
            tokens, seed=seed, rate=rate, pitch=pitch, energy=energy, fixed_frames=fixed
        )
        blocks = (block.cpu().numpy() for block in made.blocks)
        return Written(made.durations.cpu().numpy(), made.f0.cpu().numpy(), blocks)

    def _padded(self, rows: Sequence[np.ndarray], filler: float) -> torch.Tensor:
        tensors = [torch.from_numpy(row) for row in rows]
        padded = nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=filler)
        return padded.to(self._model.mel_mean.device)


class VocoderOnDevice:
    """:class:`~tts_pipeline.protocols.Stage2` by a vocoder that works on tensors."""

    def __init__(self, vocoder: Vocoder) -> None:
        self._vocoder = vocoder
        buffers = vocoder.buffers() if isinstance(vocoder, nn.Module) else iter(())
        self._device = next((buffer.device for buffer in buffers), torch.device("cpu"))

    def infer(self, mel: np.ndarray, *, seed: int = 0) -> np.ndarray:
        """``(M, T)`` to ``(T * hop_length,)``."""
        return self._vocoder.infer(self._tensor(mel), seed=seed).cpu().numpy()

    def stream(self, mel: Iterable[np.ndarray], *, seed: int = 0) -> Iterator[np.ndarray]:
        """Blocks ``(M, t)`` to blocks ``(S,)``."""
        for samples in self._vocoder.stream(map(self._tensor, mel), seed=seed):
            yield samples.cpu().numpy()

    def _tensor(self, mel: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(mel).to(self._device)
