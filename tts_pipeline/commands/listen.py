"""``tts-pipeline listen``: build, serve, analyse and export listening tests."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.errors import ConfigError
from tts_pipeline.listening.design.plan import DESIGNS, Plan, read_plan
from tts_pipeline.listening.trials import ANSWERS_FILE, PUBLIC, read_key


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    return int(arguments.run(arguments) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tts-pipeline listen",
        description="Listening tests in the browser: MOS, MUSHRA, AB, ABX, intelligibility.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="make a test out of sounds")
    build.add_argument("plan", type=Path, nargs="?", help="YAML file (see README)")
    build.add_argument("--from", dest="comparison", metavar="DIR", help="what compare wrote")
    build.add_argument("--design", choices=DESIGNS)
    build.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    build.add_argument("--conditions", metavar="A,B,...", help="use these only")
    build.add_argument("--reference", metavar="NAME", help="the condition of the recordings")
    build.add_argument("--seed", type=int, help="of all random orders (default 0)")
    build.set_defaults(run=_build)

    serve = commands.add_parser("serve", help="serve a test and store the answers")
    serve.add_argument("test", type=Path, help="folder that build made")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument("--port", type=int, default=8000, help="(%(default)s)")
    serve.add_argument("--answers", type=Path, metavar="FILE", help=f"(TEST/{ANSWERS_FILE})")
    serve.set_defaults(run=_serve)

    analyse = commands.add_parser("analyse", help="turn the answers into statistics")
    analyse.add_argument("test", type=Path, help="folder that build made")
    analyse.add_argument(
        "--answers",
        type=Path,
        nargs="+",
        metavar="PATH",
        help=f"databases, downloaded JSON files or folders of them (TEST/{ANSWERS_FILE})",
    )
    analyse.add_argument("--out", type=Path, metavar="DIR", help="(TEST/results)")
    analyse.add_argument(
        "--include-unfinished", action="store_true", help="count listeners who stopped early"
    )
    analyse.add_argument(
        "--no-screening", action="store_true", help="count listeners who failed the checks"
    )
    analyse.set_defaults(run=_analyse)

    export = commands.add_parser("export", help="write the test for webMUSHRA")
    export.add_argument("test", type=Path, help="folder that build made")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    export.set_defaults(run=_export)
    return parser


def _build(arguments: argparse.Namespace) -> None:
    from tts_pipeline.listening.design.build import build_test, report

    given = {
        "comparison": arguments.comparison,
        "design": arguments.design,
        "reference": arguments.reference,
        "seed": arguments.seed,
        "only": (
            tuple(name.strip() for name in arguments.conditions.split(","))
            if arguments.conditions
            else None
        ),
    }
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.plan is not None:
        plan = read_plan(arguments.plan, **given)
    elif arguments.comparison is None or arguments.design is None:
        raise ConfigError("what to build? give a YAML file, or --from DIR and --design DESIGN")
    else:
        plan = Plan(**given)
    key = build_test(plan, arguments.out)
    print(report(plan, key))
    print(f"Serve it: tts-pipeline listen serve {arguments.out}")
    print(f"Or put {arguments.out / PUBLIC} on any web server; listeners then send in files.")


def _serve(arguments: argparse.Namespace) -> None:
    import uvicorn

    from tts_pipeline.connections import BACKLOG, BoundedHTTP, Server
    from tts_pipeline.listening.collect.server import make_app
    from tts_pipeline.listening.collect.store import AnswerStore

    key = read_key(arguments.test)
    try:
        family = socket.AF_INET6 if ":" in arguments.host else socket.AF_INET
        listening = socket.create_server((arguments.host, arguments.port), family=family)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"cannot listen on {arguments.host}:{arguments.port} ({error}); "
            "choose others with --host and --port"
        ) from error
    with listening:
        store = AnswerStore(arguments.answers or arguments.test / ANSWERS_FILE, key)
        app = make_app(arguments.test, key, store)
        port = listening.getsockname()[1]
        print(f"{key.title}: http://{arguments.host}:{port}/ (stop with Ctrl-C)", flush=True)
        try:
            # A stop does not wait for browsers that keep their connection open.
            config = uvicorn.Config(
                app,
                http=BoundedHTTP,
                backlog=BACKLOG,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=3,
            )
            Server(config).run(sockets=[listening])
        finally:
            store.close()


def _analyse(arguments: argparse.Namespace) -> None:
    from tts_pipeline.listening.analysis.report import write_results
    from tts_pipeline.listening.analysis.results import read_results

    key = read_key(arguments.test)
    paths = arguments.answers or [arguments.test / ANSWERS_FILE]
    results = read_results(key, paths)
    out = arguments.out or arguments.test / "results"
    text = write_results(
        key,
        results,
        out,
        include_unfinished=arguments.include_unfinished,
        screening=not arguments.no_screening,
    )
    print(text)
    print(f"tables and plots: {out}", file=sys.stderr)


def _export(arguments: argparse.Namespace) -> None:
    from tts_pipeline.listening.design.webmushra import export

    path = export(read_key(arguments.test), arguments.test, arguments.out)
    print(f"copy {path.parent} over webMUSHRA's configs/ and open index.html?config={path.name}")
