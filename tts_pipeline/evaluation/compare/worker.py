"""One strategy in a process of its own, so that its memory is its own: sounds and timings."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import os
import signal
import statistics
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from tts_pipeline import __version__
from tts_pipeline.atomic import write_json
from tts_pipeline.audio.files import Audio, write_audio
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.evaluation.benchmark.memory import peak_resident_mb
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategies import Strategy
from tts_pipeline.processes import one_thread_each
from tts_pipeline.voice.voice import Voice

PARTS = "parts"
# A sound that is made within so many seconds is timed so often; others once.
_QUICK_S, _REPEATS = 0.25, 3
# However slow a strategy is, so many texts are made.
_LEAST_TEXTS = 3


@dataclasses.dataclass(frozen=True)
class Task:
    """What a strategy is to do.

    Attributes:
        strategy: the strategy.
        voice: folder of the voice.
        fingerprint: of the voice.
        materials: the texts, with the seed of each.
        folder: of the comparison.
        limit: texts to make at most, None: as many as ``budget_s`` allows, but at least three.
        budget_s: seconds that making all of them may take.
        suffix: of the sound files.
    """

    strategy: Strategy
    voice: Path
    fingerprint: str
    materials: tuple[tuple[Material, int], ...]
    folder: Path
    limit: int | None
    budget_s: float
    suffix: str = ".wav"

    def record_file(self, name: str) -> Path:
        """Where what is known of the sound of a text is kept."""
        return self.folder / PARTS / self.strategy.name / f"{name}.json"

    def sound_file(self, name: str) -> Path:
        """Where the sound of a text is kept."""
        return self.folder / "audio" / self.strategy.name / f"{name}{self.suffix}"

    def key(self, material: Material, seed: int) -> str:
        """Changes with whatever the sound depends on but the program itself."""
        told = (__version__, self.fingerprint, repr(self.strategy), material.key, seed)
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def record(self, material: Material, seed: int) -> dict[str, Any] | None:
        """What is known of a sound that is there already, None if it is not, or another."""
        path = self.record_file(material.name)
        if not path.is_file() or not self.sound_file(material.name).is_file():
            return None
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return None
        return found if found.get("key") == self.key(material, seed) else None


def chosen(task: Task) -> tuple[list[dict[str, Any]], bool]:
    """Records of the sounds in order up to the first that is to be made still, and whether there
    is none such: all are there, or no more are wanted."""
    records: list[dict[str, Any]] = []
    for material, seed in task.materials[: task.limit]:
        if task.limit is None and _too_slow(records, task.budget_s):
            return records, True
        record = task.record(material, seed)
        if record is None:
            return records, False
        records.append(record)
    return records, True


def _too_slow(records: list[dict[str, Any]], budget_s: float) -> bool:
    """Whether one more text, of average cost, would go beyond what making may cost."""
    spent_s = sum(record["wall_s"] for record in records)
    n = len(records)
    return n >= _LEAST_TEXTS and spent_s * (n + 1) / n > budget_s


def run(task: Task) -> str | None:
    """Make what is missing in a new process, with one thread; recordings need none.

    Returns:
        None, or why the strategy failed.
    """
    if chosen(task)[1]:
        return None
    if task.strategy.reference:
        make_all(task)
        return None
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(task, sender), daemon=True)
    with one_thread_each():
        process.start()
    sender.close()
    try:
        outcome: str | None = receiver.recv()
        process.join()
        return outcome
    except EOFError:
        process.join()
        return f"its process ended with code {process.exitcode}"
    finally:
        if process.is_alive():
            process.terminate()
            process.join()


def work(task: Task, sender: Connection) -> None:
    """The new process: make sounds one after another, each with its record, until all are there."""
    # An interrupt is the parent's to handle; it ends this process, between two renames or not.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        make_all(task)
    except TTSPipelineError as error:
        sender.send(str(error))
    except Exception as error:
        # A strategy may be anybody's code: the others go on, and its author sees where it broke.
        traceback.print_exc()
        sender.send(f"{type(error).__name__}: {error}")
    else:
        sender.send(None)


def make_all(task: Task) -> None:
    """Make what is missing."""
    for folder in (task.sound_file("x").parent, task.record_file("x").parent):
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".*"):
            left.unlink()
    voice = Voice.load(task.voice)
    strategy = task.strategy
    if not strategy.reference:
        # The first call compiles and fills caches; the shortest text is enough for that.
        shortest, seed = min(task.materials, key=lambda item: len(item[0].text))
        strategy.prepare(shortest)
        strategy.make(voice, shortest, seed)
        _first_block_s(strategy, voice, shortest, seed)
    done, complete = chosen(task)
    total = len(task.materials[: task.limit])
    with tqdm(total=total, initial=len(done), desc=strategy.name, disable=None) as progress:
        while not complete and _is_wanted():
            material, seed = task.materials[len(done)]
            _make_one(task, voice, material, seed)
            progress.update()
            done, complete = chosen(task)


def _is_wanted() -> bool:
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()


def _make_one(task: Task, voice: Voice, material: Material, seed: int) -> None:
    strategy = task.strategy
    begun = time.perf_counter()
    strategy.prepare(material)
    made: list[Audio] = []
    times = [_seconds(lambda: made.append(strategy.make(voice, material, seed)))]
    audio = made[0]
    if times[0].processor < _QUICK_S:
        # The very first of a text is not counted: it finds cold caches.
        times = [_seconds(lambda: strategy.make(voice, material, seed)) for _ in range(_REPEATS)]
    if strategy.reference:
        times = []
    first_s = [_first_block_s(strategy, voice, material, seed) for _ in times]
    write_audio(task.sound_file(material.name), audio.samples, audio.sample_rate)
    write_json(
        task.record_file(material.name),
        {
            "key": task.key(material, seed),
            "file": task.sound_file(material.name).relative_to(task.folder).as_posix(),
            "seconds": audio.duration_s,
            "seed": seed,
            "compute_s": _median([item.processor for item in times]),
            "elapsed_s": _median([item.elapsed for item in times]),
            "first_audio_s": _median(first_s),
            "left_out": [f"{item.text!r}: {item.reason}" for item in _dropped(audio.report)],
            "peak_memory_mb": peak_resident_mb(),
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            "wall_s": time.perf_counter() - begun,
        },
    )


def _dropped(report: Any) -> tuple[Any, ...]:
    return getattr(report, "dropped", ())


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


class Times(NamedTuple):
    """Seconds of a call: those that the processor worked, all threads together, and those that
    went by. On a machine that does nothing else they are the same for one thread."""

    processor: float
    elapsed: float


def _seconds(call: Callable[[], object]) -> Times:
    begun, worked = time.perf_counter(), time.process_time()
    call()
    return Times(time.process_time() - worked, time.perf_counter() - begun)


def _first_block_s(strategy: Strategy, voice: Voice, material: Material, seed: int) -> float:
    begun = time.perf_counter()
    for block in strategy.stream(voice, material, seed):
        if len(block.samples):
            break
    return time.perf_counter() - begun
