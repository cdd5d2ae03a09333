"""Other programs that speak, for comparison, where they are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tts_pipeline.errors import TTSPipelineError

# Where the programs of this Python's packages are.
BESIDE = Path(sys.executable).parent


def installed(piper_model: Path | None = None) -> dict[str, Callable[[str], float]]:
    """Each program found on the path: text to seconds of audio, through a file as they do it.

    Args:
        piper_model: voice for piper, which is left out without one.

    Raises:
        TTSPipelineError: if there is a voice for piper, but not all that it needs.
    """
    found: dict[str, Callable[[str], float]] = {}
    if shutil.which("espeak-ng"):
        found["espeak-ng"] = lambda text: _spoken(text, ["espeak-ng", "-f", "TEXT", "-w", "WAV"])
    if shutil.which("flite"):
        command = ["flite", "-voice", "slt", "-f", "TEXT", "-o", "WAV"]
        found["flite slt"] = lambda text: _spoken(text, command)
    if piper_model is not None:
        name, piper = f"piper {piper_model.stem}", _piper(piper_model)
        found[name] = lambda text: _spoken(text, piper)
    return found


def _piper(model: Path) -> list[str]:
    for file in (model, model.with_name(f"{model.name}.json")):
        if not file.is_file():
            raise TTSPipelineError(
                f"{file}: missing; --piper-model wants a voice's .onnx file with its .onnx.json "
                "beside it"
            )
    command = shutil.which("piper", path=os.pathsep.join([str(BESIDE), os.environ["PATH"]]))
    if command is None:
        raise TTSPipelineError("piper is not installed; pip install piper-tts, or no --piper-model")
    return [command, "-m", str(model), "--input-file", "TEXT", "-f", "WAV"]


def _spoken(text: str, command: Sequence[str]) -> float:
    import soundfile

    with tempfile.TemporaryDirectory(prefix="tts_pipeline-") as folder:
        source, out = Path(folder) / "text.txt", Path(folder) / "out.wav"
        source.write_text(text, encoding="utf-8")
        places = {"TEXT": str(source), "WAV": str(out)}
        words = [places.get(word, word) for word in command]
        with _one_core():
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode or not out.is_file():
            raise TTSPipelineError(
                f"{command[0]} failed ({done.stderr.strip()[:200]}); leave it out with --no-peers"
            )
        return float(soundfile.info(out).duration)


@contextlib.contextmanager
def _one_core() -> Iterator[None]:
    """Programs that are started meanwhile keep to one core, where that can be arranged."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
