"""Sentences spoken ahead of their turn: several at once, each on one core, given out in order.

A matrix product of ours is too small for two cores, a sentence is not. What is said does not
depend on it: every sentence has its own seed, and its products are those of one thread.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from tts_pipeline.text.protocol import Sentence
from tts_pipeline.timeline import Speaker, Spoken

# Sentences that wait to be given out, for each thread: one is being spoken, one is ready.
_WAITING = 2


@contextlib.contextmanager
def in_order(
    speaker: Speaker, sentences: Iterable[tuple[int, Sentence]]
) -> Iterator[Iterator[Spoken]]:
    """Speak all sentences, as many at once as the speaker may.

    Args:
        speaker: speaks them.
        sentences: each with its number in its text.

    Yields:
        what was spoken, in order.
    """
    items = list(sentences)
    n_threads = min(speaker.threads, len(items))
    if n_threads < 2:
        yield (speaker.speak(sentence, index) for index, sentence in items)
        return
    with ThreadPoolExecutor(n_threads, "tts-pipeline") as pool:
        futures: list[Future[Spoken]] = []
        try:
            for index, sentence in items:
                future = _submitted(pool, speaker, sentence, index)
                if future is None:
                    break
                futures.append(future)
            ahead = (future.result() for future in futures)
            rest = items[len(futures) :]
            yield itertools.chain(ahead, (speaker.speak(each, index) for index, each in rest))
        finally:
            for future in futures:
                future.cancel()


def _submitted(
    pool: ThreadPoolExecutor, speaker: Speaker, sentence: Sentence, index: int
) -> Future[Spoken] | None:
    """A sentence that will be spoken; None, then and from then on, where no thread can be started,
    as under a limit on processes."""
    try:
        return pool.submit(speaker.speak, sentence, index)
    except RuntimeError:
        pool.shutdown(wait=False)
        return None


class Next(NamedTuple):
    """What was read of a text.

    Attributes:
        item: as the front end gave it.
        spoken: its sentence, if it is being spoken already.
    """

    item: Any
    spoken: Future[Spoken] | None


class Ahead:
    """A text as it is read, its next sentences being spoken.

    Args:
        speaker: speaks them.
        read: pairs of a sentence (or None) and what else was read with it.
    """

    def __init__(self, speaker: Speaker, read: Iterator[tuple[Sentence | None, object]]) -> None:
        self._speaker, self._read = speaker, read
        self._pool: ThreadPoolExecutor | None = None
        self._queue: collections.deque = collections.deque()
        self._n_sentences = 0
        self._ended = False

    def __iter__(self) -> Iterator[Next]:
        try:
            while True:
                if not self._queue:
                    self._read_one()
                item, future = self._queue.popleft()
                if isinstance(item, StopIteration):
                    return
                if isinstance(item, Exception):
                    raise item
                yield Next(item, future)
        finally:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    def fill(self) -> None:
        """Let the next sentences be spoken; to be called when there is time for it."""
        if self._speaker.threads < 2:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._speaker.threads, "tts-pipeline")
        while len(self._queue) < _WAITING * self._speaker.threads and not self._ended:
            self._read_one()

    def _read_one(self) -> None:
        try:
            item = next(self._read)
        except Exception as error:
            # It is raised when its turn has come: what stands before it can still be spoken.
            self._ended = True
            self._queue.append((error, None))
            return
        future = None
        if item[0] is not None:
            if self._pool is not None:
                future = _submitted(self._pool, self._speaker, item[0], self._n_sentences)
            self._n_sentences += 1
        self._queue.append((item, future))
