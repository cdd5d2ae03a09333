"""``tts-pipeline "text" out.wav``: speak a text into a file or a pipe."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts_pipeline.atomic import write_json, write_text
from tts_pipeline.audio.files import FORMATS
from tts_pipeline.commands.options import add_voice_options, voice_options
from tts_pipeline.commands.speak.json_lines import speak_lines
from tts_pipeline.commands.speak.playing import find_player, player_sink
from tts_pipeline.commands.speak.progress import shown
from tts_pipeline.commands.speak.sinks import PipeSink, Sink, file_sink
from tts_pipeline.commands.speak.subtitles import cues, srt, vtt
from tts_pipeline.commands.table import COMMANDS
from tts_pipeline.errors import AudioError, TextError

if TYPE_CHECKING:
    from tts_pipeline.audio.files import Audio
    from tts_pipeline.timestamps import Timestamp

PIPE = "-"
# Read in pieces of this many characters at most, a line at a time.
_PIECE = 8192


def main(argv: Sequence[str]) -> int:
    """Speak; returns the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.server and (arguments.voice or arguments.lexicon):
        parser.error("--server speaks with its own voice and lexicon: leave out --voice, --lexicon")
    if arguments.json_lines:
        return _json_lines(parser, arguments)
    text, output = _text_and_output(parser, arguments)
    if output == PIPE and sys.stdout.isatty():
        parser.error("sound is not written to a terminal: name a file, or --play it")
    if arguments.raw and output != PIPE:
        parser.error("--raw goes with -o - only; a file's suffix chooses its format")
    program = find_player() if arguments.play else None
    subtitles = [path for path in (arguments.srt, arguments.vtt) if path]
    if (subtitles or arguments.server) and not isinstance(text, str):
        text = "".join(text)

    rate, speak = _source(arguments)
    stamps: list[Timestamp] = []
    n_samples = 0
    with contextlib.ExitStack() as stack:
        sinks = [stack.enter_context(player_sink(program, rate))] if program else []
        if output:
            sinks.append(stack.enter_context(_sink(output, rate, raw=arguments.raw)))
        for block in shown(speak(text, _options(arguments))):
            for sink in sinks:
                sink.write(block.samples)
            n_samples += len(block.samples)
            if subtitles or arguments.timestamps:
                stamps += block.timestamps
    if arguments.timestamps:
        times = [dataclasses.asdict(stamp) for stamp in stamps]
        facts = {"sample_rate": rate, "duration_s": n_samples / rate, "timestamps": times}
        write_json(arguments.timestamps, facts, AudioError)
    if subtitles:
        found = cues(str(text), stamps)
        for path, written in ((arguments.srt, srt), (arguments.vtt, vtt)):
            if path:
                write_text(path, written(found), AudioError)
    return 0


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    options = voice_options(arguments)
    if arguments.server:
        own = {name: value for name, value in options.items() if name not in ("voice", "lexicon")}
        return own | ({"text_format": "markdown"} if _text_format(arguments) == "markdown" else {})
    return {**options, "threads": arguments.threads, "text_format": _text_format(arguments)}


def _text_format(arguments: argparse.Namespace) -> str:
    """How the text is written: as asked, else guessed by the file's suffix."""
    if arguments.text_format:
        return str(arguments.text_format)
    suffix = arguments.file.suffix.lower() if arguments.file else ""
    return "markdown" if suffix in (".md", ".markdown") else "plain"


def _source(
    arguments: argparse.Namespace,
) -> tuple[int, Callable[[str | Iterator[str], dict[str, Any]], Iterator[Audio]]]:
    """Sample rate, and what makes sound of a text with options: here, or on a server."""
    if arguments.server:
        from tts_pipeline.commands.speak.remote import Server

        server = Server(arguments.server)
        rate = server.sample_rate()
        return rate, lambda text, options: server.stream(str(text), rate, options)

    # After the arguments are found good: this loads the kernels.
    from tts_pipeline.synthesis import stream
    from tts_pipeline.voice.voice import cached_voice

    voice = cached_voice(arguments.voice)
    return voice.audio.sample_rate, lambda text, options: stream(
        text, **{**options, "voice": voice}
    )


def _json_lines(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if arguments.words:
        parser.error("--json-lines reads its texts from stdin or -f, and its files from the lines")
    folder = Path(arguments.output or ".")
    if not folder.is_dir():
        parser.error(f"-o {folder}: with --json-lines, expected the folder for its files")
    rate, speak = _source(arguments)
    lines = _pieces(arguments.file)
    for path in speak_lines(lines, folder, rate, _options(arguments), speak):
        print(path, flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    others = "\n".join(
        f"  tts-pipeline {name:<10} {command.purpose}" for name, command in COMMANDS.items()
    )
    parser = argparse.ArgumentParser(
        prog="tts-pipeline",
        usage='%(prog)s [options] "text" out.wav\n'
        "       %(prog)s [options] -f text.txt out.wav\n"
        "       %(prog)s [options] --play < text.txt",
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
        "--text-format",
        choices=("plain", "markdown"),
        help="how the text is written (default: markdown for files ending in .md, else plain)",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help=f"{', '.join(FORMATS)}; - writes wav to stdout"
    )
    parser.add_argument(
        "--play", action="store_true", help="play it, with or without a file beside it"
    )
    parser.add_argument(
        "--raw", action="store_true", help="with -o -: 16-bit samples without a header"
    )
    parser.add_argument(
        "--timestamps", type=Path, metavar="FILE", help="write times of words and phones as JSON"
    )
    parser.add_argument("--srt", type=Path, metavar="FILE", help="write subtitles (SubRip)")
    parser.add_argument("--vtt", type=Path, metavar="FILE", help="write subtitles (WebVTT)")
    parser.add_argument(
        "--json-lines",
        action="store_true",
        help='speak lines of {"text": ..., "output_file": ..., "seed": ..., "rate": ...} from '
        "stdin or -f, into the folder -o; prints each file",
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help="let a running tts-pipeline serve speak, such as http://127.0.0.1:8880",
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
) -> tuple[str | Iterator[str], str | None]:
    words, output = list(arguments.words), arguments.output
    # The output is the last word, unless -o names it or the word before it is all there is and
    # does not look like a file.
    if output is None and words and (len(words) > 1 or Path(words[-1]).suffix.lower() in FORMATS):
        output = words.pop()
    if output is None and not arguments.play:
        parser.error(
            f"where to? Name a file that ends in {', '.join(FORMATS)}, -o - for a pipe, or --play"
        )
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
        pipe = PipeSink(sys.stdout.buffer, sample_rate, header=not raw)
        yield pipe
        pipe.close()
    else:
        with file_sink(Path(output), sample_rate) as sink:
            yield sink
