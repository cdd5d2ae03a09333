"""Every family of the package takes part in the comparison by itself."""

from __future__ import annotations

import numpy as np
import pytest

from tests.acoustic.families import MODULES, write_voice_of_codes
from tests.acoustic.plans import shaken
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategies import Speech, strategies_of
from tts_pipeline.evaluation.pages.explanations import EXPLANATIONS
from tts_pipeline.voice.voice import Voice

FAMILIES = (
    *("flow", "flow-head", "latent", "one-shot", "pyramid", "coded", "masked", "fixed-length"),
)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    voice = write_voice_of_codes(tmp_path_factory.mktemp("voice"))
    for name, make in MODULES.items():
        voice = voice.with_model(name, shaken(make))
    return voice


def test_all_families_are_found_with_their_curves(voice: Voice) -> None:
    found = {strategy.name: strategy for strategy in strategies_of(voice)}
    assert set(FAMILIES) <= set(found) and "autoregressive+flow-refiner" in found
    curves = {strategy.curve for strategy in found.values() if strategy.curve}
    assert curves == {"flow", "flow-head", "masked", "autoregressive+flow-refiner"}
    for curve in curves:
        assert f"{curve}-steps-1" in found and f"{curve}-steps-16" in found
    kinds = {kind for name in found for kind in found[name].kinds(voice)}
    # Each is explained on the page of strategies, but the default vocoder.
    assert kinds - set(EXPLANATIONS) == {"harmonic-noise"}


@pytest.mark.parametrize("name", [*FAMILIES, "autoregressive+flow-refiner", "flow-steps-4"])
def test_each_is_measured_by_what_it_declares(voice: Voice, name: str) -> None:
    (strategy,) = [item for item in strategies_of(voice) if item.name == name]
    assert isinstance(strategy, Speech)
    material = Material("a", "Go home.", voice.audio)
    audio = strategy.make(voice, material, 3)
    mel = strategy.arrays(voice, material, 3)["mel"]
    assert len(audio.samples) == mel.shape[1] * voice.audio.hop_length
    assert np.isfinite(audio.samples).all()
    operations = strategy.operations(voice, material, 3)
    assert operations is not None and operations.multiply_accumulates > 0
    assert operations.audio_s == pytest.approx(mel.shape[1] / voice.audio.frame_rate)
    assert strategy.parameters(voice) > 0
    if strategy.steps:
        fewer = Speech("x", "x", "flow", "parallel", (("steps", 1),), curve="flow")
        less = fewer.operations(voice, material, 3)
        assert less is not None
        assert less.multiply_accumulates < operations.multiply_accumulates
        assert less.sequential_steps < operations.sequential_steps
