"""How many single words a recogniser understands, of this voice and of another program."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tts_pipeline.audio.files import read_audio
from tts_pipeline.audio.levels import resample
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.evaluation.isolated.lists import Item, shipped_lists
from tts_pipeline.evaluation.isolated.recogniser import ListRecogniser
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE
from tts_pipeline.synthesis import synthesize

FLITE = "flite slt"


class Understood(NamedTuple):
    """Of a list, said by one voice.

    Attributes:
        n_items: in the list.
        wrong: what was taken for something else, and for what; None: for nothing.
    """

    n_items: int
    wrong: list[tuple[str, str | None]]

    @property
    def n_right(self) -> int:
        """Items that were understood."""
        return self.n_items - len(self.wrong)


def measure(*, peers: bool = True, **options: Any) -> dict[str, dict[str, Understood]]:
    """Say every list and listen.

    Args:
        peers: also flite's voice slt, where it is installed.
        options: of :func:`tts_pipeline.synthesize`.

    Returns:
        What was understood by the name of a list, by that of a voice.

    Raises:
        MissingPackage: if pocketsphinx is not installed.
    """
    voices: dict[str, Callable[[Item], np.ndarray]] = {"ours": functools.partial(_ours, options)}
    if peers and shutil.which("flite"):
        voices[FLITE] = _flite
    lists = shipped_lists()
    recognisers = {
        name: ListRecogniser([item.phones for item in items]) for name, items in lists.items()
    }
    return {
        voice: {name: understood(items, say, recognisers[name]) for name, items in lists.items()}
        for voice, say in voices.items()
    }


def understood(
    items: list[Item], say: Callable[[Item], np.ndarray], recogniser: ListRecogniser
) -> Understood:
    """What a recogniser of a list makes of it as it is said."""
    heard = recogniser.recognise([say(item) for item in items])
    wrong = [
        (item.name, None if index is None else items[index].name)
        for place, (item, index) in enumerate(zip(items, heard))
        if index != place
    ]
    return Understood(len(items), wrong)


def table(figures: dict[str, dict[str, Understood]]) -> str:
    """The figures as lines for a person."""
    lines = []
    for voice, lists in figures.items():
        for name, found in lists.items():
            wrong = ", ".join(f"{said} -> {heard or 'nothing'}" for said, heard in found.wrong)
            line = f"{voice:<10} {name:<8} {found.n_right:>3} of {found.n_items:<3}  {wrong}"
            lines.append(line.rstrip())
    return "\n".join(lines)


def _ours(options: dict[str, Any], item: Item) -> np.ndarray:
    audio = synthesize(item.spoken, **options)
    return resample(audio.samples, audio.sample_rate, SAMPLE_RATE)


def _flite(item: Item) -> np.ndarray:
    with tempfile.TemporaryDirectory(prefix="tts_pipeline-") as folder:
        out = Path(folder, "out.wav")
        command = ["flite", "-voice", "slt", "-t", item.written, "-o", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not out.is_file():
            raise TTSPipelineError(
                f"flite failed ({done.stderr.strip()[:200]}); leave it out with --no-peers"
            )
        audio = read_audio(out)
        return resample(audio.samples, audio.sample_rate, SAMPLE_RATE)
