"""One page that explains the strategies to people who teach or learn them: idea, picture of what
depends on what, sound, cost; made of a comparison, with nothing outside the file."""

from __future__ import annotations

from pathlib import Path

from tts_pipeline.audio.config import AudioConfig
from tts_pipeline.audio.files import read_audio
from tts_pipeline.comparison import ComparedSound, Comparison, StrategyResult
from tts_pipeline.errors import ConfigError
from tts_pipeline.evaluation.compare.findings import number
from tts_pipeline.evaluation.compare.tables import COST, cost_cells, cost_values, metrics_of
from tts_pipeline.evaluation.metrics.registry import METRICS
from tts_pipeline.evaluation.pages.explanations import (
    EXPLANATIONS,
    FAULT,
    INTRODUCTION,
    UNKNOWN,
    Explanation,
)
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

TITLE = "Ways to generate speech"
_ASSETS = Path(__file__).parent
# What a section says of its strategy, where it was measured.
_FACTS = ("distillmos", "dnsmos_ovrl", "wer", "band_variance", "written_unseen_pairs")


def strategies_html(
    comparison: Comparison, file: Path, folder: Path, *, text: str | None = None
) -> str:
    """The page.

    Args:
        comparison: the comparison.
        file: where the page is going to lie, for its link to README.
        folder: of the comparison, with the sounds.
        text: name of the sentence that is heard; None: the first that all strategies spoke.

    Raises:
        ConfigError: if no strategy speaks from text, or there is no such text.
    """
    rows = [row for row in comparison.main if row.n_texts and not row.needs_recording]
    if not rows:
        raise ConfigError(
            "no strategy of the comparison speaks from text: there is nothing to show"
        )
    chosen = _chosen_text(comparison, rows, text)
    sounds = {item.strategy: item for item in comparison.sounds if item.text == chosen}
    words = next(item.text for item in comparison.texts if item.id == chosen)
    ordered = sorted(rows, key=lambda row: _place(row, rows))
    show = _Shower(comparison, folder, words, sounds)
    sections = "".join(show.section(row, _explanation(row, rows)) for row in ordered)
    contents = "".join(
        f'<li><a href="#{_mark(row)}">{escape(_explanation(row, rows).title)}</a> '
        f'<span class="soft">{escape(row.name)}</span></li>'
        for row in ordered
    )
    readme = readme_link(file)
    home = f' <a href="{escape(readme)}">About tts_pipeline (README)</a>.' if readme else ""
    body = (
        f"<header><h1>{TITLE}</h1>{INTRODUCTION}"
        f'<p class="soft">Every sound here says: “{escape(words)}” Voice '
        f"{escape(comparison.voice.name)}, one thread of "
        f"{escape(comparison.machine.processor)}, {len(comparison.texts)} texts measured. Nothing "
        f"was chosen or edited.{home}</p></header><main>"
        f'<nav aria-label="Strategies"><ol>{contents}</ol></nav>'
        f"{FAULT}{show.fault(rows)}{sections}"
        f"<h2>All figures</h2>{_figures(comparison, rows)}</main>"
    )
    return page(
        f"{TITLE}: {comparison.voice.name}",
        body,
        style=(_ASSETS / "strategies_page.css").read_text(encoding="utf-8"),
        script=(_ASSETS / "strategies_page.js").read_text(encoding="utf-8"),
    )


class _Shower:
    """Parts of the page that play sounds of one text."""

    def __init__(
        self, comparison: Comparison, folder: Path, words: str, sounds: dict[str, ComparedSound]
    ) -> None:
        self._comparison, self._folder, self._words = comparison, folder, words
        self._sounds = sounds
        self._audio = AudioConfig(sample_rate=comparison.sample_rate)

    def section(self, row: StrategyResult, explanation: Explanation) -> str:
        """A strategy: its idea, what depends on what, its sound (by steps if it has some), cost."""
        mark = _mark(row)
        idea = f"<p>{escape(explanation.idea)}</p>" if explanation.idea else ""
        source = f'<p class="soft">{escape(explanation.source)}.</p>' if explanation.source else ""
        points = [
            point
            for point in self._comparison.curves.get(row.name, ())
            if point.name in self._sounds
        ]
        sounds = self.slider(row, points) if len(points) > 1 else self.sound(row.name)
        return (
            f'<section class="strategy" aria-labelledby="{mark}"><h2 id="{mark}">'
            f"{escape(explanation.title)} <small>{escape(row.name)}</small></h2>"
            f'<div class="beside"><div>{idea}{source}{_facts(row)}</div>'
            f"<div>{explanation.picture()}</div></div>"
            f'<div class="sounds">{sounds}</div></section>'
        )

    def sound(self, strategy: str, label: str = "") -> str:
        """A player with the mel of what it plays."""
        item = self._sounds.get(strategy)
        if item is None:
            return ""
        return player(label or strategy, _about(item), *self._addresses(item), self._words)

    def slider(self, row: StrategyResult, points: list[StrategyResult]) -> str:
        """A player whose sound follows a slider over the number of steps."""
        states = "".join(
            f'<div class="state" data-steps="{point.steps}"{" hidden" if k else ""}>'
            f"{self.sound(point.name, f'{row.name}, {_steps(point.steps)}')}{_facts(point)}</div>"
            for k, point in enumerate(points)
        )
        mark = _mark(row)
        ticks = "".join(f"<span>{point.steps}</span>" for point in points)
        return (
            f'<div class="slider"><label for="s-{mark}">Steps: <output>{points[0].steps}</output>'
            f'</label><input type="range" id="s-{mark}" min="0" max="{len(points) - 1}" step="1" '
            f'value="0" aria-valuetext="{_steps(points[0].steps)}">'
            f'<div class="ticks" aria-hidden="true">{ticks}</div>{states}</div>'
        )

    def fault(self, rows: list[StrategyResult]) -> str:
        """The fault as picture and sound: the fewest steps beside the most, where there are some
        of codes, else of any model."""
        by_kind = sorted(rows, key=lambda row: "masked" not in row.kinds)
        for row in by_kind:
            points = [
                point
                for point in self._comparison.curves.get(row.name, ())
                if point.name in self._sounds
            ]
            if len(points) < 2:
                continue
            shown = "".join(
                self.sound(point.name, f"{row.name}, {_steps(point.steps)}")
                for point in (points[0], points[-1])
            )
            facts = "".join(
                f"<li>{_steps(point.steps)}: {escape(_fact_words(point))}</li>"
                for point in (points[0], points[-1])
                if _fact_words(point)
            )
            return (
                f"<p>The same model filling all places once, and again and again until they "
                f'agree:</p><div class="sounds">{shown}</div><ul>{facts}</ul>'
            )
        return ""

    def _addresses(self, item: ComparedSound) -> tuple[str, str]:
        samples = read_audio(self._folder / item.file).samples
        sound = sound_address(samples, self._audio.sample_rate)
        return sound, spectrogram_address(samples, self._audio)


def _chosen_text(comparison: Comparison, rows: list[StrategyResult], text: str | None) -> str:
    known = [item.id for item in comparison.texts]
    if text is not None and text not in known:
        raise ConfigError(f"text {text!r}: expected one of {', '.join(known)}")
    spoken = {
        name: {item.strategy for item in comparison.sounds if item.text == name} for name in known
    }
    wanted = {row.name for row in rows}
    return text or max(known, key=lambda name: len(spoken[name] & wanted))


def _explanation(row: StrategyResult, rows: list[StrategyResult]) -> Explanation:
    """That of the model by which this strategy differs from the first one."""
    return EXPLANATIONS.get(_kind(row, rows), UNKNOWN)


def _kind(row: StrategyResult, rows: list[StrategyResult]) -> str:
    first = rows[0].kinds
    own = [kind for kind in row.kinds if kind not in first]
    return own[-1] if own else (row.kinds[0] if row.kinds else "")


def _place(row: StrategyResult, rows: list[StrategyResult]) -> int:
    kind = _kind(row, rows)
    return list(EXPLANATIONS).index(kind) if kind in EXPLANATIONS else len(EXPLANATIONS)


def _mark(row: StrategyResult) -> str:
    return f"w-{row.name.replace('+', '-with-')}"


def _steps(n: int | None) -> str:
    return f"{n} step{'s'[: n != 1]}"


def _about(item: ComparedSound) -> str:
    figures = [f"{item.seconds:.1f} s"]
    if item.rtf:
        figures.append(f"{number(1 / item.rtf)} x real time")
    return ", ".join(figures)


def _fact_words(row: StrategyResult) -> str:
    parts = []
    if row.cost:
        parts.append(f"{number(row.cost.xrt.median)} x real time")
    parts += [
        f"{METRICS[name].label} {row.metrics[name].value:.{METRICS[name].digits}f}"
        for name in _FACTS
        if name in row.metrics and name in METRICS
    ]
    return ", ".join(parts)


def _facts(row: StrategyResult) -> str:
    parts = []
    if row.cost:
        cost = row.cost
        parts = [
            ("Speed", f"{number(cost.xrt.median)} x real time"),
            ("First sound", f"{number(cost.first_audio_ms.p50)} ms"),
            ("Parameters", f"{cost.parameters / 1e6:.1f} M"),
        ]
        if cost.steps_per_s is not None:
            parts.append(("Steps that wait", f"{number(cost.steps_per_s)} a second of sound"))
    for name in _FACTS:
        if name in row.metrics and name in METRICS:
            score, digits = row.metrics[name], METRICS[name].digits
            parts.append(
                (
                    METRICS[name].label,
                    f"{score.value:.{digits}f} [{score.low:.{digits}f}, {score.high:.{digits}f}]",
                )
            )
    items = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in parts)
    return f'<dl class="facts">{items}</dl>' if items else ""


def _figures(comparison: Comparison, rows: list[StrategyResult]) -> str:
    shown = [name for name in metrics_of(comparison) if METRICS[name].shown]
    natural = [row for row in comparison.main if row.reference]
    header = [
        ("strategy", ""),
        *((name, "") for name in COST),
        *((METRICS[name].label, f"best: {METRICS[name].best}") for name in shown),
    ]
    lines = []
    for row in [*natural, *rows]:
        cells = [Cell(*pair) for pair in zip(cost_cells(row), cost_values(row))]
        for name in shown:
            score = row.metrics.get(name)
            digits = METRICS[name].digits
            cells.append(Cell(f"{score.value:.{digits}f}", score.value) if score else Cell("–"))
        lines.append([Cell(row.name, row.name, row.label), *cells])
    return table("Press a column's name to sort", header, lines)
