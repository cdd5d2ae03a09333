"""WaveNet sample by sample in PyTorch: as it was first done, and with cached activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tts_pipeline.vocoder.wavenet.levels import MIN_LOG_SCALE

if TYPE_CHECKING:
    from tts_pipeline.vocoder.wavenet.model import WaveNet


def choose_symbol(
    model: WaveNet, outputs: torch.Tensor, uniforms: np.ndarray, temperature: float
) -> torch.Tensor:
    """The symbols that random numbers stand for, by inverse cumulative distribution.

    Args:
        model: says what the outputs mean.
        outputs: logits or mixture parameters ``(B, n_outputs)``.
        uniforms: two numbers in [0, 1), for the class or component and for the place in it.
        temperature: logits are divided by it, scales multiplied; 0: the likeliest class, the mean
            of the likeliest component.

    Returns:
        ``(B,)`` int64 classes, or float32 levels.
    """
    config = model.config
    if config.output == "mu-law":
        return _choose(outputs, float(uniforms[0]), temperature)
    logits, means, log_scales = outputs.double().chunk(3, 1)
    chosen = _choose(logits, float(uniforms[0]), temperature)[:, None]
    value = means.gather(1, chosen)[:, 0]
    if temperature:
        scale = temperature * log_scales.gather(1, chosen)[:, 0].clamp_min(MIN_LOG_SCALE).exp()
        inside = min(max(float(uniforms[1]), 1e-7), 1 - 1e-7)
        value = value + scale * (np.log(inside) - np.log(1 - inside))
    return ((value.clamp(-1, 1) * 32767).round() / 32767).float()


def _choose(logits: torch.Tensor, uniform: float, temperature: float) -> torch.Tensor:
    if not temperature:
        return logits.argmax(1)
    reached = torch.softmax(logits.double() / temperature, 1).cumsum(1)
    place = (reached <= uniform * reached[:, -1:]).sum(1)
    return place.clamp_max(logits.shape[1] - 1)


def _tensor(model: WaveNet, array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array).to(model.past.device)


def _silence(model: WaveNet, n_items: int) -> torch.Tensor:
    """The symbol before the first one ``(B,)``."""
    dtype = torch.int64 if model.config.output == "mu-law" else torch.float32
    return torch.full((n_items,), model.config.silence, dtype=dtype, device=model.past.device)


class NaiveState:
    """The symbols and the conditioning that the receptive field covers."""

    def __init__(self, symbols: torch.Tensor) -> None:
        self.symbols = symbols
        self.conditioning: torch.Tensor | None = None
        self.first_frame = 0
        self.time = 0


class NaiveWaveNet:
    """Recomputes the whole receptive field for every sample (van den Oord et al. 2016).

    The teaching reference: nothing is kept but the samples themselves.

    Args:
        model: the network.
    """

    piece = 16
    """Samples that a call should write at most, so that an interrupt is handled promptly."""

    def __init__(self, model: WaveNet) -> None:
        self._model = model

    def begin(self, n_items: int) -> NaiveState:
        """The state before the first sample: silence."""
        return NaiveState(_silence(self._model, n_items)[:, None])

    def resume(self, symbols: np.ndarray) -> NaiveState:
        """The state after symbols ``(B, S)`` were written, of which it is all that matters."""
        state = self.begin(len(symbols))
        given = _tensor(self._model, symbols).to(state.symbols.dtype)
        field = self._model.config.receptive_field
        state.symbols = torch.cat([state.symbols, given], 1)[:, -field:]
        state.time = symbols.shape[1]
        return state

    @torch.inference_mode()
    def write(
        self,
        conditioning: np.ndarray,
        first_frame: int,
        uniforms: np.ndarray,
        temperature: float,
        state: NaiveState,
        seen: np.ndarray | None = None,
    ) -> np.ndarray:
        """As :meth:`tts_pipeline.vocoder.wavenet.packed.NumbaWaveNet.write`."""
        self._remember(_tensor(self._model, conditioning), first_frame, state)
        symbols = []
        for i, pair in enumerate(uniforms):
            outputs = self._recompute(state)
            if seen is not None:
                seen[:, i] = outputs.cpu().numpy()
            symbol = choose_symbol(self._model, outputs, pair, temperature)
            symbols.append(symbol)
            field = self._model.config.receptive_field
            state.symbols = torch.cat([state.symbols, symbol[:, None]], 1)[:, -field:]
            state.time += 1
        return torch.stack(symbols, 1).float().cpu().numpy()

    def _remember(self, conditioning: torch.Tensor, first_frame: int, state: NaiveState) -> None:
        if state.conditioning is None:
            state.conditioning, state.first_frame = conditioning, first_frame
            return
        known = state.conditioning[:, : first_frame - state.first_frame]
        hop = self._model.audio.hop_length
        n_kept = min(known.shape[1], self._model.config.receptive_field // hop + 2)
        state.first_frame = first_frame - n_kept
        state.conditioning = torch.cat([known[:, known.shape[1] - n_kept :], conditioning], 1)

    def _recompute(self, state: NaiveState) -> torch.Tensor:
        """Outputs for the next sample ``(B, n_outputs)``."""
        model, conditioning = self._model, state.conditioning
        assert conditioning is not None
        n = state.symbols.shape[1]
        times = torch.arange(state.time - n + 1, state.time + 1, device=conditioning.device)
        frames = times.div(model.audio.hop_length, rounding_mode="floor") - state.first_frame
        x = model.embed(state.symbols)
        total: torch.Tensor = model.skip_bias
        for layer, dilation in enumerate(model.config.dilations):
            gates = conditioning[:, frames, layer] + x @ model.present[layer]
            gates[:, dilation:] += x[:, :-dilation] @ model.past[layer]
            filter_, gate = gates.chunk(2, 2)
            inner = torch.tanh(filter_) * torch.sigmoid(gate)
            # Only the last sample's is asked for.
            total = total + inner[:, -1] @ model.skip[layer]
            x = x + inner @ model.residual[layer] + model.residual_bias[layer]
        return _head(model, total)


def _head(model: WaveNet, total: torch.Tensor) -> torch.Tensor:
    """Outputs ``(B, n_outputs)`` of the skip sum ``(B, skip)``."""
    hidden = torch.relu(torch.addmm(model.head_bias, torch.relu(total), model.head))
    return torch.addmm(model.output_bias, hidden, model.output)


class CachedState:
    """Ring buffers of every layer's past inputs."""

    def __init__(self, model: WaveNet, n_items: int) -> None:
        width = model.config.residual_channels
        # One small tensor per place: to take it out of a list is cheaper than to slice.
        self.rings = [
            list(model.past.new_zeros(dilation, n_items, width).unbind())
            for dilation in model.config.dilations
        ]
        self.symbol = _silence(model, n_items)
        self.time = 0


class CachedWaveNet:
    """Keeps the activations of the past (Le Paine et al. 2016, Fast WaveNet, arXiv 1611.09482).

    Every layer has a ring buffer of its past inputs, as long as its dilation; nothing in it is
    ever copied or shifted. Matrices that share an input are one; results are written in place.

    Args:
        model: the network.
    """

    piece = 160
    """Samples that a call should write at most, so that an interrupt is handled promptly."""

    def __init__(self, model: WaveNet) -> None:
        self._model = model

    def begin(self, n_items: int) -> CachedState:
        """The state before the first sample: silence."""
        return CachedState(self._model, n_items)

    @torch.inference_mode()
    def write(
        self,
        conditioning: np.ndarray,
        first_frame: int,
        uniforms: np.ndarray,
        temperature: float,
        state: CachedState,
        seen: np.ndarray | None = None,
    ) -> np.ndarray:
        """As :meth:`tts_pipeline.vocoder.wavenet.packed.NumbaWaveNet.write`."""
        model, config = self._model, self._model.config
        frames = _tensor(model, conditioning)
        width, half, n_items = (
            config.residual_channels,
            config.gate_channels // 2,
            len(conditioning),
        )
        residual_and_skip = torch.cat([model.residual, model.skip], 2).unbind()
        bias = torch.nn.functional.pad(model.residual_bias, (0, config.skip_channels))
        per_layer = zip(
            config.dilations,
            model.past.unbind(),
            model.present.unbind(),
            residual_and_skip,
            bias.unbind(),
            state.rings,
            strict=True,
        )
        layers = list(per_layer)
        # [x | skip sum]: what follows a gate adds to both.
        carried = frames.new_empty(n_items, width + config.skip_channels)
        x, total = carried[:, :width], carried[:, width:]
        gates, inner = frames.new_empty(n_items, 2 * half), frames.new_empty(n_items, half)
        filter_, gate = gates[:, :half], gates[:, half:]
        symbols = []
        frame, rows = -1, []
        for i, pair in enumerate(uniforms):
            now = state.time // model.audio.hop_length - first_frame
            if now != frame:
                frame, rows = now, list(frames[:, now].unbind(1))
            x.copy_(model.embed(state.symbol))
            total.copy_(model.skip_bias.expand_as(total))
            for row, (dilation, past, present, after, offset, ring) in zip(
                rows, layers, strict=True
            ):
                before = ring[state.time % dilation]
                torch.addmm(row, before, past, out=gates)
                gates.addmm_(x, present)
                before.copy_(x)
                torch.mul(filter_.tanh_(), gate.sigmoid_(), out=inner)
                carried.addmm_(inner, after).add_(offset)
            outputs = _head(model, total)
            if seen is not None:
                seen[:, i] = outputs.cpu().numpy()
            state.symbol = choose_symbol(model, outputs, pair, temperature)
            symbols.append(state.symbol)
            state.time += 1
        return torch.stack(symbols, 1).float().cpu().numpy()
