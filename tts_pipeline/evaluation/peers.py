"""Other programs that speak, for comparison, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tts_pipeline.errors import TTSPipelineError


def installed(piper_model: Path | None = None) -> dict[str, Callable[[str], float]]:
    """Each program found on the path: text to seconds of audio, through a file as they do it.

    Args:
        piper_model: voice for piper, which is left out without one.
    """
    found: dict[str, Callable[[str], float]] = {}
    if shutil.which("espeak-ng"):
        found["espeak-ng"] = lambda text: _spoken(text, ["espeak-ng", "-f", "TEXT", "-w", "WAV"])
    if shutil.which("flite"):
        command = ["flite", "-voice", "slt", "-f", "TEXT", "-o", "WAV"]
        found["flite slt"] = lambda text: _spoken(text, command)
    if shutil.which("piper") and piper_model is not None:
        name = f"piper {piper_model.stem}"
        piper = ["piper", "-m", str(piper_model), "--input-file", "TEXT", "-f", "WAV"]
        found[name] = lambda text: _spoken(text, piper)
    return found


def _spoken(text: str, command: Sequence[str]) -> float:
    import soundfile

    with tempfile.TemporaryDirectory(prefix="tts_pipeline-") as folder:
        source, out = Path(folder) / "text.txt", Path(folder) / "out.wav"
        source.write_text(text, encoding="utf-8")
        places = {"TEXT": str(source), "WAV": str(out)}
        words = [places.get(word, word) for word in command]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode or not out.is_file():
            raise TTSPipelineError(
                f"{command[0]} failed ({done.stderr.strip()[:200]}); leave it out with --no-peers"
            )
        return float(soundfile.info(out).duration)
