"""Sounds to publish, of fixed sentences, with a page that plays them."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tts_pipeline import __version__
from tts_pipeline.atomic import write_bytes, write_json, write_text
from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import read_audio
from tts_pipeline.audio.mel import log_mel
from tts_pipeline.comparison import VoiceMark
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.benchmark.timing import machine
from tts_pipeline.evaluation.compare.material import load_material, read_rows
from tts_pipeline.evaluation.compare.sounds import make_sounds, tasks_for
from tts_pipeline.evaluation.compare.task import PARTS, SoundRecord, Task
from tts_pipeline.evaluation.pages.html import spectrogram_png
from tts_pipeline.evaluation.pages.manifest import Manifest, Sample
from tts_pipeline.evaluation.pages.samples_page import samples_html, samples_markdown
from tts_pipeline.voice.voice import Voice

SENTENCES = "sentences.tsv"


def make_samples(
    voice: Voice,
    sentences: Path,
    folder: Path,
    *,
    seed: int,
    only: Sequence[str] | None,
    limits: dict[str, int],
    budget_s: float,
) -> tuple[Manifest, dict[str, str]]:
    """Make the sounds, their spectrograms, the manifest and the pages.

    Args:
        voice: loaded from a folder.
        sentences: see :func:`~tts_pipeline.evaluation.compare.material.read_rows`.
        folder: gets all of it; what an interrupted run has made is kept.
        seed: of the first sentence; the others get the next ones, the same for all strategies.
        only: names of the strategies that take part, None: all that need no recording and are no
            points of a curve over steps.
        limits: by strategy the number of sentences to make at most.
        budget_s: seconds that making may take for a strategy without a limit.

    Returns:
        What manifest.json holds, and by strategy why it failed.
    """
    materials = load_material(read_rows(sentences), voice.audio)
    if any(material.recording is not None for material in materials):
        raise ConfigError(f"{sentences}: names recordings; samples are spoken from text only")
    tasks = tasks_for(
        voice,
        materials,
        folder,
        seed=seed,
        only=only,
        limits=limits,
        budget_s=budget_s,
        suffix=".flac",
        with_curves=False,
    )
    if not tasks:
        raise ConfigError("no strategy speaks from text; leave --strategies out")
    records, failures = make_sounds(tasks)
    samples = []
    for task in tasks:
        for material, _ in task.materials:
            record = records.get((task.strategy.name, material.name))
            if record is not None:
                samples.append(_sample(task, material.name, material.text, record))
                _picture(folder / record.file, voice.audio)
    manifest = Manifest(
        version=__version__,
        voice=VoiceMark(voice.name, voice.fingerprint),
        sample_rate=voice.audio.sample_rate,
        machine=machine(),
        arithmetic=arithmetic(),
        samples=tuple(samples),
    )
    write_json(folder / "manifest.json", dataclasses.asdict(manifest))
    for name, text in (
        ("index.html", samples_html(manifest, folder / "index.html")),
        ("README.md", samples_markdown(manifest, folder)),
    ):
        write_text(folder / name, text)
    shutil.rmtree(folder / PARTS)
    return manifest, failures


def _sample(task: Task, name: str, text: str, record: SoundRecord) -> Sample:
    return Sample(
        file=record.file,
        picture=Path(record.file).with_suffix(".png").as_posix(),
        name=name,
        text=text,
        strategy=task.strategy.name,
        label=task.strategy.label,
        voice=task.fingerprint,
        seed=record.seed,
        version=__version__,
        seconds=record.seconds,
        rtf=record.rtf or 0.0,
    )


def _picture(sound: Path, audio: AudioConfig) -> None:
    samples = read_audio(sound, sample_rate=audio.sample_rate).samples
    write_bytes(sound.with_suffix(".png"), spectrogram_png(log_mel(samples, audio)))


def arithmetic() -> str:
    """Changes with the processor, the libraries and the code between text and sound: with whatever
    sums may be rounded otherwise by."""
    digest = hashlib.sha256()
    for part in (platform.machine(), np.__version__, machine().versions["numba"], *_processor()):
        digest.update(f"{part}\n".encode())
    package = Path(__file__).resolve().parents[2]
    sources = list(package.glob("*.py"))
    for room in ("acoustic", "audio", "features", "nn", "text", "vocoder", "voice"):
        sources += (package / room).rglob("*.py")
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _processor() -> list[str]:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return [platform.processor()]
    wanted = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags")
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").split("\n\n")[0].split("\n")
    return [line for line in lines if line.split("\t")[0].strip() in wanted]
