"""``tts-pipeline serve``: a warm voice for other programs, over HTTP and Wyoming."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.serve.settings import (
    DEFAULT_HTTP_PORT,
    DEFAULT_WYOMING_PORT,
    Settings,
    default_workers,
)

KEY_VARIABLE = "TTS_PIPELINE_API_KEY"


def main(argv: Sequence[str]) -> int:
    """Serve until it is told to stop; returns the exit code."""
    arguments = _parser().parse_args(argv)
    settings = Settings(
        voice=arguments.voice,
        workers=arguments.workers,
        queue=arguments.queue,
        max_characters=arguments.max_characters,
        max_seconds=arguments.max_seconds,
        api_key=arguments.api_key or os.environ.get(KEY_VARIABLE, ""),
        origins=tuple(arguments.cors),
    )

    from tts_pipeline.serve.job import Facts
    from tts_pipeline.serve.server import listening_socket, run

    logging.basicConfig(format="tts-pipeline: %(message)s", level=logging.WARNING)
    http = listening_socket(arguments.host, arguments.port, "--port")
    wyoming = None
    if not arguments.no_wyoming:
        wyoming = listening_socket(arguments.host, arguments.wyoming_port, "--wyoming-port")
    if not _is_loopback(arguments.host):
        print(
            f"tts-pipeline: warning: {arguments.host} can be reached from other machines; what is "
            "said travels unencrypted, and only HTTP asks for the API key",
            file=sys.stderr,
        )

    def tell(facts: Facts) -> None:
        shown = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        print(f"voice {facts.name}, {settings.workers} workers (stop with Ctrl-C)")
        print(f"page:    http://{shown}:{http.getsockname()[1]}/")
        print(f"OpenAI:  http://{shown}:{http.getsockname()[1]}/v1")
        if wyoming is not None:
            print(f"Wyoming: tcp://{shown}:{wyoming.getsockname()[1]}")
        sys.stdout.flush()

    asyncio.run(run(settings, http, wyoming, arguments.zeroconf, tell))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tts-pipeline serve",
        description="A warm voice over HTTP (OpenAI's speech API, and a page) and Wyoming (Home "
        "Assistant).",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (default %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_HTTP_PORT, help="HTTP (%(default)s)")
    parser.add_argument(
        "--wyoming-port", type=int, default=DEFAULT_WYOMING_PORT, help="(default %(default)s)"
    )
    parser.add_argument("--no-wyoming", action="store_true", help="HTTP only")
    parser.add_argument(
        "--zeroconf",
        nargs="?",
        const="tts_pipeline",
        metavar="NAME",
        help="announce the Wyoming server in the local network",
    )
    parser.add_argument("--voice", type=Path, metavar="FOLDER", help="default: the one that ships")
    parser.add_argument(
        "--workers",
        type=int,
        default=default_workers(),
        metavar="N",
        help="processes of one thread each (default: one a processor, %(default)s)",
    )
    parser.add_argument(
        "--queue", type=int, default=32, metavar="N", help="requests that may wait (%(default)s)"
    )
    parser.add_argument(
        "--max-characters",
        type=int,
        default=20_000,
        metavar="N",
        help="of one text (default %(default)s)",
    )
    parser.add_argument(
        "--max-seconds",
        type=float,
        default=300.0,
        metavar="S",
        help="of work on one request (default %(default)g)",
    )
    parser.add_argument(
        "--api-key", metavar="KEY", help=f"that HTTP clients must send (or {KEY_VARIABLE})"
    )
    parser.add_argument(
        "--cors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this origin call the server; may be repeated",
    )
    return parser


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
