"""``tts-pipeline batch CSV FOLDER``: speak every row into a file of its own, resumably.

A file gets its name when it is whole, and then a line of ``batch.jsonl`` says what it was made of.
A row is done if its file is there and that line is about the same text, voice and options.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tts_pipeline.audio.files import FORMATS
from tts_pipeline.commands.batch.rows import read_rows
from tts_pipeline.commands.batch.workers import Job, Outcome, speak, speak_in_workers
from tts_pipeline.commands.options import add_voice_options, voice_options
from tts_pipeline.cores import usable_cores
from tts_pipeline.errors import AudioError

if TYPE_CHECKING:
    from tts_pipeline.voice.voice import Voice

LOG = "batch.jsonl"


def main(argv: Sequence[str]) -> int:
    """Speak the rows; returns 1 if one of them failed, else 0."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    folder: Path = arguments.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(f"{folder}: cannot be made ({error.strerror})") from error

    from tts_pipeline.voice.voice import cached_voice

    options = voice_options(arguments)
    voice = options["voice"] = cached_voice(arguments.voice)
    settings = _settings(voice, options)
    if arguments.lexicon:
        options["voice"], options["lexicon"] = voice.with_lexicon(arguments.lexicon), None
    # Read now: a lexicon that cannot be read is one error, not one for every row.
    _ = options["voice"].front_end
    n_spoken = n_skipped = n_failed = 0
    done = _done(folder / LOG)

    def jobs() -> Iterator[Job]:
        nonlocal n_skipped
        for row in read_rows(arguments.csv):
            path = folder / f"{row.id}{arguments.format}"
            made_of = _digest([settings, row.text])
            if not row.fault and done.get(path.name) == made_of and path.is_file():
                n_skipped += 1
            else:
                yield Job(row, path, made_of)

    outcomes: Generator[Outcome, None, None]
    if arguments.engine == "ray":
        from tts_pipeline.commands.batch.ray_workers import speak_with_ray

        outcomes = speak_with_ray(jobs(), options, arguments.workers)
    elif arguments.workers == 1:
        outcomes = (speak(job, options) for job in jobs())
    else:
        outcomes = speak_in_workers(jobs(), options, arguments.workers)
    with (folder / LOG).open("a", encoding="utf-8") as log, contextlib.closing(outcomes):
        for outcome in outcomes:
            row = outcome.job.row
            where = f"{arguments.csv}:{row.line}: {row.id}"
            if outcome.error:
                n_failed += 1
                _say(f"{where}: error: {outcome.error}")
                continue
            for item in outcome.dropped:
                _say(f"{where}: warning: {item.describe()}")
            _note(log, outcome)
            n_spoken += 1
            if sys.stderr.isatty():
                print(f"\r{n_spoken} spoken, {n_skipped} done before", end="", file=sys.stderr)
    _say(f"{n_spoken} spoken, {n_skipped} done before, {n_failed} failed")
    return 1 if n_failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tts-pipeline batch",
        description="Speak every row of a csv (id|text or id,text) into FOLDER/id.wav. Rows that "
        "are done are passed over; started again after a kill, it goes on. Exit code 1 if a row "
        "failed; the others are spoken all the same.",
    )
    parser.add_argument("csv", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--format", choices=sorted(FORMATS), default=".wav", help="of the files (default .wav)"
    )
    parser.add_argument(
        "--workers",
        type=_count,
        default=usable_cores(),
        metavar="N",
        help="processes that speak, one thread each (default: one a core, here %(default)s)",
    )
    parser.add_argument(
        "--engine",
        choices=("processes", "ray"),
        default="processes",
        help="what runs the workers: processes of this machine, or Ray, also on the cluster at "
        "RAY_ADDRESS (extra [ray])",
    )
    add_voice_options(parser)
    return parser


def _settings(voice: Voice, options: dict[str, Any]) -> str:
    """Everything but the text that decides how a row sounds."""
    from tts_pipeline import __version__

    plain = {key: value for key, value in options.items() if key not in ("voice", "lexicon")}
    lexicon: Path | None = options["lexicon"]
    words = lexicon.read_bytes().hex() if lexicon and lexicon.is_file() else ""
    return _digest([__version__, voice.name, voice.fingerprint, plain, words])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _done(path: Path) -> dict[str, str]:
    done: dict[str, str] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            # A kill may leave half a line: that row is then spoken again.
            try:
                entry = json.loads(line)
                done[entry["file"]] = entry["made_of"]
            except (KeyError, TypeError, ValueError):
                continue
    return done


def _note(log: IO[str], outcome: Outcome) -> None:
    entry = {
        "file": outcome.job.path.name,
        "made_of": outcome.job.made_of,
        "duration_s": round(outcome.duration_s, 3),
    }
    # The line break comes first, so that half a line never swallows the next one.
    log.write("\n" + json.dumps(entry))
    log.flush()


def _count(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value}: expected at least 1")
    return number


def _say(message: str) -> None:
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{clear}{message}", file=sys.stderr)
