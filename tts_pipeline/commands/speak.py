"""``tts-pipeline "text" out.wav``: speak a text into a file or a pipe."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tts_pipeline.atomic import write_json
from tts_pipeline.audio.files import FORMATS
from tts_pipeline.commands.options import add_voice_options, voice_options
from tts_pipeline.commands.sinks import PipeSink, Sink, file_sink
from tts_pipeline.commands.table import COMMANDS
from tts_pipeline.errors import AudioError, TextError

if TYPE_CHECKING:
    from tts_pipeline.audio.files import Audio

PIPE = "-"
# Read in pieces of this many characters at most, a line at a time.
_PIECE = 8192
_CLEAR_LINE = "\r\x1b[K"


def main(argv: Sequence[str]) -> int:
    """Speak; returns the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    text, output = _text_and_output(parser, arguments)
    if output == PIPE and sys.stdout.isatty():
        parser.error("sound is not written to a terminal: name a file, or put a pipe behind")
    if arguments.raw and output != PIPE:
        parser.error("--raw goes with -o - only; a file's suffix chooses its format")

    # After the arguments are found good: this loads the kernels.
    from tts_pipeline.synthesis import stream
    from tts_pipeline.voice.voice import cached_voice

    options = {**voice_options(arguments), "threads": arguments.threads}
    voice = options["voice"] = cached_voice(arguments.voice)
    blocks = _shown(stream(text, **options))
    rate = voice.audio.sample_rate
    stamps: list[dict[str, object]] = []
    n_samples = 0
    with _sink(output, rate, raw=arguments.raw) as sink:
        for block in blocks:
            sink.write(block.samples)
            n_samples += len(block.samples)
            if arguments.timestamps:
                stamps += [dataclasses.asdict(stamp) for stamp in block.timestamps]
    if arguments.timestamps:
        facts = {"sample_rate": rate, "duration_s": n_samples / rate, "timestamps": stamps}
        write_json(arguments.timestamps, facts, AudioError)
    return 0


def _parser() -> argparse.ArgumentParser:
    others = "\n".join(
        f"  tts-pipeline {name:<10} {command.purpose}" for name, command in COMMANDS.items()
    )
    parser = argparse.ArgumentParser(
        prog="tts-pipeline",
        usage='%(prog)s [options] "text" out.wav\n'
        "       %(prog)s [options] -f text.txt out.wav\n"
        "       %(prog)s [options] -o - < text.txt | player",
        description="Speak a text. One that begins with <speak> is read as SSML; [[HH AH0 L OW1]] "
        "in plain text are phones.",
        epilog=f"other commands (each with --help):\n{others}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "words", nargs="*", metavar="text out.wav", help="the text (else -f or stdin), the file"
    )
    parser.add_argument("-f", "--file", type=Path, help="read the text from a UTF-8 file")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help=f"{', '.join(FORMATS)}; - writes wav to stdout"
    )
    parser.add_argument(
        "--raw", action="store_true", help="with -o -: 16-bit samples without a header"
    )
    parser.add_argument(
        "--timestamps", type=Path, metavar="FILE", help="write times of words and phones as JSON"
    )
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="sentences spoken at once, each on one core (default: two where two cores are)",
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    add_voice_options(parser)
    return parser


def _text_and_output(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace
) -> tuple[str | Iterator[str], str]:
    words, output = list(arguments.words), arguments.output
    # The output is the last word, unless -o names it or the word before it is all there is and
    # does not look like a file.
    if output is None and words and (len(words) > 1 or Path(words[-1]).suffix.lower() in FORMATS):
        output = words.pop()
    if output is None:
        parser.error(f"where to? Name a file that ends in {', '.join(FORMATS)}, or -o - for a pipe")
    if len(words) > 1:
        parser.error('expected one text and one file; put the text in quotes: "like this"')
    if words and arguments.file:
        parser.error(f"a text ({words[0]!r}) and -f {arguments.file}: expected one of the two")
    if words:
        return words[0], output
    if arguments.file:
        pieces = _pieces(arguments.file)
        # A file that is all there may be spoken ahead, several sentences at once.
        return "".join(pieces) if arguments.file.is_file() else pieces, output
    if sys.stdin.isatty():
        parser.error('no text: give it in quotes, by -f FILE, or on stdin ("-" is not needed)')
    return _pieces(None), output


def _pieces(path: Path | None) -> Iterator[str]:
    name = "stdin" if path is None else str(path)
    source = sys.stdin.fileno() if path is None else path
    try:
        with open(source, encoding="utf-8-sig", closefd=path is not None) as file:
            while piece := file.readline(_PIECE):
                yield piece
    except UnicodeDecodeError as error:
        raise TextError(
            f"{name}: not UTF-8 text ({error.reason}); save it as UTF-8 first"
        ) from error
    except OSError as error:
        raise TextError(f"{name}: cannot be read ({error.strerror})") from error


@contextlib.contextmanager
def _sink(output: str, sample_rate: int, *, raw: bool) -> Iterator[Sink]:
    if output == PIPE:
        sink = PipeSink(sys.stdout.buffer, sample_rate, header=not raw)
        yield sink
        sink.close()
    else:
        with file_sink(Path(output), sample_rate) as sink:
            yield sink


def _shown(blocks: Iterator[Audio]) -> Iterator[Audio]:
    """Pass blocks on; say what was left out, and on a terminal how far it is."""
    progress = sys.stderr.isatty()
    begun, spoken_s, known_s = time.perf_counter(), 0.0, 0.0
    for block in blocks:
        for item in block.report.dropped:
            print(
                f"{_CLEAR_LINE if progress else ''}tts-pipeline: warning: {item.describe()}",
                file=sys.stderr,
            )
        yield block
        spoken_s += block.duration_s
        # A sentence's timestamps come with its first block, and tell how long it will be.
        known_s = max([known_s, *(stamp.end_s for stamp in block.timestamps)])
        if progress:
            speed = spoken_s / (time.perf_counter() - begun)
            status = (
                f"{_CLEAR_LINE}{spoken_s:.1f} s of speech, {speed:.1f} x real time, "
                f"{speed * block.sample_rate:,.0f} samples/s"
            )
            if block.duration_s and known_s > spoken_s:
                # At this block's own speed: loading and compiling are over.
                left_s = (known_s - spoken_s) * block.report.compute_s / block.duration_s
                status += f", sentence done in {left_s:.1f} s"
            print(status, end="", file=sys.stderr, flush=True)
    if progress:
        print(file=sys.stderr)
