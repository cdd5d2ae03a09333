"""Declared arithmetic against sums made by hand, and against what PyTorch is seen to do."""

from __future__ import annotations

import math

import pytest
import torch

from tests.flops import Counter
from tests.tiny import ACOUSTIC, GENERATOR, make_tiny_voice
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.evaluation.compare.operations import (
    SoundOperations,
    speech_operations,
    vocoder_operations,
)
from tts_pipeline.protocols import AcousticInput
from tts_pipeline.speech_options import SpeechOptions
from tts_pipeline.vocoder.harmonic_noise.config import GeneratorConfig, PitchConfig
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.model import WaveNet

TOKENS = [1, 5, 9, 12, 7, 20, 2]


def block_macs(channels: int, hidden: int, kernel: int) -> int:
    """Multiply-accumulates of a ConvNeXt block for one frame."""
    return kernel * channels + 2 * channels * hidden


def fft_macs(n: int) -> float:
    """Half of 2.5 n log2 n operations."""
    return 1.25 * n * math.log2(n)


def test_transforms_are_counted_both_ways():
    with Counter() as counter:
        spectrum = torch.fft.rfft(torch.zeros(3, 1024))
        torch.fft.irfft(spectrum, 1024)
    assert counter.get_total_flops() == 2 * 3 * 2.5 * 1024 * 10


def test_parallel_vocoder_by_hand():
    voice = make_tiny_voice()
    n_frames, n_mels = 50, voice.audio.n_mels
    g: GeneratorConfig = GENERATOR
    p: PitchConfig = g.pitch
    n_bins = g.n_fft // 2 + 1
    per_frame = (
        5 * n_mels * p.channels
        + p.n_blocks * block_macs(p.channels, p.hidden, 7)
        + p.channels * (p.n_bins + 1)
        + 7 * (n_mels + 2) * g.channels
        + g.n_blocks * block_macs(g.channels, g.hidden, 7)
        + g.channels * 3 * n_bins
        + n_mels * n_bins
        + 3 * fft_macs(g.n_fft)
    )
    found = vocoder_operations(voice, "parallel", n_frames)
    assert found.audio_s == 0.5 and found.sequential_steps == 1
    assert found.multiply_accumulates == pytest.approx(per_frame * n_frames, rel=1e-6)
    assert found.gmac_per_s == pytest.approx(per_frame * 100 / 1e9, rel=1e-6)
    with Counter() as counter, torch.no_grad():
        voice.module("parallel")(
            torch.zeros(1, n_mels, n_frames),
            noise=torch.zeros(1, n_frames * voice.audio.hop_length),
        )
    assert found.multiply_accumulates == pytest.approx(counter.multiply_accumulates, rel=0.01)


def test_acoustic_model_by_hand():
    voice = make_tiny_voice()
    given = AcousticInput.plain(TOKENS)
    found = voice.acoustic.operations(given)
    mel = voice.acoustic.infer([given], seed=0)[0].read()
    a, n, n_frames, n_mels = ACOUSTIC, len(TOKENS), mel.shape[1], mel.shape[0]
    r, c = a.frames_per_step, a.channels
    n_steps = -(-n_frames // r)
    token_block = block_macs(c, a.hidden, a.token_kernel)
    # Both directions of the GRU: three gates from the input and from the state, of half the width.
    recurrent = 2 * 3 * (c // 2) * (c + c // 2)
    per_token = (
        a.encoder_blocks * token_block
        + recurrent
        + 3 * (a.predictor_blocks * token_block + c)
        + 3 * 2 * c
    )
    told = r * 3 * c + r * c * c + a.frame_blocks * block_macs(c, a.hidden, a.frame_kernel)
    size, prenet = r * n_mels, a.prenet
    loop = size * prenet + prenet**2 + 3 * c * (prenet + c + c) + 2 * 3 * c * c + 2 * c * size
    expected = per_token * n + (told + loop) * n_steps
    assert found.multiply_accumulates == pytest.approx(expected, rel=0.02)
    assert found.sequential_steps == n_steps
    model = voice.module("autoregressive")
    with Counter() as counter, torch.no_grad():
        plan = model.plan(torch.tensor([TOKENS]))
        masks = model.decoder.masks(plan.conditioning.shape[1], torch.Generator().manual_seed(0))
        model.decoder.generate(plan.conditioning, masks, model.decoder.initial_state(1))
    assert found.multiply_accumulates == pytest.approx(counter.multiply_accumulates, rel=0.02)


def test_wavenet_by_hand():
    config = WaveNetConfig(
        n_stacks=1,
        layers_per_stack=4,
        residual_channels=16,
        gate_channels=24,
        skip_channels=8,
        conditioning_channels=12,
    )
    audio = AudioConfig()
    n_frames = 20
    voice = make_tiny_voice().with_model("wavenet", WaveNet(config, audio))
    found = vocoder_operations(voice, "wavenet", n_frames)
    width, gate, skip, c = 16, 24, 8, 12
    per_sample = 4 * (2 * width * gate + gate // 2 * width + gate // 2 * skip)
    per_sample += skip * skip + skip * config.n_classes
    per_frame = 3 * audio.n_mels * c + 3 * c * c + c * 4 * gate
    expected = n_frames * (160 * per_sample + per_frame)
    assert found.multiply_accumulates == pytest.approx(expected, rel=0.02)
    assert found.sequential_steps == n_frames * audio.hop_length
    model = voice.module("wavenet")
    with Counter() as counter, torch.no_grad():
        samples = torch.zeros(1, n_frames * audio.hop_length)
        model(model.symbols(samples), torch.zeros(1, audio.n_mels, n_frames))
    assert found.multiply_accumulates == pytest.approx(counter.multiply_accumulates, rel=0.02)


def test_speech_is_both_stages_of_all_sentences():
    voice = make_tiny_voice()
    text = "Go home. Stay here."
    sentences = voice.front_end(text)[0]
    assert len(sentences) == 2
    macs = steps = n_frames = 0
    for sentence in sentences:
        given = AcousticInput.plain(sentence.tokens)
        frames = voice.acoustic.infer([given], seed=0)[0].read().shape[1]
        parts = voice.acoustic.operations(given), voice.vocoder.operations(frames)
        macs += sum(part.multiply_accumulates for part in parts)
        steps += sum(part.sequential_steps for part in parts)
        n_frames += frames
    expected = SoundOperations(macs, steps, n_frames / voice.audio.frame_rate)
    assert speech_operations(SpeechOptions(voice), text) == expected
    assert expected.steps_per_s == pytest.approx(steps / n_frames * 100)
