"""The command ``tts-pipeline``: finds the command, turns errors into exit codes.

Exit codes: 0 done, 1 an error of ours (one message on stderr), 2 wrong usage, 130 interrupted, 143
ended by SIGTERM, 129 by SIGHUP; all of these clean up.
A reader that closes the pipe early is no error.
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from tts_pipeline import __version__
from tts_pipeline.commands.table import COMMANDS
from tts_pipeline.errors import TTSPipelineError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.unraisablehook = _interrupt_again
    ended_by: list[int] = []
    try:
        with _ending_as_by_interrupt(ended_by):
            return _run(arguments)
    except TTSPipelineError as error:
        print(f"tts-pipeline: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + ended_by[0] if ended_by else INTERRUPTED
    except BrokenPipeError:
        # Python flushes stdout once more on its way out, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A library that writes by itself; whatever else it cannot do is a fault of ours.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(
            f"tts-pipeline: error: {where}the disk is full ({error.strerror}); free some space and "
            "run again",
            file=sys.stderr,
        )
        return 1


@contextlib.contextmanager
def _ending_as_by_interrupt(ended_by: list[int]) -> Iterator[None]:
    """Meanwhile SIGTERM (systemd, a batch system) and SIGHUP (a closed terminal) clean up as
    Ctrl-C does; their number is put into ``ended_by``."""

    def interrupt(number: int, _: object) -> None:
        ended_by.append(number)
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # What nohup ignores stays ignored.
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt_again(fault: sys.UnraisableHookArgs) -> None:
    """Let no Ctrl-C be lost: one that falls into a finaliser or callback is only printed there."""
    if fault.exc_type is KeyboardInterrupt:
        # Not at once: the callback is still running.
        threading.Timer(0.02, _interrupt_main_thread).start()
    else:
        sys.__unraisablehook__(fault)


def _interrupt_main_thread() -> None:
    main_thread = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main_thread is not None:
        signal.pthread_kill(main_thread, signal.SIGINT)  # Also wakes it from a wait.
    else:
        _thread.interrupt_main()


def _run(arguments: list[str]) -> int:
    first = arguments[0] if arguments else ""
    if first == "--version":
        print(f"tts-pipeline {__version__}")
        return 0
    if first in COMMANDS:
        command, rest = COMMANDS[first], arguments[1:]
    else:
        command, rest = COMMANDS["speak"], arguments
    try:
        module = importlib.import_module(command.module)
        return module.main(rest) or 0
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing == "tts_pipeline" or not command.extra:
            raise
        raise TTSPipelineError(
            f"{first} needs {missing}, which is not installed; "
            f"install with: pip install 'tts_pipeline[{command.extra}]'"
        ) from error
