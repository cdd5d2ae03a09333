"""The same texts through every strategy, in figures and in sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.atomic import write_text
from tts_pipeline.comparison import Comparison
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.figures import assemble
from tts_pipeline.evaluation.compare.material import load_material, read_rows
from tts_pipeline.evaluation.compare.scores import score_strategies
from tts_pipeline.evaluation.compare.sounds import (
    BUDGET_S,
    make_sounds,
    tasks_for,
)
from tts_pipeline.evaluation.compare.tables import report_markdown
from tts_pipeline.evaluation.metrics.recogniser import PocketsphinxRecogniser, Recogniser
from tts_pipeline.evaluation.metrics.registry import METRICS, checked_names
from tts_pipeline.evaluation.metrics.sound import SAMPLE_RATE
from tts_pipeline.evaluation.tables import score_csv
from tts_pipeline.voice.voice import Voice


def compare(
    voice: Voice,
    texts: Path,
    folder: Path,
    *,
    seed: int = 0,
    only: Sequence[str] | None = None,
    limits: dict[str, int] | None = None,
    budget_s: float = BUDGET_S,
    metrics: Sequence[str] | None = None,
    recogniser: Recogniser | None = None,
    n_seeds: int = 1,
    n_workers: int = 1,
) -> Comparison:
    """Compare all strategies on the same texts and write the report.

    Args:
        voice: loaded from a folder, at 16 kHz.
        texts: see :func:`~tts_pipeline.evaluation.compare.material.read_rows`.
        folder: gets ``comparison.json``, ``report.md``, ``scores.csv``,
            ``audio/STRATEGY/TEXT.wav`` and ``parts/``, what a later run goes on from.
        seed: of the first text; the others get the next ones, the same for all strategies.
        only: names of the strategies that take part, None: all.
        limits: by strategy the number of texts to make at most.
        budget_s: seconds that making may take for a strategy without a limit.
        metrics: names out of ``METRICS``, None: all.
        n_seeds: how often strategies from text speak each text, for metrics over a group of seeds.
        recogniser: default :class:`PocketsphinxRecogniser`.
        n_workers: processes that score.

    Returns:
        What ``comparison.json`` holds; the page is made of it by
        :func:`tts_pipeline.evaluation.pages.comparison_page.report_html`.

    Raises:
        ConfigError: if the voice was not loaded from a folder or has another sample rate, or a
            strategy is unknown.
    """
    if voice.audio.sample_rate != SAMPLE_RATE:
        raise ConfigError(
            f"voice {voice.name!r}: sample_rate={voice.audio.sample_rate}, the metrics are defined "
            f"at {SAMPLE_RATE}"
        )
    recogniser = recogniser or PocketsphinxRecogniser()
    materials = load_material(read_rows(texts), voice.audio)
    tasks = tasks_for(
        voice,
        materials,
        folder,
        seed=seed,
        only=only,
        limits=limits or {},
        budget_s=budget_s,
        n_seeds=n_seeds,
    )
    records, failures = make_sounds(tasks)
    scored = score_strategies(
        tasks,
        materials,
        {place: folder / record.file for place, record in records.items()},
        metrics=list(METRICS) if metrics is None else checked_names(metrics),
        recogniser=recogniser,
        n_workers=n_workers,
    )
    comparison = assemble(
        voice,
        materials,
        tasks,
        records,
        scored,
        failures,
        seed=seed,
        n_seeds=n_seeds,
        recogniser=recogniser.name,
    )
    folder.mkdir(parents=True, exist_ok=True)
    comparison.write(folder)
    write_text(folder / "scores.csv", score_csv(scored))
    write_text(folder / "report.md", report_markdown(comparison))
    return comparison
