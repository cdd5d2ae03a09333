"""Arithmetic of the models, counted: what a second of audio costs whatever the machine."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple, cast

import torch
from torch.utils.flop_counter import FlopCounterMode

from tts_pipeline.acoustic.autoregressive.model import AutoregressiveModel
from tts_pipeline.vocoder.harmonic_noise.model import HarmonicPlusNoiseVocoder
from tts_pipeline.vocoder.wavenet.model import WaveNet
from tts_pipeline.voice.voice import Voice


class Operations(NamedTuple):
    """Arithmetic done for some audio.

    Attributes:
        flops: floating-point operations, two for each multiplication with addition.
        audio_s: seconds of audio that they made.
    """

    flops: int
    audio_s: float

    def __add__(self, other: object) -> Operations:
        if not isinstance(other, Operations):
            return NotImplemented
        return Operations(self.flops + other.flops, self.audio_s + other.audio_s)

    @property
    def gmac_per_s(self) -> float:
        """Thousand millions of multiply-accumulates (half the operations) per second of audio."""
        return self.flops / 2e9 / self.audio_s

    @property
    def steps_per_s(self) -> float | None:
        """Steps that must wait for one another, per second of audio; None if unknown."""
        return None


def _real_fft(size: tuple[int, ...], dims: list[int], *others: object, **named: object) -> int:
    """2.5 N log2 N operations for each real transform of length N, half those of the split-radix
    count for complex ones usual in benchmarks (Frigo and Johnson 2005, Proc. IEEE 93, section V).
    """
    (dim,) = dims
    out = named.get("out_shape")
    # The real side is the longer one, whichever way the transform goes.
    length = max(size[dim], out[dim] if isinstance(out, (tuple, torch.Size)) else 0)
    return round(math.prod(size) / size[dim] * 2.5 * length * math.log2(length))


def _added_product(
    out: tuple[int, ...], first: tuple[int, ...], second: tuple[int, ...], **named: object
) -> int:
    """A multiplication and an addition for each pair of numbers that meet, batches included."""
    return 2 * math.prod(first) * second[-1]


# What the counter does not know of itself: transforms, and products added in place.
_MORE = {
    torch.ops.aten._fft_r2c: _real_fft,
    torch.ops.aten._fft_c2r: _real_fft,
    torch.ops.aten.addmm_: _added_product,
    torch.ops.aten.baddbmm_: _added_product,
}


class Counter(FlopCounterMode):
    """Counts matrix products, convolutions and Fourier transforms of what runs within it.

    That is ``torch.utils.flop_counter`` with formulas for the transforms. Functions of single
    numbers (activations, sums, norms) do not count, nor do compiled kernels, which it cannot see:
    give it the PyTorch code that they are equal to.
    """

    def __init__(self) -> None:
        super().__init__(display=False, custom_mapping=_MORE)


@torch.no_grad()
def acoustic_operations(
    model: AutoregressiveModel, tokens: list[int]
) -> tuple[Operations, torch.Tensor]:
    """Arithmetic of the acoustic model for a sentence, and the mel ``(M, T)`` it writes.

    Counted over the PyTorch decoder, which the kernel is equal to; prenet units that dropout
    leaves out, which the kernel skips, count in full.
    """
    with Counter() as counter:
        plan = model.plan(torch.tensor([tokens]))
        masks = model.decoder.masks(plan.conditioning.shape[1], torch.Generator().manual_seed(0))
        steps, _ = model.decoder.generate(plan.conditioning, masks, model.decoder.initial_state(1))
    n_frames = int(plan.mel_lengths[0])
    mel = model.unscale(steps.reshape(1, -1, model.n_mels)[:, :n_frames])[0]
    return Operations(counter.get_total_flops(), 0.0), mel


@functools.singledispatch
def _run(vocoder: torch.nn.Module, mel: torch.Tensor) -> None:
    """Do once, in PyTorch, the arithmetic that the vocoder does for a mel ``(M, T)``."""
    raise NotImplementedError(type(vocoder).__name__)


@_run.register
def _(vocoder: HarmonicPlusNoiseVocoder, mel: torch.Tensor) -> None:
    # Its inference on a CPU runs without PyTorch, where the counter sees nothing.
    vocoder(mel[None], noise=torch.zeros(1, mel.shape[1] * vocoder.audio.hop_length))


@_run.register
def _(vocoder: WaveNet, mel: torch.Tensor) -> None:
    # The pass of training does for all samples at once what generation does for one after another.
    hop = vocoder.audio.hop_length
    vocoder(vocoder.symbols(torch.zeros(1, mel.shape[1] * hop)), mel[None])


@torch.no_grad()
def vocoder_operations(voice: Voice, name: str, mel: torch.Tensor) -> Operations:
    """Arithmetic of one of the voice's vocoders for a mel ``(M, T)``."""
    audio_s = mel.shape[1] / voice.audio.frame_rate
    if name not in voice.models:
        counted = voice.choose_vocoder(name).operations(mel.shape[1])
        return Operations(2 * counted.multiply_accumulates, audio_s)
    with Counter() as counter:
        _run(voice.module(name), mel)
    return Operations(counter.get_total_flops(), audio_s)


def speech_operations(voice: Voice, vocoder: str, text: str) -> Operations:
    """Arithmetic of both stages for a text; the front end has none to speak of."""
    model = cast(AutoregressiveModel, voice.module(voice.default_acoustic))
    total = Operations(0, 0.0)
    for sentence in voice.front_end(text)[0]:
        acoustic, mel = acoustic_operations(model, sentence.tokens)
        total = total + acoustic + vocoder_operations(voice, vocoder, mel)
    return total
