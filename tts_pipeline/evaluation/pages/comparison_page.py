"""The comparison as one HTML file, with every sound in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import read_audio
from tts_pipeline.evaluation.compare.findings import number
from tts_pipeline.evaluation.compare.tables import COST, HOW, cost_cells, metrics_of, notes
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
_PLOTTED = {
    "dnsmos_ovrl": "Predicted opinion without a reference: all strategies.",
    "pesq": "Likeness to the recording: vocoders fed with its own mel.",
    "wer": "Words that a recogniser gets wrong: lower is better.",
}
_BETTER = {"0": "lower is better", "1": "best: 1"}


def report_html(
    comparison: dict[str, Any],
    file: Path,
    folder: Path,
    *,
    public: bool = False,
) -> str:
    """The page.

    Args:
        comparison: what comparison.json holds.
        file: where the page is going to lie, for its link to README.
        folder: of the comparison, with the sounds.
        public: leave the sound of recordings and of what is made of them out; figures stay.
    """
    voice, machine = comparison["voice"], comparison["machine"]
    readme = readme_link(file)
    home = f' <a href="{escape(readme)}">About tts_pipeline (README)</a>.' if readme else ""
    where = ", ".join(f"{key} {value}" for key, value in machine.items())
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in comparison["statement"])
    body = [
        f"<header><h1>{TITLE}</h1>",
        f'<p class="soft">Voice {escape(voice["name"])} '
        f"({escape(voice['fingerprint'][:12])}), tts_pipeline {escape(comparison['version'])}, "
        f"{len(comparison['texts'])} texts, seed {comparison['seed']}, "
        f"{escape(comparison['made'])}.{home}</p>",
        '<p>Figures first; <a href="#listen">the sounds</a> are below.</p></header><main>',
        f'<section aria-labelledby="words"><h2 id="words">In words</h2>'
        f'<ul class="said">{said}</ul></section>',
        f'<h2>Quality against speed</h2><div class="plots">{_plots(comparison)}</div>',
        f"<h2>Cost</h2>{_cost_table(comparison)}<p>{_how()}</p>"
        f'<p class="soft">Machine: {escape(where)}.</p>',
        f"<h2>Sound</h2>{_score_table(comparison)}{_meanings(comparison)}",
        _notes(comparison),
        f'<h2 id="listen">Listen</h2>{_sounds(comparison, folder, public)}</main>',
    ]
    return page(f"{TITLE}: {voice['name']}", "\n".join(body))


def _how() -> str:
    plain = HOW.split("`")
    return "".join(
        f"<code>{escape(part)}</code>" if k % 2 else escape(part) for k, part in enumerate(plain)
    )


def _plots(comparison: dict[str, Any]) -> str:
    out = []
    for metric, caption in _PLOTTED.items():
        points, natural = [], None
        for row in comparison["strategies"]:
            score = row["metrics"].get(metric)
            if score and row["reference"]:
                natural = score["value"]
            elif score and row["xrt"]:
                speed = row["xrt"]
                points.append(
                    Point(
                        row["name"],
                        *(speed[k] for k in ("median", "least", "most")),
                        *(score[k] for k in ("value", "low", "high")),
                    )
                )
        if points:
            plot = quality_against_speed(points, METRICS[metric].label, natural)
            out.append(f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>")
    note = '<p class="soft">Bars: 95 % intervals over texts, and the slowest and fastest text.</p>'
    return "".join(out) + note if out else "<p>No strategy was timed and scored.</p>"


def _cost_table(comparison: dict[str, Any]) -> str:
    hints = {"first sound ms": "median", "memory MB": "peak", "GMAC/s": "per second of sound"}
    rows = []
    for row in comparison["strategies"]:
        values = _cost_values(row)
        cells = [Cell(shown, value) for shown, value in zip(cost_cells(row), values)]
        rows.append([Cell(row["name"], row["name"], row["label"]), *cells])
    header = [("strategy", ""), *((name, hints.get(name, "")) for name in COST)]
    return table("What each strategy costs; press a column's name to sort", header, rows)


def _cost_values(row: dict[str, Any]) -> list[float | None]:
    if not row["xrt"]:
        return [*[None] * (len(COST) - 1), row["n_texts"]]
    speed, first = row["xrt"]["median"], row["first_audio_ms"]["p50"]
    rest = (row[key] for key in ("peak_memory_mb", "parameters", "gmac_per_s", "n_texts"))
    return [speed, first, *rest]


def _score_table(comparison: dict[str, Any]) -> str:
    names = metrics_of(comparison)
    header = [("strategy", "")]
    for name in names:
        best = METRICS[name].best
        header.append((METRICS[name].label, _BETTER.get(best, best)))
    rows = []
    for row in comparison["strategies"]:
        cells = [Cell(row["name"], row["name"], f"{row['n_texts']} texts")]
        for name in names:
            found, digits = row["metrics"].get(name), METRICS[name].digits
            if found is None:
                cells.append(Cell("–"))
                continue
            interval = f"{found['low']:.{digits}f} to {found['high']:.{digits}f}"
            cells.append(Cell(f"{found['value']:.{digits}f}", found["value"], interval))
        rows.append(cells)
    return table("Scores, with 95 % bootstrap intervals over texts", header, rows)


def _meanings(comparison: dict[str, Any]) -> str:
    items = "".join(
        f"<dt>{escape(METRICS[name].label)}</dt><dd>{escape(METRICS[name].about)}; "
        f"best: {escape(METRICS[name].best)}.</dd>"
        for name in metrics_of(comparison)
    )
    return (
        f"<details><summary>What the scores mean</summary><dl>{items}</dl><p>Recogniser: "
        f"{escape(comparison['recogniser'])}. A dash: not defined. What compares moment by "
        "moment needs the recording's timing, which speech from text does not have.</p></details>"
    )


def _notes(comparison: dict[str, Any]) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in notes(comparison))
    return f"<h2>Notes</h2><ul>{lines}</ul>" if lines else ""


def _sounds(comparison: dict[str, Any], folder: Path, public: bool) -> str:
    strategies = {row["name"]: row for row in comparison["strategies"]}
    audio = AudioConfig(sample_rate=comparison["sample_rate"])
    parts, contents = [], []
    for text in comparison["texts"]:
        own = [item for item in comparison["items"] if item["text"] == text["id"]]
        if public:
            own = [item for item in own if not strategies[item["strategy"]]["needs_recording"]]
        if not own:
            continue
        players = "".join(_player(item, text["text"], folder, audio) for item in own)
        mark = f"t-{escape(text['id'])}"
        contents.append(f'<li><a href="#{mark}">{escape(text["text"])}</a></li>')
        parts.append(
            f'<section aria-labelledby="{mark}"><h3 id="{mark}">{escape(text["text"])}</h3>'
            f'<div class="sounds">{players}</div></section>'
        )
    without = (
        "<p>Recordings and what is made of them are not part of this copy of the page.</p>"
        if public
        else ""
    )
    return f'{without}<nav aria-label="Texts"><ol>{"".join(contents)}</ol></nav>{"".join(parts)}'


def _player(item: dict[str, Any], text: str, folder: Path, audio: AudioConfig) -> str:
    samples = read_audio(folder / item["file"]).samples
    figures = [f"{item['seconds']:.1f} s"]
    if item["rtf"]:
        figures.append(f"{number(1 / item['rtf'])} x real time")
    figures += [
        f"{METRICS[name].label} {item['scores'][name]:.2f}"
        for name in ("pesq", "dnsmos_ovrl")
        if item["scores"].get(name) is not None
    ]
    return player(
        item["strategy"],
        ", ".join(figures),
        sound_address(samples, audio.sample_rate),
        spectrogram_address(samples, audio),
        text,
    )
