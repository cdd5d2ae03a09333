"""Small untrained models of every family, and voices that hold them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from tests.features.codes.test_codes import lively
from tests.tiny import ACOUSTIC, make_tiny_voice
from tts_pipeline.acoustic.aligner.config import AlignerConfig
from tts_pipeline.acoustic.aligner.model import VoiceAligner
from tts_pipeline.acoustic.coded.model import CodedConfig, CodedModel
from tts_pipeline.acoustic.fixed_length.model import FixedLengthConfig, FixedLengthModel
from tts_pipeline.acoustic.flow.config import FlowConfig, FlowRefinerConfig
from tts_pipeline.acoustic.flow.model import FlowModel
from tts_pipeline.acoustic.flow_head.config import FlowHeadConfig
from tts_pipeline.acoustic.flow_head.model import FlowHeadModel
from tts_pipeline.acoustic.latent.config import LatentConfig
from tts_pipeline.acoustic.latent.model import LatentModel
from tts_pipeline.acoustic.masked.model import MaskedConfig, MaskedModel
from tts_pipeline.acoustic.one_shot.config import FrameDecoderConfig, OneShotConfig
from tts_pipeline.acoustic.one_shot.model import OneShotModel
from tts_pipeline.acoustic.prosody.config import ProsodyConfig
from tts_pipeline.acoustic.prosody.model import ProsodyModel
from tts_pipeline.acoustic.pyramid.config import PyramidConfig
from tts_pipeline.acoustic.pyramid.model import PyramidModel
from tts_pipeline.features.codes.model import CodesAutoencoder, CodesConfig
from tts_pipeline.vocoder.wavenet.config import WaveNetConfig
from tts_pipeline.vocoder.wavenet.model import WaveNet
from tts_pipeline.voice.voice import Voice

C = ACOUSTIC.channels
DECODER = FrameDecoderConfig(channels=16, hidden=24, n_blocks=1)
FLOW = {"token_channels": C, "channels": 16, "hidden": 24, "n_blocks": 1, "step_channels": 8}
FLOW_HEAD = FlowHeadConfig(
    token_channels=C,
    channels=16,
    hidden=24,
    n_blocks=1,
    prenet=8,
    head_channels=16,
    head_hidden=24,
    head_blocks=1,
    step_channels=8,
)
MODULES: dict[str, Callable[[], nn.Module]] = {
    "flow": lambda: FlowModel(FlowConfig(**FLOW, temperature=0.5), 80),
    "flow-head": lambda: FlowHeadModel(FLOW_HEAD, 80),
    "latent": lambda: LatentModel(
        LatentConfig(C, 4, 2, 16, 16, prior_blocks=1, decoder=DECODER), 80
    ),
    "one-shot": lambda: OneShotModel(OneShotConfig(C, DECODER), 80),
    "pyramid": lambda: PyramidModel(PyramidConfig(C, 16, 24, 1), 80),
    "flow-refiner": lambda: FlowModel(FlowRefinerConfig(**FLOW, temperature=0.5), 80),
}
SIZES = {"text_channels": 32, "channels": 32, "hidden": 32}
CODES = CodesConfig(channels=24, hidden=32, encoder_blocks=1, step_blocks=1, frame_blocks=1)


def write_voice_of_everything(folder: Path) -> Voice:
    """A voice with a model of every kind, saved and loaded again."""
    of_codes = write_voice_of_codes(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = {name: lively(make()) for name, make in MODULES.items()}
        made["wavenet"] = WaveNet(WaveNetConfig(1, 2, 8, 16, 8, 8), of_codes.audio)
        made["aligner"] = VoiceAligner(AlignerConfig(16), 80)
        made["prosody"] = ProsodyModel(ProsodyConfig(16, 24, 1, 1, step_channels=8, steps=2))
    Voice("everything", of_codes.audio, {**of_codes.models, **made}).save(folder, dtype="float32")
    return Voice.load(folder)


def write_voice_of_codes(folder: Path) -> Voice:
    """A voice with models of codes and the canvas, saved and loaded again."""
    tiny = make_tiny_voice()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = {
            "codes": CodesAutoencoder(CODES, 80),
            "coded": CodedModel(CodedConfig(n_blocks=1, past=16, **SIZES)),
            "masked": MaskedModel(MaskedConfig(n_blocks=1, **SIZES)),
            "fixed-length": FixedLengthModel(
                FixedLengthConfig(canvas=96, n_layers=1, blocks_per_layer=1, **SIZES), 80
            ),
        }
    models = {**tiny.models, **{name: lively(module) for name, module in made.items()}}
    Voice("codes", tiny.audio, models).save(folder, dtype="float32")
    return Voice.load(folder)
