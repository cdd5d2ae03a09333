"""Many utterances scored, in this process or in several."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import importlib
import multiprocessing
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from tqdm import tqdm

from tts_pipeline.errors import AudioError
from tts_pipeline.evaluation.metrics.recogniser import Recogniser
from tts_pipeline.evaluation.metrics.registry import METRICS, Case, Scores, score
from tts_pipeline.evaluation.metrics.sound import Sound
from tts_pipeline.processes import one_thread_each

NATURAL = "natural"


@dataclasses.dataclass(frozen=True)
class Job:
    """An utterance as several systems say it.

    Attributes:
        name: of the utterance.
        text: what is said, None if unknown.
        natural: the recording ``(S,)`` at 16 kHz, None if there is none.
        natural_f0: its F0 per 10 ms in Hz if known.
        versions: by system the waveform ``(S,)`` at 16 kHz.
        wanted: by system the metrics asked for; ``"natural"`` may be among them, with metrics
            that need no reference.
        recogniser: for the word error rate.
        groups: by system the same text by all seeds ``(S,)`` each; of ``"natural"`` all takes.
        arrays: by system and name what metrics may ask for beside the sound.
    """

    name: str
    text: str | None
    natural: np.ndarray | None
    versions: Mapping[str, np.ndarray]
    wanted: Mapping[str, Sequence[str]]
    natural_f0: np.ndarray | None = None
    recogniser: Recogniser | None = None
    groups: Mapping[str, Sequence[np.ndarray]] = dataclasses.field(default_factory=dict)
    arrays: Mapping[str, Mapping[str, np.ndarray]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Scored:
    """Scores of one utterance by one system."""

    name: str
    system: str
    scores: Scores


def score_job(job: Job) -> list[Scored]:
    """Score all versions of an utterance; what they share is computed once."""
    reference = None if job.natural is None else Sound(job.natural, job.natural_f0)
    out = []
    if job.wanted.get(NATURAL) and reference is not None:
        takes = tuple(Sound(samples) for samples in job.groups.get(NATURAL, ()))
        arrays = job.arrays.get(NATURAL, {})
        case = Case(reference, None, job.text, job.recogniser, takes, arrays)
        out.append(Scored(job.name, NATURAL, score(case, job.wanted[NATURAL])))
    for system, samples in job.versions.items():
        out.append(Scored(job.name, system, _score_version(job, system, samples, reference)))
    return out


def _score_version(job: Job, system: str, samples: np.ndarray, reference: Sound | None) -> Scores:
    wanted = job.wanted[system]
    try:
        generated = Sound(samples)
        group = tuple(Sound(take) for take in job.groups.get(system, ()))
    except AudioError as error:
        # A system that fails on one text is scored on the others, and the table says so.
        return Scores({}, dict.fromkeys(wanted, str(error)))
    arrays = job.arrays.get(system, {})
    case = Case(generated, reference, job.text, job.recogniser, group, arrays)
    return score(case, wanted)


def score_all(jobs: Sequence[Job], *, n_workers: int = 1) -> list[Scored]:
    """All that :func:`score_each` gives, in one list."""
    return [scored for part in score_each(jobs, n_workers=n_workers) for scored in part]


def score_each(jobs: Sequence[Job], *, n_workers: int = 1) -> Iterator[list[Scored]]:
    """Score utterances in their order, each handed on when it is done.

    Args:
        jobs: the utterances.
        n_workers: processes; 1 stays in this one. The scores do not depend on it.

    Raises:
        AudioError: if a recording cannot be used at all.
    """
    with _mapped(jobs, n_workers) as done:
        yield from tqdm(done, total=len(jobs), desc="evaluate", disable=None)


@contextlib.contextmanager
def _mapped(jobs: Sequence[Job], n_workers: int) -> Iterator[Iterable[list[Scored]]]:
    if n_workers <= 1:
        yield map(score_job, jobs)
        return
    # Workers start afresh: a forked child of a process that runs PyTorch threads can hang.
    context = multiprocessing.get_context("spawn")
    modules = sorted({one.compute.__module__ for one in METRICS.values()})
    with (
        one_thread_each(),
        concurrent.futures.ProcessPoolExecutor(n_workers, context, _prepare, (modules,)) as pool,
    ):
        try:
            yield pool.map(score_job, jobs)
        finally:
            pool.shutdown(cancel_futures=True)


def _prepare(modules: Sequence[str]) -> None:
    """What a worker does first: it learns of all metrics, those of other packages included."""
    # A worker has nothing to clean up: an interrupt ends it at once, without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for name in modules:
        importlib.import_module(name)
