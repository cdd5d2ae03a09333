"""Why a request that is right itself is not answered with speech."""

from __future__ import annotations

import logging

from tts_pipeline import errors
from tts_pipeline.errors import TTSPipelineError
from tts_pipeline.serve.job import Failed

log = logging.getLogger("tts_pipeline.serve")


class Busy(TTSPipelineError):
    """Too many requests wait already; ``retry_s`` says when a place is likely to be free."""

    def __init__(self, n_waiting: int, retry_s: int) -> None:
        super().__init__(f"{n_waiting} requests are waiting already; try again in {retry_s} s")
        self.retry_s = retry_s


class WorkerLost(TTSPipelineError):
    """The process that worked on a request died; asking again may help."""


class TooLong(TTSPipelineError):
    """A request took longer than the server allows."""


class Broken(TTSPipelineError):
    """Something unforeseen happened; the log says what."""


def error_of(failed: Failed) -> TTSPipelineError:
    """The error that a worker met; what only the log should know goes there."""
    if failed.kind:
        kind = getattr(errors, failed.kind, TTSPipelineError)
        return kind(failed.message)
    log.error("job %d failed:\n%s", failed.number, failed.message)
    return Broken("something went wrong inside the server; its log says what")
