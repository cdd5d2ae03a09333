"""Voices at work in PyTorch: what cannot work there says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acoustic.families import write_voice_of_everything
from tts_pipeline import Voice, stream, synthesize
from tts_pipeline.errors import VoiceError


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return write_voice_of_everything(tmp_path_factory.mktemp("everything"))


@pytest.mark.parametrize(
    ("acoustic", "vocoder", "left"),
    [
        ("autoregressive", "parallel", []),
        ("autoregressive", "wavenet", []),
        ("one-shot", "parallel", ["one-shot"]),
        ("autoregressive+flow-refiner", "griffin-lim", ["flow-refiner"]),
        ("flow+flow-refiner", "parallel", ["flow", "flow-refiner"]),
    ],
)
def test_models_that_stay_on_the_cpu_are_told(
    voice: Voice, acoustic: str, vocoder: str, left: list[str]
) -> None:
    how = {"acoustic": acoustic, "vocoder": vocoder}
    moved = voice.to("cpu:0")
    expected = [
        f"{name!r} works on the CPU: models of kind {name!r} have no way to work on a device"
        for name in left
    ]
    assert list(synthesize("Go. Now.", voice=moved, **how).report.problems) == expected
    told = [
        problem for made in stream("Go.", voice=moved, **how) for problem in made.report.problems
    ]
    assert told == expected
    assert not synthesize("Go.", voice=voice, **how).report.problems


def test_a_device_that_is_not_there_is_named(voice: Voice) -> None:
    for device in ("nonsense", "xla"):
        with pytest.raises(VoiceError, match=f"device '{device}': PyTorch cannot work there"):
            _ = voice.to(device).acoustic


def test_a_module_without_pytorch_is_an_error_with_the_remedy(tiny_voice: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from tts_pipeline import Voice; from tts_pipeline.errors import VoiceError\n"
        f"voice = Voice.load({str(tiny_voice)!r})\n"
        "for ask in (lambda: voice.module('parallel'), lambda: voice.to('cuda').vocoder):\n"
        "    try: ask()\n"
        "    except VoiceError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == second and "pip install 'tts_pipeline[train]'" in first
