"""Rows of a batch into files through Ray Data: on the cores of this machine, or of a cluster.

Ray is the engine: it starts the workers, hands out the rows, and starts again what dies. Rows and
log are those of :mod:`tts_pipeline.commands.batch.command`. On a cluster (``RAY_ADDRESS``) every
node needs this package, and the folder of the files must be the same for all of them.
"""

from __future__ import annotations

import itertools
import logging
import os
import pickle
import warnings
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

from tts_pipeline.commands.batch.workers import TRIES, Job, Outcome, speak
from tts_pipeline.errors import TTSPipelineError

if TYPE_CHECKING:
    from tts_pipeline.voice.voice import Voice

# Rows that Ray Data holds at once, and those that a worker is given at a time. Rows whose workers
# died go one by one in a second round, so that one that kills takes no other with it.
_ROWS_AT_ONCE = 16384
_ROWS_A_BLOCK = (8, 1)


def speak_with_ray(
    jobs: Iterable[Job], options: dict[str, Any], n_workers: int
) -> Generator[Outcome, None, None]:
    """:func:`speak` in Ray's workers, in the order in which Ray gives them back.

    The voice lies in Ray's object store, from which all workers of a machine read it. A row whose
    worker dies is given to another one.

    Args:
        jobs: read as they are needed, some thousands at a time.
        options: of :func:`tts_pipeline.synthesize`, ``voice`` being a loaded one.
        n_workers: how many, each with one thread.

    Raises:
        TTSPipelineError: if Ray is not installed, or cannot be started or reached.
    """
    # Nothing is sent anywhere unless the user says so.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise TTSPipelineError(
            f"--engine ray needs {error.name}, which is not installed; "
            "install with: pip install 'tts_pipeline[ray]'"
        ) from error

    ours = not ray.is_initialized()
    if ours:
        _start(n_workers)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # What fails for good comes back as missing rows, which have a round of their own.
    context.max_errored_blocks = -1
    try:
        shared = ray.put(options)
        iterator = iter(jobs)
        while chunk := list(itertools.islice(iterator, _ROWS_AT_ONCE)):
            left = dict(enumerate(chunk))
            for size in _ROWS_A_BLOCK:
                yield from _spoken(left, shared, n_workers, size)
            for job in left.values():
                yield Outcome(job, error=f"{TRIES} workers died of it, or failed: see Ray's logs")
    finally:
        if ours:
            ray.shutdown()


class _Speaker:
    """A worker: speaks the rows that it is called with.

    Args:
        shared: reference to the options of :func:`tts_pipeline.synthesize`, in a list, so that
            Ray hands it over as it is.
    """

    def __init__(self, shared: list[Any]) -> None:
        import ray

        options = ray.get(shared[0])
        voice: Voice = options["voice"]
        lexicon = options["lexicon"]
        voice = voice if lexicon is None else voice.with_lexicon(lexicon)
        self._options = {**options, "voice": voice, "lexicon": None}

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        outcome = speak(pickle.loads(row["job"]), self._options)
        return {"index": row["index"], "outcome": pickle.dumps(outcome)}


def _spoken(
    left: dict[int, Job], shared: Any, n_workers: int, rows_a_block: int
) -> Generator[Outcome, None, None]:
    """Take out of ``left``, and yield, what becomes of it."""
    import ray.data
    from ray.exceptions import RayError

    if not left:
        return
    rows = [{"index": index, "job": pickle.dumps(job)} for index, job in left.items()]
    n_blocks = -(-len(rows) // rows_a_block)
    worker: Any = _Speaker
    with warnings.catch_warnings():
        # Ray 2.60 wants the last argument given otherwise, but has no other name for it yet.
        warnings.simplefilter("ignore", DeprecationWarning)
        spoken = ray.data.from_items(rows, override_num_blocks=n_blocks).map(
            worker,
            fn_constructor_args=([shared],),
            # One block at a time, or those that wait at a worker die with the one that kills it.
            compute=ray.data.ActorPoolStrategy(
                size=min(n_workers, n_blocks), max_tasks_in_flight_per_actor=1
            ),
            num_cpus=1,
            ray_remote_args_fn=_persistence,
        )
    try:
        for row in spoken.iter_rows():
            del left[row["index"]]
            yield pickle.loads(row["outcome"])
    except RayError as error:
        raise TTSPipelineError(
            f"Ray gave up ({error}); started again, the batch goes on"
        ) from error


def _persistence() -> dict[str, int]:
    """Workers are started again for ever, rows are tried so often."""
    return {"max_restarts": -1, "max_task_retries": TRIES - 1}


def _start(n_workers: int) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        if os.environ.get("RAY_ADDRESS"):
            ray.init(**quiet)
        else:
            ray.init(num_cpus=n_workers, include_dashboard=False, **quiet)
    except (ConnectionError, RuntimeError, TimeoutError) as error:
        raise TTSPipelineError(f"Ray cannot be started or reached ({error})") from error
