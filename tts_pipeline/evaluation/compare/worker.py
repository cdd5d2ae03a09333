"""One strategy in a process of its own, so that its memory is its own: sounds and timings."""

from __future__ import annotations

import dataclasses
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

import numpy as np
from tqdm import tqdm

from tts_pipeline.atomic import replacing, write_json
from tts_pipeline.audio.files import Audio, write_audio
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.evaluation.benchmark.memory import peak_resident_mb
from tts_pipeline.evaluation.compare.material import Material
from tts_pipeline.evaluation.compare.strategy import Strategy
from tts_pipeline.evaluation.compare.task import SoundRecord, Task
from tts_pipeline.processes import one_thread_each
from tts_pipeline.voice.voice import Voice

# A sound that is made within so many seconds is timed so often; others once.
_QUICK_S, _REPEATS = 0.25, 3


def run(task: Task) -> str | None:
    """Make what is missing in a new process, with one thread; recordings need none.

    Returns:
        None, or why the strategy failed.
    """
    if task.chosen()[1] and not task.missing_takes():
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
    """Make what is missing: the sounds that are timed, then those by further seeds."""
    for take in range(min(2, task.n_seeds)):
        for folder in (task.sound_file("x", take).parent, task.record_file("x").parent):
            folder.mkdir(parents=True, exist_ok=True)
            for unfinished in folder.glob(".*"):
                unfinished.unlink()
    voice = Voice.load(task.voice)
    strategy = task.strategy
    if not strategy.reference:
        # The first call compiles and fills caches; the shortest text is enough for that.
        shortest, seed = min(task.materials, key=lambda item: len(item[0].text))
        strategy.prepare(shortest)
        strategy.make(voice, shortest, seed)
        _first_block_s(strategy, voice, shortest, seed)
    done, complete = task.chosen()
    total = len(task.materials[: task.limit])
    with tqdm(total=total, initial=len(done), desc=strategy.name, disable=None) as progress:
        while not complete and _is_wanted():
            material, seed = task.materials[len(done)]
            _make_one(task, voice, material, seed)
            progress.update()
            done, complete = task.chosen()
    for material, seed, take in tqdm(
        task.missing_takes(), desc=f"{strategy.name}, more seeds", disable=None
    ):
        if not _is_wanted():
            return
        audio = strategy.make(voice, material, task.seed_of(seed, take))
        _write(task, material, seed, take, audio)


def _is_wanted() -> bool:
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()


def _make_one(task: Task, voice: Voice, material: Material, seed: int) -> None:
    strategy = task.strategy
    start = time.perf_counter()
    strategy.prepare(material)
    made: list[Audio] = []
    times = [_seconds(lambda: made.append(strategy.make(voice, material, seed)))]
    if times[0].processor < _QUICK_S:
        # The very first of a text is not counted: it finds cold caches.
        times = [_seconds(lambda: strategy.make(voice, material, seed)) for _ in range(_REPEATS)]
    if strategy.reference:
        times = []
    first_s = [_first_block_s(strategy, voice, material, seed) for _ in times]
    memory_mb = peak_resident_mb()
    _write_arrays(task.array_file(material.name), strategy.arrays(voice, material, seed))
    _write(
        task,
        material,
        seed,
        0,
        made[0],
        compute_s=_median([item.processor for item in times]),
        elapsed_s=_median([item.elapsed for item in times]),
        first_audio_s=_median(first_s),
        peak_memory_mb=memory_mb,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        wall_s=time.perf_counter() - start,
    )


def _write(
    task: Task, material: Material, seed: int, take: int, audio: Audio, **facts: Any
) -> None:
    """The sound, then its record: a sound without one is made again."""
    path, own_seed = task.sound_file(material.name, take), task.seed_of(seed, take)
    write_audio(path, audio.samples, audio.sample_rate)
    record = SoundRecord(
        key=task.key(material, own_seed),
        file=path.relative_to(task.folder).as_posix(),
        seconds=audio.duration_s,
        seed=own_seed,
        left_out=tuple(f"{item.text!r}: {item.reason}" for item in _reported(audio, "dropped")),
        problems=tuple(_reported(audio, "problems")),
        **facts,
    )
    write_json(task.record_file(material.name, take), dataclasses.asdict(record))


def _write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    if arrays:
        with replacing(path) as part, open(part, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    else:
        path.unlink(missing_ok=True)


def _reported(audio: Audio, name: str) -> tuple[Any, ...]:
    """A list of the report; empty where a strategy makes none."""
    return getattr(audio.report, name, ())


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


class Times(NamedTuple):
    """Seconds of a call: those that the processor worked, all threads together, and those that
    went by. On a machine that does nothing else they are the same for one thread."""

    processor: float
    elapsed: float


def _seconds(call: Callable[[], object]) -> Times:
    start, worked = time.perf_counter(), time.process_time()
    call()
    return Times(time.process_time() - worked, time.perf_counter() - start)


def _first_block_s(strategy: Strategy, voice: Voice, material: Material, seed: int) -> float:
    start = time.perf_counter()
    for block in strategy.stream(voice, material, seed):
        if len(block.samples):
            break
    return time.perf_counter() - start
