"""``tts-pipeline evaluate``: folders of sound against recordings and texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tts_pipeline.atomic import write_json, write_text
from tts_pipeline.audio.files import FORMATS, read_audio
from tts_pipeline.audio.levels import resample
from tts_pipeline.commands.evaluate_words import main as evaluate_words
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.material import read_rows
from tts_pipeline.evaluation.metrics.recogniser import PocketsphinxRecogniser
from tts_pipeline.evaluation.metrics.registry import (
    METRICS,
    RECORDING,
    TEXT,
    TIMING,
    checked_names,
    possible,
)
from tts_pipeline.evaluation.metrics.scoring import NATURAL, Job, score_all
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE
from tts_pipeline.evaluation.plots import box_plots
from tts_pipeline.evaluation.tables import as_json, score_csv, score_table

_ABOUT = """\
Scores every sound file of --generated. Files belong together by name: generated/a.wav is compared
with reference/a.flac and with the text of the line "a<TAB>text". Without --reference or --texts
the metrics that need them are left out. PESQ, STOI, F0 and log-spectral distance need the same
timing as the reference (copy-synthesis), the others do not. "tts-pipeline evaluate words" says
single words instead and counts those that are understood; see its --help."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tts-pipeline evaluate", description=_ABOUT)
    parser.add_argument("--generated", type=Path, required=True, help="folder of sounds to score")
    parser.add_argument("--reference", type=Path, help="folder of recordings")
    parser.add_argument("--texts", type=Path, help="file of lines name<TAB>text")
    parser.add_argument("--metrics", help=f"some of {','.join(METRICS)}, with commas between")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--csv", type=Path, help="write the figures of each file to this file")
    parser.add_argument("--plots", type=Path, help="write box plots into this folder")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 1 if a metric named with ``--metrics`` has no score for some file (the table says why).

    Raises:
        ConfigError: if folders, texts or metrics do not fit together.
        AudioError: if a file cannot be read.
    """
    if argv is not None and list(argv[:1]) == ["words"]:
        return evaluate_words(argv[1:])
    options = _parser().parse_args(argv)
    jobs = _jobs(options)
    scored = score_all(jobs, n_workers=options.workers)
    print(score_table(scored))
    for path in (options.json, options.csv):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
    if options.json:
        write_json(options.json, as_json(scored))
    if options.csv:
        write_text(options.csv, score_csv(scored))
    if options.plots:
        box_plots(scored, options.plots)
    return int(bool(options.metrics) and any(item.scores.unavailable for item in scored))


def _jobs(options: argparse.Namespace) -> list[Job]:
    generated = sounds_in(options.generated)
    reference = sounds_in(options.reference) if options.reference else None
    texts = read_texts(options.texts) if options.texts else None
    given = {RECORDING, TIMING} if reference is not None else set()
    if texts is not None:
        given.add(TEXT)
    wanted = checked_names(options.metrics.split(",")) if options.metrics else possible(given)
    for source, names in ((options.reference, reference), (options.texts, texts)):
        absent = sorted(set(generated) - set(names)) if names is not None else []
        if absent:
            shown = ", ".join(absent[:10]) + (" ..." if len(absent) > 10 else "")
            raise ConfigError(
                f"{source}: lacks {len(absent)} of the {len(generated)} names in "
                f"{options.generated} ({shown})"
            )
        unused = len(set(names or ()) - set(generated))
        if unused:
            print(f"{source}: {unused} names without a generated sound", file=sys.stderr)
    alone = [name for name in wanted if METRICS[name].needs <= {TEXT}]
    recogniser = PocketsphinxRecogniser() if texts is not None else None
    folder = options.generated.resolve().name
    system = folder if folder not in ("", NATURAL) else "generated"

    jobs = []
    for name, path in generated.items():
        others = [reference[name]] if reference is not None else []
        sound, *natural = in_common_band([path, *others])
        jobs.append(
            Job(
                name=name,
                text=texts[name] if texts is not None else None,
                natural=natural[0] if natural else None,
                versions={system: sound},
                wanted={system: wanted, NATURAL: alone},
                recogniser=recogniser,
            )
        )
    return jobs


def in_common_band(paths: Sequence[Path]) -> list[np.ndarray]:
    """Sounds that are compared with each other, each ``(S,)`` at the rate of the metrics.

    A file of another rate loses the top of its band when it is resampled, which the others then
    lose too: a clip would otherwise be far from its own copy at 44.1 kHz.
    """
    files = [read_audio(path) for path in paths]
    rates = {file.sample_rate for file in files} - {SAMPLE_RATE}
    sounds = []
    for file in files:
        samples = resample(file.samples, file.sample_rate, SAMPLE_RATE)
        for rate in rates - {file.sample_rate}:
            there_and_back = resample(resample(samples, SAMPLE_RATE, rate), rate, SAMPLE_RATE)
            samples = there_and_back[: len(samples)]
        sounds.append(samples)
    return sounds


def sounds_in(folder: Path) -> dict[str, Path]:
    """Sound files of a folder by name without suffix, in order.

    Raises:
        ConfigError: if it is no folder, holds no sound, or two of the same name.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: not a folder; expected one with sound files")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in FORMATS:
            continue
        if path.stem in found:
            raise ConfigError(f"{path}: {found[path.stem].name} has the same name; keep one")
        found[path.stem] = path
    if not found:
        raise ConfigError(f"{folder}: holds no sound file ({', '.join(FORMATS)})")
    return found


def read_texts(path: Path) -> dict[str, str]:
    """Texts by name; see :func:`~tts_pipeline.evaluation.compare.material.read_rows`."""
    return {row.name: row.text for row in read_rows(path)}
