"""The face of the package: its names, and how little importing it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tts_pipeline


def _fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_import_loads_neither_torch_nor_numpy() -> None:
    loaded = json.loads(
        _fresh("import sys, json, tts_pipeline; print(json.dumps(sorted(sys.modules)))")
    )
    assert not {"torch", "numpy", "numba", "soundfile", "librosa"} & set(loaded)
    assert [name for name in loaded if name.startswith("tts_pipeline")] == ["tts_pipeline"]


def test_errors_can_be_caught_without_torch() -> None:
    assert _fresh(
        "import sys, tts_pipeline; print(tts_pipeline.errors.VoiceError.__mro__[1].__name__, "
        "'torch' in sys.modules)"
    ).split() == ["TTSPipelineError", "False"]


def test_the_road_to_sound_needs_no_training_library() -> None:
    loaded = json.loads(
        _fresh(
            "import sys, json; from tts_pipeline import synthesize, stream, Voice, Audio;"
            "print(json.dumps(sorted(sys.modules)))"
        )
    )
    unwanted = ("torchaudio", "librosa", "lightning_fabric", "tensorboard", "matplotlib")
    assert not set(unwanted) & set(loaded)
    assert not [name for name in loaded if name.startswith("tts_pipeline.training")]


def test_speech_needs_no_pytorch_on_a_cpu(tiny_voice: Path) -> None:
    loaded = _fresh(
        "import sys; from tts_pipeline import synthesize, stream, synthesize_batch;"
        f"options = {{'voice': {str(tiny_voice)!r}}};"
        "list(stream('Hello there.', **options)); synthesize('Hello.', **options);"
        "synthesize_batch(['Hello.'], **options); print('torch' in sys.modules)"
    )
    assert loaded.split() == ["False"]


@pytest.mark.parametrize("name", [*tts_pipeline.__all__])
def test_every_name_is_there(name: str) -> None:
    assert getattr(tts_pipeline, name) is not None
    assert name in dir(tts_pipeline)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sing'"):
        _ = tts_pipeline.sing


def test_version_is_that_of_the_metadata() -> None:
    assert tts_pipeline.__version__.count(".") == 2
