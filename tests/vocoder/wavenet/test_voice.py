"""A voice with the autoregressive vocoder: stored, loaded, spoken with."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.tiny import make_tiny_voice
from tests.vocoder.wavenet.small import LOGISTICS, SMALL, make_wavenet
from tts_pipeline import Voice, stream, synthesize
from tts_pipeline.errors import AudioError, ConfigError, VoiceError
from tts_pipeline.vocoder.wavenet.generators import WaveNetOnDevice
from tts_pipeline.vocoder.wavenet.model import WaveNet


def voice_with(wavenet: WaveNet) -> Voice:
    return make_tiny_voice().with_model("wavenet", wavenet)


@pytest.mark.parametrize("config", [SMALL, LOGISTICS], ids=lambda config: config.output)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_stored_wavenet_is_the_same_one(config, dtype, tmp_path):
    wavenet = make_wavenet(config)
    voice_with(wavenet).save(tmp_path, dtype=dtype)
    voice = Voice.load(tmp_path)
    loaded = voice.module("wavenet")
    assert isinstance(loaded, WaveNet) and loaded.config == config
    expected = dict(wavenet.named_parameters())
    for name, parameter in loaded.named_parameters():
        stored = expected[name].to(getattr(torch, dtype)).float()
        assert parameter.dtype == torch.float32 and torch.equal(parameter, stored)
    assert voice.vocoders["wavenet"].fits_float16 == (dtype == "float16")


def test_it_speaks_whole_and_streamed_and_by_its_module(tmp_path):
    voice_with(make_wavenet(SMALL)).save(tmp_path)
    voice = Voice.load(tmp_path)
    made = synthesize("A red fish.", voice=voice, vocoder="wavenet", seed=3)
    fast = synthesize("A red fish.", voice=voice, seed=3)
    assert len(made.samples) == len(fast.samples) and np.abs(made.samples).max() <= 1
    assert made.report.vocoder == "wavenet" and made.timestamps == fast.timestamps
    blocks = list(stream("A red fish.", voice=voice, vocoder="wavenet", seed=3))
    assert len(blocks) > 3
    streamed = np.concatenate([block.samples for block in blocks])
    np.testing.assert_allclose(streamed, made.samples, atol=1e-4)
    by_module = voice.with_model("wavenet", WaveNetOnDevice(voice.module("wavenet")))
    again = synthesize("A red fish.", voice=by_module, vocoder="wavenet", seed=3)
    np.testing.assert_array_equal(again.samples, made.samples)


def test_its_temperature_is_an_option_of_speech(tmp_path):
    voice = voice_with(make_wavenet(SMALL))

    def spoken(**options):
        return synthesize("A red fish.", voice=voice, vocoder="wavenet", **options)

    one, other = (spoken(seed=seed, temperature=0.0) for seed in (1, 2))
    assert dict(one.report.options) == {"temperature": 0.0}
    # Nothing is drawn; the seed decides the mel alone, and its length is the same.
    assert len(one.samples) == len(other.samples)
    assert not np.array_equal(one.samples, spoken(seed=1).samples)
    with pytest.raises(ConfigError, match=r"steps=4: no such option.*'wavenet' takes temperature"):
        spoken(steps=4)
    with pytest.raises(ConfigError, match=r"temperature: 'hot', expected float"):
        spoken(temperature="hot")
    with pytest.raises(AudioError, match=r"temperature=-1\.0"):
        spoken(temperature=-1.0)


def test_weights_of_other_sizes_are_named(tmp_path):
    voice_with(make_wavenet(SMALL)).save(tmp_path)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    config["models"]["wavenet"]["config"]["skip_channels"] = 11
    path.write_text(json.dumps(config))
    with pytest.raises(VoiceError, match=r"wavenet\.safetensors.*another model.*skip has shape"):
        Voice.load(tmp_path).choose_vocoder("wavenet")
