"""The comparison as one HTML file, with every sound in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import read_audio
from tts_pipeline.comparison import ComparedSound, Comparison, Score, Speed, StrategyResult
from tts_pipeline.evaluation.compare.findings import number
from tts_pipeline.evaluation.compare.tables import (
    COST,
    HOW,
    PREPARED,
    cost_cells,
    cost_values,
    metrics_of,
    notes,
)
from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.pages.html import (
    Cell,
    escape,
    page,
    player,
    readme_link,
    sound_address,
    spectrogram_address,
    table,
)
from tts_pipeline.evaluation.pages.scatter import Point, quality_against_speed

TITLE = "What each strategy costs, and what it sounds like"


def report_html(
    comparison: Comparison,
    file: Path,
    folder: Path,
    *,
    public: bool = False,
    n_heard: int | None = None,
) -> str:
    """The page.

    Args:
        comparison: the comparison.
        file: where the page is going to lie, for its link to README.
        folder: of the comparison, with the sounds.
        public: leave the sound of recordings and of what is made of them out; figures stay.
        n_heard: so many texts can be heard, None: all; the page is as large as its sounds.
    """
    voice = comparison.voice
    readme = readme_link(file)
    home = f' <a href="{escape(readme)}">About tts_pipeline (README)</a>.' if readme else ""
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in comparison.findings)
    body = [
        f"<header><h1>{TITLE}</h1>",
        f'<p class="soft">Voice {escape(voice.name)} ({escape(voice.fingerprint[:12])}), '
        f"tts_pipeline {escape(comparison.version)}, {len(comparison.texts)} texts, "
        f"seed {comparison.seed}, {escape(comparison.made)}.{home}</p>",
        '<p>Figures first; <a href="#listen">the sounds</a> are below.</p></header><main>',
        f'<section aria-labelledby="words"><h2 id="words">In words</h2>'
        f'<ul class="said">{sentences}</ul></section>',
        f'<h2>Quality against speed</h2><div class="plots">{_plots(comparison)}</div>',
        f"<h2>Cost</h2>{_cost_table(comparison)}<p>{_how()}</p>"
        f'<p class="soft">Machine: {escape(comparison.machine.describe())}.</p>',
        f"<h2>Sound</h2>{_score_table(comparison)}{_meanings(comparison)}{_curves(comparison)}",
        _notes(comparison),
        f'<h2 id="listen">Listen</h2>{_sounds(comparison, folder, public, n_heard)}</main>',
    ]
    return page(f"{TITLE}: {voice.name}", "\n".join(body))


def _how() -> str:
    plain = HOW.split("`")
    return "".join(
        f"<code>{escape(part)}</code>" if k % 2 else escape(part) for k, part in enumerate(plain)
    )


def _plots(comparison: Comparison) -> str:
    out = []
    for name, metric in METRICS.items():
        points, natural = [], None
        for row in comparison.main:
            score = row.metrics.get(name)
            if score and row.reference:
                natural = score.value
            elif score and row.cost:
                points.append(_point(row, row.cost.xrt, score))
        if metric.plotted and points:
            plot = quality_against_speed(points, metric.label, natural)
            out.append(f"<figure>{plot}<figcaption>{escape(metric.plotted)}</figcaption></figure>")
    note = '<p class="soft">Bars: 95 % intervals over texts, and the slowest and fastest text.</p>'
    return "".join(out) + note if out else "<p>No strategy was timed and scored.</p>"


def _point(row: StrategyResult, speed: Speed, score: Score) -> Point:
    return Point(
        row.name, speed.median, speed.slowest, speed.fastest, score.value, score.low, score.high
    )


def _cost_table(comparison: Comparison) -> str:
    hints = {
        "first sound ms": "median",
        "memory MB": "peak",
        "GMAC/s": "per second of sound",
        "steps/s": "one after another",
    }
    rows = []
    for row in comparison.main:
        cells = [Cell(*pair) for pair in zip(cost_cells(row), cost_values(row))]
        rows.append([Cell(row.name, row.name, row.label), *cells])
    header = [("strategy", ""), *((name, hints.get(name, "")) for name in COST)]
    return table("What each strategy costs; press a column's name to sort", header, rows)


def _score_table(comparison: Comparison) -> str:
    names = metrics_of(comparison)
    rows = [
        [Cell(row.name, row.name, f"{row.n_texts} texts"), *_score_cells(row, names)]
        for row in comparison.main
    ]
    header = [("strategy", ""), *map(_head, names)]
    return table("Scores, with 95 % bootstrap intervals over texts", header, rows)


def _head(name: str) -> tuple[str, str]:
    metric = METRICS[name]
    unit = f"{metric.unit}; " if metric.unit else ""
    return metric.label, f"{unit}best: {metric.best}"


def _score_cells(row: StrategyResult, names: Sequence[str]) -> list[Cell]:
    cells = []
    for name in names:
        found, digits = row.metrics.get(name), METRICS[name].digits
        if found is None:
            cells.append(Cell("–"))
            continue
        interval = f"{found.low:.{digits}f} to {found.high:.{digits}f}"
        cells.append(Cell(f"{found.value:.{digits}f}", found.value, interval))
    return cells


def _curves(comparison: Comparison) -> str:
    """Quality and speed against the number of steps, a table and a picture a strategy."""
    out = []
    for curve, points in comparison.curves.items():
        names = [m for m in metrics_of(comparison) if any(m in row.metrics for row in points)]
        header = [("steps", ""), ("x real time", ""), *map(_head, names)]
        rows = []
        for row in points:
            speed = row.cost.xrt.median if row.cost else None
            cells = [Cell("–" if speed is None else number(speed), speed)]
            rows.append([Cell(str(row.steps), row.steps), *cells, *_score_cells(row, names)])
        title = f"{curve} by steps"
        out.append(
            f"<h3>{escape(title)}</h3>{table(title, header, rows)}"
            f'<div class="plots">{_curve_plots(points)}</div>'
        )
    return "".join(out)


def _curve_plots(points: Sequence[StrategyResult]) -> str:
    """Quality against speed, the points called after their number of steps."""
    out = []
    for name, metric in METRICS.items():
        shown = [
            _point(row, row.cost.xrt, row.metrics[name])._replace(name=f"{row.steps}")
            for row in points
            if name in row.metrics and row.cost
        ]
        if metric.plotted and len(shown) > 1:
            plot = quality_against_speed(shown, metric.label, None)
            caption = f"{metric.label} and speed by the number of steps."
            out.append(f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>")
    return "".join(out)


def _meanings(comparison: Comparison) -> str:
    items = "".join(
        f"<dt>{escape(METRICS[name].title)}</dt><dd>{escape(METRICS[name].about)}; "
        f"best: {escape(METRICS[name].best)}.</dd>"
        for name in metrics_of(comparison)
    )
    return (
        f"<details><summary>What the scores mean</summary><dl>{items}</dl><p>Recogniser: "
        f"{escape(comparison.recogniser)}. A dash: not defined. What compares moment by "
        "moment needs the recording's timing, which speech from text does not have. "
        f"{escape(PREPARED)}</p></details>"
    )


def _notes(comparison: Comparison) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in notes(comparison))
    return f"<h2>Notes</h2><ul>{lines}</ul>" if lines else ""


def _sounds(comparison: Comparison, folder: Path, public: bool, n_heard: int | None) -> str:
    audio = AudioConfig(sample_rate=comparison.sample_rate)
    strategies = {row.name: row for row in comparison.main}
    parts, contents = [], []
    for text in comparison.texts[:n_heard]:
        own = [
            item
            for item in comparison.sounds
            if item.text == text.id
            and item.strategy in strategies
            and not (public and strategies[item.strategy].needs_recording)
        ]
        if not own:
            continue
        players = "".join(_player(item, text.text, folder, audio) for item in own)
        mark = f"t-{escape(text.id)}"
        contents.append(f'<li><a href="#{mark}">{escape(text.text)}</a></li>')
        parts.append(
            f'<section aria-labelledby="{mark}"><h3 id="{mark}">{escape(text.text)}</h3>'
            f'<div class="sounds">{players}</div></section>'
        )
    without = (
        "<p>Recordings and what is made of them are not part of this copy of the page.</p>"
        if public
        else ""
    )
    return f'{without}<nav aria-label="Texts"><ol>{"".join(contents)}</ol></nav>{"".join(parts)}'


def _player(item: ComparedSound, text: str, folder: Path, audio: AudioConfig) -> str:
    samples = read_audio(folder / item.file).samples
    figures = [f"{item.seconds:.1f} s"]
    if item.rtf:
        figures.append(f"{number(1 / item.rtf)} x real time")
    for name in ("pesq", "distillmos", "dnsmos_ovrl"):
        value = item.scores.get(name)
        if value is not None:
            figures.append(f"{METRICS[name].label} {value:.2f}")
    return player(
        item.strategy,
        ", ".join(figures),
        sound_address(samples, audio.sample_rate),
        spectrogram_address(samples, audio),
        text,
    )
