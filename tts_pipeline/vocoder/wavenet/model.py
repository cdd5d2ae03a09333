"""WaveNet, the autoregressive vocoder, for training: all samples at once, given the true past."""

from __future__ import annotations

import math

import torch
from torch import nn

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.gated_layer import GatedLayer
from tts_pipeline.vocoder.wavenet.outputs import logistics_loss, mu_law_encode, pre_emphasise

__all__ = ["WaveNet", "WaveNetConfig"]


class WaveNet(nn.Module):
    """Dilated causal convolutions with gated activations (van den Oord et al. 2016, 1609.03499).

    Sample ``t`` is drawn from a distribution given the samples before it and the mel:
    ``z = tanh(W_f * x + V_f c) . sigmoid(W_g * x + V_g c)`` (equation 3, and its local conditioning
    in section 2.5), with ``c`` out of a small network at frame rate whose output stays for the
    ``hop_length`` samples of its frame. Weights lie as ``[in, out]``, as the kernels read them.

    Args:
        config: sizes.
        audio: the audio settings of the mel it expects.
    """

    def __init__(self, config: WaveNetConfig, audio: AudioConfig) -> None:
        super().__init__()
        self.config, self.audio = config, audio
        n_layers, inner = len(config.dilations), config.gate_channels // 2
        width, skip = config.residual_channels, config.skip_channels
        c = config.conditioning_channels
        self.mel_mean: torch.Tensor
        self.mel_scale: torch.Tensor
        self.register_buffer("mel_mean", torch.full((audio.n_mels, 1), -5.0))
        self.register_buffer("mel_scale", torch.full((audio.n_mels, 1), 0.5))
        self.condition_in = nn.Conv1d(audio.n_mels, c, 3, padding=1)
        self.condition_mid = nn.Conv1d(c, c, 3, padding=1)
        self.condition_out = nn.Linear(c, n_layers * config.gate_channels)
        if config.output == "mu-law":
            # A smooth function of the level: neighbouring classes begin as neighbours.
            place = torch.linspace(-1, 1, config.n_classes)[:, None]
            waves = torch.cos(place * torch.randn(width) * 4 + torch.rand(width) * 2 * math.pi)
            self.embedding = nn.Parameter(waves)
        else:
            self.embedding = nn.Parameter(torch.randn(2, width))
        self.past = nn.Parameter(_normal(n_layers, width, config.gate_channels))
        self.present = nn.Parameter(_normal(n_layers, width, config.gate_channels))
        self.residual = nn.Parameter(_normal(n_layers, inner, width))
        self.residual_bias = nn.Parameter(torch.zeros(n_layers, width))
        self.skip = nn.Parameter(_normal(n_layers, inner, skip) / math.sqrt(n_layers) * 2)
        self.skip_bias = nn.Parameter(torch.zeros(skip))
        self.head = nn.Parameter(_normal(skip, skip))
        self.head_bias = nn.Parameter(torch.zeros(skip))
        self.output = nn.Parameter(_normal(skip, config.n_outputs))
        self.output_bias = nn.Parameter(torch.zeros(config.n_outputs))

    def set_statistics(self, mean: torch.Tensor, std: torch.Tensor) -> None:
        """Set the per-band mean and standard deviation ``(M,)`` used to scale the mel."""
        self.mel_mean.copy_(mean[:, None])
        self.mel_scale.copy_(1 / std[:, None])

    def symbols(self, waveform: torch.Tensor) -> torch.Tensor:
        """What the model writes for a waveform ``(B, S)``: int64 classes, or float32 levels."""
        emphasised = pre_emphasise(waveform, self.config.pre_emphasis)
        if self.config.output == "mu-law":
            return mu_law_encode(emphasised, self.config.n_classes)
        return (emphasised.clamp(-1, 1) * 32767).round() / 32767

    def condition(self, mel: torch.Tensor) -> torch.Tensor:
        """What the mel adds inside every layer's gate: ``(B, M, T)`` to ``(B, T, L, gate)``."""
        x = torch.nn.functional.gelu(self.condition_in((mel - self.mel_mean) * self.mel_scale))
        x = torch.nn.functional.gelu(self.condition_mid(x))
        made = self.condition_out(x.transpose(1, 2))
        return made.unflatten(2, (len(self.config.dilations), self.config.gate_channels))

    def forward(self, symbols: torch.Tensor, mel: torch.Tensor) -> torch.Tensor:
        """Teacher forcing: the outputs at every sample, given the true samples before it.

        Args:
            symbols: ``(B, T * hop_length)`` as :meth:`symbols` gives them.
            mel: ``(B, M, T)`` natural-log amplitude.

        Returns:
            ``(B, T * hop_length, n_outputs)``: logits of the classes, or mixture parameters
            (logits, means, log scales).
        """
        return self.respond(symbols, self.condition(mel))

    def respond(self, symbols: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        """:meth:`forward` with the conditioning ``(B, T, L, gate)`` at hand."""
        config = self.config
        n_items, n_samples = symbols.shape
        before = torch.nn.functional.pad(symbols, (1, 0), value=config.silence)[:, :-1]
        # Time first: a step back in time is then a plain slice, and every product one matrix.
        x = self.embed(before.T).reshape(n_samples * n_items, -1)
        kind = x.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
        frames = condition.permute(2, 1, 0, 3)
        skip_inputs = []
        for layer, dilation in enumerate(config.dilations):
            taps = self.past[layer], self.present[layer], self.residual[layer]
            back = min(dilation, n_samples) * n_items
            x, inner = GatedLayer.apply(
                x, frames[layer], *taps, self.residual_bias[layer], back, dtype
            )
            skip_inputs.append(inner)
        total = torch.addmm(self.skip_bias, torch.cat(skip_inputs, 1), self.skip.flatten(0, 1))
        hidden = torch.relu(torch.addmm(self.head_bias, torch.relu(total), self.head))
        made = torch.addmm(self.output_bias, hidden, self.output)
        return made.view(n_samples, n_items, -1).transpose(0, 1)

    def embed(self, before: torch.Tensor) -> torch.Tensor:
        """What the first layer is given for symbols ``(...)``: ``(..., residual)``."""
        if self.config.output == "mu-law":
            return torch.nn.functional.embedding(before, self.embedding)
        return before[..., None] * self.embedding[0] + self.embedding[1]

    def loss(self, outputs: torch.Tensor, symbols: torch.Tensor) -> torch.Tensor:
        """Negative log-likelihood in nats of every sample, ``(B, S)``."""
        if self.config.output == "mu-law":
            flat = outputs.float().flatten(0, 1)
            nats = torch.nn.functional.cross_entropy(flat, symbols.flatten(), reduction="none")
            return nats.view(symbols.shape)
        return logistics_loss(outputs.float(), symbols)


def _normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape) / math.sqrt(shape[-2])
